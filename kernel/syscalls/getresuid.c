/* SPDX-License-Identifier: BSD-3-Clause */
/* See getresuid(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/task.h"
#include "task/credentials.h"

static long store(struct id_set ids, struct user_ptr real, struct user_ptr effective,
                  struct user_ptr saved)
{
    if (write_program_u32(real, ids.real) || write_program_u32(effective, ids.effective) ||
        write_program_u32(saved, ids.saved))
        return -EFAULT;
    return 0;
}

long sys_getresuid(struct user_ptr real, struct user_ptr effective, struct user_ptr saved)
{
    return store(credentials_uids(), real, effective, saved);
}

long sys_getresgid(struct user_ptr real, struct user_ptr effective, struct user_ptr saved)
{
    return store(credentials_gids(), real, effective, saved);
}
