/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    an AVL tree; `level` is a node's height (a leaf has 1).
 * Promises: insertion, removal and search touch O(log n) nodes; nothing is allocated.
 * Locking:  the owner's.
 */
#include "lib/tree.h"

static int height(const struct tree_node *n) { return n ? n->level : 0; }

static void set_height(struct tree_node *n)
{
    int l = height(n->left), r = height(n->right);
    n->level = 1 + (l > r ? l : r);
}

/* `with` takes the place of `old` below old's parent. */
static void replace(struct tree *t, struct tree_node *old, struct tree_node *with)
{
    struct tree_node *parent = old->parent;
    if (!parent)
        t->root = with;
    else if (parent->left == old)
        parent->left = with;
    else
        parent->right = with;
    if (with)
        with->parent = parent;
}

static struct tree_node *rotate_left(struct tree *t, struct tree_node *n)
{
    struct tree_node *up = n->right;
    replace(t, n, up);
    n->right = up->left;
    if (n->right)
        n->right->parent = n;
    up->left = n;
    n->parent = up;
    set_height(n);
    set_height(up);
    return up;
}

static struct tree_node *rotate_right(struct tree *t, struct tree_node *n)
{
    struct tree_node *up = n->left;
    replace(t, n, up);
    n->left = up->right;
    if (n->left)
        n->left->parent = n;
    up->right = n;
    n->parent = up;
    set_height(n);
    set_height(up);
    return up;
}

/* Mends balance from n upwards after one subtree of n changed its height by one. */
static void rebalance(struct tree *t, struct tree_node *n)
{
    while (n) {
        int before = n->level;
        int lean = height(n->left) - height(n->right);
        if (lean > 1) {
            if (height(n->left->left) < height(n->left->right))
                rotate_left(t, n->left);
            n = rotate_right(t, n);
        } else if (lean < -1) {
            if (height(n->right->right) < height(n->right->left))
                rotate_right(t, n->right);
            n = rotate_left(t, n);
        } else {
            set_height(n);
        }
        if (n->level == before)
            return;
        n = n->parent;
    }
}

void tree_insert(struct tree *t, struct tree_node *n, u64 key)
{
    struct tree_node *parent = NULL, **link = &t->root;
    while (*link) {
        parent = *link;
        link = key < parent->key ? &parent->left : &parent->right;
    }
    *n = (struct tree_node){.parent = parent, .key = key, .level = 1};
    *link = n;
    rebalance(t, parent);
}

void tree_remove(struct tree *t, struct tree_node *n)
{
    struct tree_node *start;
    if (n->left && n->right) {
        struct tree_node *next = n->right;
        while (next->left)
            next = next->left;
        start = next->parent == n ? next : next->parent;
        replace(t, next, next->right);
        replace(t, n, next);
        next->left = n->left;
        next->left->parent = next;
        next->right = n->right;
        if (next->right)
            next->right->parent = next;
        next->level = n->level;
    } else {
        start = n->parent;
        replace(t, n, n->left ? n->left : n->right);
    }
    n->parent = n->left = n->right = NULL;
    rebalance(t, start);
}

struct tree_node *tree_first(const struct tree *t)
{
    struct tree_node *n = t->root;
    while (n && n->left)
        n = n->left;
    return n;
}

struct tree_node *tree_last(const struct tree *t)
{
    struct tree_node *n = t->root;
    while (n && n->right)
        n = n->right;
    return n;
}

struct tree_node *tree_next(const struct tree_node *n)
{
    if (n->right) {
        struct tree_node *next = n->right;
        while (next->left)
            next = next->left;
        return next;
    }
    while (n->parent && n->parent->right == n)
        n = n->parent;
    return n->parent;
}

struct tree_node *tree_prev(const struct tree_node *n)
{
    if (n->left) {
        struct tree_node *prev = n->left;
        while (prev->right)
            prev = prev->right;
        return prev;
    }
    while (n->parent && n->parent->left == n)
        n = n->parent;
    return n->parent;
}

struct tree_node *tree_find_floor(const struct tree *t, u64 key)
{
    struct tree_node *best = NULL;
    for (struct tree_node *n = t->root; n;) {
        if (n->key <= key) {
            best = n;
            n = n->right;
        } else {
            n = n->left;
        }
    }
    return best;
}

struct tree_node *tree_find_ceil(const struct tree *t, u64 key)
{
    struct tree_node *best = NULL;
    for (struct tree_node *n = t->root; n;) {
        if (n->key >= key) {
            best = n;
            n = n->left;
        } else {
            n = n->right;
        }
    }
    return best;
}

struct tree_node *tree_find(const struct tree *t, u64 key)
{
    struct tree_node *n = tree_find_ceil(t, key);
    return n && n->key == key ? n : NULL;
}
