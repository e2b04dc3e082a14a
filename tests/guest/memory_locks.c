/* SPDX-License-Identifier: BSD-3-Clause */
/* mlock, mlock2, munlock, mlockall, munlockall: what counts as locked, what a limit refuses. */
#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define PAGE 4096ul
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)
#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif
#ifndef MCL_ONFAULT
#define MCL_ONFAULT 4
#endif

static char *map(size_t pages, int prot) { return mmap(NULL, pages * PAGE, prot, ANON, -1, 0); }

/* Without a buffer of stdio's, which would be locked, too. */
static long locked_kib(void)
{
    static char text[4096];
    int fd = open("/proc/self/status", O_RDONLY);
    ssize_t n = read(fd, text, sizeof(text) - 1);
    text[n > 0 ? n : 0] = 0;
    close(fd);
    const char *line = strstr(text, "VmLck:");
    return line ? atol(line + 6) : -1;
}

/* As the kernel sees it: musl makes ENOMEM of EPERM. */
static char *raw_map(size_t bytes, int flags)
{
    return (char *)syscall(SYS_mmap, NULL, bytes, RW, ANON | flags, -1, 0L);
}

static int resident(char *p)
{
    unsigned char v = 0;
    CHECK(mincore(p, PAGE, &v) == 0);
    return v & 1;
}

static long mlock2_(void *p, size_t n, int flags) { return syscall(SYS_mlock2, p, n, flags); }

static void ranges(void)
{
    char *p = map(16, RW);
    CHECK(locked_kib() == 0);
    CHECK(mlock(p + 5, PAGE) == 0 && locked_kib() == 8); /* both pages that it touches */
    CHECK(resident(p) && resident(p + PAGE) && !resident(p + 2 * PAGE));
    CHECK(mlock(p, 4 * PAGE) == 0 && locked_kib() == 16);
    CHECK(munlock(p + PAGE, PAGE) == 0 && locked_kib() == 12);
    CHECK(mprotect(p, PAGE, PROT_READ) == 0 && locked_kib() == 12);
    CHECK(munmap(p + 2 * PAGE, PAGE) == 0 && locked_kib() == 8);
    CHECK_ERRNO(mlock(p + PAGE, 3 * PAGE), ENOMEM); /* a hole: what lies before it is locked */
    CHECK(locked_kib() == 12);
    CHECK_ERRNO(munlock(p, 4 * PAGE), ENOMEM);
    CHECK(munlock(p + 3 * PAGE, PAGE) == 0 && locked_kib() == 0);
    CHECK(mlock(p, 0) == 0 && munlock(p, 0) == 0);
    CHECK_ERRNO(mlock(p, -PAGE), EINVAL);
    CHECK_ERRNO(munlock(p, -PAGE), EINVAL);
    CHECK_ERRNO(mlock2_(p, PAGE, 2), EINVAL);
    CHECK(mlock2_(p + 8 * PAGE, 2 * PAGE, MLOCK_ONFAULT) == 0 && locked_kib() == 8);
    CHECK(!resident(p + 8 * PAGE));
    p[8 * PAGE] = 1;
    CHECK(resident(p + 8 * PAGE) && !resident(p + 9 * PAGE));
    CHECK(mlock2_(p + 8 * PAGE, 2 * PAGE, 0) == 0 && resident(p + 9 * PAGE) && locked_kib() == 8);
    char *none = map(2, PROT_NONE);
    CHECK_ERRNO(mlock(none, PAGE), ENOMEM); /* locked, but nothing can be brought in */
    CHECK(locked_kib() == 12);
    CHECK(munlock(none, PAGE) == 0);
    char *readable = map(2, PROT_READ);
    CHECK(mlock(readable, PAGE) == 0 && resident(readable));
    CHECK(munmap(p, 16 * PAGE) == 0 && munmap(readable, 2 * PAGE) == 0 && locked_kib() == 0);
    CHECK(munmap(none, 2 * PAGE) == 0);
}

static void resized(void)
{
    char *p = map(8, RW);
    CHECK(munmap(p + 4 * PAGE, 4 * PAGE) == 0 && mlock(p, 2 * PAGE) == 0);
    CHECK(mremap(p, 2 * PAGE, PAGE, 0) == p && locked_kib() == 4);
    char *q = mremap(p, PAGE, 4 * PAGE, MREMAP_MAYMOVE);
    CHECK(q != MAP_FAILED && locked_kib() == 16 && resident(q + 3 * PAGE));
    CHECK_ERRNO(madvise(q, PAGE, MADV_DONTNEED), EINVAL);
    CHECK(munmap(q, 4 * PAGE) == 0 && locked_kib() == 0);
    q = mmap(NULL, 2 * PAGE, RW, ANON | MAP_LOCKED, -1, 0);
    CHECK(q != MAP_FAILED && locked_kib() == 8 && resident(q + PAGE));
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        _exit(locked_kib() == 0 ? 0 : 1); /* not inherited */
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(munmap(q, 2 * PAGE) == 0);
}

