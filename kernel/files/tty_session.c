/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Terminals and sessions: who a terminal controls, and which of its groups may use it.
 *
 * Holds:    each process's terminal, which its children inherit; the terminal's session and
 *           foreground group.
 * Promises: a terminal controls at most one session, a session has at most one terminal. When the
 *           leader goes, or gives the terminal up, the foreground group is hung up.
 * See:      credentials(7), tty(4), ioctl_tty(2) "Controlling terminal", setsid(2)
 */
#include "files/devices.h"
#include "files/tty.h"
#include "task/exit.h"
#include "task/task.h"

static const struct linux_siginfo from_kernel = {.si_code = SI_KERNEL};

void tty_signal_group(s32 pgid, int signal)
{
    if (!pgid)
        return;
    list_for_each_safe(at, process_all()) {
        struct process *p = list_entry(at, struct process, link);
        if (p->pgid == pgid)
            signal_send_process(p, signal, &from_kernel);
    }
}

static bool ignores(const struct process *p, int signal)
{
    return (current_thread()->blocked & LINUX_SIGMASK(signal)) ||
           p->actions[signal - 1].handler == SIG_IGN;
}

int tty_check_group(const struct tty *t, int signal)
{
    const struct process *p = current_process();
    if (p->terminal != t || !t->foreground || p->pgid == t->foreground)
        return 0;
    if (ignores(p, signal))
        return signal == SIGTTIN ? -EIO : 0;
    if (group_is_orphaned(p->pgid, p->sid))
        return -EIO;
    tty_signal_group(p->pgid, signal);
    return -ERESTARTSYS;
}

/* --- taking and leaving --- */

static bool is_leader(const struct process *p)
{
    return p->pid == p->sid;
}

static void control(struct tty *t)
{
    struct process *p = current_process();
    t->session = p->sid;
    t->foreground = p->pgid;
    p->terminal = t;
}

void tty_opened(struct file *f, u32 flags)
{
    struct tty *t = flags & O_NOCTTY ? NULL : tty_of(f);
    if (!t || f->inode->rdev == DEVICE_TTY || f->inode->rdev == DEVICE_CONSOLE)
        return;
    const struct process *p = current_process();
    bool readable = (f->flags & O_ACCMODE) != O_WRONLY;
    if (is_leader(p) && !p->terminal && !t->session && readable)
        control(t);
}

void tty_forget_session(struct tty *t)
{
    list_for_each(at, process_all()) {
        struct process *p = list_entry(at, struct process, link);
        if (p->terminal == t)
            p->terminal = NULL;
    }
    t->session = t->foreground = 0;
}

void tty_leave(struct process *p, bool ends)
{
    struct tty *t = p->terminal;
    p->terminal = NULL;
    if (!t || !is_leader(p))
        return;
    s32 group = t->foreground;
    tty_forget_session(t);
    tty_signal_group(group, SIGHUP);
    if (!ends)
        tty_signal_group(group, SIGCONT);
}

int files_hang_up_terminal(void)
{
    struct tty *t = current_process()->terminal;
    if (!is_privileged())
        return -EPERM;
    if (t)
        tty_hang_up(t);
    return 0;
}

/* --- ioctls --- */

static long take(struct tty *t, const struct file *f, u64 steal)
{
    const struct process *p = current_process();
    if (is_leader(p) && t->session == p->sid)
        return 0;
    if (!is_leader(p) || p->terminal)
        return -EPERM;
    bool administrator = p->credentials.euid == 0;
    if (t->session && !(steal == 1 && administrator))
        return -EPERM;
    if ((f->flags & O_ACCMODE) == O_WRONLY && !administrator)
        return -EPERM;
    if (t->session)
        tty_forget_session(t);
    control(t);
    return 0;
}

static bool group_in_session(s32 pgid, s32 sid, bool *exists)
{
    *exists = false;
    list_for_each(at, process_all()) {
        const struct process *p = list_entry(at, struct process, link);
        if (p->pgid != pgid)
            continue;
        *exists = true;
        if (p->sid == sid)
            return true;
    }
    return false;
}

static long set_foreground(struct tty *t, struct user_ptr argument)
{
    const struct process *p = current_process();
    u32 group;
    bool exists;
    int error = tty_check_group(t, SIGTTOU);
    if (error)
        return error == -EIO ? -ENOTTY : error;
    if (p->terminal != t || t->session != p->sid)
        return -ENOTTY;
    if (read_program_u32(&group, argument))
        return -EFAULT;
    if ((s32)group < 0)
        return -EINVAL;
    if (!group_in_session((s32)group, p->sid, &exists))
        return exists ? -EPERM : -ESRCH;
    t->foreground = (s32)group;
    return 0;
}

long tty_session_ioctl(struct tty *t, struct file *f, bool via_master, u32 request,
                       struct user_ptr argument, u64 value)
{
    struct process *p = current_process();
    bool ours = p->terminal == t;
    switch (request) {
    case TIOCSCTTY:
        return take(t, f, value);
    case TIOCNOTTY:
        if (!ours)
            return -ENOTTY;
        tty_leave(p, false);
        return 0;
    case TIOCGPGRP:
        return ours || via_master ? write_program_u32(argument, (u32)t->foreground) : -ENOTTY;
    case TIOCSPGRP:
        return set_foreground(t, argument);
    case TIOCGSID:
        if ((!ours && !via_master) || !t->session)
            return -ENOTTY;
        return write_program_u32(argument, (u32)t->session);
    default:
        return -ENOTTY;
    }
}
