/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Path nodes: names in directories, found by a hash over (directory, name).
 *
 * Holds:    one table for all file systems; it doubles when it holds twice as many nodes as it has
 *           buckets, so a lookup costs the same with ten files and with ten thousand.
 * Promises: children keep the order in which they were attached; a child's cookie never changes
 *           while it is attached, so a directory position stays good while entries come and go.
 * Refuses:  out of memory for a larger table is no error: chains grow longer.
 */
#include "files/inode.h"
#include "files/watch.h"
#include "lib/string.h"
#include "memory/page.h"

#define FIRST_BUCKETS 64u
#define FIRST_COOKIE 2u /* 0 and 1 are "." and ".." */

static struct path_node *first_table[FIRST_BUCKETS];
static struct path_node **table = first_table;
static u32 buckets = FIRST_BUCKETS;
static u32 attached_nodes;

static u32 hash(const struct path_node *directory, struct name name)
{
    u64 h = (u64)(uintptr_t)directory >> 4;
    for (size_t n = 0; n < name.length; n++)
        h = (h ^ (u8)name.text[n]) * 0x100000001b3ull;
    return (u32)(h ^ (h >> 32));
}

static struct path_node **bucket_of(const struct path_node *n)
{
    return &table[hash(n->parent, name_of(n)) & (buckets - 1)];
}

static void grow(void)
{
    u32 old_buckets = buckets;
    struct path_node **old = table;
    struct path_node **bigger = heap_alloc_zeroed(sizeof(*bigger) * buckets * 4);
    if (!bigger)
        return;
    table = bigger;
    buckets *= 4;
    for (u32 b = 0; b < old_buckets; b++) {
        for (struct path_node *n = old[b], *next; n; n = next) {
            next = n->next_hash;
            struct path_node **to = bucket_of(n);
            n->next_hash = *to;
            *to = n;
        }
    }
    if (old != first_table)
        heap_free(old);
}

/* The inode learns a name of its own, which /proc/PID/maps shows. */
void node_set_inode(struct path_node *n, struct inode *inode)
{
    inode_hold(inode);
    n->inode = inode;
    inode->node = n;
}

struct path_node *node_create(struct path_node *parent, struct name name, struct inode *inode,
                              struct file_system *fs)
{
    struct path_node *n = heap_alloc(sizeof(*n) + name.length + 1);
    if (!n)
        return NULL;
    memset(n, 0, sizeof(*n));
    n->references = 1;
    n->parent = parent;
    n->inode = inode;
    n->fs = fs;
    n->next_cookie = FIRST_COOKIE;
    n->name_length = (u32)name.length;
    n->name = n->own_name;
    list_init(&n->children);
    list_init(&n->sibling);
    if (name.length)
        memcpy(n->name, name.text, name.length);
    n->name[name.length] = '\0';
    if (parent)
        node_hold(parent);
    if (inode)
        node_set_inode(n, inode);
    return n;
}

void node_hold(struct path_node *n)
{
    n->references++;
}

static void free_name(struct path_node *n)
{
    if (n->name != n->own_name)
        heap_free(n->name);
}

void node_drop(struct path_node *n)
{
    while (n && --n->references == 0) {
        struct path_node *parent = n->parent;
        if (n->inode && n->inode->node == n)
            n->inode->node = NULL;
        if (n->inode && !n->inode->nlink && n->inode->watches)
            watch_tell_end(n->inode);
        inode_drop(n->inode);
        free_name(n);
        heap_free(n);
        n = parent;
    }
}

void node_attach(struct path_node *n)
{
    if (attached_nodes++ >= 2 * buckets)
        grow();
    struct path_node **bucket = bucket_of(n);
    n->next_hash = *bucket;
    *bucket = n;
    n->attached = true;
    n->cookie = n->parent->next_cookie++;
    list_push_back(&n->parent->children, &n->sibling);
    if (n->parent->inode)
        n->parent->inode->entries++;
}

