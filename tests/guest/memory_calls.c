/* SPDX-License-Identifier: BSD-3-Clause */
/* mprotect, mremap, madvise, msync, mincore, mlock, brk, growing stacks. */
#include "check.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define PAGE 4096ul
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

static sigjmp_buf out;
static volatile int caught;

static void on_signal(int signal)
{
    caught = signal;
    siglongjmp(out, 1);
}

static int touch(volatile char *p, int write)
{
    caught = 0;
    if (sigsetjmp(out, 1) == 0) {
        if (write)
            *p = 1;
        else
            (void)*p;
    }
    return caught;
}

static char *map(size_t pages, int prot) { return mmap(NULL, pages * PAGE, prot, ANON, -1, 0); }

static void test_mprotect(void)
{
    char *p = map(6, PROT_READ | PROT_WRITE);
    p[0] = 1;
    CHECK(mprotect(p, PAGE, PROT_NONE) == 0 && touch(p, 0) == SIGSEGV);
    CHECK(mprotect(p, PAGE, PROT_READ) == 0 && p[0] == 1 && touch(p, 1) == SIGSEGV);
    CHECK(mprotect(p, PAGE, PROT_READ | PROT_WRITE) == 0 && touch(p, 1) == 0);
    CHECK(munmap(p + 3 * PAGE, PAGE) == 0);
    CHECK_ERRNO(mprotect(p + 2 * PAGE, 3 * PAGE, PROT_READ), ENOMEM);
    CHECK(touch(p + 2 * PAGE, 1) == SIGSEGV); /* what lies before the hole was changed */
    CHECK(touch(p + 4 * PAGE, 1) == 0);
    CHECK_ERRNO(syscall(SYS_mprotect, p + 1, PAGE, PROT_READ), EINVAL);
    CHECK_ERRNO(mprotect(p, PAGE, 0x100), EINVAL);
    CHECK_ERRNO(mprotect(p, PAGE, PROT_READ | PROT_GROWSDOWN), EINVAL);
    CHECK_ERRNO(mprotect(p, PAGE, PROT_READ | PROT_GROWSDOWN | PROT_GROWSUP), EINVAL);
    CHECK(mprotect(p, 0, PROT_READ) == 0);
    CHECK_ERRNO(mprotect(p, -PAGE, PROT_READ), ENOMEM);
    munmap(p, 6 * PAGE);
    /* Code that was written, then made executable. */
    char *code = map(1, PROT_READ | PROT_WRITE);
#if defined(__x86_64__)
    memcpy(code, "\xb8\x2a\x00\x00\x00\xc3", 6); /* mov $42,%eax; ret */
    CHECK(mprotect(code, PAGE, PROT_READ | PROT_EXEC) == 0 && ((int (*)(void))code)() == 42);
#endif
    munmap(code, PAGE);
}

static void test_keys(void)
{
    char *p = map(1, PROT_READ);
    long key = syscall(SYS_pkey_alloc, 0, 0);
    CHECK(key >= 0 || errno == ENOSPC || errno == EINVAL); /* EINVAL: this CPU has none */
    CHECK_ERRNO(syscall(SYS_pkey_alloc, 1, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_pkey_alloc, 0, 4), EINVAL);
    CHECK(syscall(SYS_pkey_mprotect, p, PAGE, PROT_READ | PROT_WRITE, -1) == 0 && touch(p, 1) == 0);
    CHECK_ERRNO(syscall(SYS_pkey_mprotect, p, PAGE, PROT_READ, 15), EINVAL);
    if (key >= 0)
        CHECK(syscall(SYS_pkey_free, key) == 0);
    CHECK_ERRNO(syscall(SYS_pkey_free, 15), EINVAL);
    munmap(p, PAGE);
}

