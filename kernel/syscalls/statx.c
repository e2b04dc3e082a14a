/* SPDX-License-Identifier: BSD-3-Clause */
/* See statx(2). */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi/linux/stat.h"
#include "abi_handlers.h"
#include "files/names.h"
#include "syscalls/path_argument.h"

#define KNOWN_FLAGS                                                                                \
    (AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE)

static struct linux_statx_timestamp timestamp(struct timestamp t)
{
    return (struct linux_statx_timestamp){.tv_sec = t.seconds, .tv_nsec = t.nanoseconds};
}

static u32 major_of(u64 device) { return (u32)(device >> 8) & 0xfff; }
static u32 minor_of(u64 device) { return (u32)(device & 0xff) | ((u32)(device >> 12) & ~0xffu); }

static int store(struct user_ptr to, const struct statx_fields *s)
{
    struct linux_statx out = {
        .stx_mask = STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID,
        .stx_blksize = s->block_size, .stx_nlink = s->nlink, .stx_uid = s->uid,
        .stx_gid = s->gid, .stx_mode = (u16)s->mode, .stx_ino = s->inode, .stx_size = s->size,
        .stx_blocks = s->blocks, .stx_mnt_id = s->mount_id,
        .stx_attributes = s->is_mount_root ? STATX_ATTR_MOUNT_ROOT : 0,
        .stx_attributes_mask = STATX_ATTR_MOUNT_ROOT,
        .stx_atime = timestamp(s->accessed), .stx_btime = timestamp(s->born),
        .stx_ctime = timestamp(s->changed), .stx_mtime = timestamp(s->modified),
        .stx_rdev_major = major_of(s->rdev), .stx_rdev_minor = minor_of(s->rdev),
        .stx_dev_major = major_of(s->device), .stx_dev_minor = minor_of(s->device),
    };
    return copy_to_program(to, &out, sizeof(out));
}

long sys_statx(int dirfd, struct user_ptr path, int flags, u32 mask, struct user_ptr statxbuf)
{
    struct statx_fields fields;
    char text[PATH_MAX];

    if (mask & STATX__RESERVED)
        return -EINVAL;
    if ((flags & ~KNOWN_FLAGS) || (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
        return -EINVAL;
    int error = 0;
    if ((flags & AT_EMPTY_PATH) && user_is_null(path))
        text[0] = '\0';
    else
        error = fetch_path(text, path);
    if (!error)
        error = name_stat(dirfd, text, (u32)flags, &fields);
    return error ? error : store(statxbuf, &fields);
}
