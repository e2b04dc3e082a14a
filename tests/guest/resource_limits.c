/* SPDX-License-Identifier: BSD-3-Clause */
/* Limits that calls obey: open files, file size, address space, data, locked memory, signals,
 * processes. */
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

static void limit(int which, unsigned long soft)
{
    struct rlimit l;
    CHECK(getrlimit(which, &l) == 0);
    l.rlim_cur = soft;
    CHECK(setrlimit(which, &l) == 0);
}

static void test_files(void)
{
    int fds[8], ends[2], n = 0;
    struct pollfd p[70] = {0};
    limit(RLIMIT_NOFILE, 8);
    while (n < 8 && (fds[n] = open("/dev/null", O_RDONLY)) >= 0)
        n++;
    CHECK(errno == EMFILE && fds[n - 1] == 7);
    CHECK_ERRNO(dup(0), EMFILE);
    CHECK_ERRNO(pipe(ends), EMFILE);
    CHECK_ERRNO(dup2(0, 8), EBADF);
    CHECK_ERRNO(fcntl(0, F_DUPFD, 8), EINVAL);
    CHECK_ERRNO(poll(p, 9, 0), EINVAL);
    close(fds[n - 1]);
    CHECK_ERRNO(pipe(ends), EMFILE);
    CHECK((fds[n - 1] = dup(0)) == 7);
    limit(RLIMIT_NOFILE, 64);
    CHECK(dup2(0, 63) == 63);
    limit(RLIMIT_NOFILE, 8); /* those above stay usable */
    CHECK(fcntl(63, F_GETFD) == 0 && close(63) == 0);
    while (n > 0)
        close(fds[--n]);
    limit(RLIMIT_NOFILE, 1024);
}

static volatile int exceeded;
static void on_size(int signal) { exceeded += signal == SIGXFSZ; }

static void test_file_size(void)
{
    int fd = open("limited", O_RDWR | O_CREAT | O_TRUNC, 0600);
    limit(RLIMIT_FSIZE, 10);
    signal(SIGXFSZ, on_size);
    CHECK(write(fd, "0123456789abc", 13) == 10 && exceeded == 0);
    CHECK_ERRNO(write(fd, "x", 1), EFBIG);
    CHECK(exceeded == 1);
    CHECK_ERRNO(ftruncate(fd, 11), EFBIG);
    CHECK(exceeded == 2);
    CHECK_ERRNO(fallocate(fd, 0, 8, 4), EFBIG);
    CHECK(exceeded == 3);
    CHECK_ERRNO(pwrite(fd, "x", 1, 10), EFBIG);
    CHECK(pwrite(fd, "x", 1, 9) == 1);
    signal(SIGXFSZ, SIG_IGN);
    CHECK_ERRNO(write(fd, "x", 1), EFBIG);
    CHECK_ERRNO(fallocate(fd, 0, 0, 20), EFBIG);
    limit(RLIMIT_FSIZE, 4);
    CHECK(ftruncate(fd, 9) == 0); /* larger than allowed, but smaller than it was */
    CHECK(ftruncate(fd, 3) == 0);
    limit(RLIMIT_FSIZE, RLIM_INFINITY);
    close(fd);
    unlink("limited");
}

static void test_memory(void)
{
    char *start = sbrk(0), *p;
    struct rlimit old;
    CHECK(getrlimit(RLIMIT_AS, &old) == 0);
    limit(RLIMIT_AS, 64ul << 20);
    p = mmap(NULL, 128ul << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p == MAP_FAILED && errno == ENOMEM);
    p = mmap(NULL, 16ul << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED);
    CHECK(mremap(p, 16ul << 20, 128ul << 20, MREMAP_MAYMOVE) == MAP_FAILED && errno == ENOMEM);
    munmap(p, 16ul << 20);
    CHECK((char *)syscall(SYS_brk, start + (128l << 20)) == start);
    limit(RLIMIT_AS, old.rlim_cur);
    limit(RLIMIT_DATA, 4ul << 20);
    CHECK((char *)syscall(SYS_brk, start + (8l << 20)) == start);
    p = mmap(NULL, 8ul << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p == MAP_FAILED && errno == ENOMEM);
    p = mmap(NULL, 8ul << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED);
    CHECK_ERRNO(mprotect(p, 8ul << 20, PROT_READ | PROT_WRITE), ENOMEM);
    munmap(p, 8ul << 20);
    limit(RLIMIT_DATA, RLIM_INFINITY);
}

static void test_signals(void)
{
    sigset_t set;
    union sigval value = {.sival_int = 1};
    siginfo_t info;
    struct timespec none = {0};
    int sent = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    limit(RLIMIT_SIGPENDING, 5);
    while (sent < 100 && sigqueue(getpid(), SIGRTMIN + 1, value) == 0)
        sent++;
    CHECK(errno == EAGAIN && sent <= 5);
    while (sent > 0 && sigtimedwait(&set, &info, &none) == SIGRTMIN + 1)
        sent--;
    CHECK(sent == 0);
    CHECK_ERRNO(sigtimedwait(&set, &info, &none), EAGAIN);
}

static void test_table(void)
{
    struct rlimit l, other;
    for (int which = 0; which < 16; which++) {
        CHECK(getrlimit(which, &l) == 0 && l.rlim_cur <= l.rlim_max);
        CHECK(prlimit(0, which, NULL, &other) == 0 && other.rlim_max == l.rlim_max);
        CHECK(prlimit(getpid(), which, &l, NULL) == 0);
    }
    CHECK(getrlimit(RLIMIT_STACK, &l) == 0 && l.rlim_cur == 8ul << 20);
    CHECK_ERRNO(syscall(SYS_prlimit64, 0, 16, NULL, &l), EINVAL);
    CHECK_ERRNO(syscall(SYS_setrlimit, RLIMIT_CORE, BAD_POINTER), EFAULT);
    CHECK_ERRNO(syscall(SYS_getrlimit, -1, &l), EINVAL);
}

static void *never(void *argument) { return argument; }

/* A user nobody else is: with itself nine children are ten processes, and a thread is one, too. */
static int use_up_processes(void)
{
    int hold[2], count = 0, status;
    pthread_t thread;
    char byte;

    CHECK(setresgid(23456, 23456, 23456) == 0 && setresuid(23456, 23456, 23456) == 0);
    limit(RLIMIT_NPROC, 10);
    for (int round = 0; round < 3; round++, count = 0) {
        CHECK(pipe(hold) == 0);
        for (pid_t child; (child = fork()) >= 0; count++) {
            if (child)
                continue;
            close(hold[1]);
            _exit(read(hold[0], &byte, 1) == 0 ? 0 : 1);
        }
        CHECK(errno == EAGAIN && count == 9);
        CHECK_ERRNO(fork(), EAGAIN);
        CHECK(pthread_create(&thread, NULL, never, NULL) == EAGAIN);
        close(hold[0]);
        close(hold[1]);
        while (count-- > 0)
            CHECK(wait(&status) > 0 && status == 0);
    }
    return check_failures;
}

static void test_processes(void)
{
    int status = -1;
    pid_t child = fork();
    if (!child)
        exit(use_up_processes()); /* what was printed comes along */
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

int main(void)
{
    if (geteuid() == 0)
        test_processes();
    test_files();
    test_file_size();
    test_memory();
    test_signals();
    test_table();
    CHECK_DONE();
}
