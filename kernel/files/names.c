/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names: look at, make, link, rename and remove them.
 *
 * Promises: checks in Linux's order; the tree changes all or nothing.
 * See:      stat(2), access(2), mkdir(2), mknod(2), link(2), symlink(2), unlink(2), rmdir(2),
 *           rename(2), readlink(2)
 */
#include "files/names.h"

#include "files/inode.h"
#include "files/watch.h"
#include "lib/string.h"

static int walk(int directory, const char *path, u32 flags, struct path_found *found)
{
    struct walk_request r = {.directory = directory, .path = path, .flags = flags};
    return path_walk(&r, found);
}

/* "" with AT_EMPTY_PATH is the descriptor's file, which need not have a path. NULL: not that. */
static struct file *empty_path_file(int directory, const char *path, u32 at_flags)
{
    bool empty = path[0] == '\0' && (at_flags & AT_EMPTY_PATH) && directory != AT_FDCWD;
    return empty ? descriptor_file_or_path(directory) : NULL;
}

static u32 walk_flags(u32 at_flags)
{
    return (at_flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW) |
           (at_flags & AT_EMPTY_PATH ? WALK_EMPTY : 0);
}

int name_stat(int directory, const char *path, u32 at_flags, struct statx_fields *out)
{
    struct file *f = empty_path_file(directory, path, at_flags);
    if (f) {
        int result = file_stat(f, out);
        file_drop(f);
        return result;
    }
    struct path_found found;
    int error = walk(directory, path, walk_flags(at_flags), &found);
    if (error)
        return error;
    inode_stat(found.node->inode, out);
    out->is_mount_root = !found.node->parent && found.node->fs->mounted;
    path_found_drop(&found);
    return 0;
}

static int check_access(struct inode *i, u32 mode)
{
    bool file = !inode_is_directory(i);
    if ((mode & MAY_EXECUTE) && inode_is_regular(i) && (i->fs->flags & ST_NOEXEC))
        return -EACCES;
    int error = inode_may(i, mode);
    if (error)
        return error;
    bool special = file && !inode_is_regular(i);
    return (mode & MAY_WRITE) && (i->fs->flags & ST_RDONLY) && !special ? -EROFS : 0;
}

static int access_as_caller(int directory, const char *path, u32 mode, u32 at_flags)
{
    struct file *f = empty_path_file(directory, path, at_flags);
    if (f) {
        int result = check_access(f->inode, mode);
        file_drop(f);
        return result;
    }
    struct path_found found;
    int error = walk(directory, path, walk_flags(at_flags), &found);
    if (error)
        return error;
    error = check_access(found.node->inode, mode);
    path_found_drop(&found);
    return error;
}

/* access(2): the walk and the check are done with the real ids. Nothing here sleeps, so nobody
 * sees the exchange. */
int name_access(int directory, const char *path, u32 mode, u32 at_flags)
{
    struct credentials *c = &current_process()->credentials;
    u32 fsuid = c->fsuid, fsgid = c->fsgid;
    if (!(at_flags & AT_EACCESS)) {
        c->fsuid = c->uid;
        c->fsgid = c->gid;
    }
    int error = access_as_caller(directory, path, mode, at_flags);
    c->fsuid = fsuid;
    c->fsgid = fsgid;
    return error;
}

/* --- making --- */

/* A new name in a directory: whether it may be made. */
static int may_make(const struct path_node *directory)
{
    const struct inode *i = directory->inode;
    if (node_deleted(directory))
        return -ENOENT;
    if (i->fs->flags & ST_RDONLY)
        return -EROFS;
    if (!i->operations->make)
        return i->fs->magic == PROC_SUPER_MAGIC ? -ENOENT : -EPERM;
    return inode_may(i, MAY_WRITE | MAY_EXECUTE);
}

static int find_place(int directory, const char *path, bool for_directory, struct path_found *found)
{
    int error = walk(directory, path, WALK_MAY_MISS | WALK_PARENT, found);
    if (error)
        return error;
    if (found->node)
        error = -EEXIST;
    else if (found->slash && !for_directory)
        error = -ENOENT;
    if (error)
        path_found_drop(found);
    return error;
}

static int make_at(int directory, const char *path, const struct make_request *request)
{
    struct path_found found;
    bool is_directory = (request->mode & S_IFMT) == S_IFDIR;
    int error = find_place(directory, path, is_directory, &found);
    if (error)
        return error;
    error = may_make(found.parent);
    if (!error)
        error = found.parent->inode->operations->make(found.parent, found_name(&found), request,
                                                      NULL);
    if (!error)
        tell_name(found.parent, found_name(&found), IN_CREATE | (is_directory ? IN_ISDIR : 0));
    path_found_drop(&found);
    return error;
}

