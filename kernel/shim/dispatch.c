/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every door ends here: number to row, row to handler, result to the frame.
 * Promises: each call is counted; nothing succeeds silently: an absent, disabled or ignored row is
 * told once in the log and counted for the report.
 */
#include "abi/dispatch.h"
#include "abi/linux/errno.h"
#include "arch/upcalls.h"
#include "memory/sanitizer_proof.h"
#include "memory/space.h"
#include "shim/observe.h"
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
    u32 slot = record_call(frame_door(frame), number);

    if (!row->handler || row->support == ABI_IGNORED)
        record_shortfall(number);
    long result = row->handler ? call_handler(row, frame) : row->answer;
    record_result(slot, result);
    return result;
}

/* Calls below this number may do without a whole frame: the table's, or none while somebody watches.
 * The test is one that every number needs, so who is not watched pays nothing. */
static u64 short_way_end;
static bool watched;

void dispatch_start(bool watch_calls)
{
    watched = watch_calls;
    short_way_end = watch_calls ? 0 : abi_row_count;
}

static long call_any(const struct syscall_row *row, u64 number, struct trap_frame *frame)
{
    if (row)
        return call(row, number, frame);
    call_record.unknown[frame_door(frame)]++;
    return sanitizer_prove(number);
}

static long call_watched(const struct syscall_row *row, u64 number, struct trap_frame *frame)
{
    u64 entered_ns = observe_entry(row, number, frame);
    long result = call_any(row, number, frame);

    observe_return(row, number, frame, result, entered_ns);
    return result;
}

static noinline_fn void mark_signal(void)
{
    __atomic_or_fetch(&this_cpu()->pending, PENDING_SIGNAL, __ATOMIC_RELAXED);
}

/* With a whole frame: any row, or none, watched or not. */
static bool call_by_frame(u64 number, struct trap_frame *frame)
{
    const struct syscall_row *row = abi_row(number);
    bool changed = row && row->flags & ABI_ROW_FRAME;
    long result = TRACE_BUILT && watched ? call_watched(row, number, frame)
                                         : call_any(row, number, frame);

    frame_set_result(frame, (u64)result);
    if (is_restart(result))
        mark_signal();
    if (this_cpu()->pending)
        changed |= task_before_return(frame);
    else
        rewrite_resume(frame);
    return changed;
}

/* A trap may be its site's last: the next call may come by a jump. */
bool on_syscall(struct trap_frame *frame)
{
    if (frame_door(frame) == ARCH_DOOR_TRAP)
        rewrite_trapped(frame_pc(frame));
    else
        rewrite_settle(frame);
    /* Linux looks at no more of the number either. */
    return call_by_frame((u32)frame_call_number(frame), frame);
}

/* Every instruction here is on the way of every call, and every store counts twice: the frame is
 * found again behind the handler, not kept. */
static inline struct trap_frame *direct_frame(void)
{
    return (struct trap_frame *)this_cpu()->kernel_sp - 1;
}

/* Beyond the table, and nobody watches. */
static bool refuse_unknown(enum arch_door door)
{
    call_record.unknown[door]++;
    frame_set_result(direct_frame(), (u64)-ENOSYS);
    return true;
}

static inline bool call_plain(enum arch_door door, u64 a0, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5)
{
    u32 number = (u32)frame_call_number(direct_frame());
    const struct syscall_row *row = &abi_rows[number];

    if (number >= short_way_end)
        return watched || !refuse_unknown(door);
    if (!(row->flags & ABI_ROW_PLAIN))
        return true;
    u32 slot = record_call(door, number);
    long result = row->handler(a0, a1, a2, a3, a4, a5);
    frame_set_result(direct_frame(), (u64)result);
    record_result(slot, result);
    if (is_restart(result))
        mark_signal();
    return false;
}

bool on_direct_jump(u64 a0, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5)
{
    return call_plain(ARCH_DOOR_JUMP, a0, a1, a2, a3, a4, a5);
}

bool on_direct_call(u64 a0, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5)
{
    return call_plain(ARCH_DOOR_CALL, a0, a1, a2, a3, a4, a5);
}

bool on_direct_finish(struct trap_frame *frame)
{
    rewrite_settle(frame);
    return task_before_return(frame);
}
