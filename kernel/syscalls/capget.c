/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See capget(2), capabilities(7). Root holds all capabilities, others none; giving them up is
 * checked but has no effect yet (abi/coverage).
 */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/credentials.h"

#define VERSION_1 0x19980330u
#define VERSION_2 0x20071026u
#define VERSION_3 0x20080522u
#define ALL_LOW 0xffffffffu
#define ALL_HIGH 0x000001ffu /* CAP_LAST_CAP is 40 */

struct header {
    u32 version;
    s32 pid;
};

struct sets {
    u32 effective, permitted, inheritable;
};

/* Words of sets that the version has; -EINVAL after storing the preferred version. */
static long words_of(struct user_ptr at, struct header *h)
{
    long words = 2;

    if (read_program_u32(&h->version, at))
        return -EFAULT;
    if (h->version == VERSION_1)
        words = 1;
    else if (h->version != VERSION_2 && h->version != VERSION_3)
        return write_program_u32(at, VERSION_3) ? -EFAULT : -EINVAL;
    return copy_from_program(&h->pid, user_at(at, sizeof(h->version)), sizeof(h->pid)) ? -EFAULT
                                                                                       : words;
}

long sys_capget(struct user_ptr header, struct user_ptr data)
{
    struct header h;
    long words = words_of(header, &h);
    struct sets out[2] = {0};

    if (words < 0)
        return words == -EINVAL && user_is_null(data) ? 0 : words;
    if (h.pid < 0)
        return -EINVAL;
    if (h.pid && !process_find(h.pid))
        return -ESRCH;
    if (credentials_privileged()) {
        out[0].effective = out[0].permitted = ALL_LOW;
        out[1].effective = out[1].permitted = ALL_HIGH;
    }
    return copy_to_program(data, out, (size_t)words * sizeof(out[0]));
}

long sys_capset(struct user_ptr header, struct user_ptr data)
{
    struct header h;
    long words = words_of(header, &h);
    struct sets wanted[2] = {0};

    if (words < 0)
        return words;
    if (h.pid && h.pid != current_process()->pid)
        return -EPERM;
    if (copy_from_program(wanted, data, (size_t)words * sizeof(wanted[0])))
        return -EFAULT;
    for (long i = 0; i < words; i++) {
        bool more = wanted[i].permitted || wanted[i].effective;
        if (more && !credentials_privileged())
            return -EPERM;
    }
    return 0;
}
