/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opening files by name.
 *
 * Promises: checks come in Linux's order, so that of two mistakes in a call the same is reported.
 * See:      open(2), openat2(2)
 */
#include "files/inode.h"
#include "files/names.h"
#include "files/tty.h"
#include "files/watch.h"
#include "lib/string.h"

#define KNOWN_FLAGS                                                                                \
    (O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC | O_DSYNC | \
     O_ASYNC | O_DIRECT | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_PATH | \
     LINUX_O_TMPFILE_BIT)
#define PATH_FLAGS (O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC)
#define KNOWN_RESOLVE                                                                              \
    (RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH |             \
     RESOLVE_IN_ROOT | RESOLVE_CACHED)
/* Flags that work at opening only and are not kept. fcntl(2) F_GETFL */
#define OPENING_FLAGS (O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC)

static int check_strictly(const struct open_request *r, bool creates)
{
    if ((r->flags & ~(u32)KNOWN_FLAGS) || (r->resolve & ~(u32)KNOWN_RESOLVE))
        return -EINVAL;
    if ((r->resolve & RESOLVE_BENEATH) && (r->resolve & RESOLVE_IN_ROOT))
        return -EINVAL;
    if (creates ? r->mode & ~07777u : r->mode)
        return -EINVAL;
    if ((r->flags & O_PATH) && (r->flags & ~(u32)PATH_FLAGS))
        return -EINVAL;
    if (r->resolve & RESOLVE_CACHED)
        return r->flags & (O_TRUNC | O_CREAT | LINUX_O_TMPFILE_BIT) ? -EAGAIN : 0;
    return 0;
}

int open_check(struct open_request *r, bool strict)
{
    bool creates = r->flags & (O_CREAT | LINUX_O_TMPFILE_BIT);
    if (strict) {
        int error = check_strictly(r, creates);
        if (error)
            return error;
    }
    r->flags &= KNOWN_FLAGS;
    if (r->flags & O_PATH) {
        r->flags &= PATH_FLAGS;
        creates = false;
    }
    r->mode = creates ? r->mode & 07777 : 0;
    if (r->flags & LINUX_O_TMPFILE_BIT) {
        u32 access = r->flags & O_ACCMODE;
        if (!(r->flags & O_DIRECTORY) || (r->flags & O_CREAT))
            return -EINVAL;
        if (access != O_WRONLY && access != O_RDWR)
            return -EINVAL;
    } else if ((r->flags & (O_DIRECTORY | O_CREAT)) == (O_DIRECTORY | O_CREAT)) {
        return -EINVAL;
    }
    if (r->flags & LINUX_O_SYNC_BIT)
        r->flags |= O_DSYNC;
    return 0;
}

static u32 wanted_access(u32 flags)
{
    static const u32 by_mode[] = {MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE, MAY_READ | MAY_WRITE};
    u32 how = by_mode[flags & O_ACCMODE];
    return flags & O_TRUNC ? how | MAY_WRITE : how;
}

/* What an existing file says to being opened so. */
static int may_open(struct inode *i, u32 flags)
{
    u32 how = wanted_access(flags);
    if (inode_is_link(i))
        return -ELOOP;
    if (inode_is_directory(i) && (how & MAY_WRITE))
        return -EISDIR;
    bool device = (i->mode & S_IFMT) == S_IFCHR || (i->mode & S_IFMT) == S_IFBLK;
    if (device && (i->fs->flags & ST_NODEV))
        return -EACCES;
    if ((i->mode & S_IFMT) == S_IFSOCK)
        return -ENXIO;
    if ((how & MAY_WRITE) && (i->fs->flags & ST_RDONLY) && inode_is_regular(i))
        return -EROFS;
    int error = inode_may(i, how);
    if (error)
        return error;
    return (flags & O_NOATIME) && !inode_owned(i) ? -EPERM : 0;
}

static int open_node(struct path_node *n, u32 flags, enum file_claim claim, struct file **out)
{
    struct file *f = file_create(NULL, n->inode, flags & ~(u32)OPENING_FLAGS);
    if (!f)
        return -ENOMEM;
    f->path = n;
    node_hold(n);
    if (flags & O_PATH) {
        static const struct file_operations nothing;
        f->operations = &nothing;
        *out = f;
        return 0;
    }
    f->flags |= O_LARGEFILE;
    int error = file_set_claim(f, claim);
    if (!error)
        error = n->inode->operations->open ? n->inode->operations->open(f) : -ENXIO;
    if (error) {
        f->operations = NULL;
        file_drop(f);
        return error;
    }
    *out = f;
    return 0;
}

