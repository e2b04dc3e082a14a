/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end of one thread. See _exit(2), set_tid_address(2), get_robust_list(2).
 *
 * Promises: what others wait for is released before the thread is gone: robust futexes, the word
 *           that pthread_join sleeps on, a parent in vfork.
 */
#include "lib/log.h"
#include "memory/space.h"
#include "task/clone.h"
#include "task/exit.h"
#include "task/futex.h"
#include "task/ids.h"
#include "task/observe.h"

/* Linux writes only where somebody else can still read. */
static void clear_child_tid(struct thread *t)
{
    struct user_ptr where = {t->clear_child_tid};

    t->clear_child_tid = 0;
    if (user_is_null(where) || (t->process->thread_count == 1 && t->process->space->references == 1))
        return;
    (void)write_program_u32(where, 0);
    futex_wake(where, true, 1, FUTEX_BITSET_MATCH_ANY);
}

void thread_let_go(void)
{
    struct thread *t = current_thread();

    robust_list_release(t);
    futex_pi_owner_ends(t);
    clear_child_tid(t);
    clone_release_parent(t);
}

noreturn_fn void thread_exit(int code)
{
    struct thread *t = current_thread();

    if (t->process->thread_count == 1)
        process_exit((code & 0xff) << 8);
    observe_end(t, (code & 0xff) << 8);
    thread_let_go();
    report_thread_end(t);
    thread_bury(t);
    schedule();
    panic("an ended thread was resumed");
}
