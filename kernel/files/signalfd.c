/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * signalfd: pending signals, read.
 *
 * Holds:    the set of signals; whose they are is the reader's affair: those of the thread that
 *           reads or polls, and of its process.
 * See:      signalfd(2)
 */
#include "abi/linux/poll.h"
#include "abi/linux/signal.h"
#include "files/events.h"
#include "files/inode.h"
#include "lib/printf.h"
#include "memory/page.h"

struct signalfd {
    u64 wanted;
};

static struct signalfd *signalfd_of(const struct file *f)
{
    return f->private_data;
}

/* Which member of siginfo the kernel filled; see sigaction(2) "The siginfo_t argument". */
enum kind { KIND_SENT, KIND_TIMER, KIND_POLL, KIND_FAULT, KIND_CHILD, KIND_CALL, KIND_QUEUED };

static enum kind kind_of_kernels(int signal)
{
    switch (signal) {
    case SIGILL: case SIGFPE: case SIGSEGV: case SIGBUS: case SIGTRAP:
        return KIND_FAULT;
    case SIGCHLD:
        return KIND_CHILD;
    case SIGPOLL:
        return KIND_POLL;
    case SIGSYS:
        return KIND_CALL;
    default:
        return KIND_SENT;
    }
}

static enum kind kind_of(const struct linux_siginfo *info)
{
    if (info->si_code > SI_USER && info->si_code < SI_KERNEL)
        return kind_of_kernels(info->si_signo);
    if (info->si_code == SI_TIMER)
        return KIND_TIMER;
    if (info->si_code == SI_SIGIO)
        return KIND_POLL;
    return info->si_code < 0 ? KIND_QUEUED : KIND_SENT;
}

static void fill(struct linux_signalfd_siginfo *out, const struct linux_siginfo *info)
{
    *out = (struct linux_signalfd_siginfo){
        .ssi_signo = (u32)info->si_signo, .ssi_errno = info->si_errno, .ssi_code = info->si_code,
    };
    switch (kind_of(info)) {
    case KIND_QUEUED:
        out->ssi_ptr = info->sent.si_value.sival_ptr;
        out->ssi_int = info->sent.si_value.sival_int;
        out->ssi_pid = (u32)info->sent.si_pid;
        out->ssi_uid = info->sent.si_uid;
        break;
    case KIND_SENT:
        out->ssi_pid = (u32)info->sent.si_pid;
        out->ssi_uid = info->sent.si_uid;
        break;
    case KIND_TIMER:
        out->ssi_tid = (u32)info->timer.si_tid;
        out->ssi_overrun = (u32)info->timer.si_overrun;
        out->ssi_ptr = info->timer.si_value.sival_ptr;
        out->ssi_int = info->timer.si_value.sival_int;
        break;
    case KIND_POLL:
        out->ssi_band = (u32)info->poll.si_band;
        out->ssi_fd = info->poll.si_fd;
        break;
    case KIND_FAULT:
        out->ssi_addr = info->fault.si_addr;
        break;
    case KIND_CHILD:
        out->ssi_pid = (u32)info->child.si_pid;
        out->ssi_uid = info->child.si_uid;
        out->ssi_status = info->child.si_status;
        out->ssi_utime = (u64)info->child.si_utime;
        out->ssi_stime = (u64)info->child.si_stime;
        break;
    case KIND_CALL:
        out->ssi_call_addr = info->call.si_call_addr;
        out->ssi_syscall = info->call.si_syscall;
        out->ssi_arch = info->call.si_arch;
        break;
    }
}

static bool has_signal(void *arg)
{
    const struct signalfd *s = arg;
    const struct thread *t = current_thread();
    return (t->signals.pending | t->process->signals.pending) & s->wanted;
}

/* As many as there are and fit; the first one is waited for. */
static long signalfd_read(struct file *f, struct io *io, unused_arg u64 *offset)
{
    struct signalfd *s = signalfd_of(f);
    struct linux_signalfd_siginfo out;
    struct linux_siginfo info;
    long done = 0;

    if (io->remaining < sizeof(out))
        return -EINVAL;
    if (!has_signal(s) && (f->flags & O_NONBLOCK))
        return -EAGAIN;
    int error = wait_until(&current_process()->signal_wait, has_signal, s, NO_DEADLINE);
    if (error)
        return error;
    while (io->remaining >= sizeof(out) && signal_take(current_thread(), s->wanted, &info)) {
        fill(&out, &info);
        if (io_put(io, &out, sizeof(out)) != sizeof(out))
            return done ? done : -EFAULT;
        done += (long)sizeof(out);
    }
    return done;
}

static u32 signalfd_poll(struct file *f, struct poll_wait *w)
{
    poll_enter(w, &current_process()->signal_wait, POLLIN);
    return has_signal(signalfd_of(f)) ? POLLIN : 0;
}

static void signalfd_close(struct file *f)
{
    heap_free(f->private_data);
}

static size_t describe(struct file *f, char *out, size_t size)
{
    int n = format_text(out, size, "sigmask:\t%016llx\n",
                        (unsigned long long)signalfd_of(f)->wanted);
    return min_u64((u64)n, size);
}

static const struct file_operations signalfd_operations = {
    .read = signalfd_read, .seek = file_seek_nowhere, .is_stream = true, .kind = "[signalfd]",
    .poll = signalfd_poll, .close = signalfd_close, .describe = describe,
};

bool file_is_signalfd(const struct file *f) { return f->operations == &signalfd_operations; }

void signalfd_set(struct file *f, u64 wanted)
{
    signalfd_of(f)->wanted = wanted & ~(LINUX_SIGMASK(SIGKILL) | LINUX_SIGMASK(SIGSTOP));
    wake_all(&current_process()->signal_wait, POLLIN);
}

int signalfd_open(u64 wanted, u32 flags, struct file **out)
{
    struct signalfd *s = heap_alloc_zeroed(sizeof(*s));
    if (!s)
        return -ENOMEM;
    *out = anonymous_file(&signalfd_operations, O_RDWR | (flags & O_NONBLOCK), s);
    if (!*out) {
        heap_free(s);
        return -ENOMEM;
    }
    signalfd_set(*out, wanted);
    return 0;
}
