/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /proc/PID/status, stat and statm.
 *
 * See: proc_pid_status(5), proc_pid_stat(5), proc_pid_statm(5)
 */
#include "files/proc.h"

#include "abi/linux/resource.h"
#include "files/tty.h"
#include "memory/space.h"
#include "task/usage.h"

#define KIB(pages) ((unsigned long long)(pages) * (PAGE_SIZE / 1024))
#define TICKS(ns) ((unsigned long long)((ns) / (NSEC_PER_SEC / 100)))

/* Pages by what they are for, from the list of mappings. */
struct sizes {
    u64 total, peak, locked, resident, peak_resident, data, stack, text, library;
};

static u64 pages_of(const struct vma *v)
{
    return (v->end - v->start) / PAGE_SIZE;
}

static void measure(struct space *space, struct sizes *out)
{
    *out = (struct sizes){0};
    if (!space)
        return;
    bool first = true;
    for (struct vma *v = space_first(space); v; v = vma_next(v)) {
        out->total += pages_of(v);
        if (v->flags & VMA_STACK)
            out->stack += pages_of(v);
        else if ((v->access & MAP_WRITE) && !(v->flags & VMA_SHARED))
            out->data += pages_of(v);
        if (v->access & MAP_EXECUTE) {
            *(first ? &out->text : &out->library) += pages_of(v);
            first = false;
        }
    }
    out->peak = max_u64(space->peak_pages, out->total);
    out->locked = space->locked_pages;
    out->resident = space_resident_pages(space);
    out->peak_resident = space_peak_resident_pages(space);
}

/* A process's entry shows its first thread where Linux shows one. */
static struct thread *thread_of(const struct proc_subject *s, const struct process *p)
{
    return thread_find(s->tid ? s->tid : p->pid);
}

static const char *command_of(const struct thread *t, const struct process *p)
{
    return t ? t->name : p->command;
}

static char state_of(const struct process *p, const struct thread *t)
{
    if (p->zombie || !t)
        return 'Z';
    switch (t->state) {
    case THREAD_RUNNABLE:
        return 'R';
    case THREAD_STOPPED:
        return 'T';
    case THREAD_DEAD:
        return 'X';
    default:
        return t->interruptible ? 'S' : 'D';
    }
}

static const char *state_name(char state)
{
    switch (state) {
    case 'R':
        return "R (running)";
    case 'T':
        return "T (stopped)";
    case 'Z':
        return "Z (zombie)";
    case 'X':
        return "X (dead)";
    case 'D':
        return "D (disk sleep)";
    default:
        return "S (sleeping)";
    }
}

static void signal_sets(const struct process *p, u64 *ignored, u64 *caught)
{
    *ignored = *caught = 0;
    for (unsigned n = 0; n < (p->actions ? LINUX_NSIG : 0); n++) {
        if (p->actions[n].handler == 1)
            *ignored |= 1ull << n;
        else if (p->actions[n].handler)
            *caught |= 1ull << n;
    }
}

/* --- status --- */

static void show_identity(struct text *t, const struct process *p, const struct thread *thread,
                          s32 tid)
{
    const struct credentials *c = &p->credentials;
    s32 parent = p->parent ? p->parent->pid : 0;
    text_add(t, "Name:\t%s\nUmask:\t%04o\nState:\t%s\n", command_of(thread, p),
             p->files ? p->files->umask : 0, state_name(state_of(p, thread)));
    text_add(t, "Tgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n", p->pid, tid, parent);
    text_add(t, "Uid:\t%u\t%u\t%u\t%u\n", c->uid, c->euid, c->suid, c->fsuid);
    text_add(t, "Gid:\t%u\t%u\t%u\t%u\n", c->gid, c->egid, c->sgid, c->fsgid);
    text_add(t, "FDSize:\t%u\nGroups:\t", descriptor_table_size(p->descriptors));
    for (u32 n = 0; n < c->group_count; n++)
        text_add(t, "%u ", c->groups[n]);
    text_add(t, "%s\nNStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\nKthread:\t0\n",
             c->group_count ? "" : " ", p->pid, tid, p->pgid, p->sid);
}

static void show_memory(struct text *t, struct space *space)
{
    struct sizes z;
    measure(space, &z);
    const struct {
        const char *name;
        u64 pages;
    } lines[] = {
        {"VmPeak", z.peak}, {"VmSize", z.total}, {"VmLck", z.locked}, {"VmPin", 0},
        {"VmHWM", z.peak_resident}, {"VmRSS", z.resident}, {"RssAnon", z.resident}, {"RssFile", 0},
        {"RssShmem", 0}, {"VmData", z.data}, {"VmStk", z.stack}, {"VmExe", z.text},
        {"VmLib", z.library}, {"VmPTE", space ? space->platform.pages : 0}, {"VmSwap", 0},
        {"HugetlbPages", 0},
    };
    for (unsigned n = 0; n < ARRAY_SIZE(lines); n++)
        text_add(t, "%s:\t%8llu kB\n", lines[n].name, KIB(lines[n].pages));
    text_add(t, "CoreDumping:\t0\nTHP_enabled:\t0\n");
}