static void unlink_node(struct path_node *n)
{
    struct path_node **at = bucket_of(n);
    while (*at != n)
        at = &(*at)->next_hash;
    *at = n->next_hash;
    list_remove(&n->sibling);
    n->attached = false;
    attached_nodes--;
    n->parent->inode->entries--;
}

void node_detach(struct path_node *n)
{
    unlink_node(n);
    node_drop(n);
}

/* Moves an attached node; `name` becomes its own (of the heap, or own_name unchanged). */
static void put(struct path_node *n, struct path_node *directory, char *name, u32 length)
{
    n->parent = directory;
    n->name = name;
    n->name_length = length;
    node_attach(n);
}

int node_move(struct path_node *n, struct path_node *directory, struct name name)
{
    char *copy = heap_alloc(name.length + 1);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, name.text, name.length);
    copy[name.length] = '\0';
    struct path_node *old_parent = n->parent;
    unlink_node(n);
    free_name(n);
    node_hold(directory);
    put(n, directory, copy, (u32)name.length);
    node_drop(old_parent);
    return 0;
}

/* A name that lies in the node itself cannot change hands: it is copied out first. */
static char *detachable_name(struct path_node *n)
{
    if (n->name == n->own_name) {
        char *copy = heap_copy_string(n->name);
        if (!copy)
            return NULL;
        n->name = copy;
    }
    return n->name;
}

int node_exchange(struct path_node *a, struct path_node *b)
{
    char *name_a = detachable_name(a), *name_b = detachable_name(b);
    if (!name_a || !name_b)
        return -ENOMEM;
    struct path_node *parent_a = a->parent, *parent_b = b->parent;
    u32 length_a = a->name_length, length_b = b->name_length;
    unlink_node(a);
    unlink_node(b);
    put(a, parent_b, name_b, length_b);
    put(b, parent_a, name_a, length_a);
    return 0;
}

struct inode *node_inode(struct path_node *n)
{
    if (!n->inode && n->fs->awaken(n))
        return NULL;
    return n->inode;
}

struct path_node *node_find(struct path_node *directory, struct name name)
{
    struct path_node *n = table[hash(directory, name) & (buckets - 1)];
    for (; n; n = n->next_hash)
        if (n->parent == directory && n->name_length == name.length &&
            memcmp(n->name, name.text, name.length) == 0)
            return n;
    return NULL;
}

struct path_node *node_after(struct path_node *directory, u64 cookie)
{
    list_for_each(at, &directory->children) {
        struct path_node *n = list_entry(at, struct path_node, sibling);
        if (n->cookie >= cookie)
            return n;
    }
    return NULL;
}

/* One step towards the root of everything, through mount points; NULL at the top. */
static const struct path_node *step_up(const struct path_node *n)
{
    if (!n->parent && n->fs->root == n && n->fs->covers)
        n = n->fs->covers;
    return n->parent;
}

bool node_is_below(const struct path_node *n, const struct path_node *top)
{
    for (; n; n = step_up(n))
        if (n == top)
            return true;
    return false;
}

bool node_deleted(const struct path_node *n)
{
    for (; n->parent; n = n->parent)
        if (!n->attached && !n->parent->inode->operations->lookup)
            return true;
    return false;
}

size_t node_path(const struct path_node *n, const struct path_node *root, char *out, size_t size)
{
    size_t at = size;
    while (n && n != root) {
        if (!n->parent && n->fs->root == n && n->fs->covers) {
            n = n->fs->covers;
            continue;
        }
        if (!n->parent)
            break;
        if (at < n->name_length + 2u)
            return 0;
        at -= n->name_length;
        memcpy(out + at, n->name, n->name_length);
        out[--at] = '/';
        n = n->parent;
    }
    if (at == size && at)
        out[--at] = '/';
    size_t length = size - at;
    if (length + 1 > size)
        return 0;
    memmove(out, out + at, length);
    out[length] = '\0';
    return length;
}
