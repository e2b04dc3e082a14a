/* SPDX-License-Identifier: BSD-3-Clause */
/* The texts of /proc/sysvipc, each made beside the objects that it lists. See proc_sysvipc(5). */
#pragma once

#include "files/text.h"
#include "ipc/ids.h"

struct proc_subject;

void shm_show(struct text *t, const struct proc_subject *unused);
void sem_show(struct text *t, const struct proc_subject *unused);
void msg_show(struct text *t, const struct proc_subject *unused);

/* The heading, then show_one for each object in the table's order. */
void ipc_show_all(struct text *t, const struct ipc_table *table, const char *heading,
                  void (*show_one)(struct text *t, struct ipc_object *o));