static __attribute__((noinline)) int deep(int depth)
{
    volatile char frame[PAGE];
    frame[0] = (char)depth;
    return depth ? deep(depth - 1) + frame[0] : frame[0];
}

static void everything(void)
{
    CHECK_ERRNO(mlockall(0), EINVAL);
    CHECK_ERRNO(mlockall(MCL_ONFAULT), EINVAL);
    CHECK_ERRNO(mlockall(8 | MCL_CURRENT), EINVAL);
    CHECK(mlockall(MCL_CURRENT) == 0);
    long before = locked_kib();
    CHECK(before > 0);
    char *later = map(4, RW);
    CHECK(locked_kib() == before && !resident(later));
    deep(200); /* the stack grows, locked */
    long grown = locked_kib();
    CHECK(grown >= before + 600);
    CHECK(mlockall(MCL_FUTURE) == 0 && locked_kib() == grown);
    char *future = map(4, RW);
    CHECK(locked_kib() == grown + 16 && resident(future + 3 * PAGE));
    CHECK(mlockall(MCL_FUTURE | MCL_ONFAULT) == 0);
    char *lazy = map(4, RW);
    CHECK(locked_kib() == grown + 32 && !resident(lazy));
    CHECK(munlockall() == 0 && locked_kib() == 0);
    CHECK(munmap(map(4, RW), 4 * PAGE) == 0 && locked_kib() == 0);
    CHECK(munmap(later, 4 * PAGE) == 0 && munmap(future, 4 * PAGE) == 0);
    CHECK(munmap(lazy, 4 * PAGE) == 0 && locked_kib() == 0);
}

/* A user with a limit of 16 pages. */
static void limited(void)
{
    struct rlimit few = {16 * PAGE, 16 * PAGE}, none = {0, 0};
    char *p = map(32, RW), *other = map(16, RW);
    CHECK(setrlimit(RLIMIT_MEMLOCK, &few) == 0);
    CHECK(setresuid(65534, 65534, 65534) == 0);
    CHECK(mlock(p, 12 * PAGE) == 0 && locked_kib() == 48);
    CHECK_ERRNO(mlock(other, 5 * PAGE), ENOMEM);
    CHECK(mlock(p + 4 * PAGE, 12 * PAGE) == 0); /* eight of them are locked already */
    CHECK(locked_kib() == 64);
    CHECK_ERRNO(mlock2_(other, PAGE, MLOCK_ONFAULT), ENOMEM);
    CHECK(raw_map(PAGE, MAP_LOCKED) == MAP_FAILED && errno == EAGAIN);
    CHECK(munmap(p + 16 * PAGE, 16 * PAGE) == 0);
    CHECK(mremap(p, 16 * PAGE, 17 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED && errno == EAGAIN);
    CHECK_ERRNO(mlockall(MCL_CURRENT), ENOMEM);
    CHECK(munlock(p, 16 * PAGE) == 0);
    CHECK(mlockall(MCL_FUTURE) == 0);
    CHECK(raw_map(17 * PAGE, 0) == MAP_FAILED && errno == EAGAIN);
    char *end = sbrk(0);
    CHECK(sbrk(17 * PAGE) == (void *)-1 && sbrk(0) == end);
    CHECK(raw_map(4 * PAGE, 0) != MAP_FAILED && locked_kib() == 16);
    CHECK(munlockall() == 0);
    CHECK(setrlimit(RLIMIT_MEMLOCK, &none) == 0);
    CHECK_ERRNO(mlock(p, PAGE), EPERM);
    CHECK_ERRNO(mlockall(MCL_CURRENT), EPERM);
    CHECK_ERRNO(mlockall(MCL_FUTURE), EPERM);
    CHECK(raw_map(PAGE, MAP_LOCKED) == MAP_FAILED && errno == EPERM);
    CHECK(munlock(p, PAGE) == 0 && munlockall() == 0);
    fflush(stdout);
    _exit(check_failures ? 1 : 0);
}

int main(void)
{
    int status = -1;
    ranges();
    resized();
    everything();
    if (geteuid() == 0) {
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            limited();
        }
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    CHECK_DONE();
}
