/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * statfs: the struct, mount flags, and the magic numbers of file systems we show.
 *
 * See: statfs(2), mount(2)
 */
#pragma once

#include <stdint.h>

struct linux_statfs {
    int64_t f_type;
    int64_t f_bsize;
    uint64_t f_blocks;
    uint64_t f_bfree;
    uint64_t f_bavail;
    uint64_t f_files;
    uint64_t f_ffree;
    int32_t f_fsid[2];
    int64_t f_namelen;
    int64_t f_frsize;
    int64_t f_flags;
    int64_t f_spare[4];
};

#define ST_RDONLY 0x0001
#define ST_NOSUID 0x0002
#define ST_NODEV 0x0004
#define ST_NOEXEC 0x0008
#define ST_VALID 0x0020
#define ST_RELATIME 0x1000

#define TMPFS_MAGIC 0x01021994
#define RAMFS_MAGIC 0x858458f6
#define PROC_SUPER_MAGIC 0x9fa0
#define SYSFS_MAGIC 0x62656572
#define DEVPTS_SUPER_MAGIC 0x1cd1
#define PIPEFS_MAGIC 0x50495045
#define SOCKFS_MAGIC 0x534F434B
#define ANON_INODE_FS_MAGIC 0x09041934
#define OVERLAYFS_SUPER_MAGIC 0x794c7630
#define EXT4_SUPER_MAGIC 0xEF53
#define EROFS_SUPER_MAGIC_V1 0xE0F5E1E2
#define V9FS_MAGIC 0x01021997
#define CGROUP2_SUPER_MAGIC 0x63677270

/* mount(2) */
#define MS_RDONLY 1
#define MS_NOSUID 2
#define MS_NODEV 4
#define MS_NOEXEC 8
#define MS_REMOUNT 32
#define MS_BIND 4096
#define MS_REC 16384
#define MS_RELATIME (1 << 21)
