/* SPDX-License-Identifier: BSD-3-Clause */
/* The timers of timer_create(2). Each belongs to a process. Times in ns, on the timer's clock. */
#pragma once

#include "task/task.h"

struct posix_timer;

struct timer_setting {
    u64 value_ns, interval_ns;
};

/* event NULL: SIGALRM with the timer's number. -EINVAL, -EOPNOTSUPP, -EPERM, -EAGAIN */
int posix_timer_create(int clock, const struct linux_sigevent *event, struct posix_timer **out);
s32 posix_timer_id(const struct posix_timer *t);
struct posix_timer *posix_timer_find(s32 id); /* of the current process, or NULL */
struct timer_setting posix_timer_get(struct posix_timer *t);
void posix_timer_set(struct posix_timer *t, struct timer_setting wanted, bool absolute);
s32 posix_timer_overrun(const struct posix_timer *t);
void posix_timer_delete(struct posix_timer *t);
void posix_timers_init(struct process *p);
void posix_timers_drop(struct process *p);    /* exec and exit */
/* The signal is ignored no more: timers that waited for that send theirs. */
void posix_timers_unignore(struct process *p, int signal);
