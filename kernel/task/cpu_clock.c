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

static struct process *process_of(int id)
{
    return id ? process_find(id) : current_process();
}

static struct thread *thread_of(int id)
{
    struct thread *t = id ? thread_find(id) : current_thread();

    return t && t->process == current_process() ? t : NULL;
}

bool cpu_clock_is_of_thread(int clock_id)
{
    return clock_id == CLOCK_THREAD_CPUTIME_ID || (clock_id < 0 && clock_id & ID_OF_THREAD);
}

/* 0: the caller's own. */
static int id_in(int clock_id)
{
    bool named = clock_id == CLOCK_PROCESS_CPUTIME_ID || clock_id == CLOCK_THREAD_CPUTIME_ID;

    return named ? 0 : ~(clock_id >> ID_SHIFT);
}

static bool is_cpu_clock(int clock_id)
{
    if (clock_id == CLOCK_PROCESS_CPUTIME_ID || clock_id == CLOCK_THREAD_CPUTIME_ID)
        return true;
    return clock_id < 0 && (clock_id & ID_KIND_MASK) != ID_KIND_DEVICE;
}

int cpu_clock_target(int clock_id, struct process **process, s32 *tid)
{
    if (!is_cpu_clock(clock_id))
        return -EINVAL;
    const struct thread *t = cpu_clock_is_of_thread(clock_id) ? thread_of(id_in(clock_id)) : NULL;
    *process = t ? t->process : process_of(id_in(clock_id));
    *tid = t ? t->tid : 0;
    return (t || !cpu_clock_is_of_thread(clock_id)) && *process ? 0 : -EINVAL;
}

int cpu_clock_read(int clock_id, u64 *ns)
{
    struct process *p;
    s32 tid;

    if (cpu_clock_target(clock_id, &p, &tid))
        return -EINVAL;
    *ns = tid ? thread_run_ns(thread_find(tid)) : usage_process_ns(p);
    return 0;
}
