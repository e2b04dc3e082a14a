/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Waiting while no thread can run: the only host call that may block with the baton held.
 *
 * Holds:    who tells which host descriptors to wait for (devices/host_stream.c).
 * Promises: returns when one of them is ready, the deadline passed, or the supervisor has news. An
 *           idle guest does not tick: its timer is not set again until something happens.
 * See:      ppoll(2), prctl(2) PR_SET_TIMERSLACK.
 */
#include "platform/process/idle.h"

#include "abi/linux/time.h"
#include "arch/cpu_block.h"
#include "platform/process/host.h"

static host_watch_fn *watch;

void host_set_watch(host_watch_fn *fn) { watch = fn; }

#define FDS_MAX (HOST_WATCH_MAX + 1)

/* true: something happened. */
static bool wait_until(struct linux_pollfd *fds, unsigned count, u64 deadline_ns)
{
    u64 now_ns = deadline_ns == NO_DEADLINE ? 0 : platform_monotonic_ns(), drained;
    u64 left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
    struct linux_timespec t = {(s64)(left_ns / NSEC_PER_SEC), (s64)(left_ns % NSEC_PER_SEC)};
    long n = host(HOST_ppoll, fds, count, deadline_ns == NO_DEADLINE ? NULL : &t, 0, 8);
    if (n > 0 && fds[0].revents)
        host(HOST_read, fds[0].fd, &drained, sizeof drained);
    return n >= 0 || left_ns == 0;
}

/* The timer serves running programs. It may still fire here, once; to be woken by it is no event. */
void platform_idle(u64 deadline_ns)
{
    struct cpu_block *cpu = this_cpu();
    struct linux_pollfd fds[FDS_MAX] = {{host_supervision.idle_fd, POLLIN, 0}};
    unsigned count = 1 + (watch ? watch(fds + 1) : 0);
    hosted_checkpoint();
    bool over = cpu->pending & PENDING_INTERRUPT; /* behind the checkpoint: looked at once more */
    while (!over)
        over = wait_until(fds, count, deadline_ns);
    __atomic_and_fetch(&cpu->pending, ~(u32)PENDING_INTERRUPT, __ATOMIC_RELAXED);
}
