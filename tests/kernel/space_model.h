/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random operations on a space beside a model that is too simple to be wrong: one record per page.
 * The including test says how a program's touch reaches memory (`touch_byte`), which differs
 * between demand and eager platforms.
 */
#pragma once

#include "abi/linux/errno.h"
#include "abi/linux/mman.h"
#include "arch/upcalls.h"
#include "harness.h"
#include "lib/string.h"
#include "memory/page.h"
#include "memory/shared_memory.h"
#include "memory/space.h"

#define MODEL_PAGES 48u
#define MODEL_BASE 0x10000000ull
#define FILE_PAGES 24u

/* The first byte of the page at `address`; DONE: *byte was read, or written when `write`. */
static enum fault_answer touch_byte(struct space *s, u64 address, bool write, u8 *byte);

struct model_page {
    bool mapped, shared, own; /* own: private contents differ from the file's */
    u32 access;
    int file_page;            /* -1: anonymous */
    u8 byte;
};

static struct model_page model[MODEL_PAGES];
static u8 model_file[FILE_PAGES];
static u64 model_file_pages = FILE_PAGES;
static struct backing *model_backing;
static u64 model_seed = 7;

static unsigned any(unsigned below)
{
    model_seed = model_seed * 6364136223846793005ull + 1442695040888963407ull;
    return (unsigned)(model_seed >> 33) % below;
}

static u64 page_at(unsigned i) { return MODEL_BASE + i * PAGE_SIZE; }

static void model_map(struct space *s, unsigned first, unsigned count)
{
    unsigned kind = any(3);
    u32 access = any(8);
    struct map_request r = {.hint = page_at(first), .length = count * PAGE_SIZE, .fixed = true,
                            .access = access, /* Populating a writable private file mapping copies at once; the model
                             * copies when it is written. */
                            .populate = kind != 1 && any(4) == 0};
    unsigned offset = any(FILE_PAGES);
    if (kind) {
        r.backing = model_backing;
        r.offset = offset * PAGE_SIZE;
        r.flags = kind == 2 ? VMA_SHARED | VMA_MAY_WRITE : 0;
    }
    CHECK_EQ(space_map(s, &r), r.hint);
    for (unsigned i = 0; i < count; i++)
        model[first + i] = (struct model_page){.mapped = true, .shared = kind == 2,
                                               .access = access, .own = !kind,
                                               .file_page = kind ? (int)(offset + i) : -1};
}

static void model_unmap(struct space *s, unsigned first, unsigned count)
{
    CHECK_EQ(space_unmap(s, page_at(first), count * PAGE_SIZE), 0);
    memset(&model[first], 0, count * sizeof(model[0]));
}

static void model_protect(struct space *s, unsigned first, unsigned count)
{
    u32 access = any(8);
    long expected = 0, got = space_protect(s, page_at(first), count * PAGE_SIZE, access);
    for (unsigned i = first; i < first + count && !expected; i++) {
        if (!model[i].mapped)
            expected = -ENOMEM;
        else
            model[i].access = access;
    }
    CHECK_EQ(got, expected);
}

static void model_discard(struct space *s, unsigned first, unsigned count)
{
    for (unsigned i = first; i < first + count; i++) {
        if (!model[i].mapped)
            return;
    }
    CHECK_EQ(space_discard(s, page_at(first), count * PAGE_SIZE), 0);
    for (unsigned i = first; i < first + count; i++) {
        model[i].own = model[i].file_page < 0;
        model[i].byte = 0;
    }
}

