/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System V shared memory.
 *
 * Holds:    segments: pages in memory, a backing for mappings.
 * Promises: each mapping holds its segment, so that the number of mappings is what shm_nattch says.
 *           A segment that was removed goes with its last mapping.
 * Refuses:  SHM_HUGETLB: -ENOMEM, as a Linux with no huge pages set aside.
 * See:      shmget(2), shmop(2), shmctl(2)
 */
#include "abi/linux/errno.h"
#include "abi/linux/mman.h"
#include "ipc/ids.h"
#include "ipc/ipc.h"
#include "ipc/show.h"
#include "lib/printf.h"
#include "memory/page.h"
#include "memory/space.h"
#include "task/task.h"

struct segment {
    struct ipc_object object;
    struct backing backing;
    struct page_store store;
    u64 size;                    /* as asked for */
    s64 attached, detached, changed;
    s32 creator, last;
    u64 mappings;
};

static void release(struct ipc_object *o);
static struct ipc_table segments = {.most = SHMMNI, .release = release};
static const struct backing_operations segment_operations;

static struct segment *of_backing(struct backing *b)
{
    return container_of(b, struct segment, backing);
}

static struct segment *of(struct ipc_object *o)
{
    return container_of(o, struct segment, object);
}

static void release(struct ipc_object *o)
{
    struct segment *s = of(o);
    page_store_release(&s->store);
    heap_free(s);
}

/* --- as a source of pages --- */

static long pages(struct backing *b, u64 index, u64 max, bool write, paddr_t *first)
{
    u64 count = b->size / PAGE_SIZE;
    if (index >= count)
        return 0;
    return page_store_pages(&of_backing(b)->store, index, min_u64(max, count - index), write,
                            first);
}

static void hold(struct backing *b)
{
    struct segment *s = of_backing(b);
    s->mappings++;
    ipc_hold(&s->object);
}

static void drop(struct backing *b)
{
    struct segment *s = of_backing(b);
    struct thread *t = this_cpu()->current;
    s->mappings--;
    s->detached = ipc_now();
    if (t)
        s->last = t->process->pid;
    if (!s->mappings && (s->object.perm.mode & SHM_DEST))
        ipc_remove(&segments, &s->object);
    ipc_drop(&segments, &s->object);
}

static size_t name(struct backing *b, char *out, size_t size)
{
    int n = format_text(out, size, "/SYSV%08x (deleted)", (u32)of_backing(b)->object.perm.key);
    return min_u64((u64)n, size);
}

static void identity(struct backing *b, u32 *major, u32 *minor, u64 *inode)
{
    *major = 0;
    *minor = 1;
    *inode = (u64)of_backing(b)->object.id;
}

static long punch(struct backing *b, u64 offset, u64 length)
{
    backing_punch(b, &of_backing(b)->store, offset, length);
    return 0;
}

static const struct backing_operations segment_operations = {
    .pages = pages, .hold = hold, .drop = drop, .name = name, .identity = identity,
    .punch = punch,
};

/* --- shmget --- */

static struct ipc_object *create(const struct ipc_request *r, int *error)
{
    *error = -EINVAL;
    if (r->size < 1 || r->size > SHMMAX)
        return NULL;
    *error = -ENOMEM;
    if (r->flags & SHM_HUGETLB || r->size / PAGE_SIZE >= page_total())
        return NULL;
    struct segment *s = heap_alloc_zeroed(sizeof(*s));
    if (!s)
        return NULL;
    page_store_init(&s->store);
    s->backing.operations = &segment_operations;
    s->backing.size = align_up(r->size, PAGE_SIZE);
    s->object.references = 1;
    s->size = r->size;
    s->changed = ipc_now();
    s->creator = current_process()->pid;
    return &s->object;
}

static int check(struct ipc_object *o, const struct ipc_request *r)
{
    return r->size > of(o)->size ? -EINVAL : 0;
}

