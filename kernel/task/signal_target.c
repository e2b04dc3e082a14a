/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who is meant by the numbers of kill(2) and its kin, and who may send them what.
 *
 * See: kill(2), credentials(7)
 */
#include "abi/linux/errno.h"
#include "task/credentials.h"
#include "task/signal_internal.h"

bool signal_is_permitted(const struct process *p, int signal)
{
    const struct credentials *own = &current_process()->credentials, *its = &p->credentials;

    if (p == current_process() || credentials_privileged())
        return true;
    if (own->euid == its->suid || own->euid == its->uid || own->uid == its->suid ||
        own->uid == its->uid)
        return true;
    return signal == SIGCONT && p->sid == current_process()->sid;
}

/* What Linux finds wrong, in its order, once there is somebody. */
static int check(const struct process *p, int signal, const struct linux_siginfo *info)
{
    if (signal < 0 || signal > LINUX_NSIG)
        return -EINVAL;
    return info->si_code > SI_USER || signal_is_permitted(p, signal) ? 0 : -EPERM;
}

int signal_to_process(struct process *p, int signal, const struct linux_siginfo *info)
{
    int error = check(p, signal, info);

    return error || !signal ? error : signal_send_process(p, signal, info);
}

int signal_to_thread(s32 tgid, s32 tid, int signal, const struct linux_siginfo *info)
{
    struct thread *t = thread_find(tid);

    if (!t || (tgid && t->process->pid != tgid))
        return -ESRCH;
    int error = check(t->process, signal, info);
    return error || !signal ? error : signal_send_thread(t, signal, info);
}

/* A thread's number means its process. */
int signal_to_pid(s32 pid, int signal, const struct linux_siginfo *info)
{
    struct thread *t = thread_find(pid);
    struct process *p = t ? t->process : process_find(pid);

    return p ? signal_to_process(p, signal, info) : -ESRCH;
}

/* One success is a success for all. */
int signal_to_group(s32 pgid, int signal, const struct linux_siginfo *info)
{
    int result = -ESRCH;
    bool success = false;

    list_for_each_safe(node, process_all()) {
        struct process *p = list_entry(node, struct process, link);
        if (p->pgid != pgid)
            continue;
        result = signal_to_process(p, signal, info);
        success |= !result;
    }
    return success ? 0 : result;
}

/* But the first process, and, as on Linux, but oneself. Whom one may not signal is left out. */
int signal_to_all(int signal, const struct linux_siginfo *info)
{
    int result = -ESRCH;

    list_for_each_safe(node, process_all()) {
        struct process *p = list_entry(node, struct process, link);
        if (p->pid == 1 || p == current_process())
            continue;
        int error = signal_to_process(p, signal, info);
        if (result == -ESRCH || error != -EPERM)
            result = error == -EPERM ? 0 : error;
    }
    return result;
}
