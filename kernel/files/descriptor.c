/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Descriptor tables.
 *
 * Holds:    per table an array of open files that grows by doubling, and the close-on-exec marks.
 * Promises: a new descriptor is the lowest free one at or above the bound (open(2), fcntl(2)).
 *           `lowest_free` never lies above a free slot, so the search rarely walks.
 * See:      dup(2), close(2), close_range(2), getrlimit(2) RLIMIT_NOFILE
 */
#include "abi/linux/resource.h"
#include "files/inode.h"
#include "files/lock.h"
#include "lib/string.h"
#include "memory/page.h"

#define FIRST_SLOTS 64u

struct slot {
    struct file *file;
    bool close_on_exec;
};

struct descriptor_table {
    u32 references;
    u32 size;
    u32 lowest_free;
    struct slot *slots;
};

struct descriptor_table *descriptors_create(void)
{
    struct descriptor_table *t = heap_alloc_zeroed(sizeof(*t));
    if (!t)
        return NULL;
    t->slots = heap_alloc_zeroed(FIRST_SLOTS * sizeof(*t->slots));
    if (!t->slots) {
        heap_free(t);
        return NULL;
    }
    t->size = FIRST_SLOTS;
    t->references = 1;
    return t;
}

static struct descriptor_table *table(void)
{
    return current_process()->descriptors;
}

static struct slot *slot_of(struct descriptor_table *t, int fd)
{
    return t && fd >= 0 && (u32)fd < t->size && t->slots[fd].file ? &t->slots[fd] : NULL;
}

/* Takes the file out; what closes it comes afterwards, because close may look at the table. */
static struct file *clear_slot(struct descriptor_table *t, u32 fd)
{
    struct file *f = t->slots[fd].file;
    t->slots[fd] = (struct slot){0};
    if (fd < t->lowest_free)
        t->lowest_free = fd;
    return f;
}

/* The table has one descriptor of it less. */
static void let_go(struct descriptor_table *t, struct file *f)
{
    lock_forget_table(f, t);
    if (f->operations->flush)
        f->operations->flush(f);
    file_drop(f);
}

static void close_slot(struct descriptor_table *t, u32 fd)
{
    let_go(t, clear_slot(t, fd));
}

void descriptors_hold(struct descriptor_table *t)
{
    t->references++;
}

u32 descriptors_references(const struct descriptor_table *t)
{
    return t->references;
}

void descriptors_drop(struct descriptor_table *t)
{
    if (!t || --t->references)
        return;
    for (u32 fd = 0; fd < t->size; fd++)
        if (t->slots[fd].file)
            close_slot(t, fd);
    heap_free(t->slots);
    heap_free(t);
}

void descriptors_discard(struct descriptor_table *t)
{
    if (!t || --t->references)
        return;
    for (u32 fd = 0; fd < t->size; fd++)
        file_drop(t->slots[fd].file);
    heap_free(t->slots);
    heap_free(t);
}

struct descriptor_table *descriptors_copy(struct descriptor_table *t)
{
    struct descriptor_table *copy = heap_alloc(sizeof(*copy));
    if (!copy)
        return NULL;
    *copy = *t;
    copy->references = 1;
    copy->slots = heap_alloc(t->size * sizeof(*t->slots));
    if (!copy->slots) {
        heap_free(copy);
        return NULL;
    }
    memcpy(copy->slots, t->slots, t->size * sizeof(*t->slots));
    for (u32 fd = 0; fd < t->size; fd++)
        if (t->slots[fd].file)
            file_hold(t->slots[fd].file);
    return copy;
}

void descriptors_close_on_exec(struct descriptor_table *t)
{
    for (u32 fd = 0; fd < t->size; fd++)
        if (t->slots[fd].file && t->slots[fd].close_on_exec)
            close_slot(t, fd);
}

struct file *descriptor_of(struct descriptor_table *t, int fd)
{
    struct slot *s = slot_of(t, fd);
    if (!s)
        return NULL;
    file_hold(s->file);
    return s->file;
}

