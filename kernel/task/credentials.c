/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds: nothing; the ids live in struct process. See credentials(7), setreuid(2), setresuid(2).
 */
#include "task/credentials.h"

#include "abi/linux/errno.h"
#include "abi/linux/resource.h"
#include "task/clone.h"

static struct credentials *own(void) { return &current_process()->credentials; }

struct id_set credentials_uids(void)
{
    return (struct id_set){own()->uid, own()->euid, own()->suid};
}

struct id_set credentials_gids(void)
{
    return (struct id_set){own()->gid, own()->egid, own()->sgid};
}

/* execve(2), EAGAIN: becoming somebody always succeeds, going on as that one may not. */
static void note_too_many(u32 before)
{
    if (own()->uid != before)
        own()->too_many = process_too_many(current_process());
}

bool credentials_may_execute(void)
{
    if (own()->too_many)
        own()->too_many = process_too_many(current_process());
    return !own()->too_many;
}

void credentials_set_uids(struct id_set ids)
{
    u32 before = own()->uid;

    own()->uid = ids.real;
    own()->euid = own()->fsuid = ids.effective;
    own()->suid = ids.saved;
    note_too_many(before);
}

void credentials_set_gids(struct id_set ids)
{
    own()->gid = ids.real;
    own()->egid = own()->fsgid = ids.effective;
    own()->sgid = ids.saved;
}

bool credentials_privileged(void) { return own()->euid == 0; }

u64 credentials_lockable_bytes(void)
{
    return credentials_privileged() ? UINT64_MAX : current_process()->limits[RLIMIT_MEMLOCK].soft;
}

bool credentials_match(const struct process *target)
{
    const struct credentials *c = own(), *t = &target->credentials;

    if (target == current_process() || credentials_privileged())
        return true;
    return c->uid == t->uid && c->uid == t->euid && c->uid == t->suid && c->gid == t->gid &&
           c->gid == t->egid && c->gid == t->sgid;
}

static bool holds(const struct id_set *ids, u32 id)
{
    return id == ID_KEEP || id == ids->real || id == ids->effective || id == ids->saved;
}

int id_set_reassign(struct id_set *ids, u32 real, u32 effective)
{
    struct id_set old = *ids;

    if (!credentials_privileged()) {
        if (real != ID_KEEP && real != old.real && real != old.effective)
            return -EPERM;
        if (!holds(&old, effective))
            return -EPERM;
    }
    if (real != ID_KEEP)
        ids->real = real;
    if (effective != ID_KEEP)
        ids->effective = effective;
    if (real != ID_KEEP || (effective != ID_KEEP && effective != old.real))
        ids->saved = ids->effective;
    return 0;
}

int id_set_replace(struct id_set *ids, u32 real, u32 effective, u32 saved)
{
    struct id_set old = *ids;

    if (!credentials_privileged() &&
        (!holds(&old, real) || !holds(&old, effective) || !holds(&old, saved)))
        return -EPERM;
    if (real != ID_KEEP)
        ids->real = real;
    if (effective != ID_KEEP)
        ids->effective = effective;
    if (saved != ID_KEEP)
        ids->saved = saved;
    return 0;
}
