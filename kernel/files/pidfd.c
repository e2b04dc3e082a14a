/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pidfd: a process as a descriptor.
 *
 * Holds:    a reference to the process's structure, which outlives its number.
 * Promises: ready for reading once all its threads have ended; POLLHUP once it has been waited for.
 * Refuses:  reading and writing; threads (PIDFD_THREAD), as Linux before 6.9.
 * See:      pidfd_open(2), clone(2) CLONE_PIDFD
 */
#include "files/pidfd.h"

#include "abi/linux/poll.h"
#include "files/inode.h"
#include "lib/printf.h"
#include "task/clone.h"

static struct process *process_of(const struct file *f)
{
    return f->private_data;
}

static bool is_reaped(const struct process *p)
{
    return list_empty(&p->link);
}

static u32 pidfd_poll(struct file *f, struct poll_wait *w)
{
    struct process *p = process_of(f);
    poll_enter(w, &p->end_wait, POLLIN | POLLRDNORM | POLLHUP);
    if (!p->zombie)
        return 0;
    return POLLIN | POLLRDNORM | (is_reaped(p) ? POLLHUP : 0u);
}

static void pidfd_close(struct file *f)
{
    process_drop(process_of(f));
}

static size_t describe(struct file *f, char *out, size_t size)
{
    const struct process *p = process_of(f);
    int pid = is_reaped(p) ? -1 : p->pid;
    return min_u64((u64)format_text(out, size, "Pid:\t%d\nNSpid:\t%d\n", pid, pid), size);
}

static const struct file_operations pidfd_operations = {
    .kind = "[pidfd]", .poll = pidfd_poll, .close = pidfd_close, .describe = describe,
};

int pidfd_create(struct process *p, u32 flags, struct file **out)
{
    *out = anonymous_file(&pidfd_operations, O_RDWR | (flags & O_NONBLOCK), p);
    if (!*out)
        return -ENOMEM;
    process_hold(p);
    return 0;
}

struct process *pidfd_process(const struct file *f)
{
    return f->operations == &pidfd_operations ? process_of(f) : NULL;
}

static pidfd_directory_fn *directory_process;

void pidfd_set_directories(pidfd_directory_fn *is_process) { directory_process = is_process; }

int pidfd_any_process(const struct file *f, struct process **out)
{
    s32 pid;
    *out = pidfd_process(f);
    if (!*out) {
        if (!directory_process || !directory_process(f, &pid))
            return -EBADF;
        *out = process_find(pid);
    }
    if (!*out)
        return -ESRCH;
    process_hold(*out);
    return 0;
}

static long make(struct process *p, unused_arg struct thread *t)
{
    struct file *f;
    if (p == current_process())
        return -EINVAL; /* a thread */
    int error = pidfd_create(p, 0, &f);
    return error ? error : descriptor_install(f, 0, true);
}

static void undo(long fd)
{
    descriptor_close((int)fd);
}

void pidfd_start(void)
{
    task_set_pidfd(make, undo);
}
