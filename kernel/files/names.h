/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What programs do with names: the path calls. Paths are kernel strings; `directory` is AT_FDCWD or
 * a descriptor. All answer >= 0 or -errno as their man-2 pages say.
 */
#pragma once

#include "files/file.h"

/* AT_* of stat, access, chmod ... that a walk understands: SYMLINK_NOFOLLOW, EMPTY_PATH. */
struct open_request {
    u32 flags;                   /* O_*, already checked by open_check() */
    u32 mode;
    u32 resolve;                 /* RESOLVE_* */
};
/* open_flags.c: what open and openat ignore or refuse in flags and mode. strict: openat2. */
int open_check(struct open_request *request, bool strict);
/* open.c; *out is held. */
int name_open(int directory, const char *path, const struct open_request *request,
              struct file **out);

/* names.c */
int name_stat(int directory, const char *path, u32 at_flags, struct statx_fields *out);
int name_access(int directory, const char *path, u32 mode, u32 at_flags);
int name_make(int directory, const char *path, u32 mode, u64 rdev); /* mkdir, mknod: type in mode */
int name_symlink(const char *target, int directory, const char *path);
int name_link(int from, const char *old, int to, const char *path, u32 at_flags);
int name_remove(int directory, const char *path, bool is_directory);
int name_rename(int from, const char *old, int to, const char *path, u32 flags);
long name_read_link(int directory, const char *path, char *out, size_t size);

/* attributes.c */
int name_change_mode(int directory, const char *path, u32 mode, u32 at_flags);
int name_change_owner(int directory, const char *path, u32 uid, u32 gid, u32 at_flags);
/* NULL times: now, both. nanoseconds UTIME_NOW, UTIME_OMIT as utimensat(2). path NULL: directory
 * is the file's descriptor. */
int name_change_times(int directory, const char *path, const struct timestamp times[2],
                      u32 at_flags);
int name_truncate(const char *path, u64 length);
int name_statfs(const char *path, struct linux_statfs *out);
int name_exists(int directory, const char *path, u32 at_flags); /* for xattr calls */
int file_change_mode(struct file *f, u32 mode);
int file_change_owner(struct file *f, u32 uid, u32 gid);
int file_truncate(struct file *f, u64 length);
int file_allocate(struct file *f, u32 mode, u64 offset, u64 length);
void file_statfs(struct file *f, struct linux_statfs *out);

/* context.c: working directory, root, umask of the current process */
int context_chdir(const char *path);
int context_fchdir(struct file *f);
int context_chroot(const char *path);
long context_cwd(char *out, size_t size); /* length without NUL; -ENOENT when it was removed */
u32 context_set_umask(u32 mask);
