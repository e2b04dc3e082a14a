/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Scattered buffers.
 *
 * See: readv(2)
 */
#pragma once

#include <stdint.h>

struct linux_iovec {
    uint64_t iov_base; /* address in the program */
    uint64_t iov_len;
};

#define UIO_MAXIOV 1024

#define RWF_HIPRI 0x00000001
#define RWF_DSYNC 0x00000002
#define RWF_SYNC 0x00000004
#define RWF_NOWAIT 0x00000008
#define RWF_APPEND 0x00000010
#define RWF_NOAPPEND 0x00000020

/* splice(2), tee(2), vmsplice(2) */
#define SPLICE_F_MOVE 0x01
#define SPLICE_F_NONBLOCK 0x02
#define SPLICE_F_MORE 0x04
#define SPLICE_F_GIFT 0x08

/* getrandom(2) */
#define GRND_NONBLOCK 0x0001
#define GRND_RANDOM 0x0002
#define GRND_INSECURE 0x0004
