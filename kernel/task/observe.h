/* SPDX-License-Identifier: BSD-3-Clause */
/* Who watches what happens to threads, as ptrace(2) would: the tracer, which lies above task/. */
#pragma once

#include "task/task.h"

struct task_observer {
    void (*signal)(const struct thread *t, const struct linux_siginfo *info); /* is delivered */
    void (*ended)(const struct thread *t, int wait_status);
};

/* NULL: nobody. */
extern const struct task_observer *task_observer;
void task_observe(const struct task_observer *observer);

static inline void observe_signal(const struct thread *t, const struct linux_siginfo *info)
{
    if (task_observer && info->si_signo != SIGKILL) /* which nobody sees: ptrace(2) */
        task_observer->signal(t, info);
}

static inline void observe_end(const struct thread *t, int wait_status)
{
    if (task_observer)
        task_observer->ended(t, wait_status);
}
