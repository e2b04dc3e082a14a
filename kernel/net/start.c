/* SPDX-License-Identifier: BSD-3-Clause */
/* The room's start: what it shows in /proc. */
#include "files/proc_net.h"
#include "net/net.h"
#include "net/unix_internal.h"

void net_start(void)
{
    proc_net_add("unix", unix_show);
}
