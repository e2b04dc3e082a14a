/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /proc/sysvipc.
 *
 * Holds: a table that ipc/ fills at boot; it ends with an entry without a name.
 * See:   proc_sysvipc(5)
 */
#include "files/proc_ipc.h"

#include "files/proc.h"
#include "lib/log.h"

struct proc_entry proc_ipc_entries[PROC_IPC_MOST + 1];

void proc_ipc_add(const char *name, void (*show)(struct text *t, const struct proc_subject *s))
{
    unsigned n = 0;
    while (proc_ipc_entries[n].name)
        n++;
    assert_always(n < PROC_IPC_MOST);
    proc_ipc_entries[n] = (struct proc_entry)PROC_FILE(name, show);
}
