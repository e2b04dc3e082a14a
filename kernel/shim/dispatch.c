/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every door ends here: number to row, row to handler, result to the frame.
 * Promises: each call is counted; nothing succeeds silently: an absent, disabled or ignored row is
 * told once in the log and counted for the report.
 */
#include "abi/dispatch.h"
#include "abi/linux/errno.h"
#include "arch/upcalls.h"
#include "shim/record.h"
#include "shim/shim.h"
#include "task/task.h"

/* Results that only make sense inside: the program's frame says how to go on. */
static bool is_restart(long result)
{
    return result <= -ERESTARTSYS && result >= -ERESTART_RESTARTBLOCK;
}

static long call_handler(const struct syscall_row *row, struct trap_frame *frame)
{
    u64 a[6];

    for (unsigned i = 0; i < 6; i++)
        a[i] = frame_argument(frame, i);
    if (row->flags & ABI_ROW_FRAME)
        return row->handler((u64)frame, a[0], a[1], a[2], a[3], a[4]);
    return row->handler(a[0], a[1], a[2], a[3], a[4], a[5]);
}

static long call(const struct syscall_row *row, u64 number, struct trap_frame *frame)
{
    record_call(number);
    if (!row->handler || row->support == ABI_IGNORED)
        record_shortfall(number);
    return row->handler ? call_handler(row, frame) : row->answer;
}

bool on_syscall(struct trap_frame *frame)
{
    u64 number = frame_call_number(frame);
    bool changed = false;
    long result = -ENOSYS;
    const struct syscall_row *row = abi_row(number);

    if (row) {
        result = call(row, number, frame);
        changed = row->flags & ABI_ROW_FRAME;
    }
    frame_set_result(frame, (u64)result);
    record_result(result);
    if (is_restart(result))
        __atomic_or_fetch(&this_cpu()->pending, PENDING_SIGNAL, __ATOMIC_RELAXED);
    if (this_cpu()->pending)
        changed |= task_before_return(frame);
    return changed;
}
