/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Waiting while no thread can run: the only host call that may block with the baton held.
 *
 * Holds:    who tells which host descriptors to wait for (devices/host_stream.c).
 * Promises: returns when one of them is ready, a timer signal came or the deadline passed. An idle
 *           guest does not tick: after one period the tick is taken off until something happens.
 * See:      ppoll(2), prctl(2) PR_SET_TIMERSLACK.
 */
#include "platform/process/idle.h"

#include "abi/linux/time.h"
#include "arch/cpu_block.h"
#include "platform/process/host.h"

static host_watch_fn *watch;

void host_set_watch(host_watch_fn *fn) { watch = fn; }

/* > 0: something happened. */
static long wait_for(struct linux_pollfd *fds, unsigned count, u64 ns)
{
    struct linux_timespec t = {(s64)(ns / NSEC_PER_SEC), (s64)(ns % NSEC_PER_SEC)};
    return host(HOST_ppoll, fds, count, ns == NO_DEADLINE ? NULL : &t, 0, 8);
}

void platform_idle(u64 deadline_ns)
{
    struct linux_pollfd fds[HOST_WATCH_MAX];
    unsigned count = watch ? watch(fds) : 0;
    struct cpu_block *cpu = this_cpu();
    u64 tick_ns = platform_traits()->tick_ns, left = NO_DEADLINE;
    if (deadline_ns != NO_DEADLINE) {
        u64 now = platform_monotonic_ns();
        left = deadline_ns > now ? deadline_ns - now : 0;
    }
    if (!(cpu->pending & PENDING_INTERRUPT) && wait_for(fds, count, min_u64(left, tick_ns)) == 0 &&
        left > tick_ns) {
        host_timers_disarm();
        /* A signal of the timers that came before they were off has set the bit. */
        if (!(cpu->pending & PENDING_INTERRUPT))
            wait_for(fds, count, left == NO_DEADLINE ? left : left - tick_ns);
        host_timers_arm();
    }
    cpu->pending &= ~(u32)PENDING_INTERRUPT;
}
