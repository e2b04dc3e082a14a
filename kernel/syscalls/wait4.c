/* SPDX-License-Identifier: BSD-3-Clause */
/* See wait4(2). There are no children before fork. */
#include "abi/linux/errno.h"
#include "abi/linux/resource.h"
#include "abi_handlers.h"
#include "lib/log.h"
#include "task/task.h"

#define KNOWN_OPTIONS 0xe000000bu /* WNOHANG WUNTRACED WCONTINUED __WNOTHREAD __WALL __WCLONE */

long sys_wait4(int pid, struct user_ptr status unused_arg, int options,
               struct user_ptr usage unused_arg)
{
    if ((u32)options & ~KNOWN_OPTIONS)
        return -EINVAL;
    if (pid == INT32_MIN)
        return -ESRCH;
    assert_always(list_empty(&current_process()->children));
    return -ECHILD;
}
