/* SPDX-License-Identifier: BSD-3-Clause */
/* Process groups and sessions of processes. See setpgid(2), setsid(2). */
#pragma once

#include "task/task.h"

bool group_exists(s32 pgid);
int group_set(s32 pid, s32 pgid); /* 0, -EINVAL, -ESRCH, -EPERM, -EACCES */
int session_start(void);          /* the session's number or -EPERM */
