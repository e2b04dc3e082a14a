/* SPDX-License-Identifier: BSD-3-Clause */
#include "harness.h"
#include "lib/tree.h"

#define NODES 500u

static u64 seed = 12345;

static u64 next_random(void)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return seed >> 33;
}

static int check_node(const struct tree_node *n, const struct tree_node *parent)
{
    if (!n)
        return 0;
    CHECK(n->parent == parent);
    CHECK(!n->left || n->left->key <= n->key);
    CHECK(!n->right || n->right->key >= n->key);
    int left = check_node(n->left, n), right = check_node(n->right, n);
    CHECK(left - right <= 1 && right - left <= 1);
    CHECK_EQ(n->level, 1 + (left > right ? left : right));
    return n->level;
}

TEST(random_inserts_and_removals_keep_order_and_balance)
{
    static struct tree_node nodes[NODES];
    static bool in[NODES];
    struct tree t = {0};
    for (unsigned round = 0; round < 20000; round++) {
        unsigned i = (unsigned)(next_random() % NODES);
        if (in[i])
            tree_remove(&t, &nodes[i]);
        else
            tree_insert(&t, &nodes[i], i / 2); /* pairs of equal keys */
        in[i] = !in[i];
        if (round % 100 == 0)
            check_node(t.root, NULL);
    }
    unsigned count = 0;
    u64 last = 0;
    for (struct tree_node *n = tree_first(&t); n; n = tree_next(n), count++) {
        CHECK(n->key >= last);
        last = n->key;
    }
    for (unsigned i = 0; i < NODES; i++)
        count -= in[i];
    CHECK_EQ(count, 0);
}

TEST(search_finds_neighbours)
{
    struct tree_node n[3];
    struct tree t = {0};
    CHECK(!tree_first(&t) && !tree_last(&t) && !tree_find_floor(&t, 5));
    for (unsigned i = 0; i < 3; i++)
        tree_insert(&t, &n[i], 10 * (i + 1));
    CHECK(tree_find(&t, 20) == &n[1]);
    CHECK(!tree_find(&t, 21));
    CHECK(tree_find_floor(&t, 29) == &n[1]);
    CHECK(!tree_find_floor(&t, 9));
    CHECK(tree_find_ceil(&t, 21) == &n[2]);
    CHECK(!tree_find_ceil(&t, 31));
    CHECK(tree_prev(&n[1]) == &n[0] && !tree_prev(&n[0]));
    CHECK(tree_last(&t) == &n[2]);
}

TEST(equal_keys_keep_their_order)
{
    struct tree_node n[8];
    struct tree t = {0};
    for (unsigned i = 0; i < 8; i++)
        tree_insert(&t, &n[i], 7);
    struct tree_node *at = tree_find(&t, 7);
    for (unsigned i = 0; i < 8; i++, at = tree_next(at))
        CHECK(at == &n[i]);
}
