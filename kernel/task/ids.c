/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    every number in use, by number.
 * Promises: numbers grow until pid_max, then start again above those that a system starts with;
 *           looking one up costs the logarithm of how many there are.
 * Locking:  none (one CPU, no preemption in the kernel).
 * See:      pid_max in proc(5)
 */
#include "task/ids.h"

#include "abi/linux/errno.h"
#include "abi/linux/limits.h"
#include "lib/tree.h"
#include "memory/page.h"

#define FIRST_AFTER_WRAP 300 /* Linux's RESERVED_PIDS */

struct id {
    struct tree_node node;
    unsigned uses;
    struct process *process;
    struct thread *thread;
};

static struct tree ids;
static s32 last_number;

static struct id *find(s32 number)
{
    struct tree_node *node = number > 0 ? tree_find(&ids, (u64)number) : NULL;

    return node ? container_of(node, struct id, node) : NULL;
}

/* The first number from `from` up to pid_max that nobody uses; 0: none. */
static s32 free_from(s32 from)
{
    for (const struct tree_node *used = tree_find_ceil(&ids, (u64)from);
         used && used->key == (u64)from; used = tree_next(used))
        from++;
    return from < LINUX_PID_MAX ? from : 0;
}

static s32 choose(void)
{
    s32 number = free_from(last_number + 1);

    if (!number)
        number = free_from(FIRST_AFTER_WRAP);
    if (number)
        last_number = number;
    return number;
}

int id_allocate(s32 wanted, s32 *number)
{
    if (wanted < 0 || wanted >= LINUX_PID_MAX)
        return -EINVAL;
    if (wanted && find(wanted))
        return -EEXIST;
    *number = wanted ? wanted : choose();
    if (!*number)
        return -EAGAIN;
    struct id *id = heap_alloc_zeroed(sizeof(*id));
    if (!id)
        return -ENOMEM;
    id->uses = 1;
    tree_insert(&ids, &id->node, (u64)*number);
    return 0;
}

void id_hold(s32 number) { find(number)->uses++; }

void id_drop(s32 number)
{
    struct id *id = find(number);

    if (--id->uses)
        return;
    tree_remove(&ids, &id->node);
    heap_free(id);
}

void id_name_process(s32 number, struct process *p) { find(number)->process = p; }
void id_name_thread(s32 number, struct thread *t) { find(number)->thread = t; }

struct process *process_find(s32 pid)
{
    const struct id *id = find(pid);
    return id ? id->process : NULL;
}

struct thread *thread_find(s32 tid)
{
    const struct id *id = find(tid);
    return id ? id->thread : NULL;
}
