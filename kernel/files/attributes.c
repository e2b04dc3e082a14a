/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Attributes by name: mode, owner, times, size; and what statfs says.
 *
 * See: chmod(2), chown(2), utimensat(2), truncate(2), fallocate(2), statfs(2)
 */
#include "abi/linux/resource.h"
#include "files/inode.h"
#include "files/names.h"

static int walk(int directory, const char *path, u32 at_flags, struct path_found *found)
{
    struct walk_request r = {
        .directory = directory, .path = path,
        .flags = (at_flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW) |
                 (at_flags & AT_EMPTY_PATH ? WALK_EMPTY : 0),
    };
    return path_walk(&r, found);
}

/* The inode a path or a bare descriptor names, held. */
static int find(int directory, const char *path, u32 at_flags, struct inode **out)
{
    if (!path || (path[0] == '\0' && (at_flags & AT_EMPTY_PATH) && directory != AT_FDCWD)) {
        struct file *f = descriptor_file_or_path(directory);
        if (!f)
            return -EBADF;
        *out = f->inode;
        bool unusable = !path && (f->flags & O_PATH);
        if (!unusable)
            inode_hold(*out);
        file_drop(f);
        return unusable ? -EBADF : 0;
    }
    struct path_found found;
    int error = walk(directory, path, at_flags, &found);
    if (error)
        return error;
    *out = found.node->inode;
    inode_hold(*out);
    path_found_drop(&found);
    return 0;
}

static int change(int directory, const char *path, u32 at_flags, const struct attribute_change *c)
{
    struct inode *i;
    int error = find(directory, path, at_flags, &i);
    if (error)
        return error;
    error = (c->what & CHANGE_MODE) && inode_is_link(i) ? -EOPNOTSUPP : inode_change(i, c);
    inode_drop(i);
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
    return inode_change(f->inode, &c);
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
    return inode_change(f->inode, &c);
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
    struct inode *i;
    struct attribute_change c = time_change(times);
    int error = find(directory, path, at_flags, &i);
    if (error)
        return error;
    if (c.what) {
        error = i->fs->flags & ST_RDONLY ? -EROFS : may_change_times(i, times);
        if (!error)
            error = inode_change(i, &c);
    }
    inode_drop(i);
    return error;
}

static int check_size(u64 length)
{
    if (length <= current_process()->limits[RLIMIT_FSIZE].soft)
        return 0;
    signal_send_thread(current_thread(), SIGXFSZ, NULL);
    return -EFBIG;
}

int name_truncate(const char *path, u64 length)
{
    struct inode *i;
    int error = find(AT_FDCWD, path, 0, &i);
    if (error)
        return error;
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
        error = check_size(length);
    if (!error)
        error = inode_truncate(i, length);
    inode_drop(i);
    return error;
}

int file_truncate(struct file *f, u64 length)
{
    u32 mode = f->flags & O_ACCMODE;
    if (f->flags & O_PATH)
        return -EBADF;
    if (!inode_is_regular(f->inode) || (mode != O_WRONLY && mode != O_RDWR))
        return -EINVAL;
    int error = check_size(length);
    return error ? error : inode_truncate(f->inode, length);
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
    return memory_file_allocate(f->inode, mode, offset, length);
}

void file_statfs(struct file *f, struct linux_statfs *out)
{
    file_system_statfs(f->inode->fs, out);
}

int name_statfs(const char *path, struct linux_statfs *out)
{
    struct inode *i;
    int error = find(AT_FDCWD, path, 0, &i);
    if (error)
        return error;
    file_system_statfs(i->fs, out);
    inode_drop(i);
    return 0;
}

int name_exists(int directory, const char *path, u32 at_flags)
{
    struct inode *i;
    int error = find(directory, path, at_flags, &i);
    if (!error)
        inode_drop(i);
    return error;
}
