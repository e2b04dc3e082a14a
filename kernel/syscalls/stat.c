/* SPDX-License-Identifier: BSD-3-Clause */
/* See stat(2): stat, fstat, lstat, newfstatat. */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi/linux/stat.h"
#include "abi_handlers.h"
#include "files/names.h"
#include "syscalls/path_argument.h"

/* The structure of the machine; the widths of some fields differ between machines. */
static int store(struct user_ptr to, const struct statx_fields *s)
{
    struct linux_stat out = {
        .st_dev = s->device, .st_ino = s->inode, .st_mode = s->mode, .st_nlink = s->nlink,
        .st_uid = s->uid, .st_gid = s->gid, .st_rdev = s->rdev, .st_size = (s64)s->size,
        .st_blksize = (int)s->block_size, .st_blocks = (s64)s->blocks,
    };

    out.st_atime_sec = (__typeof__(out.st_atime_sec))s->accessed.seconds;
    out.st_atime_nsec = s->accessed.nanoseconds;
    out.st_mtime_sec = (__typeof__(out.st_mtime_sec))s->modified.seconds;
    out.st_mtime_nsec = s->modified.nanoseconds;
    out.st_ctime_sec = (__typeof__(out.st_ctime_sec))s->changed.seconds;
    out.st_ctime_nsec = s->changed.nanoseconds;
    return copy_to_program(to, &out, sizeof(out));
}

static long stat_at(int directory, struct user_ptr path, struct user_ptr to, u32 flags)
{
    char text[PATH_MAX];
    struct statx_fields fields;

    int error = fetch_path(text, path);
    if (!error)
        error = name_stat(directory, text, flags, &fields);
    return error ? error : store(to, &fields);
}

long sys_stat(struct user_ptr path, struct user_ptr statbuf)
{
    return stat_at(AT_FDCWD, path, statbuf, 0);
}

long sys_lstat(struct user_ptr path, struct user_ptr statbuf)
{
    return stat_at(AT_FDCWD, path, statbuf, AT_SYMLINK_NOFOLLOW);
}

long sys_fstat(int fd, struct user_ptr statbuf)
{
    struct statx_fields fields;
    struct file *f = descriptor_file_or_path(fd);

    if (!f)
        return -EBADF;
    int error = file_stat(f, &fields);
    file_drop(f);
    return error ? error : store(statbuf, &fields);
}

long sys_newfstatat(int dirfd, struct user_ptr path, struct user_ptr statbuf, int flags)
{
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
        return -EINVAL;
    if ((flags & AT_EMPTY_PATH) && user_is_null(path) && dirfd >= 0)
        return sys_fstat(dirfd, statbuf);
    return stat_at(dirfd, path, statbuf, (u32)flags);
}
