/* SPDX-License-Identifier: BSD-3-Clause */
/* Bytes from file to file inside the kernel. See sendfile(2), copy_file_range(2). */
#pragma once

#include "files/file.h"

struct copy_request {
    struct file *from, *to;
    u64 *from_offset, *to_offset; /* NULL: the files' own */
    u64 count;
};
long file_send(struct copy_request *r);
long file_copy_range(struct copy_request *r);
