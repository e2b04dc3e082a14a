/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Terminals as files.
 *
 * Promises: a hang-up reaches every open file at once: from then on reads are at the end, writes
 *           and ioctls are EIO, as Linux's hung_up_tty_fops have it.
 * See:      ioctl_tty(2), tty(4), vhangup(2)
 */
#include "files/tty.h"

#include "abi/linux/poll.h"
#include "lib/string.h"
#include "memory/page.h"
#include "task/task.h"

static const struct file_operations hung_up_operations;

int tty_init(struct tty *t, const struct tty_driver *driver, u64 rdev)
{
    *t = (struct tty){.driver = driver, .operations = &tty_file_operations, .rdev = rdev};
    tty_reset_modes(t);
    list_init(&t->files);
    wait_queue_init(&t->changed);
    t->input = heap_alloc(TTY_INPUT_BYTES);
    t->echo = (struct ring){.bytes = heap_alloc(TTY_ECHO_BYTES), .size = TTY_ECHO_BYTES};
    if (t->input && t->echo.bytes)
        return 0;
    tty_release(t);
    return -ENOMEM;
}

void tty_release(struct tty *t)
{
    tty_forget_session(t);
    heap_free(t->input);
    heap_free(t->echo.bytes);
}

/* --- open files --- */

struct tty *tty_of(const struct file *f)
{
    bool ours = f->operations && f->operations->close == tty_close;
    return ours && f->operations != &hung_up_operations
               ? ((struct tty_file *)f->private_data)->tty : NULL;
}

int tty_attach(struct tty *t, struct file *f)
{
    if (t->exclusive && !is_privileged())
        return -EBUSY;
    struct tty_file *link = heap_alloc(sizeof(*link));
    if (!link)
        return -ENOMEM;
    *link = (struct tty_file){.tty = t, .file = f};
    list_push_back(&t->files, &link->link);
    f->private_data = link;
    f->operations = t->operations;
    return 0;
}

void tty_close(struct file *f)
{
    struct tty_file *link = f->private_data;
    struct tty *t = link->tty;
    list_remove(&link->link);
    heap_free(link);
    if (!list_empty(&t->files))
        return;
    t->exclusive = false;
    t->driver->closed(t);
}

static void signal_leader(struct tty *t)
{
    static const struct linux_siginfo from_kernel = {.si_code = SI_KERNEL};
    struct process *leader = t->session ? process_find(t->session) : NULL;
    if (!leader || leader->sid != t->session)
        return;
    signal_send_process(leader, SIGHUP, &from_kernel);
    signal_send_process(leader, SIGCONT, &from_kernel);
}

void tty_hang_up(struct tty *t)
{
    list_for_each(at, &t->files)
        list_entry(at, struct tty_file, link)->file->operations = &hung_up_operations;
    signal_leader(t);
    tty_forget_session(t);
    t->stopped = t->held = false;
    wake_all(&t->changed, 0);
}

/* --- a terminal in use --- */

static u32 tty_poll(struct file *f, struct poll_wait *w)
{
    struct tty *t = tty_of(f);
    u32 ready = 0;
    poll_enter(w, &t->changed, TTY_READABLE | TTY_WRITABLE | POLLPRI);
    if (tty_has_input(t, true))
        ready |= TTY_READABLE;
    if (!t->writing && !tty_is_stopped(t) && t->driver->room(t))
        ready |= TTY_WRITABLE;
    if (t->driver->is_gone(t))
        ready |= POLLHUP;
    return ready;
}

/* TIOCGDEV shows the device in the form that user space does not use elsewhere. */
static long misc(struct tty *t, u32 request, struct user_ptr argument)
{
    u32 number;
    switch (request) {
    case TIOCOUTQ:
        return write_program_u32(argument, 0);
    case FIONREAD:
        return write_program_u32(argument, tty_unread(t));
    case TIOCEXCL:
    case TIOCNXCL:
        t->exclusive = request == TIOCEXCL;
        return 0;
    case TIOCGEXCL:
        return write_program_u32(argument, t->exclusive);
    case TIOCGETD:
        return write_program_u32(argument, 0); /* N_TTY */
    case TIOCSETD:
        if (read_program_u32(&number, argument))
            return -EFAULT;
        return number ? -EINVAL : 0;
    case TIOCGDEV:
        return write_program_u32(argument, (u32)t->rdev);
    case TIOCSTI:
        return -EIO; /* dev.tty.legacy_tiocsti is 0 */
    case TIOCVHANGUP:
        if (!is_privileged())
            return -EPERM;
        tty_hang_up(t);
        return 0;
    default:
        return -ENOTTY;
    }
}

long tty_ioctl(struct file *f, u32 request, struct user_ptr argument, u64 value)
{
    struct tty *t = tty_of(f);
    long result = tty_modes_ioctl(t, request, argument, value);
    if (result == -ENOTTY)
        result = misc(t, request, argument);
    if (result == -ENOTTY)
        result = tty_session_ioctl(t, f, false, request, argument, value);
    return result;
}

const struct file_operations tty_file_operations = {
    .read = tty_read, .write = tty_write, .poll = tty_poll, .ioctl = tty_ioctl,
    .close = tty_close,
};

/* --- hung up --- */

static long read_end(unused_arg struct file *f, unused_arg struct io *io, unused_arg u64 *offset)
{
    return 0;
}

static long write_gone(unused_arg struct file *f, unused_arg struct io *io, unused_arg u64 *offset)
{
    return -EIO;
}

static u32 poll_gone(unused_arg struct file *f, unused_arg struct poll_wait *w)
{
    return TTY_READABLE | TTY_WRITABLE | POLLERR | POLLHUP;
}

static long ioctl_gone(unused_arg struct file *f, u32 request,
                       unused_arg struct user_ptr argument, unused_arg u64 value)
{
    return request == TIOCSPGRP ? -ENOTTY : -EIO;
}

static const struct file_operations hung_up_operations = {
    .read = read_end, .write = write_gone, .poll = poll_gone, .ioctl = ioctl_gone,
    .close = tty_close,
};