long shm_get(s32 key, u64 size, u32 flags)
{
    struct ipc_request r = {
        .key = key, .flags = flags, .create = create, .check = check, .size = size,
    };
    return ipc_get(&segments, &r);
}

/* --- shmat, shmdt --- */

static int place(u64 *address, u32 flags)
{
    if (!*address)
        return flags & SHM_REMAP ? -EINVAL : 0;
    if (flags & SHM_RND)
        *address = align_down(*address, PAGE_SIZE);
    if (!is_aligned(*address, PAGE_SIZE) || (!*address && (flags & SHM_REMAP)))
        return -EINVAL;
    return 0;
}

static long map(struct segment *s, u64 address, u32 flags)
{
    struct map_request r = {
        .hint = address, .length = s->size, .fixed = address, .backing = &s->backing,
        .access = PROT_READ | (flags & SHM_RDONLY ? 0 : PROT_WRITE) |
                  (flags & SHM_EXEC ? PROT_EXEC : 0),
        .flags = VMA_SHARED | (flags & SHM_RDONLY ? 0 : VMA_MAY_WRITE),
        .no_replace = !(flags & SHM_REMAP),
    };
    long result = space_map(current_process()->space, &r);
    if (result == -EEXIST)
        return -EINVAL;
    if (result >= 0) {
        s->attached = ipc_now();
        s->last = current_process()->pid;
    }
    return result;
}

long shm_attach(s32 id, u64 address, u32 flags)
{
    int error;
    u32 rights = (flags & SHM_RDONLY ? IPC_MAY_READ : IPC_MAY_READ | IPC_MAY_WRITE) |
                 (flags & SHM_EXEC ? 0111u : 0);
    if (id < 0)
        return -EINVAL;
    error = place(&address, flags);
    if (error)
        return error;
    struct ipc_object *o = ipc_find(&segments, id, rights, &error);
    if (!o)
        return error;
    long result = map(of(o), address, flags);
    ipc_drop(&segments, o);
    return result;
}

static bool is_segment(const struct vma *v)
{
    return v->backing && v->backing->operations == &segment_operations;
}

/* All that is left of the attachment which began at the address: parts may be unmapped already. */
long shm_detach(u64 address)
{
    struct space *space = current_process()->space;
    struct backing *b = NULL;
    if (!is_aligned(address, PAGE_SIZE))
        return -EINVAL;
    struct vma *v = space_find_from(space, address), *next;
    for (; v; v = next) {
        next = vma_next(v);
        bool belongs = is_segment(v) && v->start - address == v->offset;
        if (b && v->start - address >= align_up(of_backing(b)->size, PAGE_SIZE))
            break;
        if (!belongs || (b && v->backing != b))
            continue;
        if (!b) {
            b = v->backing;
            ipc_hold(&of_backing(b)->object);
        }
        space_unmap(space, v->start, v->end - v->start);
    }
    if (!b)
        return -EINVAL;
    ipc_drop(&segments, &of_backing(b)->object);
    return 0;
}

/* --- shmctl --- */

static int store_status(const struct segment *s, struct user_ptr to)
{
    struct linux_shmid_ds out = {
        .shm_perm = s->object.perm, .shm_segsz = s->size, .shm_atime = s->attached,
        .shm_dtime = s->detached, .shm_ctime = s->changed, .shm_cpid = s->creator,
        .shm_lpid = s->last, .shm_nattch = s->mappings,
    };
    return copy_to_program(to, &out, sizeof(out));
}

/* Removed: nobody finds it by its key; by its identifier those who have it attached still do. */
static int remove_segment(struct segment *s)
{
    s->object.perm.mode |= SHM_DEST;
    s->object.perm.key = IPC_PRIVATE;
    if (!s->mappings)
        ipc_remove(&segments, &s->object);
    return 0;
}

