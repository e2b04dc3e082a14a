/* SPDX-License-Identifier: BSD-3-Clause */
/* See mmap(2). Order of checks and errors are Linux's. */
#include "abi/linux/mman.h"

#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi/linux/resource.h"
#include "abi_handlers.h"
#include "files/file.h"
#include "memory/shared_memory.h"
#include "memory/space.h"
#include "task/credentials.h"

#ifndef MAP_32BIT
#define MAP_32BIT 0 /* x86_64 only */
#endif
#define MAP_ABOVE4G 0x80
#define HUGE_SIZE_MASK (0x3full << MAP_HUGE_SHIFT)
/* Flags from before MAP_SHARED_VALIDATE, which kernels never refused. */
#define LEGACY_FLAGS                                                                               \
    (MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_DENYWRITE | MAP_EXECUTABLE |       \
     MAP_UNINITIALIZED | MAP_GROWSDOWN | MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE |               \
     MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB | MAP_32BIT | MAP_ABOVE4G | HUGE_SIZE_MASK)

static bool can_read(const struct file *f) { return (f->flags & O_ACCMODE) != O_WRONLY; }
static bool can_write(const struct file *f) { return (f->flags & O_ACCMODE) != O_RDONLY; }

static long check_file(const struct file *f, u64 prot, u64 flags)
{
    u64 type = flags & MAP_TYPE;
    if (type != MAP_SHARED && type != MAP_SHARED_VALIDATE && type != MAP_PRIVATE)
        return -EINVAL;
    if (type == MAP_SHARED_VALIDATE && flags & ~(u64)LEGACY_FLAGS)
        return -EOPNOTSUPP;
    if (type != MAP_PRIVATE && prot & PROT_WRITE && (!can_write(f) || f->flags & O_APPEND))
        return can_write(f) ? 0 : -EACCES;
    return can_read(f) ? 0 : -EACCES;
}

/* What stands behind the file, held. /dev/zero has no contents: a private mapping of it is anonymous
 * memory, a shared one memory of its own. */
static long set_backing(struct map_request *r, struct backing *b)
{
    r->backing = b;
    if (b != zero_memory()) {
        b->operations->hold(b);
        return 0;
    }
    r->offset = 0;
    r->backing = r->flags & VMA_SHARED ? shared_memory_create(r->length) : NULL;
    return r->flags & VMA_SHARED && !r->backing ? -ENOMEM : 0;
}

static long set_file(struct map_request *r, struct file *f, u64 prot, u64 flags)
{
    long error = check_file(f, prot, flags);
    if (error)
        return error;
    if (!f->operations->backing)
        return -ENODEV;
    struct backing *b = f->operations->backing(f);
    if (!b)
        return -ENOMEM;
    if (flags & MAP_GROWSDOWN)
        return -EINVAL;
    if ((flags & MAP_TYPE) == MAP_PRIVATE)
        return set_backing(r, b);
    if (file_is_write_sealed(f) && (prot & PROT_WRITE))
        return -EPERM;
    r->flags |= VMA_SHARED | (can_write(f) && !file_is_write_sealed(f) ? VMA_MAY_WRITE : 0);
    return set_backing(r, b);
}

static long set_anonymous(struct map_request *r, u64 flags)
{
    if (flags & MAP_HUGETLB)
        return -ENOMEM; /* as a Linux with no huge pages set aside */
    r->offset = 0;
    if ((flags & MAP_TYPE) == MAP_PRIVATE) {
        r->flags |= flags & MAP_GROWSDOWN ? VMA_GROWS_DOWN : 0;
        return 0;
    }
    if ((flags & MAP_TYPE) != MAP_SHARED || flags & MAP_GROWSDOWN)
        return -EINVAL;
    if (align_up(r->length, PAGE_SIZE) >> PAGE_SHIFT > space_page_limit())
        return -ENOMEM;
    r->backing = shared_memory_create(r->length);
    r->flags |= VMA_SHARED | VMA_MAY_WRITE;
    return r->backing ? 0 : -ENOMEM;
}

static long check_locked(const struct process *p, u64 flags)
{
    bool may = p->limits[RLIMIT_MEMLOCK].soft || credentials_privileged();
    return flags & MAP_LOCKED && !may ? -EPERM : 0;
}

static struct map_request make_request(u64 address, u64 length, u64 prot, u64 flags, u64 offset)
{
    return (struct map_request){
        .hint = address,
        .length = length,
        .access = (u32)(prot & (PROT_READ | PROT_WRITE | PROT_EXEC)),
        .flags = (flags & MAP_NORESERVE ? VMA_NORESERVE : 0) |
                 (flags & MAP_STACK ? VMA_THREAD_STACK : 0) |
                 (flags & MAP_LOCKED ? VMA_LOCKED : 0),
        .fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE),
        .no_replace = flags & MAP_FIXED_NOREPLACE,
        .populate = (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE,
        .low_32bit = flags & MAP_32BIT,
        .offset = offset,
    };
}

long sys_mmap(u64 address, u64 length, u64 prot, u64 flags, int fd, s64 offset)
{
    struct process *p = current_process();
    struct map_request r = make_request(address, length, prot, flags, (u64)offset);
    if (!is_aligned((u64)offset, PAGE_SIZE))
        return -EINVAL;
    struct file *f = flags & MAP_ANONYMOUS ? NULL : descriptor_file(fd);
    if (!f && !(flags & MAP_ANONYMOUS))
        return -EBADF;
    long result = length == 0 || (f && flags & MAP_HUGETLB) ? -EINVAL : check_locked(p, flags);
    if (!result && !align_up(length, PAGE_SIZE))
        result = -ENOMEM;
    if (!result && ((u64)offset >> PAGE_SHIFT) + (length >> PAGE_SHIFT) > UINT64_MAX >> PAGE_SHIFT)
        result = -EOVERFLOW;
    if (!result)
        result = f ? set_file(&r, f, prot, flags) : set_anonymous(&r, flags);
    if (!result) {
        result = space_map(p->space, &r);
        if (r.backing)
            r.backing->operations->drop(r.backing); /* the mapping holds its own */
    }
    if (f)
        file_drop(f);
    return result;
}

long sys_munmap(u64 address, u64 length)
{
    return space_unmap(current_process()->space, address, length);
}
