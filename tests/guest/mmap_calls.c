/* SPDX-License-Identifier: BSD-3-Clause */
/* mmap(2) and munmap(2): placement, flags, errors, files, SIGBUS. */
#include "check.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define PAGE 4096ul
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

static sigjmp_buf out;
static volatile int caught, caught_code;
static void *volatile caught_address;

static void on_signal(int signal, siginfo_t *info, void *context)
{
    (void)context;
    caught = signal;
    caught_code = info->si_code;
    caught_address = info->si_addr;
    siglongjmp(out, 1);
}

/* The signal that a touch of the byte raises, 0: none. */
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

static void catch_faults(void)
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
}

static char *map(size_t pages, int prot, int flags)
{
    return mmap(NULL, pages * PAGE, prot, flags | MAP_ANONYMOUS, -1, 0);
}

static void test_errors(void)
{
    char *p = map(4, PROT_READ, MAP_PRIVATE);
    int null = open("/dev/null", O_RDWR), pipes[2];
    CHECK(pipe(pipes) == 0);
    CHECK_ERRNO((long)mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EINVAL);
    CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0), EINVAL);
    CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, -1, 0),
                EINVAL);
    CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0), EBADF);
    CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, null, 0), ENODEV);
    CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, pipes[0], 0), ENODEV);
    CHECK_ERRNO(syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 1),
                EINVAL);
    CHECK_ERRNO((long)mmap(p + 1, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
                EINVAL);
    CHECK_ERRNO((long)mmap(p, PAGE, PROT_READ,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
    CHECK_ERRNO((long)mmap((void *)-PAGE, PAGE, PROT_READ,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), ENOMEM);
    CHECK_ERRNO((long)mmap(NULL, -PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
    CHECK_ERRNO((long)mmap(NULL, SIZE_MAX, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
    CHECK_ERRNO(munmap(p + 1, PAGE), EINVAL);
    CHECK_ERRNO(munmap(p, 0), EINVAL);
    CHECK_ERRNO(munmap((void *)(1ul << 63), PAGE), EINVAL);
    CHECK(munmap(p, 4 * PAGE) == 0);
    CHECK(munmap(p, 4 * PAGE) == 0); /* nothing there is no error */
    close(null);
    close(pipes[0]);
    close(pipes[1]);
}

static void test_placement(void)
{
    char *a = map(3, PROT_READ, MAP_PRIVATE);
    CHECK(munmap(a + PAGE, PAGE) == 0);
    char *b = mmap(a + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(b == a + PAGE); /* a wish for a free place is granted */
    char *c = mmap(a, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(c != a && c != MAP_FAILED);
    char *d = mmap(a + 10, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(d != MAP_FAILED && ((uintptr_t)d & (PAGE - 1)) == 0);
    char *low = mmap((void *)8192, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(low >= (char *)65536 || low == MAP_FAILED);
#ifdef MAP_32BIT
    char *e = map(1, PROT_READ, MAP_PRIVATE | MAP_32BIT);
    CHECK(e != MAP_FAILED && (uintptr_t)e + PAGE <= 0x80000000ul);
    munmap(e, PAGE);
#endif
    munmap(a, 3 * PAGE);
    munmap(c, PAGE);
    munmap(d, PAGE);
}

static void test_protections(void)
{
    char *p = map(2, PROT_NONE, MAP_PRIVATE);
    CHECK(touch(p, 0) == SIGSEGV && caught_code == SEGV_ACCERR && caught_address == p);
    munmap(p, 2 * PAGE);
    CHECK(touch(p, 0) == SIGSEGV && caught_code == SEGV_MAPERR);
    p = map(1, PROT_READ, MAP_PRIVATE);
    CHECK(touch(p, 0) == 0 && touch(p, 1) == SIGSEGV && caught_code == SEGV_ACCERR);
    munmap(p, PAGE);
    p = map(1, PROT_WRITE, MAP_PRIVATE);
    CHECK(touch(p, 1) == 0 && touch(p, 0) == 0);
    munmap(p, PAGE);
}

static void test_file_mappings(void)
{
    char text[PAGE], back[16] = {0};
    int fd = open("/tmp/mmap_calls", O_RDWR | O_CREAT | O_TRUNC, 0600);
    int reader = open("/tmp/mmap_calls", O_RDONLY), writer = open("/tmp/mmap_calls", O_WRONLY);
    memset(text, 'x', sizeof(text));
    CHECK(write(fd, text, PAGE) == (long)PAGE && write(fd, "tail", 4) == 4);
    char *shared = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *private = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    CHECK(shared != MAP_FAILED && private != MAP_FAILED);
    CHECK(private[0] == 'x' && memcmp(shared + PAGE, "tail", 5) == 0);
    shared[0] = 's';
    CHECK(private[0] == 's' && pread(fd, back, 1, 0) == 1 && back[0] == 's');
    private[0] = 'p';
    CHECK(shared[0] == 's');
    CHECK(pwrite(fd, "w", 1, 0) == 1 && shared[0] == 'w' && private[0] == 'p');
    CHECK(touch(shared + 2 * PAGE, 0) == SIGBUS && caught_code == BUS_ADRERR &&
          caught_address == shared + 2 * PAGE);
    CHECK(touch(private + 2 * PAGE, 1) == SIGBUS);
    CHECK(mprotect(shared, 4 * PAGE, PROT_READ) == 0 && touch(shared + 2 * PAGE, 0) == SIGBUS);
    CHECK(mprotect(shared, 4 * PAGE, PROT_READ | PROT_WRITE) == 0);
    CHECK(ftruncate(fd, 3 * PAGE) == 0 && touch(shared + 2 * PAGE, 1) == 0);
    CHECK(pread(fd, back, 1, 2 * PAGE) == 1 && back[0] == 1);
    CHECK(touch(private + PAGE, 1) == 0);
    CHECK(ftruncate(fd, PAGE) == 0);
    CHECK(touch(shared + PAGE, 0) == SIGBUS && touch(private + PAGE, 0) == SIGBUS);
    CHECK(touch(private, 0) == 0 && private[0] == 'p');
    CHECK(ftruncate(fd, 2 * PAGE) == 0 && shared[PAGE] == 0 && private[PAGE] == 0);
    CHECK(ftruncate(fd, 10) == 0 && shared[9] == 'x' && shared[10] == 0);
    CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, reader, 0), EACCES);
    CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, writer, 0), EACCES);
    char *ro = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, reader, 0);
    CHECK(ro != MAP_FAILED && ro[0] == 'w');
    CHECK_ERRNO(mprotect(ro, PAGE, PROT_READ | PROT_WRITE), EACCES);
    char *rw = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, reader, 0);
    CHECK(rw != MAP_FAILED && touch(rw, 1) == 0);
    close(fd);
    unlink("/tmp/mmap_calls");
    CHECK(ro[0] == 'w'); /* the mapping keeps the file */
    munmap(shared, 4 * PAGE);
    munmap(private, 4 * PAGE);
    close(reader);
    close(writer);
}

static void test_offsets(void)
{
    int fd = open("/tmp/mmap_offsets", O_RDWR | O_CREAT | O_TRUNC, 0600);
    for (int i = 0; i < 300; i++)
        CHECK(pwrite(fd, &i, sizeof(i), i * PAGE) == sizeof(i));
    char *p = mmap(NULL, 200 * PAGE, PROT_READ, MAP_PRIVATE, fd, 50 * PAGE);
    for (int i = 0; i < 200; i++)
        CHECK(*(int *)(p + i * PAGE) == i + 50);
    CHECK(munmap(p + 10 * PAGE, 20 * PAGE) == 0);
    CHECK(touch(p + 10 * PAGE, 0) == SIGSEGV && *(int *)(p + 30 * PAGE) == 80);
    munmap(p, 200 * PAGE);
    close(fd);
    unlink("/tmp/mmap_offsets");
}

static void test_shared_anonymous(void)
{
    char *p = map(2, PROT_READ | PROT_WRITE, MAP_SHARED);
    CHECK(p != MAP_FAILED && p[0] == 0);
    p[PAGE] = 5;
    char *q = mremap(p, 0, 2 * PAGE, MREMAP_MAYMOVE); /* a second view */
    CHECK(q != MAP_FAILED && q[PAGE] == 5);
    q[0] = 9;
    CHECK(p[0] == 9);
    munmap(p, 2 * PAGE);
    CHECK(q[0] == 9);
    munmap(q, 2 * PAGE);
}

static void test_dev_zero(void)
{
    int fd = open("/dev/zero", O_RDWR);
    char *private = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    char *shared = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(private != MAP_FAILED && shared != MAP_FAILED && private != shared);
    CHECK(touch(private, 1) == 0 && touch(shared, 0) == 0);
    CHECK(private[PAGE] == 0 && shared[PAGE] == 0);
    CHECK(touch(shared + PAGE, 1) == 0 && private[PAGE] == 0);
    munmap(private, 2 * PAGE);
    munmap(shared, 2 * PAGE);
    close(fd);
}

static long resident_pages(void)
{
    long size = 0, resident = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    CHECK(statm && fscanf(statm, "%ld %ld", &size, &resident) == 2);
    fclose(statm);
    return resident;
}

static void test_limits(void)
{
    struct rlimit old, small = {64 << 20, RLIM_INFINITY};
    getrlimit(RLIMIT_AS, &old);
    small.rlim_max = old.rlim_max;
    CHECK(setrlimit(RLIMIT_AS, &small) == 0);
    CHECK_ERRNO((long)mmap(NULL, 128 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
    CHECK(setrlimit(RLIMIT_AS, &old) == 0);
    /* More than any machine has: refused when it could be written, else not. */
    size_t huge = 1ul << 45;
    CHECK_ERRNO((long)mmap(NULL, huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                ENOMEM);
    void *p = mmap(NULL, huge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED);
    munmap(p, huge);
    p = mmap(NULL, huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(p != MAP_FAILED);
    long before = resident_pages();
    for (unsigned i = 0; i < 1000; i++)
        ((char *)p)[i * PAGE] = 1;
    long after = resident_pages();
    CHECK(after >= before + 900 && after <= before + 20000); /* the reserved is not resident */
    munmap(p, huge);
    CHECK(resident_pages() < after);
}

static void test_calls_touch_program_memory(void)
{
    char *p = map(2, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    int fd = open("/tmp/mmap_io", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(munmap(p + PAGE, PAGE) == 0);
    memset(p, 'a', PAGE);
    CHECK(write(fd, p + PAGE - 10, 20) == 10); /* up to the hole */
    CHECK_ERRNO(write(fd, p + PAGE, 10), EFAULT);
    CHECK(lseek(fd, 0, SEEK_SET) == 0 && mprotect(p, PAGE, PROT_READ) == 0);
    CHECK_ERRNO(read(fd, p, 10), EFAULT);
    CHECK_ERRNO(write(fd, (void *)(1ul << 63), 1), EFAULT);
    CHECK_ERRNO(syscall(SYS_write, fd, BAD_POINTER, 1), EFAULT);
    munmap(p, PAGE);
    close(fd);
    unlink("/tmp/mmap_io");
}

int main(void)
{
    catch_faults();
    test_errors();
    test_placement();
    test_protections();
    test_file_mappings();
    test_offsets();
    test_shared_anonymous();
    test_dev_zero();
    test_limits();
    test_calls_touch_program_memory();
    CHECK_DONE();
}
