/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SEM_UNDO: what is given back when a process ends.
 *
 * Holds:    per set the adjustments of each process that has some.
 * Promises: a process's end changes the values back, within 0 and SEMVMX, and tries who waits.
 * See:      semop(2)
 */
#include "ipc/sem.h"
#include "memory/page.h"

static void give_back(struct sem_set *s, struct sem_adjustment *a)
{
    for (u32 n = 0; n < s->count; n++) {
        struct semaphore *m = &s->semaphores[n];
        if (!a->by[n])
            continue;
        s32 value = m->value + a->by[n];
        m->value = value < 0 ? 0 : value > SEMVMX ? SEMVMX : value;
        m->last_pid = a->process->pid;
    }
    s->operated = ipc_now();
}

static struct sem_adjustment *find(struct sem_set *s, const struct process *p)
{
    list_for_each(at, &s->adjustments) {
        struct sem_adjustment *a = list_entry(at, struct sem_adjustment, of_set);
        if (a->process == p)
            return a;
    }
    return NULL;
}

static void process_ends(struct process *p)
{
    for (u32 n = 0; n < sem_sets.size; n++) {
        struct sem_set *s = sem_sets.slots[n] ? sem_set_of(sem_sets.slots[n]) : NULL;
        struct sem_adjustment *a = s ? find(s, p) : NULL;
        if (!a)
            continue;
        give_back(s, a);
        list_remove(&a->of_set);
        heap_free(a);
        sem_retry(s);
    }
}

struct sem_adjustment *sem_adjustment_of(struct sem_set *s)
{
    struct process *p = current_process();
    struct sem_adjustment *a = find(s, p);
    if (a)
        return a;
    a = heap_alloc_zeroed(sizeof(*a) + s->count * sizeof(a->by[0]));
    if (!a)
        return NULL;
    task_set_end_hook(process_ends);
    a->process = p;
    list_push_back(&s->adjustments, &a->of_set);
    return a;
}

void sem_forget_adjustments(struct sem_set *s, s32 number)
{
    list_for_each_safe(at, &s->adjustments) {
        struct sem_adjustment *a = list_entry(at, struct sem_adjustment, of_set);
        if (number >= 0) {
            a->by[number] = 0;
            continue;
        }
        list_remove(at);
        heap_free(a);
    }
}
