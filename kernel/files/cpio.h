/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A reader of cpio archives in "newc" form, safe against any bytes. See abi/image/root_image.h.
 */
#pragma once

#include "lib/types.h"

struct cpio {
    const u8 *data;
    u64 size;
    u64 at;                      /* where the next header is looked for */
};

struct cpio_entry {
    u64 offset;                  /* of the header: a handle for cpio_attributes() */
    const char *path;            /* not NUL-terminated at path_length; no NUL inside */
    size_t path_length;          /* 1 .. ELFIN_IMAGE_MAX_PATH */
    u32 mode, inode, nlink;
    u64 data_offset, size;       /* lies inside the archive */
};

struct cpio_attributes {
    u32 mode, uid, gid, mtime, mtime_ns, rdev_major, rdev_minor;
};

static inline void cpio_start(struct cpio *c, const u8 *data, u64 size)
{
    *c = (struct cpio){.data = data, .size = size};
}

/* 1: *out is the next entry; 0: the trailer was reached; -EINVAL: no archive (any more). */
int cpio_next(struct cpio *c, struct cpio_entry *out);
/* The entry whose header is at offset, as cpio_next() gave it. */
int cpio_at(const struct cpio *c, u64 offset, struct cpio_entry *out);
/* The rest of an entry's header: offset must come from cpio_next(). */
int cpio_attributes(const struct cpio *c, u64 offset, struct cpio_attributes *out);
