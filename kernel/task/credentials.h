/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * User and group ids of the current process and the rules for changing them. See credentials(7).
 */
#pragma once

#include "task/task.h"

#define ID_KEEP UINT32_MAX /* -1: leave as it is */

struct id_set {
    u32 real, effective, saved;
};

struct id_set credentials_uids(void);
struct id_set credentials_gids(void);
void credentials_set_uids(struct id_set ids); /* the file-system id follows the effective one */
void credentials_set_gids(struct id_set ids);
bool credentials_privileged(void);            /* holds CAP_SETUID and its kin: effective root */
bool credentials_may_execute(void);           /* EAGAIN of execve */
u64 credentials_lockable_bytes(void);         /* RLIMIT_MEMLOCK, to whom it applies */
/* The caller's real ids are all of the target's, or it is privileged: prlimit(2). */
bool credentials_match(const struct process *target);
/* setreuid's and setresuid's rules; 0 or -EPERM, then nothing is changed. */
int id_set_reassign(struct id_set *ids, u32 real, u32 effective);
int id_set_replace(struct id_set *ids, u32 real, u32 effective, u32 saved);
