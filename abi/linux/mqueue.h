/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * POSIX message queues.
 *
 * Holds: facts; x86_64 and aarch64 agree.
 * See:   mq_overview(7), mq_getattr(3)
 */
#pragma once

#include <stdint.h>

#define MQ_PRIO_MAX 32768

struct linux_mq_attr {
    int64_t mq_flags;
    int64_t mq_maxmsg;
    int64_t mq_msgsize;
    int64_t mq_curmsgs;
    int64_t reserved[4];
};
