/* SPDX-License-Identifier: BSD-3-Clause */
/* What the handlers of message queues' calls share. */
#pragma once

#include "abi/linux/errno.h"
#include "abi/linux/time.h"
#include "files/mqueue.h"
#include "time/convert.h"
#include "time/timer.h"

/* Held. NULL: EBADF */
static inline struct file *mqueue_argument(int fd)
{
    struct file *f = descriptor_file(fd);

    if (!f || file_is_mqueue(f))
        return f;
    file_drop(f);
    return NULL;
}

/* An absolute time of CLOCK_REALTIME; null: no end. */
static inline int mqueue_deadline(struct user_ptr timeout, u64 *deadline_ns)
{
    u64 at_ns;

    *deadline_ns = NO_DEADLINE;
    if (user_is_null(timeout))
        return 0;
    int error = load_timespec(&at_ns, timeout);
    if (!error)
        *deadline_ns = clock_deadline(CLOCK_REALTIME, at_ns);
    return error;
}