int name_make(int directory, const char *path, u32 mode, u64 rdev)
{
    u32 type = mode & S_IFMT;
    bool device = type == S_IFCHR || type == S_IFBLK;
    if (device && !is_privileged())
        return -EPERM;
    u32 kept = type == S_IFDIR ? 01777 : 07777;
    struct make_request r = {
        .mode = type | (mode & kept & ~current_process()->files->umask),
        .rdev = device ? rdev : 0,
    };
    return make_at(directory, path, &r);
}

int name_symlink(const char *target, int directory, const char *path)
{
    struct make_request r = {.mode = S_IFLNK | 0777, .target = target};
    return target[0] ? make_at(directory, path, &r) : -ENOENT;
}

/* /proc/sys/fs/protected_hardlinks, which distributions switch on: an ordinary user links only
 * what is his, or a plain file that he may read and write. proc_sys_fs(5) */
static bool may_link(const struct inode *i)
{
    bool gains_group = (i->mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);
    bool safe = inode_is_regular(i) && !(i->mode & S_ISUID) && !gains_group &&
                !inode_may(i, MAY_READ | MAY_WRITE);
    return safe || inode_owned(i);
}

static int check_link(const struct path_node *old, const struct path_node *directory)
{
    const struct inode *i = old->inode;
    if (directory->fs != old->fs)
        return -EXDEV;
    if (!may_link(i))
        return -EPERM;
    int error = may_make(directory);
    if (error)
        return error;
    if (inode_is_directory(i) || !directory->inode->operations->link)
        return -EPERM;
    return i->nlink == 0 && !i->linkable ? -ENOENT : 0;
}

static int link_found(struct path_node *old, int to, const char *path)
{
    struct path_found place;
    int error = find_place(to, path, false, &place);
    if (error)
        return error;
    error = check_link(old, place.parent);
    if (!error)
        error = place.parent->inode->operations->link(place.parent, found_name(&place),
                                                      old->inode);
    if (!error) {
        tell_inode(old->inode, IN_ATTRIB);
        tell_name(place.parent, found_name(&place), IN_CREATE);
    }
    path_found_drop(&place);
    return error;
}

int name_link(int from, const char *old, int to, const char *path, u32 at_flags)
{
    struct path_found found;
    u32 flags = (at_flags & AT_SYMLINK_FOLLOW ? WALK_FOLLOW : 0) |
                (at_flags & AT_EMPTY_PATH ? WALK_EMPTY : 0);
    int error = walk(from, old, flags, &found);
    if (error)
        return error;
    error = link_found(found.node, to, path);
    path_found_drop(&found);
    return error;
}

/* --- removing and renaming --- */

/* Whether a name may leave its directory. inode(7): the sticky bit. */
static int may_take(const struct path_node *n, bool want_directory)
{
    const struct inode *directory = n->parent->inode;
    int error = inode_may(directory, MAY_WRITE | MAY_EXECUTE);
    if (error)
        return error;
    if (directory->fs->flags & ST_RDONLY)
        return -EROFS;
    if (!directory->operations->remove)
        return -EPERM;
    if ((directory->mode & S_ISVTX) && !inode_owned(directory) && !inode_owned(n->inode))
        return -EPERM;
    if (want_directory && !inode_is_directory(n->inode))
        return -ENOTDIR;
    if (!want_directory && inode_is_directory(n->inode))
        return -EISDIR;
    return 0;
}

static int check_remove(const struct path_found *f, bool is_directory)
{
    if (is_directory && f->last_is_dot)
        return -EINVAL;
    if (is_directory && f->last_is_dotdot)
        return -ENOTEMPTY;
    if (!f->parent)
        return is_directory ? -EBUSY : -EISDIR;
    if (!is_directory && f->slash)
        return inode_is_directory(f->node->inode) ? -EISDIR : -ENOTDIR;
    if (!f->node->parent)
        return is_directory ? -EBUSY : -EISDIR; /* a mount point */
    int error = may_take(f->node, is_directory);
    if (error)
        return error;
    return is_directory && !list_empty(&f->node->children) ? -ENOTEMPTY : 0;
}

static int remove_found(struct path_found *f)
{
    struct inode *i = f->node->inode;
    bool is_directory = inode_is_directory(i);
    int error = f->parent->inode->operations->remove(f->node);
    if (error)
        return error;
    if (!is_directory)
        tell_inode(i, IN_ATTRIB); /* one link less */
    node_drop(f->node);           /* perhaps the end of the file: told before the name's */
    f->node = NULL;
    tell_name(f->parent, found_name(f), IN_DELETE | (is_directory ? IN_ISDIR : 0));
    return 0;
}

int name_remove(int directory, const char *path, bool is_directory)
{
    struct path_found found;
    int error = walk(directory, path, WALK_PARENT, &found);
    if (error)
        return error;
    error = check_remove(&found, is_directory);
    if (!error)
        error = remove_found(&found);
    path_found_drop(&found);
    return error;
}

