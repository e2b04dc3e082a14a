/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Attributes by name: mode, owner, times, size; and what statfs says.
 *
 * See: chmod(2), chown(2), utimensat(2), truncate(2), fallocate(2), statfs(2)
 */
#include "abi/linux/resource.h"
#include "files/inode.h"
#include "files/names.h"
#include "files/watch.h"

static int walk(int directory, const char *path, u32 at_flags, struct path_found *found)
{
    struct walk_request r = {
        .directory = directory, .path = path,
        .flags = (at_flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW) |
                 (at_flags & AT_EMPTY_PATH ? WALK_EMPTY : 0),
    };
    return path_walk(&r, found);
}

/* What a path or a bare descriptor names, held; node NULL: a file without a name. */
struct subject {
    struct inode *inode;
    struct path_node *node;
};

static struct subject hold(struct inode *i, struct path_node *node)
{
    inode_hold(i);
    if (node)
        node_hold(node);
    return (struct subject){i, node};
}

static void let_go(struct subject *s)
{
    node_drop(s->node);
    inode_drop(s->inode);
}

static int find(int directory, const char *path, u32 at_flags, struct subject *out)
{
    if (!path || (path[0] == '\0' && (at_flags & AT_EMPTY_PATH) && directory != AT_FDCWD)) {
        struct file *f = descriptor_file_or_path(directory);
        if (!f)
            return -EBADF;
        bool unusable = !path && (f->flags & O_PATH);
        if (!unusable)
            *out = hold(f->inode, f->path);
        file_drop(f);
        return unusable ? -EBADF : 0;
    }
    struct path_found found;
    int error = walk(directory, path, at_flags, &found);
    if (error)
        return error;
    *out = hold(found.node->inode, found.node);
    path_found_drop(&found);
    return 0;
}

/* What inotify(7) calls a change: both times at once are metadata, one alone is an access or a
 * modification. */
static u32 event_of(const struct attribute_change *c)
{
    u32 times = c->what & (CHANGE_ACCESSED | CHANGE_MODIFIED);
    if ((c->what & ~times) || times == (CHANGE_ACCESSED | CHANGE_MODIFIED))
        return IN_ATTRIB;
    return times == CHANGE_ACCESSED ? IN_ACCESS : times ? IN_MODIFY : 0;
}

static int apply(struct inode *i, const struct path_node *node, const struct attribute_change *c)
{
    int error = inode_change(i, c);
    if (!error && event_of(c))
        tell_file(i, node, event_of(c));
    return error;
}

static int change(int directory, const char *path, u32 at_flags, const struct attribute_change *c)
{
    struct subject s;
    int error = find(directory, path, at_flags, &s);
    if (error)
        return error;
    bool refused = (c->what & CHANGE_MODE) && inode_is_link(s.inode);
    error = refused ? -EOPNOTSUPP : apply(s.inode, s.node, c);
    let_go(&s);
    return error;
}

int name_change_mode(int directory, const char *path, u32 mode, u32 at_flags)
{
    struct attribute_change c = {.what = CHANGE_MODE, .mode = mode};
    return change(directory, path, at_flags, &c);
}

int file_change_mode(struct file *f, u32 mode)
{
    struct attribute_change c = {.what = CHANGE_MODE, .mode = mode};
    return apply(f->inode, f->path, &c);
}

static struct attribute_change owner_change(u32 uid, u32 gid)
{
    u32 what = (uid != UINT32_MAX ? CHANGE_OWNER : 0) | (gid != UINT32_MAX ? CHANGE_GROUP : 0);
    return (struct attribute_change){.what = what, .uid = uid, .gid = gid};
}

int name_change_owner(int directory, const char *path, u32 uid, u32 gid, u32 at_flags)
{
    struct attribute_change c = owner_change(uid, gid);
    return change(directory, path, at_flags, &c);
}

int file_change_owner(struct file *f, u32 uid, u32 gid)
{
    struct attribute_change c = owner_change(uid, gid);
    return apply(f->inode, f->path, &c);
}

/* utimensat(2): "now" for both needs write access or ownership, anything else ownership. */
static int may_change_times(struct inode *i, const struct timestamp *times)
{
    bool both_now = !times || (times[0].nanoseconds == UTIME_NOW &&
                               times[1].nanoseconds == UTIME_NOW);
    if (inode_owned(i))
        return 0;
    if (!both_now)
        return -EPERM;
    return inode_may(i, MAY_WRITE);
}

