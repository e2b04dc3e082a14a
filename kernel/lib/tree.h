/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Intrusive balanced tree ordered by a u64 key that the node carries (addresses, deadlines,
 * inode numbers). Equal keys are allowed; a new one goes after the old ones.
 */
#pragma once

#include "lib/types.h"

struct tree_node {
    struct tree_node *parent, *left, *right;
    u64 key;
    int level;
};

struct tree {
    struct tree_node *root;
};

void tree_insert(struct tree *t, struct tree_node *n, u64 key);
void tree_remove(struct tree *t, struct tree_node *n);
struct tree_node *tree_first(const struct tree *t);
struct tree_node *tree_last(const struct tree *t);
struct tree_node *tree_next(const struct tree_node *n);
struct tree_node *tree_prev(const struct tree_node *n);
struct tree_node *tree_find(const struct tree *t, u64 key);       /* exact, the first, or NULL */
struct tree_node *tree_find_floor(const struct tree *t, u64 key); /* greatest <= key, or NULL */
struct tree_node *tree_find_ceil(const struct tree *t, u64 key);  /* least >= key, or NULL */