/* Moves `count` pages, longer or shorter by a little, to a place that does not overlap. */
static void model_remap(struct space *s, unsigned first, unsigned count)
{
    unsigned to = any(MODEL_PAGES), length = any(count + 3) + 1;
    if (to + length > MODEL_PAGES || (to < first + count && first < to + length))
        return;
    struct vma *v = space_find(s, page_at(first)); /* mremap wants one mapping */
    if (!v || v->end < page_at(first + count))
        return;
    long got = space_remap(s, page_at(first), count * PAGE_SIZE, length * PAGE_SIZE,
                           MREMAP_MAYMOVE | MREMAP_FIXED, page_at(to));
    CHECK_EQ(got, page_at(to));
    struct model_page last = model[first];
    for (unsigned i = 0; i < length; i++) {
        model[to + i] = i < count ? model[first + i] : last;
        if (i >= count) {
            model[to + i].byte = 0;
            model[to + i].own = last.file_page < 0;
            model[to + i].file_page = last.file_page < 0 ? -1 : last.file_page + (int)i;
        }
    }
    memset(&model[first], 0, count * sizeof(model[0]));
}

/* Cuts or grows the file; mapped pages beyond the end lose private copies too. */
static void model_resize(void)
{
    model_file_pages = any(FILE_PAGES) + 1;
    for (u64 i = model_file_pages; i < FILE_PAGES; i++)
        model_file[i] = 0;
    shared_memory_resize(model_backing, model_file_pages * PAGE_SIZE);
    for (unsigned i = 0; i < MODEL_PAGES; i++) {
        if (model[i].file_page >= (int)model_file_pages)
            model[i].own = false;
    }
}

static void check_touch(struct space *s, unsigned i, bool write)
{
    struct model_page *m = &model[i];
    u8 byte = (u8)(any(255) + 1), wanted;
    enum fault_answer expected = FAULT_DONE;
    if (!m->mapped)
        expected = FAULT_NO_MAPPING;
    else if (!m->access || (write && !(m->access & MAP_WRITE)))
        expected = FAULT_NO_ACCESS;
    else if (m->file_page >= (int)model_file_pages)
        expected = FAULT_BEYOND_END;
    u8 written = byte;
    CHECK_EQ(touch_byte(s, page_at(i), write, &byte), expected);
    if (expected != FAULT_DONE)
        return;
    if (write && m->shared)
        model_file[m->file_page] = written;
    else if (write)
        m->own = true, m->byte = written;
    wanted = m->own ? m->byte : model_file[m->file_page];
    CHECK_EQ(byte, wanted);
}

static u64 model_mapped_pages(void)
{
    u64 n = 0;
    for (unsigned i = 0; i < MODEL_PAGES; i++)
        n += model[i].mapped;
    return n;
}

static void model_step(struct space *s)
{
    unsigned first = any(MODEL_PAGES), count = any(MODEL_PAGES - first) + 1;
    count = count > 8 && any(4) ? 8 : count;
    switch (any(16)) {
    case 0:
    case 1:
    case 2: model_map(s, first, count); break;
    case 3: model_unmap(s, first, count); break;
    case 4:
    case 5: model_protect(s, first, count); break;
    case 6: model_discard(s, first, count); break;
    case 7: model_remap(s, first, count > 4 ? 4 : count); break;
    case 8:
        if (any(4) == 0)
            model_resize();
        break;
    default:
        for (unsigned i = first; i < first + count; i++)
            check_touch(s, i, any(2));
    }
    CHECK_EQ(s->total_pages, model_mapped_pages());
}

/* Borders of VMAs: ordered, not empty, alike neighbours joined (where the sums are right). */
static void check_vmas(struct space *s)
{
    u64 end = 0, count = 0;
    for (struct vma *v = space_first(s); v; v = vma_next(v), count++) {
        CHECK(v->start >= end && v->end > v->start);
        end = v->end;
    }
    CHECK_EQ(count, s->vma_count);
}

static void run_model(unsigned steps)
{
    struct space *s = space_create();
    model_backing = shared_memory_create(FILE_PAGES * PAGE_SIZE);
    CHECK(s && model_backing);
    space_switch(s);
    for (unsigned i = 0; i < steps; i++) {
        model_step(s);
        check_vmas(s);
    }
    space_drop(s);
    model_backing->operations->drop(model_backing);
}
