/* SPDX-License-Identifier: BSD-3-Clause */
/* See select(2): select, pselect6. */
#include "abi/linux/errno.h"
#include "abi/linux/poll.h"
#include "abi_handlers.h"
#include "files/poll.h"
#include "memory/page.h"
#include "task/task.h"
#include "time/convert.h"

#define READ_EVENTS (POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR | POLLNVAL)
#define WRITE_EVENTS (POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR | POLLNVAL)
#define EXCEPT_EVENTS (POLLPRI | POLLNVAL)

static const u32 events_of[3] = {READ_EVENTS, WRITE_EVENTS, EXCEPT_EVENTS};

struct request {
    struct user_ptr sets[3];     /* read, write, except; null: not asked for */
    u32 count;                   /* descriptors, as given but no more than the table has */
    u32 words;                   /* of 64 bits in a set */
    u64 *bits[3];                /* of the heap, all three in one piece */
    struct poll_item *items;     /* one per descriptor */
};

static bool is_set(const u64 *bits, u32 fd)
{
    return bits[fd / 64] >> (fd % 64) & 1;
}

static void release(struct request *r)
{
    for (u32 fd = 0; r->items && fd < r->count; fd++)
        file_drop(r->items[fd].file);
    heap_free(r->items);
    heap_free(r->bits[0]);
}

static int fetch_sets(struct request *r)
{
    r->bits[0] = heap_alloc_zeroed(3 * r->words * sizeof(u64) + 1);
    r->items = heap_alloc_zeroed(r->count * sizeof(*r->items) + 1);
    if (!r->bits[0] || !r->items)
        return -ENOMEM;
    for (unsigned s = 0; s < 3; s++) {
        r->bits[s] = r->bits[0] + s * r->words;
        if (!user_is_null(r->sets[s]) &&
            copy_from_program(r->bits[s], r->sets[s], r->words * sizeof(u64)))
            return -EFAULT;
    }
    return 0;
}

static int fetch_files(struct request *r)
{
    for (u32 fd = 0; fd < r->count; fd++) {
        struct poll_item *item = &r->items[fd];
        for (unsigned s = 0; s < 3; s++)
            if (is_set(r->bits[s], fd))
                item->events |= events_of[s];
        if (!item->events)
            continue;
        item->file = descriptor_file((int)fd);
        if (!item->file)
            return -EBADF;
    }
    return 0;
}

/* The sets say what is ready; the result counts bits, not descriptors. */
static long store(struct request *r)
{
    long count = 0;
    for (unsigned s = 0; s < 3; s++) {
        for (u32 fd = 0; fd < r->count; fd++) {
            if (!is_set(r->bits[s], fd))
                continue;
            if (r->items[fd].ready & events_of[s])
                count++;
            else
                r->bits[s][fd / 64] &= ~(1ull << (fd % 64));
        }
        if (!user_is_null(r->sets[s]) &&
            copy_to_program(r->sets[s], r->bits[s], r->words * sizeof(u64)))
            return -EFAULT;
    }
    return count;
}

static long wait_for(struct request *r, int nfds, u64 deadline_ns)
{
    if (nfds < 0)
        return -EINVAL;
    u32 table = descriptor_table_size(current_process()->descriptors);
    r->count = (u32)nfds < table ? (u32)nfds : table;
    r->words = (r->count + 63) / 64;
    long result = fetch_sets(r);
    if (!result)
        result = fetch_files(r);
    if (!result)
        result = poll_items(r->items, r->count, deadline_ns);
    if (result >= 0)
        result = store(r);
    release(r);
    return result;
}

long sys_select(int nfds, struct user_ptr readfds, struct user_ptr writefds,
                struct user_ptr exceptfds, struct user_ptr timeout)
{
    struct request r = {.sets = {readfds, writefds, exceptfds}};
    u64 timeout_ns = NO_DEADLINE;

    int error = user_is_null(timeout) ? 0 : load_any_timeval(&timeout_ns, timeout);
    if (error)
        return error;
    u64 deadline_ns = poll_deadline(timeout_ns);
    long ready = wait_for(&r, nfds, deadline_ns);
    if (!user_is_null(timeout)) /* as Linux: a failure to store the rest is not reported */
        (void)store_timeval(timeout, poll_left(timeout_ns, deadline_ns));
    return ready == -EINTR ? -ERESTARTNOHAND : ready;
}

long sys_pselect6(int nfds, struct user_ptr readfds, struct user_ptr writefds,
                  struct user_ptr exceptfds, struct user_ptr timeout, struct user_ptr sigmask)
{
    struct request r = {.sets = {readfds, writefds, exceptfds}};
    struct linux_sigset_argument mask = {0};
    u64 timeout_ns = NO_DEADLINE;

    int error = user_is_null(timeout) ? 0 : load_timespec(&timeout_ns, timeout);
    if (!error && !user_is_null(sigmask))
        error = copy_from_program(&mask, sigmask, sizeof(mask));
    struct user_ptr set = {mask.address};
    if (!error)
        error = poll_mask_enter(set, mask.size);
    if (error)
        return error;
    u64 deadline_ns = poll_deadline(timeout_ns);
    long ready = wait_for(&r, nfds, deadline_ns);
    poll_mask_leave(set, ready == -EINTR);
    if (!user_is_null(timeout))
        (void)store_timespec(timeout, poll_left(timeout_ns, deadline_ns));
    return ready == -EINTR ? -ERESTARTNOHAND : ready;
}
