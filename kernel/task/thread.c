/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    threads that have ended and whose stacks may still be in use; stacks for the next ones.
 * Promises: a thread that has ended is freed only after another one runs. A process's first thread
 *           stays known, as a zombie, until its process is reaped. An overflow of a kernel stack
 *           that reached its end is noticed at the next switch: panic.
 * Locking:  none (one CPU, no preemption in the kernel).
 */
#include "abi/linux/errno.h"
#include "abi/linux/signal.h"
#include "lib/log.h"
#include "lib/sanitizer.h"
#include "lib/string.h"
#include "memory/page.h"
#include "platform/platform.h"
#include "task/ids.h"
#include "task/task.h"

#define SPARE_MAX 16
#define STACK_END_MARK 0x5aa5f00fc33c9669ull

static struct list dead_threads = LIST_INIT(dead_threads);

/* Stacks with their vector areas: threads come and go faster than memory should. */
static struct spare {
    void *stack, *vector_area;
} spares[SPARE_MAX];
static unsigned spare_count;

/* Save areas are used with XSAVE, which wants 64-byte alignment: whole pages have it. */
static void *new_vector_area(void)
{
    return heap_alloc_zeroed(align_up(arch_vector_size(), PAGE_SIZE));
}

static void *new_stack(void)
{
    paddr_t stack;

    return page_alloc(KERNEL_STACK_ORDER, &stack) ? paddr_to_pointer(stack) : NULL;
}

static void free_spare(struct spare s)
{
    if (s.stack)
        page_free(pointer_to_paddr(s.stack), KERNEL_STACK_ORDER);
    heap_free(s.vector_area);
}

/* false: no memory. */
static bool take_spare(struct spare *s)
{
    if (spare_count) {
        *s = spares[--spare_count];
        sanitizer_mark(s->stack, KERNEL_STACK_BYTES, SANITIZER_OPEN);
        return true;
    }
    *s = (struct spare){new_stack(), new_vector_area()};
    if (s->stack && s->vector_area)
        return true;
    free_spare(*s);
    return false;
}

static void give_spare(struct spare s)
{
    if (spare_count < SPARE_MAX)
        spares[spare_count++] = s;
    else
        free_spare(s);
}

static u64 *stack_end(const struct thread *t) { return t->kernel_stack; }

void thread_check_stack(const struct thread *t)
{
    if (*stack_end(t) != STACK_END_MARK)
        panic("the kernel stack of thread %d overflowed", t->tid);
}

/* What only a thread that can run needs. */
static void free_stack(struct thread *t)
{
    if (t->kernel_stack)
        give_spare((struct spare){t->kernel_stack, t->vector_area});
    t->kernel_stack = t->vector_area = NULL;
}

static void free_thread(struct thread *t)
{
    free_stack(t);
    process_drop(t->process);
    heap_free(t);
}

/* A process's first thread has its number, as long as it is the only one. */
static int take_number(struct thread *t, struct process *p, s32 wanted)
{
    if (!list_empty(&p->threads))
        return id_allocate(wanted, &t->tid);
    t->tid = p->pid;
    id_hold(t->tid);
    return 0;
}

static int prepare(struct thread *t, noreturn_fn void (*entry)(void *), void *argument)
{
    struct spare spare;

    if (!take_spare(&spare))
        return -ENOMEM;
    t->kernel_stack = spare.stack;
    t->vector_area = spare.vector_area;
    *stack_end(t) = STACK_END_MARK;
    frame_prepare(thread_frame(t), platform_traits()->program_cs, platform_traits()->program_ss);
    arch_vector_init_area(t->vector_area);
    arch_context_init(&t->context, thread_frame(t), entry, argument);
    return 0;
}

struct thread *thread_create(struct process *p, s32 wanted_id, noreturn_fn void (*entry)(void *),
                             void *argument, int *error)
{
    struct thread *t = heap_alloc_zeroed(sizeof(*t));

    *error = -ENOMEM;
    if (!t)
        return NULL;
    list_init(&t->in_run_queue);
    list_init(&t->signals.queued);
    list_init(&t->pi_states);
    t->state = THREAD_SLEEPING;
    t->process = p;
    process_hold(p);
    *error = prepare(t, entry, argument);
    if (!*error)
        *error = take_number(t, p, wanted_id);
    if (*error) {
        free_thread(t);
        return NULL;
    }
    id_name_thread(t->tid, t);
    list_push_back(&p->threads, &t->in_process);
    p->thread_count++;
    return t;
}

static void give_number_back(struct thread *t)
{
    id_name_thread(t->tid, NULL);
    id_drop(t->tid);
}

static void leave_process(struct thread *t)
{
    list_remove(&t->in_process);
    signal_forget_thread(t);
    give_number_back(t);
}

void thread_discard(struct thread *t)
{
    t->process->thread_count--;
    leave_process(t);
    free_thread(t);
}

/* A zombie is sent signals like any other; none of them ever arrives. */
void thread_bury(struct thread *t)
{
    struct process *p = t->process;

    p->thread_count--;
    p->user_ns += thread_run_ns(t);
    p->waits += t->waits;
    p->preemptions += t->preemptions;
    t->waits = t->preemptions = 0;
    t->user_ns = t->system_ns = 0;
    t->state = THREAD_DEAD;
    wake_all(&p->end_wait, 0);
    signal_thread_ends(t);
    if (t->tid != p->pid)
        leave_process(t);
    list_push_back(&dead_threads, &t->in_run_queue);
}

static struct thread *first_thread(const struct process *p)
{
    struct thread *t = thread_find(p->pid);

    return t && t->process == p ? t : NULL;
}

void thread_forget_first(struct process *p)
{
    struct thread *t = first_thread(p);

    if (!t)
        return;
    leave_process(t);
    if (list_empty(&t->in_run_queue)) /* else thread_reap_dead does the rest */
        free_thread(t);
}

void thread_become_first(struct thread *t)
{
    struct process *p = t->process;

    if (t->tid == p->pid)
        return;
    thread_forget_first(p);
    give_number_back(t);
    t->tid = p->pid;
    id_hold(t->tid);
    id_name_thread(t->tid, t);
}

void thread_reap_dead(void)
{
    list_for_each_safe(node, &dead_threads) {
        struct thread *t = list_entry(node, struct thread, in_run_queue);
        if (t == current_thread())
            continue;
        list_remove(node);
        if (list_empty(&t->in_process))
            free_thread(t);
        else
            free_stack(t);
    }
}
