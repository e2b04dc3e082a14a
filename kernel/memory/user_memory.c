/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    copies between kernel and program memory.
 * Promises: a range is checked before it is touched; a fault that cannot be resolved ends the copy
 *           (arch's fix-ups) and becomes -EFAULT or a short count.
 * Refuses:  addresses outside program space and those the platform keeps for itself.
 */
#include "memory/user_memory.h"

#include "abi/linux/errno.h"
#include "arch/arch.h"
#include "lib/sanitizer.h"
#include "lib/string.h"
#include "lib/undo.h"
#include "memory/space_internal.h"

bool program_range_ok(struct user_ptr p, u64 n)
{
    const struct platform_traits *t = platform_traits();
    u64 reserved_start, reserved_end;
    if (p.address < t->program_start || n > t->program_end || p.address > t->program_end - n)
        return n == 0;
    return !place_is_reserved(p.address, p.address + n, &reserved_start, &reserved_end);
}

bool program_address_ok(struct user_ptr p, u64 n)
{
    u64 end = platform_traits()->program_end;
    return n <= end && p.address <= end - n;
}

static void *opened(struct user_ptr p) { return (void *)p.address; }

size_t copy_from_program_some(void *to, struct user_ptr from, size_t n)
{
    if (!program_range_ok(from, n))
        return 0;
    undo_note(to, n);
    return n - arch_copy_program(to, opened(from), n);
}

size_t copy_to_program_some(struct user_ptr to, const void *from, size_t n)
{
    sanitizer_check(from, n, false);
    return program_range_ok(to, n) ? n - arch_copy_program(opened(to), from, n) : 0;
}

int copy_from_program(void *to, struct user_ptr from, size_t n)
{
    return copy_from_program_some(to, from, n) == n ? 0 : -EFAULT;
}

int copy_to_program(struct user_ptr to, const void *from, size_t n)
{
    return copy_to_program_some(to, from, n) == n ? 0 : -EFAULT;
}

int clear_program(struct user_ptr to, size_t n)
{
    if (!program_range_ok(to, n) || arch_clear_program(opened(to), n))
        return -EFAULT;
    return 0;
}

/* Page by page: a string may end just before what cannot be read. */
long copy_string_from_program(char *to, struct user_ptr from, size_t size)
{
    size_t done = 0;
    while (done < size) {
        u64 left_in_page = PAGE_SIZE - ((from.address + done) & ~PAGE_MASK);
        size_t want = min_u64(left_in_page, size - done);
        size_t got = copy_from_program_some(to + done, user_at(from, done), want);
        const char *end = memchr(to + done, 0, got);
        if (end)
            return end - to;
        if (got < want)
            return -EFAULT;
        done += got;
    }
    return -ENAMETOOLONG;
}

int read_program_u32(u32 *out, struct user_ptr from)
{
    return copy_from_program(out, from, sizeof(*out));
}

int read_program_u64(u64 *out, struct user_ptr from)
{
    return copy_from_program(out, from, sizeof(*out));
}

int write_program_u32(struct user_ptr to, u32 value)
{
    return copy_to_program(to, &value, sizeof(value));
}

int write_program_u64(struct user_ptr to, u64 value)
{
    return copy_to_program(to, &value, sizeof(value));
}

int cmpxchg_program_u32(struct user_ptr at, u32 *expected, u32 desired)
{
    if (!program_range_ok(at, sizeof(u32)))
        return -EFAULT;
    return arch_cmpxchg_program_u32(at.address, expected, desired);
}
