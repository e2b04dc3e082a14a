/* SPDX-License-Identifier: BSD-3-Clause */
/* See getrandom(2). The generator is seeded before the first program runs: nothing blocks. */
#include "abi/linux/errno.h"
#include "abi/linux/limits.h"
#include "abi_handlers.h"
#include "lib/random.h"

#define GRND_NONBLOCK 1u
#define GRND_RANDOM 2u
#define GRND_INSECURE 4u
#define COUNT_MAX 0x7ffff000ul /* INT_MAX rounded down to a page, as for read(2) */

long sys_getrandom(struct user_ptr buf, size_t count, u32 flags)
{
    u8 chunk[256];
    size_t done = 0;

    if (flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
        return -EINVAL;
    if ((flags & GRND_RANDOM) && (flags & GRND_INSECURE))
        return -EINVAL;
    count = min_u64(count, COUNT_MAX);
    if (!program_address_ok(buf, count))
        return -EFAULT;
    while (done < count) {
        size_t n = min_u64(count - done, sizeof(chunk));
        random_bytes(chunk, n);
        size_t copied = copy_to_program_some(user_at(buf, done), chunk, n);
        done += copied;
        if (copied < n)
            return done ? (long)done : -EFAULT;
    }
    return (long)done;
}
