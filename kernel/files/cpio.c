/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The cpio reader. Knows nothing of inodes: it turns bytes into entries.
 *
 * Promises: every pointer and length in an entry lies inside the archive, whatever the bytes are;
 *           each call moves forward, so reading ends.
 * See:      cpio(5) "New ASCII Format"
 */
#include "files/cpio.h"

#include "abi/image/root_image.h"
#include "abi/linux/errno.h"
#include "abi/linux/stat.h"
#include "lib/string.h"

#define MAGIC "070701"
#define MAGIC_BYTES 6
#define FIELD_BYTES 8
#define TRAILER "TRAILER!!!"

/* Fields of the header, in order behind the magic. */
enum field {
    INODE, MODE, UID, GID, NLINK, MTIME, FILE_SIZE, DEV_MAJOR, DEV_MINOR, RDEV_MAJOR, RDEV_MINOR,
    NAME_SIZE, CHECK
};

#define EACH_BYTE 0x0101010101010101ull

/* Eight hex digits, all at once (boot reads tens of thousands): a letter has bit 6 and counts 9
 * more than its low half. The digits are made anew from the value and compared, so that nothing
 * but a digit passes. */
static bool parse_digits(u64 text, u32 *out)
{
    u64 letters = text & EACH_BYTE << 6;
    u64 values = (text & EACH_BYTE * 0x0f) + (letters >> 6) * 9;
    u64 from_ten = (values + EACH_BYTE * 6) >> 4 & EACH_BYTE;
    u64 upper_case = values + EACH_BYTE * '0' + from_ten * ('A' - '0' - 10);
    if ((values & EACH_BYTE * 0xf0) || upper_case != (text & ~(letters >> 1)))
        return false;
    /* The first digit is the lowest byte: neighbours are joined, then pairs, then halves. */
    values = (values << 4 | values >> 8) & 0x00ff00ff00ff00ffull;
    values = (values << 8 | values >> 16) & 0x0000ffff0000ffffull;
    *out = (u32)(values << 16 | values >> 32);
    return true;
}

/* false: a character that is no hex digit. A dozen copies of it would be translated at each boot. */
static noinline_fn bool parse_field(const u8 *header, enum field field, u32 *out)
{
    u64 text;
    memcpy(&text, header + MAGIC_BYTES + (unsigned)field * FIELD_BYTES, sizeof(text));
    return parse_digits(text, out);
}

static bool has_header(const struct cpio *c, u64 at)
{
    return at <= c->size && c->size - at >= ELFIN_IMAGE_HEADER_BYTES &&
           memcmp(c->data + at, MAGIC, MAGIC_BYTES) == 0;
}

int cpio_at(const struct cpio *c, u64 offset, struct cpio_entry *out)
{
    u32 name_size, size;
    if (!has_header(c, offset))
        return -EINVAL;
    const u8 *header = c->data + offset;
    *out = (struct cpio_entry){.offset = offset};
    if (!parse_field(header, MODE, &out->mode) || !parse_field(header, INODE, &out->inode) ||
        !parse_field(header, NLINK, &out->nlink) || !parse_field(header, FILE_SIZE, &size) ||
        !parse_field(header, NAME_SIZE, &name_size))
        return -EINVAL;
    u64 name_at = offset + ELFIN_IMAGE_HEADER_BYTES;
    if (name_size == 0 || name_size > c->size - name_at)
        return -EINVAL;
    out->path = (const char *)c->data + name_at;
    out->path_length = strnlen(out->path, name_size);
    if (out->path_length == 0 || out->path_length == name_size ||
        out->path_length > ELFIN_IMAGE_MAX_PATH)
        return -EINVAL;
    out->data_offset = align_up(name_at + name_size, 4);
    out->size = size;
    if (out->data_offset > c->size || size > c->size - out->data_offset)
        return -EINVAL;
    return 0;
}

/* Where the header behind an entry is: at the next multiple of 4, or of the page (our writer
 * behind file data), or behind any other run of zeros. */
static u64 find_next(const struct cpio *c, u64 end)
{
    u64 at = align_up(end, 4);
    u64 page = align_up(end, ELFIN_IMAGE_PAGE);
    if (at < c->size && c->data[at] == 0 && has_header(c, page))
        return page;
    while (at < c->size && c->data[at] == 0)
        at++;
    return at;
}

static bool is_trailer(const struct cpio_entry *e)
{
    return e->path_length == sizeof(TRAILER) - 1 && memcmp(e->path, TRAILER, e->path_length) == 0;
}

int cpio_next(struct cpio *c, struct cpio_entry *out)
{
    int error = cpio_at(c, c->at, out);
    if (error)
        return error;
    if (is_trailer(out))
        return 0;
    c->at = find_next(c, out->data_offset + out->size);
    return 1;
}

int cpio_attributes(const struct cpio *c, u64 offset, struct cpio_attributes *out)
{
    if (!has_header(c, offset))
        return -EINVAL;
    const u8 *h = c->data + offset;
    *out = (struct cpio_attributes){0};
    bool good = parse_field(h, MODE, &out->mode) && parse_field(h, UID, &out->uid) &&
                parse_field(h, GID, &out->gid) && parse_field(h, MTIME, &out->mtime) &&
                parse_field(h, RDEV_MAJOR, &out->rdev_major) &&
                parse_field(h, RDEV_MINOR, &out->rdev_minor) &&
                parse_field(h, CHECK, &out->mtime_ns);
    if (out->mtime_ns >= NSEC_PER_SEC) /* another writer's */
        out->mtime_ns = 0;
    return good ? 0 : -EINVAL;
}
