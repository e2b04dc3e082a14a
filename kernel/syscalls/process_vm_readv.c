/* SPDX-License-Identifier: BSD-3-Clause */
/* See process_vm_readv(2): another process' memory, piece by piece, by way of a kernel buffer. */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "memory/page.h"
#include "memory/space.h"
#include "memory/user_memory.h"
#include "task/credentials.h"

#define PIECE (64ul << 10) /* bytes moved at a time */
#define REMOTE_MAX 1024 /* UIO_MAXIOV */

static long whose(s32 pid, struct space **out)
{
    struct thread *t = thread_find(pid);
    struct process *p = t ? t->process : NULL;

    if (!p || p->zombie || !p->space)
        return -ESRCH;
    if (!credentials_match(p) || (!p->dumpable && !credentials_privileged()))
        return -EPERM;
    *out = p->space;
    return 0;
}

/* One remote segment; false: a fault ended it. */
static bool move(struct io *local, struct space *s, const struct io_segment *remote, u8 *buffer,
                 bool writes)
{
    u64 at = remote->address, left = min_u64(remote->length, local->remaining);

    while (left) {
        size_t part = min_u64(left, PIECE), moved;
        if (writes) {
            size_t taken = io_take(local, buffer, part);
            moved = space_poke(s, at, buffer, taken);
            local->remaining += taken - moved; /* what did not arrive was not moved */
        } else {
            moved = io_put(local, buffer, space_peek(s, at, buffer, part));
        }
        if (moved < part)
            return false;
        at += part;
        left -= part;
    }
    return true;
}

static long move_all(struct io *local, s32 pid, const struct io_segment *remote, u64 count,
                     bool writes)
{
    struct space *s;
    u64 wanted = local->remaining, some = 0;
    long error = 0;

    for (u64 i = 0; i < count; i++)
        some |= remote[i].length;
    if (!some || (error = whose(pid, &s)))
        return error;
    u8 *buffer = heap_alloc(PIECE);
    if (!buffer)
        return -ENOMEM;
    for (u64 i = 0; i < count && local->remaining; i++)
        if (!move(local, s, &remote[i], buffer, writes))
            break;
    heap_free(buffer);
    some = wanted - local->remaining;
    return some ? (long)some : -EFAULT;
}

static long move_remote(struct io *local, s32 pid, struct user_ptr remote, u64 count, bool writes)
{
    if (count > REMOTE_MAX)
        return -EINVAL;
    if (!count)
        return 0;
    struct io_segment *segments = heap_alloc(count * sizeof(*segments));
    if (!segments)
        return -ENOMEM;
    long result = copy_from_program(segments, remote, count * sizeof(*segments));
    for (u64 i = 0; !result && i < count; i++)
        if ((s64)segments[i].length < 0)
            result = -EINVAL;
    if (!result)
        result = move_all(local, pid, segments, count, writes);
    heap_free(segments);
    return result;
}

static long run(s32 pid, struct user_ptr local, u64 local_count, struct user_ptr remote,
                u64 remote_count, u64 flags, bool writes)
{
    struct io io;

    if (flags)
        return -EINVAL;
    long result = io_vector(&io, local, local_count);
    if (result)
        return result;
    if (io.remaining)
        result = move_remote(&io, pid, remote, remote_count, writes);
    io_release(&io);
    return result;
}

long sys_process_vm_readv(s32 pid, struct user_ptr local, u64 local_count, struct user_ptr remote,
                          u64 remote_count, u64 flags)
{
    return run(pid, local, local_count, remote, remote_count, flags, false);
}

long sys_process_vm_writev(s32 pid, struct user_ptr local, u64 local_count, struct user_ptr remote,
                           u64 remote_count, u64 flags)
{
    return run(pid, local, local_count, remote, remote_count, flags, true);
}
