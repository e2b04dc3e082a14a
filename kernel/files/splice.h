/* SPDX-License-Identifier: BSD-3-Clause */
/* Bytes to, from and between pipes inside the kernel. See splice(2), tee(2), vmsplice(2). */
#pragma once

#include "files/file.h"

struct splice_request {
    struct file *from, *to;
    u64 *from_offset, *to_offset; /* NULL: the files' own */
    u64 count;
    bool may_wait;               /* no SPLICE_F_NONBLOCK */
};
/* Bytes or -errno. */
long file_splice(struct splice_request *r);
long file_tee(struct splice_request *r);
/* A pipe's end and program memory: which way follows from how it is open. */
long file_splice_memory(struct file *f, struct io *io, bool may_wait);
