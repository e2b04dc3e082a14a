/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds: nothing; reads what the scheduler has counted.
 * Promises: an id for pid or tid 0 means the caller's own.
 * See: clock_getcpuclockid(3), pthread_getcpuclockid(3)
 */
#include "task/cpu_clock.h"

#include "abi/linux/errno.h"
#include "abi/linux/time.h"
#include "task/usage.h"

/* A negative clock id: the complement of a pid or tid above three bits, of which one tells the two
 * apart and two say what is counted. */
#define ID_SHIFT 3
#define ID_OF_THREAD 4
#define ID_KIND_MASK 3
#define ID_KIND_DEVICE 3 /* an open clock device instead */

static const struct process *process_of(int id)
{
    return id ? process_find(id) : current_process();
}

static const struct thread *thread_of(int id)
{
    const struct thread *t = id ? thread_find(id) : current_thread();

    return t && t->process == current_process() ? t : NULL;
}

bool cpu_clock_is_of_thread(int clock_id)
{
    return clock_id == CLOCK_THREAD_CPUTIME_ID || (clock_id < 0 && clock_id & ID_OF_THREAD);
}

int cpu_clock_read(int clock_id, u64 *ns)
{
    bool named = clock_id == CLOCK_PROCESS_CPUTIME_ID || clock_id == CLOCK_THREAD_CPUTIME_ID;
    int id = named ? 0 : ~(clock_id >> ID_SHIFT);

    if (!named && (clock_id >= 0 || (clock_id & ID_KIND_MASK) == ID_KIND_DEVICE))
        return -EINVAL;
    if (cpu_clock_is_of_thread(clock_id)) {
        const struct thread *t = thread_of(id);
        *ns = t ? thread_run_ns(t) : 0;
        return t ? 0 : -EINVAL;
    }
    const struct process *p = process_of(id);
    *ns = p ? usage_process_ns(p) : 0;
    return p ? 0 : -EINVAL;
}
