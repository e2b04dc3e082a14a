/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    nothing.
 * Promises: program memory of any space is read and written as its program would do it, without a
 *           switch of the program that runs.
 * Locking:  the space's.
 * See:      /proc/PID/cmdline in proc(5), process_vm_readv(2)
 */
#include "arch/upcalls.h"
#include "lib/string.h"
#include "memory/space_internal.h"
#include "memory/user_memory.h"

/* The frame that a read or a write at this address meets; false: none. */
static bool frame_at(struct space *s, u64 address, bool write, paddr_t *out)
{
    struct platform_page page;
    struct vma *v = space_find(s, address);
    u64 at = align_down(address, PAGE_SIZE);
    if (!v || !(write ? v->access & MAP_WRITE : v->access))
        return false;
    bool there = platform_page_get(&s->platform, at, &page) && page.present;
    if (!there || (write && !(page.access & MAP_WRITE))) {
        if (fault_resolve(v, at, write ? FAULT_WRITE : FAULT_READ) != FAULT_DONE ||
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
    while (done < n && frame_at(s, address + done, false, &frame)) {
        u64 offset = (address + done) % PAGE_SIZE;
        size_t part = min_u64(n - done, PAGE_SIZE - offset);
        memcpy(to + done, (const u8 *)paddr_to_pointer(frame) + offset, part);
        done += part;
    }
    return done;
}

static size_t poke_frames(struct space *s, u64 address, const u8 *from, size_t n)
{
    size_t done = 0;
    paddr_t frame;
    while (done < n && frame_at(s, address + done, true, &frame)) {
        u64 offset = (address + done) % PAGE_SIZE;
        size_t part = min_u64(n - done, PAGE_SIZE - offset);
        memcpy((u8 *)paddr_to_pointer(frame) + offset, from + done, part);
        done += part;
    }
    return done;
}

/* How much of [address, address + n) one mapping allows. */
static size_t allowed(struct space *s, u64 address, size_t n, bool write)
{
    struct vma *v = space_find(s, address);
    if (!v || !(write ? v->access & MAP_WRITE : v->access))
        return 0;
    return min_u64(n, v->end - address);
}

size_t space_peek(struct space *s, u64 address, void *to, size_t n)
{
    size_t done = 0, part, got;
    if (s == space_current())
        return copy_from_program_some(to, (struct user_ptr){address}, n);
    if (platform_traits()->demand_paging)
        return peek_frames(s, address, to, n);
    while ((part = allowed(s, address + done, n - done, false))) {
        done += got = platform_peek(&s->platform, address + done, (u8 *)to + done, part);
        if (got < part)
            break;
    }
    return done;
}

size_t space_poke(struct space *s, u64 address, const void *from, size_t n)
{
    size_t done = 0, part, got;
    if (s == space_current())
        return copy_to_program_some((struct user_ptr){address}, from, n);
    if (platform_traits()->demand_paging)
        return poke_frames(s, address, from, n);
    while ((part = allowed(s, address + done, n - done, true))) {
        done += got = platform_poke(&s->platform, address + done, (const u8 *)from + done, part);
        if (got < part)
            break;
    }
    return done;
}
