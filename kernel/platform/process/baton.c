/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The baton: which host task runs.
 *
 * Holds:    one word that names the holder by index and by host pid, and what a switch carries
 *           over from one host task to the next.
 * Promises: exactly one task runs the kernel or a program: the holder. platform_space_switch
 *           continues the same kernel stack in another address space, with vector state, fs base
 *           and gs base carried along, as a change of page tables would. A holder that dies is
 *           found by the supervisor, who reaps it; a baton that is passed to a task which died
 *           just before is found by whoever passed it.
 * Locking:  the holder alone writes the word; the supervisor does when the holder is dead.
 * See:      futex(2); DESIGN 3.5; lost.c.
 */
#include "abi/linux/errno.h"
#include "abi/linux/futex.h"
#include "arch/cpu_block.h"
#include "arch/upcalls.h"
#include "lib/log.h"
#include "platform/process/host.h"

static volatile u64 baton; /* host pid of the holder, its index in the upper half */

#define VECTOR_BYTES 3072 /* AVX-512 and PKRU end at 2,696 */

/* What a switch carries over. */
static struct {
    u64 sp, thread_pointer, gs_base;
    u8 vector[VECTOR_BYTES] __attribute__((aligned(64)));
} handoff;

void host_baton_start(void)
{
    if (arch_vector_size() > VECTOR_BYTES)
        host_refuse("the CPU has more vector state than this kernel has room for", 0);
}

u32 host_baton_holder(void) { return (u32)(__atomic_load_n(&baton, __ATOMIC_SEQ_CST) >> 32); }

void host_baton_take(u32 index)
{
    u64 word = (u64)index << 32 | (u32)host_tasks[index].pid;
    __atomic_store_n(&baton, word, __ATOMIC_SEQ_CST);
}

static bool has_baton(const struct host_task *t)
{
    return __atomic_load_n(&baton, __ATOMIC_ACQUIRE) == ((u64)host_index(t) << 32 | (u32)t->pid);
}

void host_rouse(struct host_task *t)
{
    __atomic_add_fetch(&t->go, 1, __ATOMIC_SEQ_CST);
    host(HOST_futex, &t->go, FUTEX_WAKE, 1);
}

/* The supervisor marks a task LOST, then looks at the baton; here the other way round: one of the
 * two sees what the other did. */
void host_baton_pass(struct host_task *to)
{
    host_baton_take(host_index(to));
    if (__atomic_load_n(&to->state, __ATOMIC_SEQ_CST) == TASK_LOST)
        host_supervisor_ask();
    else
        host_rouse(to);
}

/* --- a task without the baton --- */

static noreturn_fn void run_handoff(struct host_task *me)
{
    me->order = ORDER_NONE;
    host_private->waiting = 0;
    arch_vector_restore(handoff.vector);
    arch_set_thread_pointer(handoff.thread_pointer);
    arch_set_gs_base(handoff.gs_base);
    host_timer_arm();
    hosted_enter(handoff.sp);
}

static void obey_call(struct host_task *me)
{
    me->result = host_call((long)me->call[0], me->call[1], me->call[2], me->call[3], me->call[4],
                           me->call[5], me->call[6]);
    host_baton_pass(&host_tasks[me->caller]);
}

static void obey(struct host_task *me)
{
    if (me->order == ORDER_RUN)
        run_handoff(me);
    if (me->order == ORDER_CALL)
        obey_call(me);
}

/* This process goes on in the place of one that was lost. */
static void become(struct host_task *me)
{
    host_private->index = me->become;
    host_task_set_state(me, TASK_FREE);
}

/* On the private stack. */
noreturn_fn void host_wait_for_orders(void *unused)
{
    (void)unused;
    host_private->waiting = 1;
    for (;;) {
        struct host_task *me = host_current();
        u32 seen = __atomic_load_n(&me->go, __ATOMIC_SEQ_CST);
        if (me->state == TASK_MOVING)
            become(me);
        else if (me->state == TASK_DYING)
            host_task_retire(me);
        else if (has_baton(me))
            obey(me);
        else
            host(HOST_futex, &me->go, FUTEX_WAIT, seen, 0);
    }
}

/* --- the holder --- */

/* From here on it is the other process whose death must be survived. */
static noreturn_fn void hand_over(void *to)
{
    host_checkpoint_for(handoff.sp, host_index(to));
    host_baton_pass(to);
    host_wait_for_orders(NULL);
}

void platform_space_switch(const struct platform_space *space)
{
    struct host_task *to = host_task_of(space);
    if (!to)
        panic("a switch to an address space that is gone");
    if (to == host_current())
        return;
    if (to->state == TASK_LOST)
        host_lost_mend(to);
    arch_vector_save(handoff.vector);
    handoff.thread_pointer = arch_thread_pointer();
    handoff.gs_base = arch_gs_base();
    to->order = ORDER_RUN;
    hosted_leave(&handoff.sp, host_private_stack_top(), hand_over, to);
}

void host_baton_resume_at(u64 sp)
{
    arch_vector_init_area(handoff.vector);
    handoff.thread_pointer = handoff.gs_base = 0;
    handoff.sp = sp;
}

static void wait_for_baton(struct host_task *me)
{
    for (;;) {
        u32 seen = __atomic_load_n(&me->go, __ATOMIC_SEQ_CST);
        if (has_baton(me))
            return;
        host(HOST_futex, &me->go, FUTEX_WAIT, seen, 0);
    }
}

long host_call_in(const struct platform_space *space, long number, u64 a, u64 b, u64 c, u64 d,
                  u64 e, u64 f)
{
    struct host_task *me = host_current(), *to = host_task_of(space);
    if (to == me)
        return host_call(number, a, b, c, d, e, f);
    if (!to || to->state == TASK_LOST)
        return -ESRCH;
    u64 call[] = {(u64)number, a, b, c, d, e, f};
    for (unsigned i = 0; i < ARRAY_SIZE(call); i++)
        to->call[i] = call[i];
    to->caller = host_private->index;
    to->order = ORDER_CALL;
    host_baton_pass(to);
    wait_for_baton(me);
    to->order = ORDER_NONE;
    return to->result;
}