static void test_mremap(void)
{
    char *p = map(8, PROT_READ | PROT_WRITE);
    for (int i = 0; i < 8; i++)
        p[i * PAGE] = (char)(i + 1);
    CHECK(mremap(p, 8 * PAGE, 4 * PAGE, 0) == p && touch(p + 4 * PAGE, 0) == SIGSEGV);
    CHECK(mremap(p, 4 * PAGE, 8 * PAGE, 0) == p && p[3 * PAGE] == 4 && p[4 * PAGE] == 0);
    CHECK_ERRNO((long)mremap(p, PAGE, 9 * PAGE, 0), ENOMEM);
    CHECK_ERRNO((long)mremap(p + 1, PAGE, PAGE, 0), EINVAL);
    CHECK_ERRNO((long)mremap(p, PAGE, 0, 0), EINVAL);
    CHECK_ERRNO((long)mremap(p, PAGE, PAGE, 64), EINVAL);
    CHECK_ERRNO((long)mremap(p, PAGE, PAGE, MREMAP_FIXED, p), EINVAL);
    CHECK_ERRNO((long)mremap(p, 0, PAGE, MREMAP_MAYMOVE), EINVAL);
    CHECK_ERRNO((long)mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + PAGE),
                EINVAL);
    char *q = mremap(p, 2 * PAGE, 20 * PAGE, MREMAP_MAYMOVE);
    CHECK(q != MAP_FAILED && q != p && q[0] == 1 && q[PAGE] == 2 && q[19 * PAGE] == 0);
    CHECK(touch(p, 0) == SIGSEGV && p[2 * PAGE] == 3);
    char *r = mremap(p + 2 * PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q + 5 * PAGE);
    CHECK(r == q + 5 * PAGE && r[0] == 3 && r[PAGE] == 4 && q[4 * PAGE] == 0);
    char *s = mremap(q, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP);
    CHECK(s != MAP_FAILED && s[0] == 1 && q[0] == 0);
    CHECK_ERRNO((long)mremap(q, PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP), EINVAL);
    munmap(q, 20 * PAGE);
    CHECK_ERRNO((long)mremap(q, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
    munmap(p, 8 * PAGE);
    munmap(s, PAGE);
}

static void test_madvise(void)
{
    char *p = map(4, PROT_READ | PROT_WRITE);
    memset(p, 1, 4 * PAGE);
    CHECK(madvise(p + PAGE, PAGE, MADV_DONTNEED) == 0 && p[PAGE] == 0 && p[0] == 1);
    CHECK(madvise(p, PAGE, MADV_FREE) == 0 && (p[0] == 0 || p[0] == 1));
    for (int advice = MADV_NORMAL; advice <= MADV_WILLNEED; advice++)
        CHECK(madvise(p, PAGE, advice) == 0);
    CHECK(madvise(p, PAGE, MADV_DONTFORK) == 0 && madvise(p, PAGE, MADV_DOFORK) == 0);
    CHECK(madvise(p, PAGE, MADV_DONTDUMP) == 0 && madvise(p, PAGE, MADV_DODUMP) == 0);
    CHECK(madvise(p, PAGE, MADV_WIPEONFORK) == 0 && madvise(p, PAGE, MADV_KEEPONFORK) == 0);
    CHECK(madvise(p, 4 * PAGE, MADV_POPULATE_WRITE) == 0);
    CHECK(madvise(p, 4 * PAGE, MADV_POPULATE_READ) == 0);
    CHECK(p[3 * PAGE] == 1); /* contents are kept by all of these */
    CHECK_ERRNO(madvise(p, PAGE, 9999), EINVAL);
    CHECK_ERRNO(madvise(p + 1, PAGE, MADV_NORMAL), EINVAL);
    CHECK_ERRNO(madvise(p, -PAGE + 1, MADV_NORMAL), EINVAL);
    CHECK(madvise(p, 0, MADV_DONTNEED) == 0);
    CHECK_ERRNO(madvise(p, PAGE, MADV_REMOVE), EINVAL);
    CHECK(munmap(p + PAGE, PAGE) == 0);
    memset(p + 2 * PAGE, 7, PAGE);
    CHECK_ERRNO(madvise(p, 3 * PAGE, MADV_DONTNEED), ENOMEM);
    CHECK(p[2 * PAGE] == 0); /* holes are passed over */
    CHECK(mprotect(p, PAGE, PROT_READ) == 0);
    CHECK_ERRNO(madvise(p, PAGE, MADV_POPULATE_WRITE), EINVAL);
    CHECK_ERRNO(madvise(p, 2 * PAGE, MADV_POPULATE_READ), ENOMEM);
    munmap(p, 4 * PAGE);
    char *shared = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    memset(shared, 3, 2 * PAGE);
    CHECK(madvise(shared, PAGE, MADV_DONTNEED) == 0 && shared[0] == 3);
    CHECK_ERRNO(madvise(shared, PAGE, MADV_FREE), EINVAL);
    CHECK_ERRNO(madvise(shared, PAGE, MADV_WIPEONFORK), EINVAL);
    CHECK(madvise(shared, PAGE, MADV_REMOVE) == 0 && shared[0] == 0 && shared[PAGE] == 3);
    munmap(shared, 2 * PAGE);
}

static void test_sync_and_residency(void)
{
    unsigned char resident[4];
    char *p = map(4, PROT_READ | PROT_WRITE);
    p[PAGE] = 1;
    CHECK(mincore(p, 4 * PAGE, resident) == 0);
    CHECK((resident[0] & 1) == 0 && (resident[1] & 1) == 1 && (resident[3] & 1) == 0);
    CHECK_ERRNO(mincore(p + 1, PAGE, resident), EINVAL);
    CHECK_ERRNO(mincore(p, PAGE, BAD_POINTER), EFAULT);
    CHECK(msync(p, 4 * PAGE, MS_SYNC) == 0 && msync(p, 4 * PAGE, MS_ASYNC) == 0);
    CHECK_ERRNO(msync(p, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
    CHECK_ERRNO(msync(p, PAGE, 64), EINVAL);
    CHECK_ERRNO(msync(p + 1, PAGE, MS_SYNC), EINVAL);
    CHECK(mlock(p, PAGE) == 0 && mincore(p, PAGE, resident) == 0 && (resident[0] & 1));
    CHECK_ERRNO(msync(p, PAGE, MS_SYNC | MS_INVALIDATE), EBUSY);
    CHECK_ERRNO(madvise(p, PAGE, MADV_DONTNEED), EINVAL);
    CHECK(munlock(p, PAGE) == 0 && madvise(p, PAGE, MADV_DONTNEED) == 0);
    CHECK_ERRNO(mlockall(0), EINVAL);
    CHECK_ERRNO(mlockall(1024), EINVAL);
    CHECK(munlockall() == 0);
    munmap(p, 4 * PAGE);
    CHECK_ERRNO(mincore(p, PAGE, resident), ENOMEM);
    CHECK_ERRNO(msync(p, PAGE, MS_SYNC), ENOMEM);
    CHECK_ERRNO(mlock(p, PAGE), ENOMEM);
}

static void test_brk(void)
{
    char *start = (char *)syscall(SYS_brk, 0);
    CHECK((char *)syscall(SYS_brk, start + 3 * PAGE + 5) == start + 3 * PAGE + 5);
    CHECK(touch(start + 3 * PAGE, 1) == 0 && start[2 * PAGE] == 0);
    start[PAGE] = 9;
    CHECK((char *)syscall(SYS_brk, start) == start);
    CHECK(touch(start + PAGE, 0) == SIGSEGV);
    CHECK((char *)syscall(SYS_brk, start + 2 * PAGE) == start + 2 * PAGE && start[PAGE] == 0);
    CHECK((char *)syscall(SYS_brk, 4096) == start + 2 * PAGE);
    CHECK((char *)syscall(SYS_brk, 1ul << 62) == start + 2 * PAGE);
    CHECK((char *)syscall(SYS_brk, start) == start);
}

static int recurse(int depth)
{
    volatile char frame[3000];
    frame[0] = (char)depth;
    return depth == 0 ? frame[0] : recurse(depth - 1) + frame[0] * 0;
}

static void test_growing_stacks(void)
{
    CHECK(recurse(1500) == 0); /* 4.5 MB of the usual 8 */
    char *p = mmap(NULL, 512 * PAGE, PROT_NONE, ANON, -1, 0);
    CHECK(munmap(p, 511 * PAGE) == 0);
    char *stack = mmap(p + 509 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE,
                       ANON | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
    CHECK(stack == p + 509 * PAGE && touch(stack, 1) == 0);
    CHECK(touch(stack - PAGE, 1) == 0 && touch(stack - 100 * PAGE, 1) == 0);
    munmap(p, 512 * PAGE);
}

int main(void)
{
    static char alternate[65536];
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
    sigaltstack(&stack, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    test_brk(); /* first: libc's heap may sit there later */
    test_mprotect();
    test_keys();
    test_mremap();
    test_madvise();
    test_sync_and_residency();
    test_growing_stacks();
    CHECK_DONE();
}
