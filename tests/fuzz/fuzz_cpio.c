/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The cpio reader on any bytes: every entry lies inside the archive, reading ends, and an entry
 * found again by its offset is the same.
 */
#include "fuzz.h"

#include "abi/image/root_image.h"
#include "abi/linux/errno.h"
#include "files/cpio.h"
#include "lib/string.h"

static u32 touched;

static void check_entry(const struct cpio *c, const struct cpio_entry *e)
{
    PROMISE(e->path_length > 0 && e->path_length <= ELFIN_IMAGE_MAX_PATH);
    PROMISE((const u8 *)e->path > c->data);
    PROMISE(e->data_offset <= c->size && e->size <= c->size - e->data_offset);
    PROMISE(strnlen(e->path, e->path_length + 1) == e->path_length);
    for (u64 i = 0; i < e->size; i++)
        touched += c->data[e->data_offset + i];
}

void fuzz_one(const u8 *data, size_t size)
{
    struct cpio c;
    struct cpio_entry entry, again;
    struct cpio_attributes attributes;
    int found;
    cpio_start(&c, data, size);
    u64 before = c.at;
    while ((found = cpio_next(&c, &entry)) == 1) {
        PROMISE(c.at > before);
        before = c.at;
        check_entry(&c, &entry);
        PROMISE(cpio_at(&c, entry.offset, &again) == 0);
        PROMISE(again.path == entry.path && again.size == entry.size);
        int error = cpio_attributes(&c, entry.offset, &attributes);
        PROMISE(error == -EINVAL || (error == 0 && attributes.mode == entry.mode));
    }
    PROMISE(found == 0 || found == -EINVAL);
    /* Offsets that no cpio_next() gave are refused or safe. */
    for (u64 at = 0; at < size; at += 37)
        if (cpio_at(&c, at, &entry) == 0)
            check_entry(&c, &entry);
    PROMISE(cpio_attributes(&c, size + 1, &attributes) == -EINVAL);
}
