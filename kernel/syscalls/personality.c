/* SPDX-License-Identifier: BSD-3-Clause */
/* See personality(2). Only ADDR_NO_RANDOMIZE has an effect, at the next execve. */
#include "abi_handlers.h"
#include "task/task.h"

#define QUERY 0xffffffffu

long sys_personality(u32 persona)
{
    struct process *p = current_process();
    u32 old = p->personality;

    if (persona != QUERY)
        p->personality = persona;
    return old;
}
