/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /proc/PID/net.
 *
 * Holds: a table that net/ fills at boot; it ends with an entry without a name.
 * See:   proc_pid_net(5)
 */
#include "files/proc_net.h"

#include "files/proc.h"
#include "lib/log.h"

struct proc_entry proc_net_entries[PROC_NET_MOST + 1];

void proc_net_add(const char *name, void (*show)(struct text *t, const struct proc_subject *s))
{
    unsigned n = 0;
    while (proc_net_entries[n].name)
        n++;
    assert_always(n < PROC_NET_MOST);
    proc_net_entries[n] = (struct proc_entry)PROC_FILE(name, show);
}