static int change(struct segment *s, int command, struct user_ptr buffer)
{
    struct linux_shmid_ds in;
    if (command == IPC_SET && copy_from_program(&in, buffer, sizeof(in)))
        return -EFAULT;
    int error = ipc_check_owner(&s->object);
    if (error)
        return error;
    if (command == IPC_RMID)
        return remove_segment(s);
    if (command == IPC_SET) {
        ipc_set_perm(&s->object, &in.shm_perm);
        s->changed = ipc_now();
    } else { /* SHM_LOCK, SHM_UNLOCK: pages are never swapped */
        s->object.perm.mode = (s->object.perm.mode & ~(u32)SHM_LOCKED) |
                              (command == SHM_LOCK ? SHM_LOCKED : 0);
    }
    return 0;
}

static long tell_limits(int command, struct user_ptr buffer)
{
    struct linux_shminfo limits = {
        .shmmax = SHMMAX, .shmmin = 1, .shmmni = SHMMNI, .shmseg = SHMMNI, .shmall = SHMALL,
    };
    struct linux_shm_info used = {.used_ids = (s32)segments.used};
    s32 highest = ipc_highest(&segments);
    for (s32 n = 0; n <= highest; n++) {
        if (!segments.slots[n])
            continue;
        const struct segment *s = of(segments.slots[n]);
        used.shm_tot += s->backing.size / PAGE_SIZE;
        used.shm_rss += s->store.resident;
    }
    int error = command == IPC_INFO ? copy_to_program(buffer, &limits, sizeof(limits))
                                    : copy_to_program(buffer, &used, sizeof(used));
    return error ? error : highest < 0 ? 0 : highest;
}

static long status(s32 id, int command, struct user_ptr buffer)
{
    int error;
    bool by_index = command == SHM_STAT || command == SHM_STAT_ANY;
    u32 rights = command == SHM_STAT_ANY ? 0 : IPC_MAY_READ;
    struct ipc_object *o = by_index ? ipc_at(&segments, id, rights, &error)
                                    : ipc_find(&segments, id, rights, &error);
    if (!o)
        return error;
    long result = store_status(of(o), buffer);
    if (!result && by_index)
        result = o->id;
    ipc_drop(&segments, o);
    return result;
}

long shm_control(s32 id, int command, struct user_ptr buffer)
{
    int error;
    if (id < 0 || command < 0)
        return -EINVAL;
    switch (command) {
    case IPC_INFO: case SHM_INFO:
        return tell_limits(command, buffer);
    case IPC_STAT: case SHM_STAT: case SHM_STAT_ANY:
        return status(id, command, buffer);
    case IPC_SET: case IPC_RMID: case SHM_LOCK: case SHM_UNLOCK:
        break;
    default:
        return -EINVAL;
    }
    struct ipc_object *o = ipc_find(&segments, id, 0, &error);
    if (!o)
        return error;
    error = change(of(o), command, buffer);
    ipc_drop(&segments, o);
    return error;
}

/* --- /proc/sysvipc/shm --- */

static void show_one(struct text *t, struct ipc_object *o)
{
    const struct segment *s = of(o);
    const struct linux_ipc_perm *p = &o->perm;

    text_add(t, "%10d %10d  %4o %21lu %5d %5d  %5lu %5u %5u %5u %5u", p->key, o->id, p->mode,
             s->size, s->creator, s->last, s->mappings, p->uid, p->gid, p->cuid, p->cgid);
    text_add(t, " %10ld %10ld %10ld %21lu %21lu\n", s->attached, s->detached, s->changed,
             s->store.resident * PAGE_SIZE, 0ul);
}

void shm_show(struct text *t, unused_arg const struct proc_subject *unused)
{
    ipc_show_all(t, &segments,
                 "       key      shmid perms                  size  cpid  lpid nattch   uid   gid "
                 " cuid  cgid      atime      dtime      ctime                   rss               "
                 "   swap",
                 show_one);
}
