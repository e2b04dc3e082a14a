/* SPDX-License-Identifier: BSD-3-Clause */
/* See getrlimit(2). */
#include "abi/linux/errno.h"
#include "abi/linux/resource.h"
#include "abi_handlers.h"
#include "memory/space.h"
#include "task/credentials.h"

#define NOFILE_CEILING 1048576ull /* fs.nr_open */

static long check(int resource, const struct rlimit_pair *old, const struct rlimit_pair *wanted)
{
    if (wanted->soft > wanted->hard)
        return -EINVAL;
    if (resource == RLIMIT_NOFILE && wanted->hard > NOFILE_CEILING)
        return -EPERM;
    if (wanted->hard > old->hard && !credentials_privileged())
        return -EPERM;
    return 0;
}

/* The limits that memory checks by itself live in the space too. */
static void apply(struct process *p, int resource)
{
    u64 soft = p->limits[resource].soft;

    if (!p->space)
        return; /* a zombie */
    if (resource == RLIMIT_AS)
        p->space->limit_as = soft;
    if (resource == RLIMIT_DATA)
        p->space->limit_data = soft;
    if (resource == RLIMIT_STACK)
        p->space->stack_limit = soft;
}

long sys_prlimit64(int pid, int resource, struct user_ptr new_limit, struct user_ptr old_limit)
{
    struct process *p = pid ? process_find(pid) : current_process();
    struct rlimit_pair wanted, old;

    if (resource < 0 || resource >= RLIMIT_KINDS)
        return -EINVAL;
    if (!user_is_null(new_limit) && copy_from_program(&wanted, new_limit, sizeof(wanted)))
        return -EFAULT;
    if (!p)
        return -ESRCH;
    if (!credentials_match(p))
        return -EPERM;
    old = p->limits[resource];
    if (!user_is_null(new_limit)) {
        long error = check(resource, &old, &wanted);
        if (error)
            return error;
        p->limits[resource] = wanted;
        apply(p, resource);
    }
    if (!user_is_null(old_limit) && copy_to_program(old_limit, &old, sizeof(old)))
        return -EFAULT;
    return 0;
}

long sys_getrlimit(int resource, struct user_ptr limit)
{
    if (resource < 0 || resource >= RLIMIT_KINDS)
        return -EINVAL;
    return copy_to_program(limit, &current_process()->limits[resource], sizeof(struct rlimit_pair));
}

long sys_setrlimit(int resource, struct user_ptr limit)
{
    if (user_is_null(limit))
        return -EFAULT;
    return sys_prlimit64(0, resource, limit, (struct user_ptr){0});
}
