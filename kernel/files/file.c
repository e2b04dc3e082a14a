/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Open files (what POSIX calls open file descriptions): references, position, read and write.
 *
 * Promises: the position is shared by all descriptors of the open file and moves by what was
 *           transferred, also when the call is then cut short.
 * See:      read(2), write(2), lseek(2)
 */
#include "abi/linux/poll.h"
#include "files/inode.h"
#include "files/lock.h"
#include "files/watch.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "memory/page.h"

struct file *file_create(const struct file_operations *operations, struct inode *inode, u32 flags)
{
    struct file *f = heap_alloc_zeroed(sizeof(*f));
    if (!f)
        return NULL;
    f->operations = operations;
    f->inode = inode;
    inode_hold(inode);
    f->references = 1;
    f->flags = flags;
    list_init(&f->watches);
    return f;
}

void file_hold(struct file *f)
{
    f->references++;
}

int file_set_claim(struct file *f, enum file_claim claim)
{
    struct inode *i = f->inode;
    if (claim == CLAIM_NONE || !inode_is_regular(i))
        return 0;
    if (claim == CLAIM_WRITE ? i->runners : i->writers)
        return -ETXTBSY;
    *(claim == CLAIM_WRITE ? &i->writers : &i->runners) += 1;
    f->claim = claim;
    return 0;
}

static void end_claim(struct file *f)
{
    if (f->claim == CLAIM_WRITE)
        f->inode->writers--;
    else if (f->claim == CLAIM_RUN)
        f->inode->runners--;
}

static bool may_read(const struct file *f)
{
    return !(f->flags & O_PATH) && (f->flags & O_ACCMODE) != O_WRONLY;
}

static bool may_write(const struct file *f)
{
    u32 mode = f->flags & O_ACCMODE;
    return !(f->flags & O_PATH) && (mode == O_WRONLY || mode == O_RDWR);
}

void file_drop(struct file *f)
{
    if (!f || --f->references)
        return;
    while (!list_empty(&f->watches)) {
        struct file_watch *w = list_entry(f->watches.next, struct file_watch, link);
        w->forget(w);
    }
    lock_forget_file(f);
    if (f->operations && f->path && !(f->flags & O_PATH))
        tell_file(f->inode, f->path, may_write(f) ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE);
    if (f->operations && f->operations->close)
        f->operations->close(f);
    end_claim(f);
    node_drop(f->path);
    inode_drop(f->inode);
    heap_free(f);
}

static bool has_no_positions(const struct file *f)
{
    return !(f->flags & O_PATH) && (!f->operations->seek || f->operations->is_stream);
}

int file_check_read(const struct file *f, bool at_offset)
{
    if (at_offset && has_no_positions(f))
        return -ESPIPE;
    if (!may_read(f))
        return -EBADF;
    return f->operations->read || inode_is_directory(f->inode) ? 0 : -EINVAL;
}

int file_check_write(const struct file *f, bool at_offset)
{
    if (at_offset && has_no_positions(f))
        return -ESPIPE;
    if (!may_write(f))
        return -EBADF;
    return f->operations->write ? 0 : -EINVAL;
}

long file_read(struct file *f, struct io *io, u64 *offset)
{
    int error = file_check_read(f, offset);
    if (error)
        return error;
    if (inode_is_directory(f->inode))
        return -EISDIR;
    if (offset && (s64)*offset < 0)
        return -EINVAL;
    long done = f->operations->read(f, io, offset ? offset : &f->offset);
    if (done > 0)
        tell_file(f->inode, f->path, IN_ACCESS);
    return done;
}

long file_write(struct file *f, struct io *io, u64 *offset)
{
    int error = file_check_write(f, offset);
    if (error)
        return error;
    if (offset && (s64)*offset < 0)
        return -EINVAL;
    long done = f->operations->write(f, io, offset ? offset : &f->offset);
    if (done > 0)
        tell_file(f->inode, f->path, IN_MODIFY);
    return done;
}

long file_read_directory(struct file *f, struct directory_sink *sink)
{
    long result = f->operations->read_directory(f, sink);
    if (result >= 0)
        tell_file(f->inode, f->path, IN_ACCESS);
    return result;
}

long file_seek(struct file *f, s64 offset, int whence)
{
    if (f->flags & O_PATH)
        return -EBADF;
    if (whence < SEEK_SET || whence > SEEK_HOLE)
        return -EINVAL;
    if (!f->operations->seek)
        return -ESPIPE;
    return f->operations->seek(f, offset, whence);
}

u32 file_poll(struct file *f, struct poll_wait *w)
{
    if (f->flags & O_PATH)
        return POLLNVAL;
    if (!f->operations->poll)
        return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
    return f->operations->poll(f, w);
}

long file_control(struct file *f, u32 command, u64 argument)
{
    bool of_pipe = command == F_GETPIPE_SZ || command == F_SETPIPE_SZ;
    if (!f->operations->control)
        return of_pipe ? -EBADF : -EINVAL;
    return f->operations->control(f, command, argument);
}

int file_stat(struct file *f, struct statx_fields *out)
{
    inode_stat(f->inode, out);
    out->is_mount_root = f->path && !f->path->parent && f->path->fs->mounted;
    return 0;
}

bool file_may_set_ids(struct file *f, struct statx_fields *out)
{
    file_stat(f, out);
    return !(f->inode->fs->flags & ST_NOSUID);
}

long file_read_at(struct file *f, u64 offset, void *to, size_t n)
{
    struct io io;
    io_kernel(&io, to, n);
    return file_read(f, &io, &offset);
}

int inode_may_run(const struct inode *i)
{
    if (!inode_is_regular(i) || (i->fs->flags & ST_NOEXEC))
        return -EACCES;
    return inode_may(i, MAY_EXECUTE);
}

static size_t label_of(struct file *f, char *out, size_t size)
{
    const struct inode_operations *o = f->inode->operations;
    size_t n = 0;
    if (f->operations->kind)
        n = (size_t)format_text(out, size, "anon_inode:%s", f->operations->kind);
    else if (o->label)
        n = o->label(f->inode, out, size);
    return n < size ? n : 0;
}

size_t file_path(struct file *f, char *out, size_t size)
{
    if (!f->path || !f->path->fs->mounted)
        return label_of(f, out, size);
    size_t length = node_path(f->path, NULL, out, size);
    static const char deleted[] = " (deleted)";
    if (length && node_deleted(f->path) && length + sizeof(deleted) <= size) {
        memcpy(out + length, deleted, sizeof(deleted));
        length += sizeof(deleted) - 1;
    }
    return length;
}

/* Linux's noop_llseek: for files whose position means nothing. */
long file_seek_nowhere(struct file *f, unused_arg s64 offset, unused_arg int whence)
{
    return (long)f->offset;
}

long file_seek_plain(struct file *f, s64 offset, int whence, u64 size)
{
    u64 at = whence == SEEK_CUR ? f->offset + (u64)offset
             : whence == SEEK_END ? size + (u64)offset : (u64)offset;
    if (whence > SEEK_END || (s64)at < 0)
        return -EINVAL;
    f->offset = at;
    return (long)at;
}
