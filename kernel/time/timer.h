/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Clocks and timers. Timers run in thread or idle context from timers_run(), never on an
 * interrupt stack; a callback must not sleep and may re-arm its own timer.
 */
#pragma once

#include "lib/tree.h"
#include "lib/types.h"

struct timer {
    struct tree_node node;       /* by deadline */
    void (*callback)(struct timer *t);
    bool armed;
};

void timer_init(struct timer *t, void (*callback)(struct timer *t));
void timer_arm(struct timer *t, u64 deadline_ns);  /* monotonic; re-arming moves it */
void timer_cancel(struct timer *t);
void timers_run(void);                             /* all that are due; sets the platform's timer,
                                                      with which a platform arms its tick again */
u64 timers_next_deadline(void);                    /* NO_DEADLINE: none */
/* Moves a deadline beyond now by whole periods; how many. */
u64 periods_pass(u64 *deadline_ns, u64 period_ns, u64 now_ns);

/* clock.c */
u64 clock_monotonic_ns(void);
u64 clock_realtime_ns(void);
/* clock_gettime's clocks; -EINVAL for unknown ones. */
int clock_read(int clock_id, u64 *ns);
int clock_resolution(int clock_id, u64 *ns);
bool clock_can_wait(int clock_id);                 /* timers and sleeps may use it */
bool clock_is_alarm(int clock_id);                 /* would wake a suspended machine */
/* The monotonic time at which one of them will show `at_ns`, if nobody sets it; 0: it is past. */
u64 clock_deadline(int clock_id, u64 at_ns);
