/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From pending signal to the program: default actions, handler frames, restarted calls,
 * rt_sigreturn. See signal(7) "Interruption of system calls", sigreturn(2), sigaltstack(2).
 */
#include "abi/linux/errno.h"
#include "abi_numbers.h"
#include "lib/string.h"
#include "memory/page.h"
#include "memory/space.h"
#include "memory/user_memory.h"
#include "task/altstack.h"
#include "task/oom.h"
#include "task/rseq.h"
#include "task/observe.h"
#include "task/signal_internal.h"

#define CORE_FLAG 0x80

/* A call that ended in one of the ERESTART codes: does it run again? `action` is the handler that
 * runs first, NULL when none does. */
static bool settle_restart(struct trap_frame *frame, const struct signal_action *action)
{
    s64 result = (s64)frame_result(frame);
    bool again = false;

    if (!frame_in_call(frame) || result > -ERESTARTSYS || result < -ERESTART_RESTARTBLOCK)
        return false;
    u64 number = frame_call_number(frame);
    switch (-result) {
    case ERESTARTNOINTR:
        again = true;
        break;
    case ERESTARTSYS:
        again = !action || (action->flags & SA_RESTART);
        break;
    case ERESTARTNOHAND:
        again = !action;
        break;
    case ERESTART_RESTARTBLOCK:
        again = !action;
        number = SYS_restart_syscall;
        break;
    }
    if (again)
        frame_restart_call(frame, number, current_process()->space->call_again);
    else
        frame_set_result(frame, (u64)-EINTR);
    frame_leave_call(frame);
    return true;
}

/* The mask that the frame restores: the one before sigsuspend or ppoll put theirs. */
static u64 mask_to_save(const struct thread *t)
{
    return t->restore_blocked ? t->saved_blocked : t->blocked;
}

static void fill_request(struct signal_frame_request *request, struct thread *t,
                         const struct signal_action *action, const struct trap_frame *frame,
                         const struct linux_siginfo *info)
{
    bool already = altstack_holds(t, frame_sp(frame));
    bool switches = (action->flags & SA_ONSTACK) && t->altstack_size && !already;

    *request = (struct signal_frame_request){
        .signal = info->si_signo,
        .siginfo = info,
        .handler = action->handler,
        .restorer = action->flags & SA_RESTORER ? action->restorer
                                                : current_process()->space->signal_return,
        .blocked_mask = mask_to_save(t),
        .altstack_sp = t->altstack_sp,
        .altstack_size = t->altstack_size,
        .altstack_flags = t->altstack_flags,
        .wants_siginfo = action->flags & SA_SIGINFO,
        .stack_top = switches ? t->altstack_sp + t->altstack_size : frame_sp(frame),
        .on_altstack = switches,
        .fault_address = t->fault_address,
        .error_code = t->fault_error_code,
        .trap_number = t->fault_trap_number,
    };
}

static bool frame_fits(const struct thread *t, const struct signal_frame_request *request, u64 sp)
{
    bool on_alt = request->on_altstack || altstack_holds(t, request->stack_top);
    return !on_alt || (sp >= t->altstack_sp && sp - t->altstack_sp < t->altstack_size);
}

/* false: the program's stack cannot take the frame. */
static bool push_handler(struct trap_frame *frame, const struct signal_action *action,
                         const struct linux_siginfo *info)
{
    struct thread *t = current_thread();
    struct signal_frame_request request;
    struct trap_frame before = *frame;
    void *image = oom_heap_zeroed(arch_signal_frame_size());
    u64 sp;
    bool done = false;

    if (!image)
        return false;
    fill_request(&request, t, action, frame, info);
    arch_vector_save(t->vector_area);
    size_t length = arch_signal_frame_build(frame, t->vector_area, &request, image, &sp);
    if (length && frame_fits(t, &request, sp))
        done = !copy_to_program((struct user_ptr){sp}, image, length);
    heap_free(image);
    if (!done)
        *frame = before;
    else
        arch_vector_reset();
    return done;
}

static void enter_handler_state(struct thread *t, struct signal_action *action, int signal)
{
    u64 mask = t->blocked | action->mask;

    t->restore_blocked = false;
    if (!(action->flags & SA_NODEFER))
        mask |= LINUX_SIGMASK(signal);
    signal_set_blocked(mask);
    if (t->altstack_flags & SS_AUTODISARM) {
        t->altstack_sp = t->altstack_size = 0;
        t->altstack_flags = SS_DISABLE;
    }
    if (action->flags & SA_RESETHAND)
        action->handler = SIG_DFL;
}

