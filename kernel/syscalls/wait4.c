/* SPDX-License-Identifier: BSD-3-Clause */
/* See wait4(2). */
#include "abi/linux/errno.h"
#include "abi/linux/resource.h"
#include "abi/linux/sched.h"
#include "abi_handlers.h"
#include "task/exit.h"

#define KNOWN_OPTIONS (WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WALL | __WCLONE)

static void choose(struct child_request *r, int pid)
{
    r->id_type = pid == -1 ? P_ALL : pid > 0 ? P_PID : P_PGID;
    r->id = pid > 0 ? pid : pid == 0 ? current_process()->pgid : -pid;
}

long sys_wait4(int pid, struct user_ptr status, int options, struct user_ptr usage)
{
    struct child_request request = {.options = (u32)options | WEXITED};
    struct child_report report;

    if ((u32)options & ~KNOWN_OPTIONS)
        return -EINVAL;
    if (pid == INT32_MIN)
        return -ESRCH;
    choose(&request, pid);
    long error = child_wait(&request, &report);
    if (error || !report.pid)
        return error;
    if (!user_is_null(status) && write_program_u32(status, (u32)report.wait_status))
        return -EFAULT;
    if (!user_is_null(usage) && copy_to_program(usage, &report.usage, sizeof(report.usage)))
        return -EFAULT;
    return report.pid;
}
