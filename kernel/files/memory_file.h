/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of regular files that live in memory; shared by memory_file*.c only. */
#pragma once

#include "files/inode.h"

struct memory_file {
    struct inode inode;
    struct backing backing;      /* size: always inode.size */
    struct page_store store;
    const u8 *image;             /* not NULL: the contents, read-only, still those of the image */
    paddr_t image_frames;
    u32 seals;
    char *label;                 /* memfds: the name given to memfd_create */
};

static inline struct memory_file *memory_file_of(struct inode *i)
{
    return container_of(i, struct memory_file, inode);
}

/* Contents move from the image to the store, once. 0 or -ENOMEM. */
int memory_file_own(struct memory_file *m);
/* Makes a hole; pages of mappings go with it. 0 or -ENOMEM, -EPERM (sealed). */
int memory_file_punch(struct memory_file *m, u64 offset, u64 length);
/* inode.size and backing.size together; mappings follow. */
void memory_file_set_size(struct memory_file *m, u64 size);
extern const struct backing_operations memory_file_backing_operations;
extern const struct file_operations memory_file_operations;
extern const struct inode_operations memory_inode_operations, memfd_inode_operations;