static void run_handler(struct trap_frame *frame, struct signal_action *action,
                        const struct linux_siginfo *info)
{
    int signal = info->si_signo;

    settle_restart(frame, action);
    rseq_interrupted(frame);
    if (!push_handler(frame, action, info)) {
        /* As Linux's force_sigsegv: a SIGSEGV whose own frame does not fit kills. */
        if (signal == SIGSEGV)
            current_process()->actions[SIGSEGV - 1].handler = SIG_DFL;
        struct linux_siginfo segv = {.si_signo = SIGSEGV, .si_code = SI_KERNEL};
        signal_force(SIGSEGV, &segv);
        return;
    }
    enter_handler_state(current_thread(), action, signal);
    frame_leave_call(frame);
}

static void default_action(int signal)
{
    switch (signal_default(signal)) {
    case DEFAULT_IGNORE:
    case DEFAULT_CONTINUE:
        return;
    case DEFAULT_STOP:
        process_stop(current_process(), signal);
        return;
    case DEFAULT_CORE:
    case DEFAULT_TERMINATE:
        process_exit(signal);
    }
}

static bool finish_without_handler(struct trap_frame *frame)
{
    struct thread *t = current_thread();
    bool changed = settle_restart(frame, NULL);
    if (t->restore_blocked) {
        t->restore_blocked = false;
        signal_set_blocked(t->saved_blocked);
    }
    return changed;
}

/* The next signal to act on; 0: none. Does not return in a thread that has to end. */
static int next_signal(struct thread *t, struct linux_siginfo *info)
{
    while (thread_must_end(t) || t->process->stop_signal) {
        if (thread_must_end(t))
            thread_exit(0);
        thread_stay_stopped(t);
    }
    return signal_take(t, ~t->blocked, info);
}

bool signals_deliver(struct trap_frame *frame)
{
    struct thread *t = current_thread();
    struct linux_siginfo info;
    bool changed = false;
    int signal;

    while ((signal = next_signal(t, &info))) {
        struct signal_action *action = &t->process->actions[signal - 1];
        observe_signal(t, &info);
        if (action->handler == SIG_IGN)
            continue;
        if (action->handler == SIG_DFL) {
            default_action(signal);
            continue;
        }
        run_handler(frame, action, &info);
        changed = true;
    }
    return changed ? true : finish_without_handler(frame);
}

static long bad_frame(void)
{
    struct linux_siginfo info = {.si_signo = SIGSEGV, .si_code = SI_KERNEL};
    signal_force(SIGSEGV, &info);
    return 0;
}

static bool restore_vector(const struct signal_frame_result *result)
{
    struct thread *t = current_thread();
    void *copy;
    bool good;

    if (!result->vector_address) {
        arch_vector_init_area(t->vector_area);
        arch_vector_restore(t->vector_area);
        return true;
    }
    copy = oom_heap_zeroed(align_up(max_u64(result->vector_length, 1), PAGE_SIZE));
    if (!copy)
        return false;
    good = !copy_from_program(copy, (struct user_ptr){result->vector_address},
                              result->vector_length) &&
           arch_vector_from_signal(t->vector_area, copy, result->vector_length);
    heap_free(copy);
    if (good)
        arch_vector_restore(t->vector_area);
    return good;
}

/* As Linux: what sigaltstack would refuse is left as it is, and nobody is told. */
static void restore_altstack(const struct trap_frame *frame,
                             const struct signal_frame_result *result)
{
    struct linux_stack wanted = {
        .ss_sp = result->altstack_sp,
        .ss_flags = (s32)result->altstack_flags,
        .ss_size = result->altstack_size,
    };

    (void)altstack_set(current_thread(), &wanted, frame_sp(frame));
}

long signal_return(struct trap_frame *frame)
{
    size_t size = arch_signal_frame_size();
    struct signal_frame_result result;
    void *image = oom_heap_zeroed(size);
    size_t got = 0;

    if (!image)
        return bad_frame();
    got = copy_from_program_some(image, (struct user_ptr){arch_signal_frame_start(frame)}, size);
    bool good = arch_signal_frame_read(frame, image, got, &result);
    heap_free(image);
    if (!good || !restore_vector(&result))
        return bad_frame();
    signal_set_blocked(result.blocked_mask);
    restore_altstack(frame, &result);
    frame_leave_call(frame);
    return (long)frame_result(frame);
}
