/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every door ends here: number to row, row to handler, result to the frame.
 * Promises: each call is counted; nothing succeeds silently: an absent, disabled or ignored row is
 * told once in the log and counted for the report.
 */
#include "abi/linux/errno.h"
#include "abi_dispatch.h"
#include "arch/upcalls.h"
#include "shim/record.h"
#include "shim/shim.h"
#include "task/task.h"

/* Results that only make sense inside: the program's frame says how to go on. */
static bool is_restart(long result)
{
    return result <= -ERESTARTSYS && result >= -ERESTART_BLOCK;
}

static long call_handler(const struct syscall_row *row, struct trap_frame *frame)
{
    if (row->flags & SYSCALL_WANTS_FRAME)
        return row->with_frame(frame, frame_argument(frame, 0), frame_argument(frame, 1),
                               frame_argument(frame, 2), frame_argument(frame, 3),
                               frame_argument(frame, 4));
    return row->handler(frame_argument(frame, 0), frame_argument(frame, 1),
                        frame_argument(frame, 2), frame_argument(frame, 3),
                        frame_argument(frame, 4), frame_argument(frame, 5));
}

static long call(const struct syscall_row *row, u64 number, struct trap_frame *frame)
{
    if (row->handler) {
        if (row->support == SUPPORT_IGNORED)
            record_shortfall(number);
        return call_handler(row, frame);
    }
    record_shortfall(number);
    return row->denied_errno ? -row->denied_errno : -ENOSYS;
}

bool on_syscall(struct trap_frame *frame)
{
    u64 number = frame_call_number(frame);
    bool changed = false;
    long result = -ENOSYS;

    if (number < SYSCALL_ROWS) {
        const struct syscall_row *row = &syscall_rows[number];
        record_call(number);
        result = call(row, number, frame);
        changed = row->flags & SYSCALL_WANTS_FRAME;
    }
    frame_set_result(frame, (u64)result);
    record_result(result);
    if (is_restart(result))
        __atomic_or_fetch(&this_cpu()->pending, PENDING_SIGNAL, __ATOMIC_RELAXED);
    if (this_cpu()->pending)
        changed |= task_before_return(frame);
    return changed;
}
