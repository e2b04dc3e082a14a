/* SPDX-License-Identifier: BSD-3-Clause */
/* See pidfd_send_signal(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "files/pidfd.h"

static long fetch_info(struct linux_siginfo *out, const struct process *p, int signal,
                       struct user_ptr info)
{
    if (user_is_null(info)) {
        *out = (struct linux_siginfo){.si_signo = signal, .si_code = SI_USER};
        out->sent.si_pid = current_process()->pid;
        out->sent.si_uid = current_process()->credentials.uid;
        return 0;
    }
    if (copy_from_program(out, info, sizeof(*out)))
        return -EFAULT;
    if (out->si_signo != signal)
        return -EINVAL;
    if (p != current_process() && (out->si_code >= 0 || out->si_code == SI_TKILL))
        return -EPERM;
    return 0;
}

static long send(struct process *p, int signal, struct user_ptr info)
{
    struct linux_siginfo copy;
    long error = fetch_info(&copy, p, signal, info);

    if (error)
        return error;
    if (list_empty(&p->link)) /* waited for */
        return -ESRCH;
    return signal_to_process(p, signal, &copy);
}

long sys_pidfd_send_signal(int pidfd, int signal, struct user_ptr info, u32 flags)
{
    struct file *f;
    struct process *p;

    if (flags)
        return -EINVAL;
    f = descriptor_file(pidfd);
    if (!f)
        return -EBADF;
    long error = pidfd_any_process(f, &p);
    file_drop(f);
    if (error)
        return error;
    error = send(p, signal, info);
    process_drop(p);
    return error;
}
