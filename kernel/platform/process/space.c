/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mappings of a program's address space, made by the host's mmap family. Which host task a space
 * is, and how one becomes the running one: task.c.
 *
 * Holds:    nothing; the host has the page tables, memory/ has the VMAs.
 * Promises: what platform.h says of an eager platform, for spaces that are not current too.
 * Refuses:  with the host's own errno (ENOMEM at its limit of maps).
 * See:      mmap(2), mremap(2), madvise(2), mincore(2).
 */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi/linux/mman.h"
#include "platform/process/host.h"

static u64 protection(u32 access)
{
    u64 p = 0;
    if (access & MAP_READ)
        p |= PROT_READ;
    if (access & MAP_WRITE)
        p |= PROT_WRITE;
    if (access & MAP_EXECUTE)
        p |= PROT_EXEC;
    return p;
}

static int map(struct platform_space *space, u64 start, u64 length, u64 prot, u64 flags, int fd,
               u64 offset)
{
    flags |= MAP_FIXED;
    long got = host_call_in(space, HOST_mmap, start, length, prot, flags, (u64)fd, offset);
    return got < 0 ? (int)got : 0;
}

/* NORESERVE: what may be committed is decided by platform_commit, not by the host's heuristics. */
int platform_map_anonymous(struct platform_space *space, u64 start, u64 length, u32 access)
{
    return map(space, start, length, protection(access),
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

int platform_map_frames(struct platform_space *space, u64 start, paddr_t first, u64 length,
                        u32 access, enum platform_sharing sharing)
{
    bool in_image = first >= IMAGE_PADDR;
    int fd = in_image ? host_machine.image_fd : host_machine.memfd;
    u64 flags = sharing == SHARING_SHARED ? MAP_SHARED : MAP_PRIVATE | MAP_NORESERVE;
    if (in_image && first - IMAGE_PADDR + length > host_machine.image_bytes)
        return -EINVAL;
    return map(space, start, length, protection(access), flags, fd,
               in_image ? first - IMAGE_PADDR : first);
}

int platform_map_nothing(struct platform_space *space, u64 start, u64 length)
{
    return map(space, start, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

int platform_discard(struct platform_space *space, u64 start, u64 length)
{
    return (int)host_call_in(space, HOST_madvise, start, length, MADV_DONTNEED, 0, 0, 0);
}

int platform_move(struct platform_space *space, u64 from, u64 from_length, u64 to, u64 to_length)
{
    long got = host_call_in(space, HOST_mremap, from, from_length, to_length,
                            MREMAP_MAYMOVE | MREMAP_FIXED, to, 0);
    return got < 0 ? (int)got : 0;
}

int platform_unmap(struct platform_space *space, u64 start, u64 length)
{
    return (int)host_call_in(space, HOST_munmap, start, length, 0, 0, 0, 0);
}

int platform_protect(struct platform_space *space, u64 start, u64 length, u32 access)
{
    return (int)host_call_in(space, HOST_mprotect, start, length, protection(access), 0, 0, 0);
}

/* All that is resident of the task's private anonymous memory, of proc_pid_statm(5): the second
 * number without the third. 0 where the host has no /proc. */
u64 platform_resident_private(struct platform_space *space)
{
    static const char path[] = "/proc/self/statm";
    static char text[128]; /* kernel memory, as below */
    u64 numbers[3] = {0}, which = 0;
    long fd = host_call_in(space, HOST_openat, HOST_AT_FDCWD, (u64)path, O_CLOEXEC, 0, 0, 0);
    if (fd < 0)
        return 0;
    long n = host_call_in(space, HOST_read, (u64)fd, (u64)text, sizeof text, 0, 0, 0);
    host(HOST_close, fd);
    for (long i = 0; i < n && which < 3; i++) {
        if (text[i] >= '0' && text[i] <= '9')
            numbers[which] = numbers[which] * 10 + (u64)(text[i] - '0');
        else
            which++;
    }
    return numbers[1] > numbers[2] ? (numbers[1] - numbers[2]) * PAGE_SIZE : 0;
}

/* mincore(2) tells the presence of private anonymous pages, and for file pages that of the page
 * cache: an upper bound, as for Linux's own rss of file mappings. It looks at every page: ranges
 * that are reserved rather than used are asked for as a whole, an upper bound too. */
u64 platform_resident(struct platform_space *space, u64 start, u64 length)
{
    static u8 present[4096]; /* kernel memory: a space that is not current writes it too */
    u64 pages = 0;
    if (length >= PLATFORM_RESERVATION) /* mincore takes milliseconds for it */
        return min_u64(length, platform_resident_private(space));
    while (length) {
        u64 n = min_u64(length, sizeof present * PAGE_SIZE);
        if (host_call_in(space, HOST_mincore, start, n, (u64)present, 0, 0, 0) == 0)
            for (u64 i = 0; i < n >> PAGE_SHIFT; i++)
                pages += present[i] & 1;
        start += n;
        length -= n;
    }
    return pages * PAGE_SIZE;
}

/* The task that has the memory writes it into the memfd, where `to` lies. */
u64 platform_peek(struct platform_space *space, u64 address, void *to, u64 length)
{
    long n = host_call_in(space, HOST_pwrite64, (u64)host_machine.memfd, address, length,
                          pointer_to_paddr(to), 0, 0);
    return n < 0 ? 0 : (u64)n;
}

u64 platform_poke(struct platform_space *space, u64 address, const void *from, u64 length)
{
    long n = host_call_in(space, HOST_pread64, (u64)host_machine.memfd, address, length,
                          pointer_to_paddr(from), 0, 0);
    return n < 0 ? 0 : (u64)n;
}

/* --- demand platforms only: the host has the page tables --- */

int platform_page_set(struct platform_space *space, u64 address, paddr_t frame, u32 access)
{
    (void)space, (void)address, (void)frame, (void)access;
    return -ENOSYS;
}

bool platform_page_get(const struct platform_space *space, u64 address, struct platform_page *out)
{
    (void)space, (void)address, (void)out;
    return false;
}

void platform_page_clear(struct platform_space *space, u64 address) { (void)space, (void)address; }

bool platform_page_next(const struct platform_space *space, u64 address, u64 end, u64 *found,
                        struct platform_page *out)
{
    (void)space, (void)address, (void)end, (void)found, (void)out;
    return false;
}
