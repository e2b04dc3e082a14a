/* SPDX-License-Identifier: BSD-3-Clause */
/* The program's own three streams. Inside of files/. */
#pragma once

#include "devices/stream.h"
#include "files/inode.h"

/* One of the three streams as a file. */
struct stdio {
    struct inode inode;
    struct stream *stream;
    unsigned open_files;
    struct page_store taken;     /* ELFIN_STDIO_FILE for input: what was read, to seek back */
    u64 taken_bytes, kept_from;
    bool ended;
};

static inline struct stdio *stdio_of(const struct file *f)
{
    return container_of(f->inode, struct stdio, inode);
}

/* stdio_stream.c: move bytes; block, restart and signal as pipes and terminals do. */
long stream_file_read(struct stream *s, struct file *f, struct io *io);
long stream_file_write(struct stream *s, struct file *f, struct io *io);
