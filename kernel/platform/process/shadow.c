/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The address sanitizer's shadow memory (CONFIG_SANITIZE), one for all host tasks.
 *
 * Holds:    the shadow of the kernel image and the page frames, at HOST_SHADOW_BASE.
 * Promises: it is there before the first host task is made, and is inherited, shared, by all.
 */
#include "lib/sanitizer.h"
#include "platform/process/host.h"

#ifndef CONFIG_SANITIZE

void host_shadow_start(void) {}

#else
#include "abi/linux/mman.h"

#define WATCHED_BYTES (2 * FRAMES_MAX_BYTES) /* what was taken at boot lies before the frames */

void host_shadow_start(void)
{
    long got = host(HOST_mmap, HOST_SHADOW_BASE, WATCHED_BYTES / 8, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0);
    if (got != (long)HOST_SHADOW_BASE)
        host_refuse("the host has no room for shadow memory", got < 0 ? got : 0);
    sanitizer_watch(HOST_WINDOW, WATCHED_BYTES, HOST_SHADOW_BASE);
}

#endif
