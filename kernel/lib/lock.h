/* SPDX-License-Identifier: BSD-3-Clause */
/* One CPU and a kernel that is never preempted: a lock is a mark in the code, and costs nothing.
 * It stands where SMP will need one. Never sleep while holding it. */
#pragma once

struct lock {
    char unused[0];
};

static inline void lock_take(struct lock *l) { (void)l; }
static inline void lock_give(struct lock *l) { (void)l; }
