/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside boot/: the boot information, read once into plain values. */
#pragma once

#include "abi/image/boot_info.h"
#include "lib/types.h"

#define BOOT_STRINGS_MAX 32768 /* arguments or variables */

struct boot_info {
    const char **argv, **envp;   /* NULL-terminated; the strings lie in the boot information */
    const char *program, *cwd, *hostname;
    u32 uid, gid, group_count;
    const u32 *groups;
    u64 flags;
    u64 stack_soft, stack_hard, nofile_soft, nofile_hard; /* 0: default */
    u32 umask;
    const u32 *trace_only;       /* call numbers */
    size_t trace_only_count;
    const u8 *seed;
    size_t seed_length;
};

/* NULL, or what is wrong with it. */
const char *boot_info_read(const u8 *data, u64 size, struct boot_info *out);
