/* SPDX-License-Identifier: BSD-3-Clause */
/* What mqueue.c (queues as files) and mqueue_message.c (what passes through them) share. */
#pragma once

#include "files/inode.h"
#include "files/mqueue.h"

struct mqueue {
    struct inode inode;
    struct list all;             /* every queue, also those without a name */
    u32 payer;                   /* the user whose RLIMIT_MSGQUEUE it counts against */
    s64 most_messages, message_size, count;
    u64 bytes;                   /* in the messages */
    struct list messages;        /* struct mqueue_message: by priority, then by age */
    struct list senders, receivers; /* struct mqueue_turn */
    struct wait_queue changed;   /* for poll */
    struct process *listener;    /* held; who is notified; NULL: nobody */
    struct linux_sigevent event;
};

static inline struct mqueue *mqueue_of(const struct file *f)
{
    return container_of(f->inode, struct mqueue, inode);
}

extern const struct file_operations mqueue_file_operations; /* mqueue_message.c */
void mqueue_drop_messages(struct mqueue *q);
void mqueue_unlisten(struct mqueue *q);
