/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    reading rewrite plans, and asking one about a site.
 * Promises: nothing is believed but what the form can say; a plan for other bytes than the file's is
 *           told once and never used.
 * See:      docs/decisions/0801-rewrite-plans.md; elfin/rewrite/binary.py
 */
#include "abi/linux/errno.h"
#include "lib/log.h"
#include "lib/string.h"
#include "memory/plan.h"
#include "memory/space_internal.h"

#if CONFIG_REWRITE

#define MAGIC "ELFINRW1"
#define MAGIC_BYTES 8
#define ENTRY_BYTES 8
#define NAME_BYTES 8     /* before the path */
#define FILE_BYTES 16    /* behind it */
#define METHOD_MOV 1
#define METHOD_WINDOW 2
#define FLAGS_DEAD 1

struct rewrite_plan {
    struct plan_file file;
    enum { UNTRIED, GOOD, STALE } state;
};

static u32 read_u32(const u8 *at)
{
    u32 v;
    memcpy(&v, at, sizeof(v));
    return v;
}

static u64 read_u64(const u8 *at)
{
    u64 v;
    memcpy(&v, at, sizeof(v));
    return v;
}

bool plan_open(struct plan_reader *r, const u8 *data, u64 size)
{
    if (size < MAGIC_BYTES + 8 || memcmp(data, MAGIC, MAGIC_BYTES))
        return false;
    *r = (struct plan_reader){.data = data, .size = size, .at = MAGIC_BYTES + 8,
                              .left = read_u32(data + MAGIC_BYTES)};
    return true;
}

/* `bytes` more of them; NULL: it is cut. */
static const u8 *take(struct plan_reader *r, u64 bytes)
{
    const u8 *at = r->data + r->at;
    if (bytes > r->size - r->at)
        return NULL;
    r->at += bytes;
    return at;
}

int plan_next(struct plan_reader *r, struct plan_file *out)
{
    const u8 *head, *path, *file;
    if (!r->left--)
        return 0;
    if (!(head = take(r, NAME_BYTES)))
        return -EINVAL;
    out->path_length = read_u32(head);
    if (!(path = take(r, align_up(out->path_length, 8))) || !(file = take(r, FILE_BYTES)))
        return -EINVAL;
    out->path = (const char *)path;
    out->size = read_u64(file);
    out->count = read_u32(file + 8);
    out->crc = read_u32(file + 12);
    out->entries = take(r, (u64)out->count * ENTRY_BYTES);
    return out->entries ? 1 : -EINVAL;
}

struct rewrite_plan *plan_keep(const struct plan_file *f)
{
    struct rewrite_plan *p = heap_alloc(sizeof(*p));
    if (p)
        *p = (struct rewrite_plan){.file = *f};
    return p;
}

void plan_free(struct rewrite_plan *p) { heap_free(p); }

/* false: not in its form. */
static bool read_entry(const struct plan_file *f, u32 n, struct rewrite_site *out)
{
    const u8 *e = f->entries + (u64)n * ENTRY_BYTES;
    u64 site = read_u32(e);
    u8 method = e[4];
    out->patch = (struct arch_patch){.before = e[6], .length = e[5],
                                     .flags_dead = e[7] & FLAGS_DEAD};
    out->start = site - out->patch.before;
    bool is_window = out->patch.length > out->patch.before;
    return arch_patch_is_sane(&out->patch) && out->patch.before <= site &&
           method == (is_window ? METHOD_WINDOW : METHOD_MOV) &&
           out->start + out->patch.length <= f->size;
}

/* zlib's, a nibble at a time. */
static u32 crc32_more(u32 crc, const u8 *bytes, size_t n)
{
    static const u32 table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158,
        0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4,
        0xa00ae278, 0xbdbdf21c};
    crc = ~crc;
    while (n--) {
        crc ^= *bytes++;
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

static u32 crc32_file(struct backing *b, u32 crc, u64 offset, u64 length)
{
    while (length) {
        paddr_t page;
        u64 within = offset % PAGE_SIZE, n = min_u64(length, PAGE_SIZE - within);
        if (b->operations->pages(b, offset >> PAGE_SHIFT, 1, false, &page) < 1)
            return ~crc;
        crc = crc32_more(crc, (const u8 *)paddr_to_pointer(page) + within, n);
        offset += n;
        length -= n;
    }
    return crc;
}

/* Sorted, not overlapping, and the bytes are those that were planned for. */
static bool is_good(struct backing *b, const struct plan_file *f)
{
    u64 free_from = 0;
    u32 crc = 0;
    struct rewrite_site s;
    for (u32 n = 0; n < f->count; n++) {
        if (!read_entry(f, n, &s) || s.start < free_from)
            return false;
        free_from = s.start + s.patch.length;
        crc = crc32_file(b, crc, s.start, s.patch.length);
    }
    return b->size == f->size && crc == f->crc;
}

bool plan_find(struct backing *b, u64 site, struct rewrite_site *out)
{
    struct rewrite_plan *p = b->plan;
    if (!p || p->state == STALE)
        return false;
    if (p->state == UNTRIED)
        p->state = is_good(b, &p->file) ? GOOD : STALE;
    if (p->state == STALE) {
        log_line("rewrite: the plan of a file is stale");
        return false;
    }
    u32 low = 0, high = p->file.count;
    while (low < high) {
        u32 middle = low + (high - low) / 2;
        if (read_u32(p->file.entries + (u64)middle * ENTRY_BYTES) < site)
            low = middle + 1;
        else
            high = middle;
    }
    return low < p->file.count && read_entry(&p->file, low, out) &&
           out->start + out->patch.before == site;
}

#endif
