/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pipes and FIFOs: made and opened.
 *
 * Promises: opening one side of a FIFO waits for the other, as fifo(7) says.
 * See:      pipe(2), fifo(7)
 */
#include "abi/linux/poll.h"
#include "files/pipe.h"
#include "files/pipe_internal.h"
#include "lib/printf.h"
#include "memory/page.h"

static bool reads(const struct file *f)
{
    return (f->flags & O_ACCMODE) != O_WRONLY;
}

static bool writes(const struct file *f)
{
    return (f->flags & O_ACCMODE) != O_RDONLY;
}

static size_t label(struct inode *i, char *out, size_t size)
{
    return (size_t)format_text(out, size, "pipe:[%lu]", (unsigned long)i->number);
}

static void release(struct inode *i)
{
    heap_free(i);
}

static int reopen(struct file *f);

static const struct inode_operations pipe_inode_operations = {
    .open = reopen, .label = label, .release = release,
};

static void enter(struct file *f)
{
    struct pipe *p = f->inode->fifo;
    p->readers += reads(f);
    p->writers += writes(f);
    p->opened_readers += reads(f);
    p->opened_writers += writes(f);
    f->operations = &pipe_file_operations;
    wake_all(&p->changed, POLLIN | POLLOUT);
}

/* /proc/self/fd/N of a pipe: another open file on the same ring. */
static int reopen(struct file *f)
{
    if (!f->inode->fifo)
        return -ENXIO;
    enter(f);
    return 0;
}

int pipe_create(struct file *ends[2], u32 flags)
{
    struct inode *i = heap_alloc(sizeof(*i));
    if (!i)
        return -ENOMEM;
    inode_init(i, &pipe_inode_operations, &pipe_fs, S_IFIFO | 0600);
    i->fifo = pipe_new(PIPE_SLOTS);
    ends[0] = i->fifo ? file_create(NULL, i, O_RDONLY | (flags & O_NONBLOCK)) : NULL;
    ends[1] = ends[0] ? file_create(NULL, i, O_WRONLY | (flags & (O_NONBLOCK | O_DIRECT))) : NULL;
    if (!ends[1]) {
        if (i->fifo)
            pipe_free(i->fifo);
        file_drop(ends[0]);
        inode_drop(i);
        return -ENOMEM;
    }
    inode_drop(i);
    enter(ends[0]);
    enter(ends[1]);
    return 0;
}

struct partner_wanted {
    const u32 *counter;
    u32 before;
};

static bool partner_came(void *arg)
{
    const struct partner_wanted *w = arg;
    return *w->counter != w->before;
}

/* fifo(7): a side waits for the other, unless it opened both or may not wait. */
static int wait_for_partner(struct file *f)
{
    struct pipe *p = f->inode->fifo;
    if (reads(f) && writes(f))
        return 0;
    u32 there = reads(f) ? p->writers : p->readers;
    struct partner_wanted w = {
        .counter = reads(f) ? &p->opened_writers : &p->opened_readers,
        .before = reads(f) ? p->opened_writers : p->opened_readers,
    };
    if (there || (reads(f) && (f->flags & O_NONBLOCK)))
        return 0;
    return wait_until(&p->changed, partner_came, &w, NO_DEADLINE);
}

int fifo_open(struct file *f)
{
    struct inode *i = f->inode;
    bool lonely = !i->fifo || !i->fifo->readers;
    if ((f->flags & O_ACCMODE) == O_WRONLY && (f->flags & O_NONBLOCK) && lonely)
        return -ENXIO;
    if (!i->fifo)
        i->fifo = pipe_new(PIPE_SLOTS);
    if (!i->fifo)
        return -ENOMEM;
    enter(f);
    int error = wait_for_partner(f);
    if (error)
        pipe_file_operations.close(f);
    return error;
}
