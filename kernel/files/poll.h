/* SPDX-License-Identifier: BSD-3-Clause */
/* Waiting for several open files at once. See poll(2). */
#pragma once

#include "files/file.h"

struct poll_item {
    struct file *file;           /* held by the caller; NULL: skipped */
    u32 events;                  /* what is asked for; errors and hang-ups always count */
    u32 ready;                   /* the answer */
};

/* Number of items that are ready, 0 at the deadline (monotonic; 0: look once), -EINTR when a
 * signal came first, -ENOMEM. */
long poll_items(struct poll_item *items, u32 count, u64 deadline_ns);

/* A relative timeout in ns as a deadline: 0 stays 0, too far is NO_DEADLINE. */
u64 poll_deadline(u64 timeout_ns);
/* What is left of a deadline that poll_deadline() made of timeout_ns. */
u64 poll_left(u64 timeout_ns, u64 deadline_ns);

/* The signal mask of ppoll, pselect6, epoll_pwait: exchanged for the wait. After an interrupted
 * wait the old mask comes back behind the handler, else at once. -EFAULT, -EINVAL. */
int poll_mask_enter(struct user_ptr mask, u64 size);
void poll_mask_leave(struct user_ptr mask, bool interrupted);