static int check_rename_over(const struct path_found *a, const struct path_found *b, u32 flags)
{
    const struct path_node *from = a->node, *over = b->node;
    bool exchange = flags & RENAME_EXCHANGE;
    if (!over->parent)
        return -EBUSY;
    int error = may_take(over, exchange ? inode_is_directory(over->inode)
                                        : inode_is_directory(from->inode));
    if (error)
        return error;
    if (exchange)
        return node_is_below(b->parent, from) || node_is_below(a->parent, over) ? -EINVAL : 0;
    return !list_empty(&over->children) ? -ENOTEMPTY : 0;
}

/* The directory a path led to: the parent, or for ".", ".." and "/" the end itself. */
static const struct path_node *where(const struct path_found *f)
{
    return f->parent ? f->parent : f->node;
}

/* What the names alone say, in Linux's order. */
static int check_rename_names(const struct path_found *a, const struct path_found *b, u32 flags)
{
    const struct path_node *from = a->node, *over = b->node;
    bool exchange = flags & RENAME_EXCHANGE;
    if (where(a)->fs != where(b)->fs)
        return -EXDEV;
    if (!a->parent)
        return -EBUSY;
    if (!b->parent)
        return flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
    if (!from)
        return -ENOENT;
    if ((flags & RENAME_NOREPLACE) && over)
        return -EEXIST;
    if (exchange && !over)
        return -ENOENT;
    if (exchange && b->slash && !inode_is_directory(over->inode))
        return -ENOTDIR;
    if (!inode_is_directory(from->inode) && (a->slash || (!exchange && b->slash)))
        return -ENOTDIR;
    if (node_is_below(b->parent, from))
        return -EINVAL;
    return over && !exchange && node_is_below(a->parent, over) ? -ENOTEMPTY : 0;
}

/* What permissions and types say. */
static int check_rename(const struct path_found *a, const struct path_found *b, u32 flags)
{
    const struct path_node *from = a->node, *over = b->node;
    bool directory = inode_is_directory(from->inode);
    if (!from->parent)
        return -EBUSY;
    int error = may_take(from, directory);
    if (!error && !over)
        error = may_make(b->parent);
    if (!error && over)
        error = check_rename_over(a, b, flags);
    bool moves = directory && a->parent != b->parent;
    return !error && moves ? inode_may(from->inode, MAY_WRITE) : error;
}

static void tell_move(const struct path_found *from, const struct path_found *to,
                      struct inode *moved)
{
    static u32 last_cookie;
    struct name old = found_name(from), now = found_name(to);
    u32 kind = watch_kind(moved), cookie = ++last_cookie;
    watch_tell(from->parent->inode, IN_MOVED_FROM | kind, cookie, &old, false);
    watch_tell(to->parent->inode, IN_MOVED_TO | kind, cookie, &now, false);
}

static void tell_rename(const struct path_found *a, const struct path_found *b, u32 flags)
{
    struct inode *moved = a->node->inode, *over = b->node ? b->node->inode : NULL;
    tell_move(a, b, moved);
    if (flags & RENAME_EXCHANGE) {
        watch_tell(moved, IN_MOVE_SELF, 0, NULL, false);
        tell_move(b, a, over);
        watch_tell(over, IN_MOVE_SELF, 0, NULL, false);
        return;
    }
    if (over)
        tell_inode(over, IN_ATTRIB);
    watch_tell(moved, IN_MOVE_SELF, 0, NULL, false);
}

static int rename_found(const struct path_found *a, const struct path_found *b, u32 flags)
{
    int error = check_rename_names(a, b, flags);
    if (error || (b->node && b->node->inode == a->node->inode))
        return error; /* two names of one file: nothing happens */
    error = check_rename(a, b, flags);
    if (error)
        return error;
    error = a->parent->inode->operations->rename(a->node, b->parent, found_name(b), b->node, flags);
    if (!error && watch_count)
        tell_rename(a, b, flags);
    return error;
}

int name_rename(int from, const char *old, int to, const char *path, u32 flags)
{
    struct path_found a, b;
    int error = walk(from, old, WALK_PARENT | WALK_MAY_MISS, &a);
    if (error)
        return error;
    error = walk(to, path, WALK_PARENT | WALK_MAY_MISS, &b);
    if (!error) {
        error = rename_found(&a, &b, flags);
        path_found_drop(&b);
    }
    path_found_drop(&a);
    return error;
}

long name_read_link(int directory, const char *path, char *out, size_t size)
{
    struct path_found found;
    int error = walk(directory, path, WALK_EMPTY, &found);
    if (error)
        return error;
    struct inode *i = found.node->inode;
    long length;
    if (!inode_is_link(i))
        length = path[0] ? -EINVAL : -ENOENT;
    else {
        inode_note_access(i);
        length = i->operations->read_link(i, out, size);
    }
    path_found_drop(&found);
    return length;
}
