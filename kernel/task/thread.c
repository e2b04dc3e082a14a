/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds: all threads by tid, and the ended ones whose stacks may still be in use.
 * Promises: a thread that has ended is freed only after another one runs.
 */
#include "abi/linux/signal.h"
#include "lib/string.h"
#include "memory/page.h"
#include "platform/platform.h"
#include "task/task.h"
#include "task/ids.h"

static struct list dead_threads = LIST_INIT(dead_threads);

static void free_thread(struct thread *t)
{
    if (t->kernel_stack)
        page_free(pointer_to_paddr(t->kernel_stack), KERNEL_STACK_ORDER);
    heap_free(t->vector_area);
    heap_free(t);
}

/* Save areas are used with XSAVE, which wants 64-byte alignment: whole pages have it. */
static void *new_vector_area(void)
{
    return heap_alloc_zeroed(align_up(arch_vector_size(), PAGE_SIZE));
}

struct thread *thread_create(struct process *p, noreturn_fn void (*entry)(void *), void *argument)
{
    struct thread *t = heap_alloc_zeroed(sizeof(*t));
    paddr_t stack;

    if (!t)
        return NULL;
    t->vector_area = new_vector_area();
    if (page_alloc(KERNEL_STACK_ORDER, &stack))
        t->kernel_stack = paddr_to_pointer(stack);
    if (!t->vector_area || !t->kernel_stack) {
        free_thread(t);
        return NULL;
    }
    frame_prepare(thread_frame(t), platform_traits()->program_cs, platform_traits()->program_ss);
    arch_vector_init_area(t->vector_area);
    arch_context_init(&t->context, thread_frame(t), entry, argument);
    list_init(&t->in_run_queue);
    list_init(&t->signals.queued);
    t->state = THREAD_SLEEPING;
    t->tid = list_empty(&p->threads) ? p->pid : id_allocate();
    t->process = p;
    list_push_back(&p->threads, &t->in_process);
    p->thread_count++;
    return t;
}

struct thread *thread_find(s32 tid)
{
    list_for_each(node, process_all()) {
        struct process *p = list_entry(node, struct process, link);
        list_for_each(member, &p->threads) {
            struct thread *t = list_entry(member, struct thread, in_process);
            if (t->tid == tid)
                return t;
        }
    }
    return NULL;
}

/* For exit.c: out of its process, its memory freed at the next switch. */
void thread_bury(struct thread *t)
{
    list_remove(&t->in_process);
    t->process->thread_count--;
    t->state = THREAD_DEAD;
    list_push_back(&dead_threads, &t->in_run_queue);
}

void thread_discard(struct thread *t)
{
    list_remove(&t->in_process);
    t->process->thread_count--;
    free_thread(t);
}

void thread_reap_dead(void)
{
    list_for_each_safe(node, &dead_threads) {
        struct thread *t = list_entry(node, struct thread, in_run_queue);
        if (t == current_thread())
            continue;
        list_remove(node);
        free_thread(t);
    }
}
