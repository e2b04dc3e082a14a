/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What generator (program.py, memory.py) and executor agree on.
 *
 * A program is a sequence of episodes: a u32 length and that many bytes of operations. Each episode
 * runs in a process of its own, which may end in any way. Numbers are little-endian.
 */
#pragma once

#include <stdint.h>

#define ARENA 0x10000000ul    /* the episode's own memory; ends in a page that is not there */
#define ARENA_BYTES 0x40000ul
#define READ_ONLY_PAGE (ARENA + ARENA_BYTES + 0x1000)
#define NO_ACCESS_PAGE (ARENA + ARENA_BYTES + 0x2000)
#define SHARED_PAGE (ARENA + ARENA_BYTES + 0x3000) /* one for all processes of an episode */
#define STACKS 0x18000000ul   /* of threads, 64 KiB each */
#define STACKS_BYTES 0x100000ul
#define COUNTS 0x0f000000ul   /* where the executor counts */
#define SLOTS 256
#define SLOT_SELF 0           /* the episode's own process */
#define NO_SLOT 255
#define ROWS 512

enum operation {
    OP_CALL = 1, /* row u16, number u16, how u8, slot u8 of the result, arguments u8, values */
    OP_BYTES,    /* address u64, length u32, bytes: written there */
    OP_STORE,    /* address u64, width u8, value: written there */
    OP_LOAD,     /* slot u8, address u64: the int there, when the last call succeeded */
    OP_SET,      /* slot u8, number u64 */
    OP_FAIL,     /* one in u16 of the kernel's allocations fails (kernels under sanitizers) */
};

enum value { VALUE_NUMBER, VALUE_SLOT }; /* u8; then number u64, or slot u8 and addend u64 */

enum how {
    HOW_PLAIN,
    HOW_CHILD,   /* in a child of the episode, because it may not return */
    HOW_FORK,    /* may return twice; the second time goes on with the episode, for some calls */
    HOW_THREAD,  /* makes a thread that goes on with the episode, on a stack of its own */
    HOW_CLONE,   /* may return twice; the second time ends at once and touches no memory */
};
