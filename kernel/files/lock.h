/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * File locks: fcntl record locks (owned by a descriptor table), open-file-description locks and flock locks
 * (owned by an open file). See fcntl(2) "Advisory record locking", flock(2).
 */
#pragma once

#include "files/file.h"

enum lock_kind { LOCK_KIND_PROCESS, LOCK_KIND_FILE, LOCK_KIND_FLOCK };

struct lock_request {
    enum lock_kind kind;
    bool exclusive, waits;
    u64 start, end;              /* inclusive; end UINT64_MAX >> 1: to the end of the file */
};

/* 0, -EAGAIN, -ENOMEM, -EDEADLK, -ERESTARTSYS. */
int lock_acquire(struct file *f, const struct lock_request *r);
int lock_release(struct file *f, const struct lock_request *r);
/* The lock that stands in the way, as F_GETLK wants it; false: none. */
bool lock_find_conflict(struct file *f, const struct lock_request *r, struct lock_request *out,
                        s32 *pid);
void lock_forget_file(struct file *f);    /* last descriptor of an open file is gone */
/* A descriptor of the file was closed in this table. */
void lock_forget_table(struct file *f, const struct descriptor_table *t);
