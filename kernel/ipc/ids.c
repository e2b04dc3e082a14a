/* SPDX-License-Identifier: BSD-3-Clause */
/* Identifiers, keys and permissions of System V objects. See ids.h. */
#include "ipc/ids.h"

#include "ipc/show.h"

#include "abi/linux/errno.h"
#include "memory/page.h"
#include "task/task.h"
#include "time/timer.h"

#define FIRST_SLOTS 16u
#define INDEX_BITS 15            /* Linux's IPCMNI_SHIFT */
#define INDEX_MASK ((1u << INDEX_BITS) - 1)

s64 ipc_now(void)
{
    return (s64)(clock_realtime_ns() / NSEC_PER_SEC);
}

void ipc_hold(struct ipc_object *o)
{
    o->references++;
}

void ipc_drop(struct ipc_table *t, struct ipc_object *o)
{
    if (o && !--o->references)
        t->release(o);
}

/* --- permissions --- */

static bool is_administrator(void)
{
    return current_process()->credentials.euid == 0;
}

static bool is_owner(const struct ipc_object *o)
{
    u32 euid = current_process()->credentials.euid;
    return euid == o->perm.uid || euid == o->perm.cuid;
}

static bool in_group(u32 gid)
{
    const struct credentials *c = &current_process()->credentials;
    if (c->egid == gid)
        return true;
    for (u32 n = 0; n < c->group_count && n < ARRAY_SIZE(c->groups); n++)
        if (c->groups[n] == gid)
            return true;
    return false;
}

bool ipc_may(const struct ipc_object *o, u32 rights)
{
    u32 granted = o->perm.mode, wanted = (rights | rights >> 3 | rights >> 6) & 7;
    if (is_owner(o))
        granted >>= 6;
    else if (in_group(o->perm.gid) || in_group(o->perm.cgid))
        granted >>= 3;
    return !(wanted & ~granted) || is_administrator();
}

int ipc_check_owner(const struct ipc_object *o)
{
    return is_owner(o) || is_administrator() ? 0 : -EPERM;
}

void ipc_set_perm(struct ipc_object *o, const struct linux_ipc_perm *wanted)
{
    o->perm.uid = wanted->uid;
    o->perm.gid = wanted->gid;
    o->perm.mode = (o->perm.mode & ~0777u) | (wanted->mode & 0777);
}

/* --- the table --- */

static int free_slot(struct ipc_table *t)
{
    for (u32 n = 0; n < t->size; n++)
        if (!t->slots[n])
            return (int)n;
    u32 size = t->size ? 2 * t->size : FIRST_SLOTS;
    struct ipc_object **bigger = heap_resize(t->slots, size * sizeof(*bigger));
    if (!bigger)
        return -ENOMEM;
    for (u32 n = t->size; n < size; n++)
        bigger[n] = NULL;
    t->slots = bigger;
    int first = (int)t->size;
    t->size = size;
    return first;
}

static long add(struct ipc_table *t, struct ipc_object *o, const struct ipc_request *r)
{
    const struct credentials *c = &current_process()->credentials;
    int slot = t->used >= t->most ? -ENOSPC : free_slot(t);
    if (slot < 0)
        return slot;
    o->perm = (struct linux_ipc_perm){
        .key = r->key, .uid = c->euid, .gid = c->egid, .cuid = c->euid, .cgid = c->egid,
        .mode = r->flags & 0777, .seq = t->sequence,
    };
    o->id = (s32)((u32)t->sequence << INDEX_BITS | (u32)slot);
    t->sequence = (u16)((t->sequence + 1) & 0xffff);
    t->slots[slot] = o;
    t->used++;
    return o->id;
}

void ipc_remove(struct ipc_table *t, struct ipc_object *o)
{
    if (o->removed)
        return;
    o->removed = true;
    t->slots[(u32)o->id & INDEX_MASK] = NULL;
    t->used--;
    ipc_drop(t, o);
}

static struct ipc_object *by_key(struct ipc_table *t, s32 key)
{
    for (u32 n = 0; n < t->size; n++)
        if (t->slots[n] && t->slots[n]->perm.key == key)
            return t->slots[n];
    return NULL;
}

static long create(struct ipc_table *t, const struct ipc_request *r)
{
    int error = -ENOMEM;
    struct ipc_object *o = r->create(r, &error);
    if (!o)
        return error;
    long id = add(t, o, r);
    if (id < 0)
        ipc_drop(t, o);
    return id;
}

long ipc_get(struct ipc_table *t, const struct ipc_request *r)
{
    struct ipc_object *o = r->key == IPC_PRIVATE ? NULL : by_key(t, r->key);
    if (!o)
        return r->key == IPC_PRIVATE || (r->flags & IPC_CREAT) ? create(t, r) : -ENOENT;
    if ((r->flags & (IPC_CREAT | IPC_EXCL)) == (IPC_CREAT | IPC_EXCL))
        return -EEXIST;
    int error = r->check ? r->check(o, r) : 0;
    if (!error && !ipc_may(o, r->flags & 0777))
        error = -EACCES;
    return error ? error : o->id;
}

static struct ipc_object *allow(struct ipc_object *o, u32 rights, int *error)
{
    *error = o ? -EACCES : -EINVAL;
    if (!o || !ipc_may(o, rights))
        return NULL;
    ipc_hold(o);
    return o;
}

struct ipc_object *ipc_at(struct ipc_table *t, s32 index, u32 rights, int *error)
{
    bool there = index >= 0 && ((u32)index & INDEX_MASK) < t->size;
    return allow(there ? t->slots[(u32)index & INDEX_MASK] : NULL, rights, error);
}

struct ipc_object *ipc_find(struct ipc_table *t, s32 id, u32 rights, int *error)
{
    u32 index = (u32)id & INDEX_MASK;
    struct ipc_object *o = id >= 0 && index < t->size ? t->slots[index] : NULL;
    return allow(o && o->id == id ? o : NULL, rights, error);
}

s32 ipc_highest(const struct ipc_table *t)
{
    s32 n = (s32)t->size - 1;
    while (n >= 0 && !t->slots[n])
        n--;
    return n;
}

void ipc_show_all(struct text *t, const struct ipc_table *table, const char *heading,
                  void (*show_one)(struct text *t, struct ipc_object *o))
{
    text_add(t, "%s\n", heading);
    for (u32 n = 0; n < table->size; n++)
        if (table->slots[n])
            show_one(t, table->slots[n]);
}
