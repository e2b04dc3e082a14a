/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading, writing, seeking and allocating in files of memory. See memory_file.c.
 */
#include "abi/linux/resource.h"
#include "devices/rom.h"
#include "abi/linux/ioctl.h"
#include "files/memory_file.h"
#include "memory/page.h"
#include "memory/space.h"

#define FILE_SIZE_MAX 0x7fffffffffffffffull

static struct memory_file *file_of(struct file *f)
{
    return memory_file_of(f->inode);
}

/* One stretch of at most n bytes that lie together; the bytes moved, or -errno. */
static long read_stretch(struct memory_file *m, struct io *io, u64 at, u64 n)
{
    if (m->image)
        return (long)io_put(io, m->image + at, n);
    u64 data = page_store_next_data(&m->store, at, at + n);
    if (data > at)
        return (long)io_put_zeros(io, data - at);
    u64 within = at % PAGE_SIZE;
    paddr_t first;
    u64 end = page_store_next_hole(&m->store, at, at + n);
    long run = page_store_pages(&m->store, at / PAGE_SIZE,
                                align_up(within + (end - at), PAGE_SIZE) / PAGE_SIZE, false, &first);
    if (run < 0)
        return run;
    u64 here = min_u64(end - at, (u64)run * PAGE_SIZE - within);
    return (long)io_put(io, (const u8 *)rom_frame_pointer(first) + within, here);
}

static long memory_read(struct file *f, struct io *io, u64 *offset)
{
    struct memory_file *m = file_of(f);
    u64 size = m->inode.size, done = 0;
    if (!(f->flags & O_NOATIME))
        inode_note_access(&m->inode);
    if (*offset >= size || io->remaining == 0)
        return 0;
    while (io->remaining && *offset < size) {
        u64 want = min_u64(io->remaining, size - *offset);
        u64 before = io->remaining;
        long moved = read_stretch(m, io, *offset, want);
        if (moved <= 0)
            return done ? (long)done : moved < 0 ? moved : -EFAULT;
        *offset += (u64)moved;
        done += (u64)moved;
        if (before - io->remaining != (u64)moved)
            return (long)done;
    }
    return (long)done;
}

/* How many of n bytes a write at `at` may bring: RLIMIT_FSIZE and the largest offset. */
static long write_bound(u64 at, u64 n)
{
    struct process *p = current_process();
    u64 limit = p->limits[RLIMIT_FSIZE].soft;
    if (at >= limit) {
        signal_send_thread(current_thread(), SIGXFSZ, NULL);
        return -EFBIG;
    }
    if (at >= FILE_SIZE_MAX)
        return -EFBIG;
    return (long)min_u64(n, min_u64(limit, FILE_SIZE_MAX) - at);
}

static long write_stretch(struct memory_file *m, struct io *io, u64 at, u64 n)
{
    u64 within = at % PAGE_SIZE;
    paddr_t first;
    long run = page_store_pages(&m->store, at / PAGE_SIZE,
                                align_up(within + n, PAGE_SIZE) / PAGE_SIZE, true, &first);
    if (run < 0)
        return run == -ENOMEM ? -ENOSPC : run;
    u64 here = min_u64(n, (u64)run * PAGE_SIZE - within);
    return (long)io_take(io, (u8 *)rom_frame_pointer(first) + within, here);
}

/* write(2) by someone without privilege takes the set-id bits away. */
static void drop_set_id(struct inode *i)
{
    if ((i->mode & (S_ISUID | S_ISGID)) && !is_privileged()) {
        i->mode &= ~(u32)S_ISUID;
        if (i->mode & S_IXGRP)
            i->mode &= ~(u32)S_ISGID;
    }
}

