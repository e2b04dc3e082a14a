/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the three kinds of System V objects share: identifiers, keys, permissions. Inside of ipc/.
 *
 * Holds:    per kind a table of objects by identifier. An object embeds struct ipc_object.
 * Promises: an identifier is not used again soon: it holds a number that grows with every new
 *           object. A removed object is not found any more; it lives while someone holds it.
 * See:      sysvipc(7)
 */
#pragma once

#include "abi/linux/sysv_ipc.h"
#include "lib/types.h"
#include "memory/user_memory.h"

struct ipc_object {
    struct linux_ipc_perm perm;
    s32 id;
    u32 references;
    bool removed;
};

struct ipc_table {
    struct ipc_object **slots;
    u32 size, used, most;
    u16 sequence;
    void (*release)(struct ipc_object *o); /* nobody holds it; frees it */
};

#define IPC_MAY_READ 0444u
#define IPC_MAY_WRITE 0222u

/* What a get call wants when there is no object with the key. */
struct ipc_request {
    s32 key;
    u32 flags;
    struct ipc_object *(*create)(const struct ipc_request *r, int *error); /* reference 1 */
    int (*check)(struct ipc_object *o, const struct ipc_request *r); /* of one that is there */
    u64 size;
};

long ipc_get(struct ipc_table *t, const struct ipc_request *r); /* identifier or -errno */
/* By identifier, held. NULL: *error is -EINVAL, or -EACCES for want of these rights. */
struct ipc_object *ipc_find(struct ipc_table *t, s32 id, u32 rights, int *error);
/* By place in the table, for the *_STAT commands. */
struct ipc_object *ipc_at(struct ipc_table *t, s32 index, u32 rights, int *error);
void ipc_hold(struct ipc_object *o);
void ipc_drop(struct ipc_table *t, struct ipc_object *o);
bool ipc_may(const struct ipc_object *o, u32 rights);
int ipc_check_owner(const struct ipc_object *o);   /* 0, -EPERM: IPC_SET, IPC_RMID */
void ipc_remove(struct ipc_table *t, struct ipc_object *o); /* out of the table; its reference goes */
void ipc_set_perm(struct ipc_object *o, const struct linux_ipc_perm *wanted);
s32 ipc_highest(const struct ipc_table *t);        /* index, -1: none */
s64 ipc_now(void);                                 /* seconds, as the *time fields have them */
