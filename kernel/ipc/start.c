/* SPDX-License-Identifier: BSD-3-Clause */
/* The room's start: what it shows in /proc. */
#include "files/proc_ipc.h"
#include "ipc/ipc.h"
#include "ipc/show.h"

void ipc_start(void)
{
    proc_ipc_add("shm", shm_show);
    proc_ipc_add("sem", sem_show);
    proc_ipc_add("msg", msg_show);
}
