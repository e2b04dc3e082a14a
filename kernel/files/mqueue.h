/* SPDX-License-Identifier: BSD-3-Clause */
/* POSIX message queues: files of a file system of their own. See mq_overview(7). */
#pragma once

#include "abi/linux/mqueue.h"
#include "files/file.h"

/* mq_overview(7): what a queue is when nobody says otherwise, and without privilege at most. */
#define MQUEUE_MESSAGES 10
#define MQUEUE_SIZE 8192
#define MQUEUE_QUEUES_MAX 256

int mqueue_mount(void);
/* name without the slash. attributes NULL: the usual ones; only for a queue that is made. */
int mqueue_open(const char *name, u32 flags, u32 mode, const struct linux_mq_attr *attributes,
                struct file **out);
int mqueue_unlink(const char *name);
bool file_is_mqueue(const struct file *f);
struct linux_mq_attr mqueue_attributes(const struct file *f);
/* The deadline is monotonic; NO_DEADLINE: none. Of receive the length of the message; its priority
 * is stored where `priority` points, if it does. */
long mqueue_send(struct file *f, struct user_ptr text, u64 length, u32 priority, u64 deadline_ns);
long mqueue_receive(struct file *f, struct user_ptr text, u64 size, struct user_ptr priority,
                    u64 deadline_ns);
/* event NULL: the caller's registration ends. */
int mqueue_notify(struct file *f, const struct linux_sigevent *event);
