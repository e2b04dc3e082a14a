/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    nothing.
 * Promises: program memory of any space is read as its program would read it, without a switch of
 *           the program that runs.
 * Locking:  the space's.
 * See:      /proc/PID/cmdline in proc(5)
 */
#include "arch/upcalls.h"
#include "lib/string.h"
#include "memory/space_internal.h"
#include "memory/user_memory.h"

/* The frame that a read at this address sees; false: none. */
static bool frame_at(struct space *s, u64 address, paddr_t *out)
{
    struct platform_page page;
    struct vma *v = space_find(s, address);
    u64 at = align_down(address, PAGE_SIZE);
    if (!v || !v->access)
        return false;
    if (!platform_page_get(&s->platform, at, &page) || !page.present) {
        if (fault_resolve(v, at, FAULT_READ) != FAULT_DONE ||
            !platform_page_get(&s->platform, at, &page))
            return false;
    }
    *out = page.frame;
    return true;
}

static size_t peek_frames(struct space *s, u64 address, u8 *to, size_t n)
{
    size_t done = 0;
    paddr_t frame;
    while (done < n && frame_at(s, address + done, &frame)) {
        u64 offset = (address + done) % PAGE_SIZE;
        size_t part = min_u64(n - done, PAGE_SIZE - offset);
        memcpy(to + done, (const u8 *)paddr_to_pointer(frame) + offset, part);
        done += part;
    }
    return done;
}

size_t space_peek(struct space *s, u64 address, void *to, size_t n)
{
    if (s == space_current())
        return copy_from_program_some(to, (struct user_ptr){address}, n);
    if (platform_traits()->demand_paging)
        return peek_frames(s, address, to, n);
    return platform_peek(&s->platform, address, to, n);
}
