/* SPDX-License-Identifier: BSD-3-Clause */
/* Files of /proc/sysvipc, which ipc/ supplies: files/ may not include it. See proc_sysvipc(5). */
#pragma once

#include "files/text.h"

struct proc_subject;

/* At boot, before anyone looks. The subject is not for ipc/. */
void proc_ipc_add(const char *name, void (*show)(struct text *t, const struct proc_subject *s));
