/* SPDX-License-Identifier: BSD-3-Clause */
/* Files of /proc/net, which net/ supplies: files/ may not include it. See proc_pid_net(5). */
#pragma once

#include "files/text.h"

struct proc_subject;

/* At boot, before anyone looks. The subject is not for net/. */
void proc_net_add(const char *name, void (*show)(struct text *t, const struct proc_subject *s));
