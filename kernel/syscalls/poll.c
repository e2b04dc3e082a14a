/* SPDX-License-Identifier: BSD-3-Clause */
/* See poll(2): poll, ppoll. */
#include "abi/linux/errno.h"
#include "abi/linux/poll.h"
#include "abi/linux/resource.h"
#include "abi_handlers.h"
#include "files/poll.h"
#include "memory/page.h"
#include "task/task.h"
#include "time/convert.h"

struct request {
    struct user_ptr fds;
    u32 count;
    struct linux_pollfd *list;   /* of the heap, as items */
    struct poll_item *items;
};

static void release(struct request *r)
{
    for (u32 n = 0; r->items && n < r->count; n++)
        file_drop(r->items[n].file);
    heap_free(r->items);
    heap_free(r->list);
}

static int fetch(struct request *r)
{
    if (r->count > current_process()->limits[RLIMIT_NOFILE].soft)
        return -EINVAL;
    r->list = heap_alloc(r->count * sizeof(*r->list) + 1);
    r->items = heap_alloc_zeroed(r->count * sizeof(*r->items) + 1);
    if (!r->list || !r->items)
        return -ENOMEM;
    if (copy_from_program(r->list, r->fds, r->count * sizeof(*r->list)))
        return -EFAULT;
    for (u32 n = 0; n < r->count; n++) {
        struct poll_item *item = &r->items[n];
        int fd = r->list[n].fd;
        item->events = (u16)r->list[n].events;
        item->file = fd >= 0 ? descriptor_file(fd) : NULL;
        if (fd >= 0 && !item->file)
            item->ready = POLLNVAL;
    }
    return 0;
}

/* Only revents are the call's to store. */
static int store(struct request *r)
{
    if (!program_address_ok(r->fds, r->count * sizeof(struct linux_pollfd)))
        return -EFAULT;
    for (u32 n = 0; n < r->count; n++) {
        u16 ready = (u16)r->items[n].ready;
        u64 at = n * sizeof(struct linux_pollfd) + offsetof(struct linux_pollfd, revents);
        if (copy_to_program(user_at(r->fds, at), &ready, sizeof(ready)))
            return -EFAULT;
    }
    return 0;
}

static long wait_for(struct user_ptr fds, u32 count, u64 deadline_ns)
{
    struct request r = {.fds = fds, .count = count};
    long ready = fetch(&r);
    if (!ready)
        ready = poll_items(r.items, count, deadline_ns);
    if (ready >= 0 && store(&r))
        ready = -EFAULT;
    release(&r);
    return ready;
}

static long poll_again(struct restart_block *b)
{
    struct user_ptr fds = {b->words[0]};
    long ready = wait_for(fds, (u32)b->words[1], b->words[2]);
    return ready == -EINTR ? -ERESTART_RESTARTBLOCK : ready;
}

long sys_poll(struct user_ptr fds, u32 nfds, int timeout_ms)
{
    struct restart_block *b = &current_thread()->restart;

    b->again = poll_again;
    b->words[0] = fds.address;
    b->words[1] = nfds;
    b->words[2] = timeout_ms < 0 ? NO_DEADLINE : poll_deadline((u64)timeout_ms * 1000000);
    return poll_again(b);
}

long sys_ppoll(struct user_ptr fds, u32 nfds, struct user_ptr timeout, struct user_ptr sigmask,
               u64 sigset_size)
{
    u64 timeout_ns = NO_DEADLINE;

    int error = user_is_null(timeout) ? 0 : load_timespec(&timeout_ns, timeout);
    if (!error)
        error = poll_mask_enter(sigmask, sigset_size);
    if (error)
        return error;
    u64 deadline_ns = poll_deadline(timeout_ns);
    long ready = wait_for(fds, nfds, deadline_ns);
    poll_mask_leave(sigmask, ready == -EINTR);
    if (!user_is_null(timeout)) /* as Linux: a failure to store the rest is not reported */
        (void)store_timespec(timeout, poll_left(timeout_ns, deadline_ns));
    return ready == -EINTR ? -ERESTARTNOHAND : ready;
}
