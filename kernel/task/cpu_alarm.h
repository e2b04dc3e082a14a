/* SPDX-License-Identifier: BSD-3-Clause */
/* Alarms on CPU time: of a process, or of one of its threads. */
#pragma once

#include "lib/list.h"
#include "lib/types.h"

struct process;

struct cpu_alarm {
    struct list link;            /* in the watched process's cpu_alarms; alone: not armed */
    s32 tid;                     /* of the watched thread; 0: the process as a whole */
    u64 deadline_ns;             /* CPU time */
    void (*due)(struct cpu_alarm *a); /* not armed any more; may arm it again, beyond now */
};

void cpu_alarm_init(struct cpu_alarm *a, void (*due)(struct cpu_alarm *a));
void cpu_alarm_arm(struct cpu_alarm *a, struct process *watched, s32 tid, u64 deadline_ns);
void cpu_alarm_cancel(struct cpu_alarm *a);
static inline bool cpu_alarm_is_armed(const struct cpu_alarm *a) { return !list_empty(&a->link); }
/* For the running process, at every interrupt and when one was armed: those that are due, and
 * RLIMIT_CPU. */
void cpu_alarms_check(struct process *p);
/* The process, or one thread, is no more: its alarms never come. */
void cpu_alarms_drop(struct process *p);
