/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sizes that Linux promises or enforces.
 *
 * See: execve(2), pipe(7), path_resolution(7), write(2)
 */
#pragma once

#define NAME_MAX 255
#define PATH_MAX 4096 /* with the NUL */
#define PIPE_BUF 4096
#define NGROUPS_MAX 65536
#define XATTR_NAME_MAX 255
#define XATTR_SIZE_MAX 65536
#define XATTR_LIST_MAX 65536

#define LINUX_PIPE_CAPACITY 65536
#define LINUX_MAX_SYMLINKS 40             /* in one path walk, before ELOOP */
#define LINUX_MAX_ARG_STRLEN (32 * 4096)  /* one argument or environment string, with the NUL */
#define LINUX_MAX_RW_COUNT 0x7ffff000     /* most that one read or write moves */
#define LINUX_NR_OPEN 1048576             /* upper bound of RLIMIT_NOFILE */
#define LINUX_PID_MAX 32768