static struct attribute_change time_change(const struct timestamp *times)
{
    struct timestamp now = time_now();
    struct attribute_change c = {
        .what = CHANGE_ACCESSED | CHANGE_MODIFIED, .accessed = now, .modified = now,
    };
    if (!times)
        return c;
    if (times[0].nanoseconds == UTIME_OMIT)
        c.what &= ~CHANGE_ACCESSED;
    else if (times[0].nanoseconds != UTIME_NOW)
        c.accessed = times[0];
    if (times[1].nanoseconds == UTIME_OMIT)
        c.what &= ~CHANGE_MODIFIED;
    else if (times[1].nanoseconds != UTIME_NOW)
        c.modified = times[1];
    return c;
}

int name_change_times(int directory, const char *path, const struct timestamp times[2],
                      u32 at_flags)
{
    struct subject s;
    struct attribute_change c = time_change(times);
    int error = find(directory, path, at_flags, &s);
    if (error)
        return error;
    if (c.what) {
        error = s.inode->fs->flags & ST_RDONLY ? -EROFS : may_change_times(s.inode, times);
        if (!error)
            error = apply(s.inode, s.node, &c);
    }
    let_go(&s);
    return error;
}

static int check_size(const struct inode *i, u64 length)
{
    if (length <= i->size || length <= current_process()->limits[RLIMIT_FSIZE].soft)
        return 0;
    signal_send_thread(current_thread(), SIGXFSZ, NULL);
    return -EFBIG;
}

static int truncate(struct inode *i, const struct path_node *node, u64 length)
{
    int error = check_size(i, length);
    if (!error)
        error = inode_truncate(i, length);
    if (!error)
        tell_file(i, node, IN_MODIFY);
    return error;
}

int name_truncate(const char *path, u64 length)
{
    struct subject s;
    int error = find(AT_FDCWD, path, 0, &s);
    if (error)
        return error;
    struct inode *i = s.inode;
    if (inode_is_directory(i))
        error = -EISDIR;
    else if (!inode_is_regular(i))
        error = -EINVAL;
    if (!error)
        error = inode_may(i, MAY_WRITE);
    if (!error && (i->fs->flags & ST_RDONLY))
        error = -EROFS;
    if (!error && i->runners)
        error = -ETXTBSY;
    if (!error)
        error = truncate(i, s.node, length);
    let_go(&s);
    return error;
}

int file_truncate(struct file *f, u64 length)
{
    u32 mode = f->flags & O_ACCMODE;
    if (f->flags & O_PATH)
        return -EBADF;
    if (!inode_is_regular(f->inode) || (mode != O_WRONLY && mode != O_RDWR))
        return -EINVAL;
    return truncate(f->inode, f->path, length);
}

int file_allocate(struct file *f, u32 mode, u64 offset, u64 length)
{
    u32 access = f->flags & O_ACCMODE;
    if ((f->flags & O_PATH) || (access != O_WRONLY && access != O_RDWR))
        return -EBADF;
    if (inode_is_directory(f->inode))
        return -EISDIR;
    if ((f->inode->mode & S_IFMT) == S_IFIFO)
        return -ESPIPE;
    if (!inode_is_regular(f->inode))
        return -ENODEV;
    if (offset + length < offset || (s64)(offset + length) < 0)
        return -EFBIG;
    if (!inode_is_memory_file(f->inode))
        return -EOPNOTSUPP;
    int error = memory_file_allocate(f->inode, mode, offset, length);
    if (!error)
        tell_file(f->inode, f->path, IN_MODIFY);
    return error;
}

void file_statfs(struct file *f, struct linux_statfs *out)
{
    file_system_statfs(f->inode->fs, out);
}

int name_statfs(const char *path, struct linux_statfs *out)
{
    struct subject s;
    int error = find(AT_FDCWD, path, 0, &s);
    if (error)
        return error;
    file_system_statfs(s.inode->fs, out);
    let_go(&s);
    return 0;
}

int name_exists(int directory, const char *path, u32 at_flags)
{
    struct subject s;
    int error = find(directory, path, at_flags, &s);
    if (!error)
        let_go(&s);
    return error;
}