static int create_missing(struct path_found *found, const struct open_request *r)
{
    struct inode *directory = found->parent->inode;
    if (!directory->operations->make)
        return directory->fs->magic == PROC_SUPER_MAGIC ? -ENOENT : -EACCES;
    if (node_deleted(found->parent))
        return -ENOENT;
    if (directory->fs->flags & ST_RDONLY)
        return -EROFS;
    int error = inode_may(directory, MAY_WRITE | MAY_EXECUTE);
    if (error)
        return error;
    struct make_request make = {
        .mode = S_IFREG | (r->mode & ~current_process()->files->umask),
    };
    error = directory->operations->make(found->parent, found_name(found), &make, &found->node);
    if (!error)
        tell_name(found->parent, found_name(found), IN_CREATE);
    return error;
}

static int open_unnamed(struct path_node *directory, const struct open_request *r,
                        struct file **out)
{
    struct inode *i;
    if (!inode_is_directory(directory->inode))
        return -ENOTDIR;
    int error = inode_may(directory->inode, MAY_WRITE | MAY_EXECUTE);
    if (error)
        return error;
    if (!directory->inode->operations->make_unnamed)
        return -EOPNOTSUPP;
    u32 mode = S_IFREG | (r->mode & ~current_process()->files->umask);
    error = directory->inode->operations->make_unnamed(directory, mode, &i);
    if (error)
        return error;
    /* Shown as "/#INODE (deleted)": a node that is not attached. */
    struct path_node *n = node_create(directory, (struct name){"#", 1}, i, directory->fs);
    inode_drop(i);
    if (!n)
        return -ENOMEM;
    error = open_node(n, r->flags & ~(u32)O_TMPFILE, CLAIM_WRITE, out);
    node_drop(n);
    return error;
}

static int open_found(struct path_found *found, const struct open_request *r, struct file **out)
{
    u32 flags = r->flags;
    bool created = false;
    if (!found->node) {
        int error = create_missing(found, r);
        if (error)
            return error;
        created = true;
    } else if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) {
        return -EEXIST;
    }
    struct inode *i = found->node->inode;
    if ((flags & O_CREAT) && inode_is_directory(i))
        return -EISDIR;
    if ((flags & LINUX_O_TMPFILE_BIT))
        return open_unnamed(found->node, r, out);
    if ((flags & O_DIRECTORY) && !inode_is_directory(i))
        return -ENOTDIR;
    if (!created && !(flags & O_PATH)) {
        int error = may_open(i, flags);
        if (error)
            return error;
    }
    bool writes = wanted_access(flags) & MAY_WRITE;
    int error = open_node(found->node, flags, writes ? CLAIM_WRITE : CLAIM_NONE, out);
    if (!error)
        tty_opened(*out, flags);
    if (!error && !(flags & O_PATH))
        tell_file(i, found->node, IN_OPEN);
    if (!error && (flags & O_TRUNC) && !created && inode_is_regular(i) &&
        i->operations->truncate) {
        error = inode_truncate(i, 0);
        if (error)
            file_drop(*out);
        else
            tell_file(i, found->node, IN_MODIFY);
    }
    return error;
}

int name_open(int directory, const char *path, const struct open_request *r, struct file **out)
{
    struct walk_request walk = {.directory = directory, .path = path, .resolve = r->resolve};
    bool exclusive = (r->flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
    if (!(r->flags & O_NOFOLLOW) && !exclusive)
        walk.flags |= WALK_FOLLOW;
    if (r->flags & O_CREAT)
        walk.flags |= WALK_MAY_MISS | WALK_CREATE;
    struct path_found found;
    int error = path_walk(&walk, &found);
    if (error)
        return error;
    error = open_found(&found, r, out);
    path_found_drop(&found);
    return error;
}

int file_open_program(int directory, const char *path, u32 at_flags, struct file **out)
{
    struct walk_request walk = {.directory = directory, .path = path};
    struct path_found found;
    if (!(at_flags & AT_SYMLINK_NOFOLLOW))
        walk.flags |= WALK_FOLLOW;
    if (at_flags & AT_EMPTY_PATH)
        walk.flags |= WALK_EMPTY;
    int error = path_walk(&walk, &found);
    if (error)
        return error;
    if (inode_is_link(found.node->inode))
        error = -ELOOP;
    else
        error = inode_may_run(found.node->inode);
    if (!error)
        error = open_node(found.node, O_RDONLY, CLAIM_RUN, out);
    path_found_drop(&found);
    return error;
}

struct file *file_open_kernel(const char *path, u32 flags, u32 mode, int *error)
{
    struct open_request r = {.flags = flags, .mode = mode};
    struct file *f = NULL;
    *error = open_check(&r, false);
    if (!*error)
        *error = name_open(AT_FDCWD, path, &r, &f);
    return *error ? NULL : f;
}
