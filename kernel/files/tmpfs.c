/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tmpfs: directories, links and devices that live in path nodes. Also the root, whose nodes the
 * root image supplies, devfs and sysfs, which are filled at boot.
 *
 * Promises: the caller (names.c) has checked permissions, types, and that names are new or may be
 *           replaced; here the tree and the link counts change, all or nothing.
 * See:      tmpfs(5), rename(2), link(2), unlink(2)
 */
#include "files/inode.h"
#include "lib/string.h"
#include "memory/page.h"

/* What Linux's tmpfs counts for an entry in st_size of a directory. */
#define ENTRY_BYTES 20

struct simple_inode {
    struct inode inode;
    char *target;                /* symlinks */
};

static void release(struct inode *i)
{
    struct simple_inode *s = container_of(i, struct simple_inode, inode);
    heap_free(s->target);
    heap_free(s);
}

static void stat_directory(struct inode *i, struct statx_fields *out)
{
    if (!inode_is_directory(i))
        return;
    /* The root looks like a file system on a disk; elsewhere as tmpfs does. */
    out->size = i->fs->is_root_image ? PAGE_SIZE : (i->entries + 2ull) * ENTRY_BYTES;
    out->blocks = i->fs->is_root_image ? PAGE_SIZE / 512 : 0;
}

static long read_link(struct inode *i, char *out, size_t size)
{
    struct simple_inode *s = container_of(i, struct simple_inode, inode);
    size_t length = min_u64(i->size, size);
    memcpy(out, s->target, length);
    return (long)length;
}

static int open_simple(struct file *f)
{
    switch (f->inode->mode & S_IFMT) {
    case S_IFDIR:
        f->operations = &directory_file_operations;
        return 0;
    case S_IFCHR:
        return device_open(f);
    case S_IFIFO:
        return fifo_open(f);
    default:
        return -ENXIO;
    }
}

/* What make() and the root image call for everything that is not a regular file. */
static struct inode *create_simple(struct file_system *fs, u32 mode, u64 rdev, const char *target)
{
    struct simple_inode *s = heap_alloc_zeroed(sizeof(*s));
    if (!s)
        return NULL;
    if (target) {
        s->target = heap_copy_string(target);
        if (!s->target) {
            heap_free(s);
            return NULL;
        }
    }
    inode_init(&s->inode, &tmpfs_operations, fs, mode);
    s->inode.rdev = rdev;
    s->inode.size = target ? strlen(target) : 0;
    if ((mode & S_IFMT) == S_IFDIR)
        s->inode.nlink = 2;
    return &s->inode;
}

struct inode *tmpfs_create_inode(struct file_system *fs, u32 mode, u64 rdev, const char *target)
{
    return (mode & S_IFMT) == S_IFREG ? memory_file_create(fs, mode)
                                      : create_simple(fs, mode, rdev, target);
}

static void directory_changed(struct path_node *directory)
{
    directory->inode->modified = directory->inode->changed = time_now();
}

/* A directory with the set-gid bit gives its group to what is made in it. inode(7) */
static void inherit_group(struct inode *i, const struct inode *directory)
{
    if (!(directory->mode & S_ISGID))
        return;
    i->gid = directory->gid;
    if (inode_is_directory(i))
        i->mode |= S_ISGID;
}

static int make(struct path_node *directory, struct name name, const struct make_request *request,
                struct path_node **out)
{
    struct inode *i = tmpfs_create_inode(directory->fs, request->mode, request->rdev,
                                         request->target);
    if (!i)
        return -ENOSPC;
    inherit_group(i, directory->inode);
    struct path_node *n = node_create(directory, name, i, directory->fs);
    inode_drop(i);
    if (!n)
        return -ENOSPC;
    if (inode_is_directory(i))
        directory->inode->nlink++;
    node_attach(n);
    directory_changed(directory);
    if (out) {
        node_hold(n);
        *out = n;
    }
    return 0;
}

static int make_unnamed(struct path_node *directory, u32 mode, struct inode **out)
{
    struct inode *i = memory_file_create(directory->fs, mode);
    if (!i)
        return -ENOSPC;
    inherit_group(i, directory->inode);
    i->nlink = 0;
    i->linkable = true;
    *out = i;
    return 0;
}

static int link_inode(struct path_node *directory, struct name name, struct inode *target)
{
    struct path_node *n = node_create(directory, name, target, directory->fs);
    if (!n)
        return -ENOSPC;
    target->nlink++;
    target->linkable = false;
    target->changed = time_now();
    node_attach(n);
    directory_changed(directory);
    return 0;
}

static void forget_link(struct path_node *n)
{
    struct inode *i = n->inode;
    if (inode_is_directory(i)) {
        i->nlink = 0;
        n->parent->inode->nlink--;
    } else {
        i->nlink--;
    }
    i->changed = time_now();
    node_detach(n);
}

static int remove(struct path_node *n)
{
    struct path_node *directory = n->parent;
    node_hold(directory);
    forget_link(n);
    directory_changed(directory);
    node_drop(directory);
    return 0;
}

static void move_parent_link(struct path_node *n, struct inode *from, struct inode *to)
{
    if (inode_is_directory(n->inode)) {
        from->nlink--;
        to->nlink++;
    }
}

static int exchange(struct path_node *a, struct path_node *b)
{
    struct inode *in_a = a->parent->inode, *in_b = b->parent->inode;
    int error = node_exchange(a, b);
    if (error)
        return error;
    move_parent_link(a, in_a, in_b);
    move_parent_link(b, in_b, in_a);
    directory_changed(a->parent);
    directory_changed(b->parent);
    a->inode->changed = b->inode->changed = time_now();
    return 0;
}

static int rename(struct path_node *from, struct path_node *directory, struct name name,
                  struct path_node *over, u32 flags)
{
    if (flags & RENAME_EXCHANGE)
        return exchange(from, over);
    struct path_node *old_directory = from->parent;
    node_hold(old_directory);
    if (over)
        node_hold(over);
    int error = node_move(from, directory, name);
    if (!error) {
        move_parent_link(from, old_directory->inode, directory->inode);
        if (over)
            forget_link(over);
        from->inode->changed = time_now();
        directory_changed(old_directory);
        directory_changed(directory);
    }
    node_drop(over);
    node_drop(old_directory);
    return error;
}

const struct inode_operations tmpfs_operations = {
    .make = make, .make_unnamed = make_unnamed, .link = link_inode, .remove = remove,
    .rename = rename, .read_link = read_link, .open = open_simple, .stat = stat_directory,
    .release = release,
};

struct path_node *tmpfs_add(struct path_node *directory, struct name name, u32 mode, u64 rdev,
                            const char *target, int *error)
{
    struct make_request request = {.mode = mode, .rdev = rdev, .target = target};
    struct path_node *n = NULL;
    *error = make(directory, name, &request, &n);
    node_drop(n); /* its parent holds it */
    return n;
}

int tmpfs_init(struct file_system *fs, const char *type, u32 root_mode)
{
    file_system_init(fs, type, TMPFS_MAGIC);
    struct inode *i = create_simple(fs, S_IFDIR | root_mode, 0, NULL);
    if (!i)
        return -ENOMEM;
    fs->root = node_create(NULL, (struct name){"", 0}, i, fs);
    inode_drop(i);
    return fs->root ? 0 : -ENOMEM;
}