static void show_signals(struct text *t, const struct process *p, const struct thread *thread)
{
    u64 ignored, caught;
    signal_sets(p, &ignored, &caught);
    text_add(t, "Threads:\t%u\nSigQ:\t%u/%llu\n", p->thread_count,
             signals_queued_by(p->credentials.uid),
             (unsigned long long)p->limits[RLIMIT_SIGPENDING].soft);
    text_add(t, "SigPnd:\t%016llx\nShdPnd:\t%016llx\nSigBlk:\t%016llx\nSigIgn:\t%016llx\n"
                "SigCgt:\t%016llx\n",
             thread ? (unsigned long long)thread->signals.pending : 0,
             (unsigned long long)p->signals.pending,
             thread ? (unsigned long long)thread->blocked : 0, (unsigned long long)ignored,
             (unsigned long long)caught);
}

void proc_show_status(struct text *t, const struct proc_subject *s)
{
    struct process *p = process_find(s->pid);
    const struct thread *thread = thread_of(s, p);
    /* Root has every capability, others none. */
    unsigned long long capable = p->credentials.euid ? 0 : 0x1ffffffffffull;
    show_identity(t, p, thread, s->tid ? s->tid : p->pid);
    show_memory(t, p->space);
    show_signals(t, p, thread);
    text_add(t, "CapInh:\t%016llx\nCapPrm:\t%016llx\nCapEff:\t%016llx\nCapBnd:\t%016llx\n"
                "CapAmb:\t%016llx\n",
             0ull, capable, capable, 0x1ffffffffffull, 0ull);
    text_add(t, "NoNewPrivs:\t%d\nSeccomp:\t0\nSeccomp_filters:\t0\n", p->no_new_privileges);
    text_add(t, "Cpus_allowed:\t1\nCpus_allowed_list:\t0\nMems_allowed:\t00000001\n"
                "Mems_allowed_list:\t0\n");
    text_add(t, "voluntary_ctxt_switches:\t%llu\nnonvoluntary_ctxt_switches:\t%llu\n",
             thread ? (unsigned long long)thread->waits : 0,
             thread ? (unsigned long long)thread->preemptions : 0);
}

/* --- stat --- */

static void show_places(struct text *t, const struct process *p, const struct thread *thread)
{
    const struct space *m = p->space;
    int signal = thread && thread->tid != p->pid ? -1 : p->exit_signal;
    u64 start_code = 0, end_code = 0, start_data = 0, end_data = 0;
    for (struct vma *v = m ? space_first(p->space) : NULL; v && !end_data; v = vma_next(v)) {
        if ((v->access & MAP_EXECUTE) && !end_code) {
            start_code = v->start;
            end_code = v->end;
        } else if ((v->access & MAP_WRITE) && end_code) {
            start_data = v->start;
            end_data = v->end;
        }
    }
    text_add(t, " %llu %llu %llu 0 0 0 0 0 0 0 0 0 %d 0 %u %u 0 0 0 %llu %llu %llu",
             (unsigned long long)start_code, (unsigned long long)end_code,
             m ? (unsigned long long)m->stack_top : 0, signal, thread ? thread->own_priority : 0u,
             thread ? thread->policy : 0u, (unsigned long long)start_data,
             (unsigned long long)end_data, m ? (unsigned long long)m->brk_start : 0);
    text_add(t, " %llu %llu %llu %llu %d\n", m ? (unsigned long long)m->argument_start : 0,
             m ? (unsigned long long)m->argument_end : 0,
             m ? (unsigned long long)m->environment_start : 0,
             m ? (unsigned long long)m->environment_end : 0, p->exit_status);
}

/* As Linux: 20 + nice, or for real-time threads the priority below zero. */
static int priority_shown(const struct thread *t)
{
    if (!t)
        return 20;
    return t->own_priority ? -1 - t->own_priority : 20 + t->nice;
}

void proc_show_stat(struct text *t, const struct proc_subject *s)
{
    struct process *p = process_find(s->pid);
    const struct thread *thread = thread_of(s, p);
    struct sizes z;
    measure(p->space, &z);
    text_add(t, "%d (%s) %c %d %d %d %d %d 4194304", s->tid ? s->tid : p->pid, command_of(thread, p),
             state_of(p, thread), p->parent ? p->parent->pid : 0, p->pgid, p->sid,
             p->terminal ? (int)p->terminal->rdev : 0,
             p->terminal ? p->terminal->foreground : -1);
    text_add(t, " %llu 0 %llu 0", p->space ? (unsigned long long)p->space->min_faults : 0,
             p->space ? (unsigned long long)p->space->maj_faults : 0);
    u64 own_ns = s->tid && thread ? thread_run_ns(thread) : usage_process_ns(p);
    text_add(t, " %llu 0 %llu 0 %d %d %u 0 %llu", TICKS(own_ns), TICKS(p->child_user_ns),
             priority_shown(thread), thread ? thread->nice : 0, p->thread_count,
             TICKS(p->start_ns));
    text_add(t, " %llu %llu %llu", (unsigned long long)(z.total * PAGE_SIZE),
             (unsigned long long)z.resident,
             (unsigned long long)p->limits[RLIMIT_RSS].soft);
    show_places(t, p, thread);
}

void proc_show_statm(struct text *t, const struct proc_subject *s)
{
    struct sizes z;
    measure(process_find(s->pid)->space, &z);
    text_add(t, "%llu %llu 0 %llu 0 %llu 0\n", (unsigned long long)z.total,
             (unsigned long long)z.resident, (unsigned long long)z.text,
             (unsigned long long)(z.data + z.stack));
}
