/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    all processes that have not been reaped, by age. The first has pid 1 and no parent, as
 *           in a container.
 * Promises: a structure lives as long as somebody holds it: its place in the list of processes,
 *           each of its threads, each pidfd.
 * See:      credentials(7), getrlimit(2) for the limits a fresh Linux process has.
 */
#include "abi/linux/resource.h"
#include "lib/string.h"
#include "memory/page.h"
#include "memory/space.h"
#include "task/credentials.h"
#include "task/ids.h"
#include "task/task.h"
#include "time/timer.h"

#define MEBIBYTE (1024ull * 1024)

static struct list processes = LIST_INIT(processes);
struct list *process_all(void) { return &processes; }

void process_each_frame(struct space *s, void (*visit)(struct space *s, struct trap_frame *frame))
{
    list_for_each(link, &processes) {
        struct process *p = container_of(link, struct process, link);
        if (p->space != s)
            continue;
        list_for_each(place, &p->threads)
            visit(s, thread_frame(container_of(place, struct thread, in_process)));
    }
}

static void set_default_limits(struct process *p)
{
    for (unsigned i = 0; i < RLIMIT_KINDS; i++)
        p->limits[i] = (struct rlimit_pair){RLIM_INFINITY, RLIM_INFINITY};
    p->limits[RLIMIT_STACK].soft = 8 * MEBIBYTE;
    p->limits[RLIMIT_CORE].soft = 0;
    p->limits[RLIMIT_NOFILE] = (struct rlimit_pair){1024, 1048576};
    p->limits[RLIMIT_MEMLOCK] = (struct rlimit_pair){8 * MEBIBYTE, 8 * MEBIBYTE};
    p->limits[RLIMIT_MSGQUEUE] = (struct rlimit_pair){819200, 819200};
    p->limits[RLIMIT_NICE] = (struct rlimit_pair){0, 0};
    p->limits[RLIMIT_RTPRIO] = (struct rlimit_pair){0, 0};
}

struct process *process_allocate(void)
{
    struct process *p = heap_alloc_zeroed(sizeof(*p));
    if (!p)
        return NULL;
    p->references = 1;
    list_init(&p->link);
    list_init(&p->children);
    list_init(&p->sibling);
    list_init(&p->threads);
    wait_queue_init(&p->child_wait);
    wait_queue_init(&p->end_wait);
    p->start_ns = clock_monotonic_ns();
    signal_init_process(p);
    return p;
}

void process_enlist(struct process *p)
{
    id_hold(p->pgid);
    id_hold(p->sid);
    id_name_process(p->pid, p);
    list_push_back(&processes, &p->link);
}

void process_unlink(struct process *p)
{
    list_remove(&p->sibling);
    list_remove(&p->link);
    p->parent = NULL;
    wake_all(&p->end_wait, 0);
    thread_forget_first(p);
    if (p->pid) {
        id_name_process(p->pid, NULL);
        id_drop(p->pid);
        id_drop(p->pgid);
        id_drop(p->sid);
    }
    process_drop(p);
}

void process_hold(struct process *p) { p->references++; }

void process_drop(struct process *p)
{
    if (--p->references)
        return;
    heap_free(p);
}

struct process *process_create_first(void)
{
    struct process *p = process_allocate();
    if (!p || !signal_actions_create(p) || id_allocate(0, &p->pid))
        return NULL;
    p->pgid = p->sid = p->pid;
    p->exit_signal = SIGCHLD;
    set_default_limits(p);
    p->dumpable = true;
    space_set_lock_limit(credentials_lockable_bytes);
    process_enlist(p);
    return p;
}
