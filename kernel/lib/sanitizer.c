/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The address sanitizer's run-time half: what the compiler's announcements (-fsanitize=
 * kernel-address, all as calls) arrive at, in kernels with CONFIG_SANITIZE.
 *
 * Holds:    what range is watched and where its shadow lies: one byte for eight, 0 when all may be
 *           touched, 1..7 when only the first ones may, else the mark that says why not.
 * Promises: a load or store of marked bytes is a panic that names them, with a backtrace; what lies
 *           outside the watched range is not looked at.
 * Locking:  none (one CPU, no preemption in the kernel).
 * Refuses:  to watch what its own functions and the host tasks' hand-over do.
 * See:      decision 0307; memory/sanitizer_heap.c and memory/page.c, which mark.
 */
#include "lib/sanitizer.h"

#ifdef CONFIG_SANITIZE
#pragma clang attribute push(UNSANITIZED, apply_to = function)

#include "lib/log.h"

#define GRANULE 8
#define STACK_BYTES 0x10000ul /* PLATFORM_STACK_BYTES: stacks are aligned to their size */

static u64 watched_start, watched_bytes, watched_shadow;
static bool reporting;

void sanitizer_watch(u64 start, u64 bytes, u64 shadow)
{
    watched_start = start;
    watched_bytes = bytes;
    watched_shadow = shadow;
}

static inline u8 *shadow_of(u64 address)
{
    u64 offset = address - watched_start;
    return offset < watched_bytes ? (u8 *)(watched_shadow + offset / GRANULE) : NULL;
}

/* --- marks --- */

static void fill(u8 *to, u64 count, u8 value)
{
    for (; count && ((u64)to & 7); count--)
        *to++ = value;
    for (u64 word = value * 0x0101010101010101ul; count >= 8; count -= 8, to += 8)
        *(u64 *)to = word;
    for (; count; count--)
        *to++ = value;
}

void sanitizer_mark(const void *p, size_t n, enum sanitizer_mark mark)
{
    u8 *shadow = shadow_of((u64)p);
    if (!shadow || !n)
        return;
    fill(shadow, n / GRANULE, (u8)mark);
    if (n % GRANULE)
        shadow[n / GRANULE] = mark == SANITIZER_OPEN ? (u8)(n % GRANULE) : (u8)mark;
}

/* --- reports --- */

static const char *reason(u8 mark)
{
    switch (mark) {
    case SANITIZER_FREED_OBJECT: return "an object that was freed";
    case SANITIZER_FREED_PAGE: return "a page that was freed";
    case 0xf1: case 0xf2: case 0xf3: return "beside a local";
    case 0xf8: return "a local whose block has ended";
    default: return "beside an object";
    }
}

static void report(u64 address, size_t n, bool write, u8 mark, u64 from)
{
    if (reporting) /* the panic itself reads what it likes */
        return;
    reporting = true;
    panic("sanitizer: %s of %zu bytes at %#lx: %s (%#x), from %#lx", write ? "store" : "load", n,
          address, reason(mark), mark, from);
}

/* 0, or the mark of the first byte of [address, address + n) that must not be touched. */
static inline u8 bad_mark(u64 address, size_t n)
{
    const u8 *shadow = shadow_of(address);
    if (!shadow || !n)
        return 0;
    const u8 *last = shadow + ((address & (GRANULE - 1)) + n - 1) / GRANULE;
    for (; shadow < last; shadow++)
        if (*shadow)
            return *shadow < GRANULE ? shadow[1] : *shadow;
    u64 end = ((address + n - 1) & (GRANULE - 1)) + 1;
    if (!*last || (*last < GRANULE && end <= *last))
        return 0;
    return *last < GRANULE ? last[1] : *last;
}

static inline void check(u64 address, size_t n, bool write, u64 from)
{
    u8 mark = bad_mark(address, n);
    if (mark)
        report(address, n, write, mark, from);
}

void sanitizer_check(const void *p, size_t n, bool write)
{
    check((u64)p, n, write, (u64)__builtin_return_address(0));
}

/* --- what the compiler calls; its stores arrive in undo.c, which asks sanitizer_check --- */

#define LOAD_OF(bytes)                                                                             \
    void __asan_load##bytes(u64 address);                                                          \
    void __asan_load##bytes(u64 address)                                                           \
    {                                                                                              \
        check(address, bytes, false, (u64)__builtin_return_address(0));                            \
    }
LOAD_OF(1)
LOAD_OF(2)
LOAD_OF(4)
LOAD_OF(8)
LOAD_OF(16)

void __asan_loadN(u64 address, u64 n);
void __asan_loadN(u64 address, u64 n)
{
    check(address, n, false, (u64)__builtin_return_address(0));
}

/* --- locals --- */

/* Where the compiler is told that the shadow of address 0 lies (meson.build). */
#define BELIEVED 0x100000000000ul

static void set_shadow(u64 believed, u64 count, u8 value)
{
    u8 *shadow = shadow_of((believed - BELIEVED) * GRANULE);
    if (shadow)
        fill(shadow, count, value);
}

#define SET_SHADOW(digits)                                                                         \
    void __asan_set_shadow_##digits(u64 believed, u64 count);                                      \
    void __asan_set_shadow_##digits(u64 believed, u64 count)                                       \
    {                                                                                              \
        set_shadow(believed, count, 0x##digits);                                                   \
    }
SET_SHADOW(00)
SET_SHADOW(01)
SET_SHADOW(02)
SET_SHADOW(03)
SET_SHADOW(04)
SET_SHADOW(05)
SET_SHADOW(06)
SET_SHADOW(07)
SET_SHADOW(f1)
SET_SHADOW(f2)
SET_SHADOW(f3)
SET_SHADOW(f8)

/* Before calls that do not return: their callers' frames are never left in order. */
void sanitizer_stack_unwound(void)
{
    u64 here = (u64)__builtin_frame_address(0), start = align_down(here, STACK_BYTES);
    u8 *first = shadow_of(start), *last = shadow_of(start + STACK_BYTES - 1);
    if (first && last)
        fill(first, STACK_BYTES / GRANULE, 0);
}

#pragma clang attribute pop
#endif
