/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Directory records as getdents64 and getdents store them: packed one after another, each
 * d_reclen bytes long, that length a multiple of 8, the name ending in NUL.
 *
 * The old getdents has no d_type field: the type is the record's last byte, d_reclen - 1.
 * See: getdents(2)
 */
#pragma once

#include <stdint.h>

struct linux_dirent64 {
    uint64_t d_ino;
    int64_t d_off; /* cookie of the record after this one */
    uint16_t d_reclen;
    uint8_t d_type;
    char d_name[];
};
#define LINUX_DIRENT64_NAME_OFFSET 19

struct linux_dirent {
    uint64_t d_ino;
    uint64_t d_off;
    uint16_t d_reclen;
    char d_name[];
};
#define LINUX_DIRENT_NAME_OFFSET 18

#define DT_UNKNOWN 0
#define DT_FIFO 1
#define DT_CHR 2
#define DT_DIR 4
#define DT_BLK 6
#define DT_REG 8
#define DT_LNK 10
#define DT_SOCK 12
#define DT_WHT 14
