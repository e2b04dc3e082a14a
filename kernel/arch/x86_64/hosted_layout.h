/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where things lie in the process platform: host addresses, and the ranges of paddr space.
 *
 * A paddr is an offset in the memfd, except in the image range, where it is an offset in the host's
 * image file. Both are seen by the kernel through one window: HOST_WINDOW + paddr.
 *
 *   paddr 0            the kernel image, which is linked to run there, then the boot information
 *         ...          page frames
 *         SPARSE_*     parts of files
 *         IMAGE_PADDR  the root image
 *
 * Below the window lies what differs between host tasks. All of it is one range that was free in
 * every layout tried (static-PIE, ET_EXEC, ASLR on and off, unlimited stack), and what a fork's
 * child needs first is close together: each page table more is one more to make, fill and free.
 * link.lds knows HOST_WINDOW too.
 */
#pragma once

#define HOST_RANGE 0x200000000000ul        /* programs have nothing in here */
#define HOST_RANGE_BYTES 0x100000000000ul  /* 16 TiB */
#define HOST_RANGE_END (HOST_RANGE + HOST_RANGE_BYTES)
#define HOST_VDSO_BASE HOST_RANGE          /* the host's vvar and vDSO, moved here */
#define HOST_PRIVATE_BASE 0x200000020000ul /* each host task's own memory */
#define HOST_WINDOW 0x200000100000ul       /* paddr space, to the end of the range */

#define FRAMES_MAX_BYTES 0x40000000ul /* page frames serve the kernel only: 1 GiB is plenty */
#define SPARSE_START 0x10000000000ul  /* 1 TiB */
#define SPARSE_END 0xd0000000000ul    /* 13 TiB */
#define IMAGE_PADDR 0xe0000000000ul   /* 14 TiB */
#define MEMFD_BYTES SPARSE_END
#define HOST_SHADOW_BASE (HOST_WINDOW + SPARSE_END) /* with CONFIG_SANITIZE: of image and frames */

#define PROGRAM_START 0x10000ul
#define PROGRAM_END 0x7ffffffff000ul

/* A host task's private memory: its stack, struct host_private in the page of the stack's top, a
 * page between, the signal stack. */
#define PRIVATE_STACK_BYTES 0x8000ul
#define HOST_PRIVATE_BYTES 64ul
#define HOST_PRIVATE_AT (HOST_PRIVATE_BASE + PRIVATE_STACK_BYTES - HOST_PRIVATE_BYTES)
/* struct host_private begins with a word that is not 0 while the task has not got the baton. */
#define HOST_PRIVATE_WAITING 0
#define SIGNAL_STACK_MIN_BYTES 0x10000ul
