/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds: nothing. CPU time is what threads ran, doors included: program and kernel share one
 * privilege, so all of it counts as user time. See getrusage(2).
 */
#include "task/usage.h"

#include "lib/string.h"
#include "memory/space.h"

static struct linux_timeval to_timeval(u64 ns)
{
    return (struct linux_timeval){(s64)(ns / NSEC_PER_SEC), (s64)(ns % NSEC_PER_SEC / 1000)};
}

u64 usage_process_ns(const struct process *p)
{
    u64 sum_ns = p->user_ns;

    list_for_each(node, &p->threads)
        sum_ns += thread_run_ns(list_entry(node, struct thread, in_process));
    return sum_ns;
}

void usage_read(int who, struct linux_rusage *out)
{
    const struct process *p = current_process();

    memset(out, 0, sizeof(*out));
    if (who == RUSAGE_CHILDREN) {
        out->ru_utime = to_timeval(p->child_user_ns);
        out->ru_stime = to_timeval(p->child_system_ns);
        return;
    }
    u64 used_ns = who == RUSAGE_THREAD ? thread_run_ns(current_thread()) : usage_process_ns(p);
    out->ru_utime = to_timeval(used_ns);
    out->ru_maxrss = (s64)(space_peak_resident_pages(p->space) * (PAGE_SIZE / 1024));
    out->ru_minflt = (s64)p->space->min_faults;
    out->ru_majflt = (s64)p->space->maj_faults;
}
