/* SPDX-License-Identifier: BSD-3-Clause */
/* Holds: who watches threads. See observe.h. */
#include "task/observe.h"

const struct task_observer *task_observer;

void task_observe(const struct task_observer *observer)
{
    task_observer = observer;
}