static long check_seals(struct memory_file *m, u64 at, u64 n)
{
    if (m->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
        return -EPERM;
    if ((m->seals & F_SEAL_GROW) && at + n > m->inode.size)
        return at >= m->inode.size ? -EPERM : (long)(m->inode.size - at);
    return (long)n;
}

static long memory_write(struct file *f, struct io *io, u64 *offset)
{
    struct memory_file *m = file_of(f);
    u64 n = io->remaining, done = 0;
    if (n == 0)
        return 0;
    if (f->flags & O_APPEND)
        *offset = m->inode.size;
    long bound = write_bound(*offset, n);
    if (bound > 0)
        bound = check_seals(m, *offset, (u64)bound);
    if (bound > 0 && memory_file_own(m))
        bound = -ENOSPC;
    if (bound <= 0)
        return bound;
    backing_changes(&m->backing);
    drop_set_id(&m->inode);
    long moved = 0;
    while (done < (u64)bound) {
        moved = write_stretch(m, io, *offset, (u64)bound - done);
        if (moved <= 0)
            break;
        *offset += (u64)moved;
        done += (u64)moved;
        if (*offset > m->inode.size)
            memory_file_set_size(m, *offset);
    }
    if (!done)
        return moved < 0 ? moved : -EFAULT;
    m->inode.modified = m->inode.changed = time_now();
    return (long)done;
}

static long memory_seek(struct file *f, s64 offset, int whence)
{
    struct memory_file *m = file_of(f);
    u64 size = m->inode.size, at;
    switch (whence) {
    case SEEK_SET:
        at = (u64)offset;
        break;
    case SEEK_CUR:
        at = f->offset + (u64)offset;
        break;
    case SEEK_END:
        at = size + (u64)offset;
        break;
    case SEEK_DATA:
    case SEEK_HOLE:
        if (offset < 0 || (u64)offset >= size)
            return -ENXIO;
        if (m->image)
            at = whence == SEEK_DATA ? (u64)offset : size;
        else if (whence == SEEK_DATA)
            at = page_store_next_data(&m->store, (u64)offset, size);
        else
            at = page_store_next_hole(&m->store, (u64)offset, size);
        if (whence == SEEK_DATA && at >= size)
            return -ENXIO;
        break;
    default:
        return -EINVAL;
    }
    if ((s64)at < 0)
        return -EINVAL;
    f->offset = at;
    return (long)at;
}

static struct backing *memory_backing(struct file *f)
{
    struct memory_file *m = file_of(f);
    /* What a writable descriptor maps may be changed through it: show the file's own pages. */
    if ((f->flags & O_ACCMODE) == O_RDWR && memory_file_own(m))
        return NULL;
    inode_note_access(&m->inode);
    return &m->backing;
}

static long memory_ioctl(struct file *f, u32 request, struct user_ptr argument, unused_arg u64 value)
{
    if (request != FIONREAD)
        return -ENOTTY;
    s64 left = (s64)(f->inode->size - f->offset);
    return write_program_u32(argument, (u32)left);
}

static long memory_sync(unused_arg struct file *f)
{
    return 0;
}

/* --- seals: fcntl(2) --- */

static bool has_shared_writable_mapping(const struct memory_file *m)
{
    for (const struct vma *v = m->backing.mappings; v; v = v->next_mapping)
        if ((v->flags & VMA_SHARED) && (v->flags & VMA_MAY_WRITE))
            return true;
    return false;
}

static int add_seals(struct file *f, u32 seals)
{
    struct memory_file *m = file_of(f);
    u32 known = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE |
                F_SEAL_EXEC;
    if ((f->flags & O_ACCMODE) == O_RDONLY)
        return -EPERM;
    if (seals & ~known)
        return -EINVAL;
    if (m->seals & F_SEAL_SEAL)
        return -EPERM;
    if ((seals & F_SEAL_WRITE) && !(m->seals & F_SEAL_WRITE) && has_shared_writable_mapping(m))
        return -EBUSY;
    m->seals |= seals;
    return 0;
}

static long memory_control(struct file *f, u32 command, u64 argument)
{
    switch (command) {
    case F_GET_SEALS:
        return file_of(f)->seals;
    case F_ADD_SEALS:
        return add_seals(f, (u32)argument);
    default:
        return -EBADF; /* not a pipe */
    }
}

const struct file_operations memory_file_operations = {
    .read = memory_read, .write = memory_write, .seek = memory_seek, .ioctl = memory_ioctl,
    .backing = memory_backing, .sync = memory_sync, .control = memory_control,
};

int memory_file_open(struct file *f)
{
    f->operations = &memory_file_operations;
    return 0;
}

/* --- fallocate(2) --- */

/* What is not there yet, and what keeping it costs. */
static u64 missing_pages(struct memory_file *m, u64 offset, u64 end)
{
    u64 missing = 0;
    for (u64 at = offset, data; at < end; at = page_store_next_hole(&m->store, data, end)) {
        data = page_store_next_data(&m->store, at, end);
        missing += (align_up(data, PAGE_SIZE) - align_down(at, PAGE_SIZE)) / PAGE_SIZE;
    }
    return missing + missing / 64;
}

/* All or nothing: pages that were taken cannot be told from older ones later. */
static int allocate_pages(struct memory_file *m, u64 offset, u64 length)
{
    u64 end = align_up(offset + length, PAGE_SIZE);
    if (missing_pages(m, align_down(offset, PAGE_SIZE), end) > page_room())
        return -ENOSPC;
    for (u64 index = offset / PAGE_SIZE; index < end / PAGE_SIZE;) {
        paddr_t first;
        long run = page_store_pages(&m->store, index, end / PAGE_SIZE - index, true, &first);
        if (run <= 0)
            return run == -ENOMEM ? -ENOSPC : (int)run;
        index += (u64)run;
    }
    return 0;
}

int memory_file_punch(struct memory_file *m, u64 offset, u64 length)
{
    u64 size = m->inode.size, end = min_u64(offset + length, align_up(size, PAGE_SIZE));
    if (m->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
        return -EPERM;
    if (memory_file_own(m))
        return -ENOMEM;
    if (offset < end)
        backing_punch(&m->backing, &m->store, offset, end - offset);
    return 0;
}

/* posix_fallocate(3) and fallocate(2) without PUNCH_HOLE. */
static int grow(struct memory_file *m, u32 mode, u64 offset, u64 length)
{
    u64 end = offset + length;
    bool grows = end > m->inode.size;
    if ((m->seals & F_SEAL_GROW) && grows)
        return -EPERM;
    if (grows && end > current_process()->limits[RLIMIT_FSIZE].soft) {
        signal_send_thread(current_thread(), SIGXFSZ, NULL);
        return -EFBIG;
    }
    int error = memory_file_own(m) ? -ENOSPC : allocate_pages(m, offset, length);
    if (!error && !(mode & FALLOC_FL_KEEP_SIZE) && grows)
        memory_file_set_size(m, end);
    return error;
}

int memory_file_allocate(struct inode *i, u32 mode, u64 offset, u64 length)
{
    struct memory_file *m = memory_file_of(i);
    if (mode & ~(u32)(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
        return -EOPNOTSUPP;
    int error = mode & FALLOC_FL_PUNCH_HOLE ? memory_file_punch(m, offset, length)
                                            : grow(m, mode, offset, length);
    if (!error)
        i->modified = i->changed = time_now();
    return error == -ENOMEM ? -ENOSPC : error;
}
