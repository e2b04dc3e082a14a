/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Regular files in memory: tmpfs files, files of the root image, memfds.
 *
 * Holds:    contents in a page store; a file of the root image shows the image's own frames until
 *           it is first changed, then it is copied into its store whole.
 * Promises: a page that is mapped shared and the bytes read(2) sees are the same memory.
 * Refuses:  on eager platforms, private mappings of a file of the root image that were made through
 *           read-only descriptors before its first change keep showing the image's bytes (mmap(2)
 *           leaves that open).
 * See:      read(2), write(2), lseek(2), memfd_create(2)
 */
#include "files/memory_file.h"

#include "lib/printf.h"
#include "lib/string.h"
#include "memory/page.h"
#include "memory/plan.h"

static struct memory_file *create(struct file_system *fs, u32 mode)
{
    struct memory_file *m = heap_alloc_zeroed(sizeof(*m));
    if (!m)
        return NULL;
    inode_init(&m->inode, &memory_inode_operations, fs, mode);
    page_store_init(&m->store);
    m->backing.operations = &memory_file_backing_operations;
    m->seals = F_SEAL_SEAL;
    return m;
}

struct inode *memory_file_create(struct file_system *fs, u32 mode)
{
    struct memory_file *m = create(fs, mode);
    return m ? &m->inode : NULL;
}

int memory_file_fill(struct inode *i, const u8 *data, bool in_place, paddr_t frames, u64 size)
{
    struct memory_file *m = memory_file_of(i);
    if (!in_place && page_store_write(&m->store, 0, data, size) != (long)size)
        return -ENOMEM;
    m->image = in_place && size ? data : NULL;
    m->image_frames = frames;
    i->size = m->backing.size = size;
    return 0;
}

void memory_file_plan(struct inode *i, struct rewrite_plan *plan)
{
    struct memory_file *m = memory_file_of(i);
    if (m->backing.plan)
        plan_free(m->backing.plan);
    m->backing.plan = plan;
}

bool file_is_write_sealed(const struct file *f)
{
    return inode_is_memory_file(f->inode) &&
           (memory_file_of(f->inode)->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE));
}

bool inode_is_memory_file(const struct inode *i)
{
    return i->operations->truncate == memory_file_truncate;
}

static void release(struct inode *i)
{
    struct memory_file *m = memory_file_of(i);
    memory_file_plan(i, NULL);
    page_store_release(&m->store);
    heap_free(m->label);
    heap_free(m);
}

static void stat_blocks(struct inode *i, struct statx_fields *out)
{
    struct memory_file *m = memory_file_of(i);
    u64 pages = m->image ? align_up(i->size, PAGE_SIZE) / PAGE_SIZE : m->store.resident;
    out->blocks = pages * (PAGE_SIZE / 512);
}

int memory_file_own(struct memory_file *m)
{
    if (!m->image)
        return 0;
    if (page_store_write(&m->store, 0, m->image, m->inode.size) != (long)m->inode.size) {
        page_store_truncate(&m->store, 0);
        return -ENOMEM;
    }
    m->image = NULL;
    memory_file_plan(&m->inode, NULL); /* the contents are about to change */
    backing_moved(&m->backing);
    return 0;
}

void memory_file_set_size(struct memory_file *m, u64 size)
{
    u64 old = m->backing.size;
    m->inode.size = m->backing.size = size;
    if (m->backing.mappings && old != size)
        backing_resized(&m->backing, old);
}

int memory_file_truncate(struct inode *i, u64 size)
{
    struct memory_file *m = memory_file_of(i);
    if (size < i->size && (m->seals & F_SEAL_SHRINK))
        return -EPERM;
    if (size > i->size && (m->seals & F_SEAL_GROW))
        return -EPERM;
    if (size == 0) {
        m->image = NULL;
        memory_file_plan(i, NULL); /* what comes is another program */
    } else {
        int error = memory_file_own(m);
        if (error)
            return error;
    }
    if (size < i->size)
        page_store_truncate(&m->store, size);
    memory_file_set_size(m, size);
    i->modified = i->changed = time_now();
    return 0;
}

const struct inode_operations memory_inode_operations = {
    .open = memory_file_open,
    .truncate = memory_file_truncate,
    .stat = stat_blocks,
    .release = release,
};

static size_t memfd_label(struct inode *i, char *out, size_t size)
{
    return (size_t)format_text(out, size, "/memfd:%s (deleted)", memory_file_of(i)->label);
}

const struct inode_operations memfd_inode_operations = {
    .open = memory_file_open,
    .truncate = memory_file_truncate,
    .stat = stat_blocks,
    .label = memfd_label,
    .release = release,
};

/* --- as a source of pages --- */

static struct memory_file *of_backing(struct backing *b)
{
    return container_of(b, struct memory_file, backing);
}

static long pages(struct backing *b, u64 index, u64 max, bool write, paddr_t *first)
{
    struct memory_file *m = of_backing(b);
    u64 count = align_up(b->size, PAGE_SIZE) / PAGE_SIZE;
    if (index >= count)
        return 0;
    max = min_u64(max, count - index);
    if (write) {
        int error = memory_file_own(m);
        if (error)
            return error;
    }
    if (m->image) {
        *first = m->image_frames + index * PAGE_SIZE;
        return (long)max;
    }
    return page_store_pages(&m->store, index, max, write, first);
}

static void hold(struct backing *b)
{
    inode_hold(&of_backing(b)->inode);
}

static void drop(struct backing *b)
{
    inode_drop(&of_backing(b)->inode);
}

static void identity(struct backing *b, u32 *major, u32 *minor, u64 *inode)
{
    struct memory_file *m = of_backing(b);
    *major = 0;
    *minor = m->inode.fs->minor;
    *inode = m->inode.number;
}

static size_t backing_name(struct backing *b, char *out, size_t size)
{
    struct inode *i = &of_backing(b)->inode;
    if (i->operations->label)
        return i->operations->label(i, out, size);
    struct path_node *n = i->node;
    size_t length = n ? node_path(n, NULL, out, size) : 0;
    if (n && node_deleted(n) && length + sizeof(" (deleted)") <= size) {
        memcpy(out + length, " (deleted)", sizeof(" (deleted)"));
        length += sizeof(" (deleted)") - 1;
    }
    return length;
}

static long punch(struct backing *b, u64 offset, u64 length)
{
    return memory_file_punch(of_backing(b), offset, length);
}

const struct backing_operations memory_file_backing_operations = {
    .pages = pages, .hold = hold, .drop = drop, .name = backing_name, .identity = identity,
    .punch = punch,
};
