/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See membarrier(2). On one CPU every other thread has been through the scheduler since it last ran,
 * which is all that a barrier asks for: sequences of rseq(2) were aborted on the way, and returning
 * to the program synchronises its core. What is kept are the registrations.
 */
#include "abi/linux/errno.h"
#include "abi/linux/futex.h"
#include "abi_handlers.h"
#include "memory/space.h"

#define COMMANDS                                                                                   \
    (MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED |                                     \
     MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED |                 \
     MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE |      \
     MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE |                                         \
     MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ |      \
     MEMBARRIER_CMD_GET_REGISTRATIONS)

/* A private barrier must have been announced by the command whose bit is the next one. */
static long barrier(int command)
{
    return space_current()->barriers & (u32)command << 1 ? 0 : -EPERM;
}

static long announce(int command)
{
    space_current()->barriers |= (u32)command;
    return 0;
}

long sys_membarrier(int command, u32 flags, unused_arg int cpu)
{
    bool names_cpu = command == MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ &&
                     flags == MEMBARRIER_CMD_FLAG_CPU;

    if (flags && !names_cpu)
        return -EINVAL;
    switch (command) {
    case MEMBARRIER_CMD_QUERY:
        return COMMANDS;
    case MEMBARRIER_CMD_GLOBAL:
    case MEMBARRIER_CMD_GLOBAL_EXPEDITED:
        return 0;
    case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
    case MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE:
    case MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ:
        return barrier(command);
    case MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED:
    case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
    case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
    case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ:
        return announce(command);
    case MEMBARRIER_CMD_GET_REGISTRATIONS:
        return space_current()->barriers;
    default:
        return -EINVAL;
    }
}
