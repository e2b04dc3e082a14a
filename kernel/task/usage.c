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

static s64 to_kib(u64 pages) { return (s64)(pages * (PAGE_SIZE / 1024)); }

u64 usage_process_ns(const struct process *p)
{
    u64 sum_ns = p->user_ns;

    list_for_each(node, &p->threads)
        sum_ns += thread_run_ns(list_entry(node, struct thread, in_process));
    return sum_ns;
}

/* Switches of living and ended threads. */
static void add_switches(const struct process *p, struct linux_rusage *out)
{
    out->ru_nvcsw += (s64)p->waits;
    out->ru_nivcsw += (s64)p->preemptions;
    list_for_each(node, &p->threads) {
        const struct thread *t = list_entry(node, struct thread, in_process);
        out->ru_nvcsw += (s64)t->waits;
        out->ru_nivcsw += (s64)t->preemptions;
    }
}

static u64 peak_pages(const struct process *p)
{
    return max_u64(p->peak_pages, p->space ? space_peak_resident_pages(p->space) : 0);
}

static void read_children(const struct process *p, struct linux_rusage *out)
{
    out->ru_utime = to_timeval(p->child_user_ns);
    out->ru_stime = to_timeval(p->child_system_ns);
    out->ru_maxrss = to_kib(p->child_peak_pages);
    out->ru_minflt = (s64)p->child_min_faults;
    out->ru_majflt = (s64)p->child_maj_faults;
    out->ru_nvcsw = (s64)p->child_waits;
    out->ru_nivcsw = (s64)p->child_preemptions;
}

void usage_read(int who, struct linux_rusage *out)
{
    const struct process *p = current_process();

    memset(out, 0, sizeof(*out));
    if (who == RUSAGE_CHILDREN) {
        read_children(p, out);
        return;
    }
    u64 used_ns = who == RUSAGE_THREAD ? thread_run_ns(current_thread()) : usage_process_ns(p);
    out->ru_utime = to_timeval(used_ns);
    out->ru_maxrss = to_kib(peak_pages(p));
    out->ru_minflt = (s64)(p->min_faults + p->space->min_faults);
    out->ru_majflt = (s64)(p->maj_faults + p->space->maj_faults);
    if (who == RUSAGE_SELF) {
        add_switches(p, out);
        return;
    }
    out->ru_nvcsw = (s64)current_thread()->waits;
    out->ru_nivcsw = (s64)current_thread()->preemptions;
}

void usage_of(const struct process *p, struct linux_rusage *out)
{
    memset(out, 0, sizeof(*out));
    out->ru_utime = to_timeval(usage_process_ns(p) + p->child_user_ns);
    out->ru_stime = to_timeval(p->child_system_ns);
    out->ru_maxrss = to_kib(max_u64(p->peak_pages, p->child_peak_pages));
    out->ru_minflt = (s64)(p->min_faults + p->child_min_faults);
    out->ru_majflt = (s64)(p->maj_faults + p->child_maj_faults);
    out->ru_nvcsw = (s64)p->child_waits;
    out->ru_nivcsw = (s64)p->child_preemptions;
    add_switches(p, out);
}

void usage_add_child(struct process *parent, const struct process *child)
{
    parent->child_user_ns += usage_process_ns(child) + child->child_user_ns;
    parent->child_system_ns += child->system_ns + child->child_system_ns;
    parent->child_min_faults += child->min_faults + child->child_min_faults;
    parent->child_maj_faults += child->maj_faults + child->child_maj_faults;
    struct linux_rusage all;
    usage_of(child, &all);
    parent->child_waits += (u64)all.ru_nvcsw;
    parent->child_preemptions += (u64)all.ru_nivcsw;
    u64 peak = max_u64(child->peak_pages, child->child_peak_pages);
    parent->child_peak_pages = max_u64(parent->child_peak_pages, peak);
}

void usage_leave_space(struct process *p)
{
    struct space *s = p->space;

    p->min_faults += s->min_faults;
    p->maj_faults += s->maj_faults;
    p->peak_pages = max_u64(p->peak_pages, space_peak_resident_pages(s));
}
