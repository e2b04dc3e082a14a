/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    what procfs and getrusage say about a space. What is resident is an upper bound on eager
 *           platforms.
 * See:      proc_pid_maps(5)
 */
#include "lib/printf.h"
#include "lib/string.h"
#include "memory/space_internal.h"

#define NAME_COLUMN 73
#define LINE_MAX 512
#define SMALL_PRIVATE (256ul << 10)
#define SMALL_FILE (4ul << 20)

/* Eager platforms ask the host, which takes a call and a walk. Every process does when it ends, so
 * it is not asked about small mappings, nor about files, whose pages are in memory anyway. */
static u64 resident_bytes(const struct vma *v)
{
    u64 bytes = v->end - v->start;
    if (!v->access || bytes <= (v->backing ? SMALL_FILE : SMALL_PRIVATE))
        return v->access ? bytes : 0;
    return platform_resident(&v->space->platform, v->start, bytes);
}

u64 space_resident_pages(struct space *s)
{
    if (platform_traits()->demand_paging)
        return s->resident_pages;
    u64 bytes = 0, private = 0, reserved = 0; /* bytes: the rest */
    for (struct vma *v = space_first(s); v; v = vma_next(v)) {
        if (v->access && v->end - v->start >= PLATFORM_RESERVATION)
            reserved += v->end - v->start;
        else
            *(v->backing ? &bytes : &private) += resident_bytes(v);
    }
    if (reserved) { /* whose part of the whole nobody knows */
        u64 whole = platform_resident_private(&s->platform);
        private = max_u64(private, min_u64(private + reserved, whole));
    }
    return (bytes + private) >> PAGE_SHIFT;
}

u64 space_peak_resident_pages(struct space *s)
{
    s->peak_resident_pages = max_u64(s->peak_resident_pages, space_resident_pages(s));
    return s->peak_resident_pages;
}

int space_page_resident(struct space *s, u64 address)
{
    struct vma *v = space_find(s, address);
    struct platform_page page;
    if (!v)
        return -1;
    if (v->backing)
        return vma_offset_at(v, address) < v->backing->size; /* all files live in memory */
    if (!platform_traits()->demand_paging)
        return platform_resident(&s->platform, align_down(address, PAGE_SIZE), PAGE_SIZE) != 0;
    return platform_page_get(&s->platform, align_down(address, PAGE_SIZE), &page) && page.present;
}

/* What Linux calls a mapping that no file gave a name. */
static const char *special_name(const struct space *s, const struct vma *v)
{
    if (v->flags & VMA_VDSO)
        return "[vdso]";
    if (v->flags & VMA_VVAR)
        return "[vvar]";
    if (v->flags & VMA_STUBS)
        return "[stubs]";
    if (v->start < s->brk_end && v->end > s->brk_start)
        return "[heap]";
    if (v->start <= s->stack_top && v->end >= s->stack_top)
        return "[stack]";
    return "";
}

static size_t format_line(struct space *s, struct vma *v, char *line)
{
    char name[LINE_MAX - 128];
    u32 major = 0, minor = 0;
    u64 inode = 0;
    size_t length = 0;
    bool is_file = v->backing && !(v->flags & (VMA_VDSO | VMA_VVAR | VMA_STUBS));
    if (is_file) {
        v->backing->operations->identity(v->backing, &major, &minor, &inode);
        length = v->backing->operations->name(v->backing, name, sizeof(name) - 1);
        length = min_u64(length, sizeof(name) - 1);
    }
    name[length] = 0;
    const char *shown = length ? name : special_name(s, v);
    u64 offset = is_file ? v->offset : 0;
    int n = format_text(line, LINE_MAX, "%08lx-%08lx %c%c%c%c %08lx %02x:%02x %lu ", v->start,
                        v->end, v->access & MAP_READ ? 'r' : '-', v->access & MAP_WRITE ? 'w' : '-',
                        v->access & MAP_EXECUTE ? 'x' : '-', vma_is_private(v) ? 'p' : 's', offset,
                        major, minor, inode);
    int pad = *shown && n < NAME_COLUMN ? NAME_COLUMN - n : 0;
    n += format_text(line + n, LINE_MAX - (size_t)n, "%*s%s\n", pad, "", shown);
    return min_u64((u64)n, LINE_MAX - 1);
}

size_t space_format_maps(struct space *s, u64 *cursor, char *out, size_t size)
{
    char line[LINE_MAX];
    size_t used = 0;
    for (struct vma *v = space_find_from(s, *cursor); v; v = vma_next(v)) {
        size_t n = format_line(s, v, line);
        if (n > size - used)
            break;
        memcpy(out + used, line, n);
        used += n;
        *cursor = v->end;
    }
    return used;
}
