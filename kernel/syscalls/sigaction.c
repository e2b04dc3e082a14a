/* SPDX-License-Identifier: BSD-3-Clause */
/* See sigaction(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/posix_timer.h"

#define KNOWN_FLAGS                                                                                \
    (SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_RESTORER | SA_ONSTACK | SA_RESTART |            \
     SA_NODEFER | SA_RESETHAND | SA_EXPOSE_TAGBITS)

static bool now_ignored(const struct signal_action *a, int signal)
{
    bool by_default = signal == SIGCHLD || signal == SIGURG || signal == SIGWINCH ||
                      signal == SIGCONT;
    return a->handler == SIG_IGN || (a->handler == SIG_DFL && by_default);
}

static void take(struct process *p, int signal, const struct linux_sigaction *wanted)
{
    struct signal_action *a = &p->actions[signal - 1];
    bool was_ignored = now_ignored(a, signal);

    a->handler = wanted->handler;
    a->flags = wanted->flags & (u64)(u32)KNOWN_FLAGS;
    a->restorer = wanted->restorer;
    a->mask = wanted->mask & ~(LINUX_SIGMASK(SIGKILL) | LINUX_SIGMASK(SIGSTOP));
    if (now_ignored(a, signal))
        signal_flush(p, signal);
    else if (was_ignored)
        posix_timers_unignore(p, signal);
}

long sys_rt_sigaction(int signal, struct user_ptr action, struct user_ptr old_action,
                      size_t sigset_size)
{
    struct process *p = current_process();
    struct linux_sigaction wanted;

    if (sigset_size != LINUX_SIGSET_BYTES)
        return -EINVAL;
    if (!user_is_null(action) && copy_from_program(&wanted, action, sizeof(wanted)))
        return -EFAULT;
    if (signal < 1 || signal > LINUX_NSIG)
        return -EINVAL;
    if (!user_is_null(action) && (signal == SIGKILL || signal == SIGSTOP))
        return -EINVAL;
    const struct signal_action *a = &p->actions[signal - 1];
    struct linux_sigaction old = {a->handler, a->flags, a->restorer, a->mask};
    if (!user_is_null(action))
        take(p, signal, &wanted);
    if (!user_is_null(old_action) && copy_to_program(old_action, &old, sizeof(old)))
        return -EFAULT;
    return 0;
}
