/* SPDX-License-Identifier: BSD-3-Clause */
/* See wait(2), waitid. */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi/linux/resource.h"
#include "abi/linux/sched.h"
#include "abi_handlers.h"
#include "syscalls/pidfd_argument.h"
#include "task/exit.h"

#define KNOWN_OPTIONS                                                                              \
    (WNOHANG | WSTOPPED | WEXITED | WCONTINUED | WNOWAIT | __WNOTHREAD | __WALL | __WCLONE)
#define WANTED_STATES (WSTOPPED | WEXITED | WCONTINUED)

static int choose(struct child_request *r, int id_type, int id)
{
    r->id_type = id_type;
    r->id = id;
    switch (id_type) {
    case P_ALL:
        return 0;
    case P_PID:
        return id > 0 ? 0 : -EINVAL;
    case P_PGID:
        if (id == 0)
            r->id = current_process()->pgid;
        return id >= 0 ? 0 : -EINVAL;
    default:
        return -EINVAL;
    }
}

/* As Linux, every field that it knows of, and only those. */
static int store_info(struct user_ptr to, const struct child_report *report)
{
    struct linux_siginfo info = {0};

    if (user_is_null(to))
        return 0;
    info.si_signo = report->pid ? SIGCHLD : 0;
    info.si_code = report->code;
    info.child.si_pid = report->pid;
    info.child.si_uid = report->uid;
    info.child.si_status = report->status;
    return copy_to_program(to, &info, offsetof(struct linux_siginfo, child.padding));
}

/* A pidfd that does not block asks for EAGAIN rather than for a wait. */
static long wait_for_pidfd(int pidfd, struct child_request *r, struct child_report *report)
{
    struct file *f;
    struct process *p;
    long result = pidfd < 0 ? -EINVAL : pidfd_argument(pidfd, &f, &p);

    if (result)
        return result;
    bool patient = (r->options & WNOHANG) || !(f->flags & O_NONBLOCK);
    r->id_type = P_PID;
    r->id = p->pid;
    if (!patient)
        r->options |= WNOHANG;
    result = p->parent == current_process() ? child_wait(r, report) : -ECHILD;
    file_drop(f);
    return !result && !report->pid && !patient ? -EAGAIN : result;
}

long sys_waitid(int id_type, int id, struct user_ptr info, int options, struct user_ptr usage)
{
    struct child_request request = {.options = (u32)options};
    struct child_report report;

    if (((u32)options & ~KNOWN_OPTIONS) || !((u32)options & WANTED_STATES))
        return -EINVAL;
    long result = id_type == P_PIDFD ? wait_for_pidfd(id, &request, &report)
                                     : choose(&request, id_type, id);
    if (!result && id_type != P_PIDFD)
        result = child_wait(&request, &report);
    if (result)
        return result;
    if (report.pid && !user_is_null(usage) &&
        copy_to_program(usage, &report.usage, sizeof(report.usage)))
        return -EFAULT;
    return store_info(info, &report);
}
