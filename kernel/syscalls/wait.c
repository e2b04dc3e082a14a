/* SPDX-License-Identifier: BSD-3-Clause */
/* See wait(2), waitid. There are no children before fork. */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "lib/log.h"
#include "task/task.h"

#define KNOWN_OPTIONS 0xe100000fu /* WNOHANG WSTOPPED WEXITED WCONTINUED WNOWAIT __W* */
#define WANTED_STATES 0x0000000eu /* WSTOPPED WEXITED WCONTINUED */
#define P_ALL 0
#define P_PIDFD 3

long sys_waitid(int id_type, int id, struct user_ptr info unused_arg, int options,
                struct user_ptr usage unused_arg)
{
    if (((u32)options & ~KNOWN_OPTIONS) || !((u32)options & WANTED_STATES))
        return -EINVAL;
    if (id_type < P_ALL || id_type > P_PIDFD || (id_type == 1 && id <= 0) || (id_type == 2 && id < 0))
        return -EINVAL;
    if (id_type == P_PIDFD)
        return id < 0 ? -EINVAL : -EBADF;
    assert_always(list_empty(&current_process()->children));
    return -ECHILD;
}
