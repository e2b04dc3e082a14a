/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Out of memory: somebody has to go.
 *
 * Holds:    nothing.
 * Promises: the process that gives back most goes, by Linux's measure: its pages, shifted by
 *           oom_score_adj. One line says so. Its private memory is free at once, before its threads
 *           notice, so that whoever asked can go on without waiting for them.
 * See:      oom_score_adj in proc(5)
 */
#include "task/oom.h"

#include "lib/log.h"
#include "lib/printf.h"
#include "memory/page.h"
#include "memory/space.h"
#include "task/exit.h"

static void (*tell_out_of_memory)(const char *text);

void task_set_tell_out_of_memory(void (*tell)(const char *text))
{
    tell_out_of_memory = tell;
}

s64 oom_points(const struct process *p)
{
    s64 total = (s64)space_page_limit();
    struct space *s = p->space;

    if (!s || p->exiting || p->oom_adjustment == OOM_ADJUSTMENT_MIN)
        return OOM_NEVER;
    s64 pages = (s64)(space_resident_pages(s) + s->platform.pages);
    return pages + p->oom_adjustment * total / 1000;
}

static struct process *choose(void)
{
    struct process *worst = NULL;
    s64 most = OOM_NEVER;

    list_for_each(node, process_all()) {
        struct process *p = list_entry(node, struct process, link);
        s64 points = oom_points(p);
        if (points > most) {
            most = points;
            worst = p;
        }
    }
    return worst;
}

static void tell(const struct process *p)
{
    static char text[64];

    format_text(text, sizeof(text), "out of memory: killed %s (pid %d)", p->command, p->pid);
    log_line("%s", text);
    if (tell_out_of_memory)
        tell_out_of_memory(text);
}

/* All that share the memory go: it is not free before. */
static void kill_users(struct space *s)
{
    list_for_each(node, process_all()) {
        struct process *p = list_entry(node, struct process, link);
        if (p->space == s)
            process_kill(p, SIGKILL);
    }
    space_reap(s);
}

bool oom_make_room(void)
{
    struct process *own = current_process(), *p = own->exiting ? NULL : choose();

    if (!p) {
        process_kill(own, SIGKILL);
        return false;
    }
    tell(p);
    kill_users(p->space);
    return !own->exiting;
}

void *oom_heap_zeroed(size_t n)
{
    void *p;

    do
        p = heap_alloc_zeroed(n);
    while (!p && oom_make_room());
    return p;
}
