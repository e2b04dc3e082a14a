/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    the mapping of a program's segments.
 * Promises: memory as Linux's binfmt_elf leaves it: file pages private, the rest of the last file
 *           page cleared, anonymous pages for what the file does not fill.
 * See:      elf(5) PT_LOAD
 */
#include "abi/linux/errno.h"
#include "load/image.h"
#include "memory/user_memory.h"

static int map_file_part(struct space *s, const struct elf_segment *g, struct backing *backing,
                         u64 at, bool first)
{
    u64 skew = at % PAGE_SIZE;
    struct map_request r = {
        .hint = at - skew, .length = g->file_bytes + skew, .access = g->access, .fixed = true,
        .no_replace = first, .backing = backing, .offset = g->offset - skew};
    long mapped = space_map(s, &r);
    return mapped < 0 ? (int)mapped : 0;
}

/* Memory that the file does not fill is readable and writable, whatever the flags say. */
static int map_zero_part(struct space *s, const struct elf_segment *g, u64 start, u64 end)
{
    struct map_request r = {.hint = start, .length = end - start, .fixed = true,
                            .access = MAP_READ | MAP_WRITE | (g->access & MAP_EXECUTE)};
    long mapped = start < end ? space_map(s, &r) : 0;
    return mapped < 0 ? (int)mapped : 0;
}

static int map_segment(struct space *s, const struct elf_segment *g, struct backing *backing,
                       u64 bias, bool first)
{
    u64 at = g->vaddr + bias, zero = at + g->file_bytes;
    if (g->file_bytes) {
        int error = map_file_part(s, g, backing, at, first);
        if (error || g->memory_bytes == g->file_bytes)
            return error;
        u64 rest = align_up(zero, PAGE_SIZE) - zero;
        if (clear_program((struct user_ptr){zero}, rest) && (g->access & MAP_WRITE))
            return -EFAULT;
        zero = align_up(zero, PAGE_SIZE);
    } else {
        zero = align_down(at, PAGE_SIZE);
    }
    return map_zero_part(s, g, zero, align_up(at + g->memory_bytes, PAGE_SIZE));
}

static void note_extents(const struct elf_segment *g, u64 bias, struct loaded_image *out)
{
    u64 at = g->vaddr + bias;
    out->code_start = min_u64(out->code_start, at);
    out->data_start = max_u64(out->data_start, at);
    if (g->access & MAP_EXECUTE)
        out->code_end = max_u64(out->code_end, at + g->file_bytes);
    out->data_end = max_u64(out->data_end, at + g->file_bytes);
    out->memory_end = max_u64(out->memory_end, at + g->memory_bytes);
}

/* The bias of an image: 0 when its addresses are fixed. */
static int choose_bias(struct space *s, const struct elf_image *image, u64 wish, u64 *bias)
{
    u64 span = image->high - image->low, spare = image->alignment - PAGE_SIZE;
    *bias = 0;
    if (!image->relocatable)
        return 0;
    u64 at = wish ? align_down(wish, image->alignment) + image->low % image->alignment
                  : space_place(s, 0, span + spare);
    if (!at)
        return -ENOMEM;
    if (!wish) {
        u64 want = image->low % image->alignment;
        at += (want - at) & (image->alignment - 1);
    }
    *bias = at - image->low;
    return 0;
}

int image_map(struct space *s, const struct elf_image *image, struct backing *backing, u64 wish,
              struct loaded_image *out)
{
    u64 bias;
    int error = choose_bias(s, image, wish, &bias);
    *out = (struct loaded_image){.bias = bias, .entry = image->entry + bias,
                                 .code_start = UINT64_MAX};
    for (unsigned i = 0; !error && i < image->segment_count; i++) {
        error = map_segment(s, &image->segments[i], backing, bias, i == 0);
        note_extents(&image->segments[i], bias, out);
    }
    return error;
}