struct file *descriptor_file_or_path(int fd)
{
    return descriptor_of(table(), fd);
}

struct file *descriptor_file(int fd)
{
    struct slot *s = slot_of(table(), fd);
    if (!s || (s->file->flags & O_PATH))
        return NULL;
    file_hold(s->file);
    return s->file;
}

int descriptor_next(struct descriptor_table *t, int from)
{
    for (u32 fd = (u32)from; t && fd < t->size; fd++)
        if (t->slots[fd].file)
            return (int)fd;
    return -1;
}

unsigned descriptor_table_size(struct descriptor_table *t)
{
    return t ? t->size : 0;
}

static u64 limit(void)
{
    return min_u64(current_process()->limits[RLIMIT_NOFILE].soft, LINUX_NR_OPEN);
}

static int grow(struct descriptor_table *t, u32 wanted)
{
    u32 size = t->size;
    while (size <= wanted)
        size *= 2;
    if (size == t->size)
        return 0;
    struct slot *bigger = heap_resize(t->slots, size * sizeof(*bigger));
    if (!bigger)
        return -ENOMEM;
    memset(bigger + t->size, 0, (size - t->size) * sizeof(*bigger));
    t->slots = bigger;
    t->size = size;
    return 0;
}

static int find_free(struct descriptor_table *t, u32 lowest)
{
    u32 fd = lowest > t->lowest_free ? lowest : t->lowest_free;
    while (fd < t->size && t->slots[fd].file)
        fd++;
    if (fd >= limit())
        return -EMFILE;
    int error = grow(t, fd);
    return error ? error : (int)fd;
}

int descriptor_install(struct file *f, int lowest, bool close_on_exec)
{
    struct descriptor_table *t = table();
    int fd = find_free(t, (u32)lowest);
    if (fd < 0) {
        file_drop(f);
        return fd;
    }
    if ((u32)lowest <= t->lowest_free)
        t->lowest_free = (u32)fd + 1;
    t->slots[fd] = (struct slot){f, close_on_exec};
    return fd;
}

int descriptor_room(void)
{
    int fd = find_free(table(), 0);
    return fd < 0 ? fd : 0;
}

void descriptor_put(struct descriptor_table *t, unsigned fd, struct file *f)
{
    t->slots[fd] = (struct slot){f, false};
    while (t->lowest_free < t->size && t->slots[t->lowest_free].file)
        t->lowest_free++;
}

int descriptor_install_at(struct file *f, int fd, bool close_on_exec)
{
    struct descriptor_table *t = table();
    int error = fd < 0 || (u64)fd >= limit() ? -EBADF : grow(t, (u32)fd);
    if (error) {
        file_drop(f);
        return error;
    }
    struct file *old = t->slots[fd].file;
    t->slots[fd] = (struct slot){f, close_on_exec};
    if (old)
        let_go(t, old);
    return fd;
}

int descriptor_close(int fd)
{
    struct descriptor_table *t = table();
    if (!slot_of(t, fd))
        return -EBADF;
    close_slot(t, (u32)fd);
    return 0;
}

int descriptor_flags(int fd)
{
    struct slot *s = slot_of(table(), fd);
    return s ? (s->close_on_exec ? FD_CLOEXEC : 0) : -EBADF;
}

int descriptor_set_flags(int fd, bool close_on_exec)
{
    struct slot *s = slot_of(table(), fd);
    if (!s)
        return -EBADF;
    s->close_on_exec = close_on_exec;
    return 0;
}

int descriptor_close_range(u32 first, u32 last, bool only_mark)
{
    struct descriptor_table *t = table();
    for (u32 fd = first; fd < t->size && fd <= last; fd++) {
        if (!t->slots[fd].file)
            continue;
        if (only_mark)
            t->slots[fd].close_on_exec = true;
        else
            close_slot(t, fd);
    }
    return 0;
}
