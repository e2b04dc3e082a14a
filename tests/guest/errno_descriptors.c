/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: user=root */
/* Calls on descriptors: the refusals that no other test provokes. */
#include "check.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_preadv2
#define SYS_preadv2 327
#define SYS_pwritev2 328
#endif

static char text[16] = "text";
static struct iovec one = {text, 4}, bad = {BAD_POINTER, 4};

static void ring(int number)
{
    (void)number;
}

static void interrupt_soon(void)
{
    struct sigaction action = {.sa_handler = ring};
    struct itimerval soon = {{0, 20000}, {0, 20000}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &soon, NULL);
}

static void be_quiet(void)
{
    struct itimerval never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &never, NULL);
}

static void fill(int fd)
{
    static char much[4096];
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (write(fd, much, sizeof(much)) > 0)
        ;
    while (write(fd, much, 1) > 0)
        ;
}

static void vectors(void)
{
    int ends[2], folder = open(".", O_RDONLY);

    CHECK(pipe(ends) == 0);
    CHECK_ERRNO(syscall(SYS_readv, folder, &one, 1), EISDIR);
    CHECK_ERRNO(syscall(SYS_preadv, folder, &one, 1, 0, 0), EISDIR);
    CHECK_ERRNO(syscall(SYS_preadv2, folder, &one, 1, 0, 0, 0), EISDIR);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    CHECK_ERRNO(syscall(SYS_readv, ends[0], &one, 1), EAGAIN);
    fcntl(ends[0], F_SETFL, 0);
    interrupt_soon();
    CHECK_ERRNO(syscall(SYS_readv, ends[0], &one, 1), EINTR);
    be_quiet();
    fill(ends[1]);
    CHECK_ERRNO(syscall(SYS_writev, ends[1], &one, 1), EAGAIN);
    fcntl(ends[1], F_SETFL, 0);
    interrupt_soon();
    CHECK_ERRNO(syscall(SYS_writev, ends[1], &one, 1), EINTR);
    be_quiet();
    close(ends[0]);
    close(ends[1]);
    close(folder);
}

static void vectors_with_flags(void)
{
    int ends[2], file = open("file", O_RDWR);

    CHECK(pipe(ends) == 0);
    CHECK_ERRNO(syscall(SYS_preadv2, -1, &one, 1, 0, 0, 0), EBADF);
    CHECK_ERRNO(syscall(SYS_preadv2, file, BAD_POINTER, 1, 0, 0, 0), EFAULT);
    CHECK_ERRNO(syscall(SYS_preadv2, file, &one, -1, 0, 0, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_preadv2, ends[0], &one, 1, 0, 0, 0), ESPIPE);
    CHECK_ERRNO(syscall(SYS_preadv2, file, &one, 1, 0, 0, 1 << 30), EOPNOTSUPP);
    CHECK_ERRNO(syscall(SYS_pwritev2, -1, &one, 1, 0, 0, 0), EBADF);
    CHECK_ERRNO(syscall(SYS_pwritev2, file, &bad, 1, 0, 0, 0), EFAULT);
    CHECK_ERRNO(syscall(SYS_pwritev2, file, &one, -1, 0, 0, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_pwritev2, ends[1], &one, 1, 0, 0, 0), ESPIPE);
    CHECK_ERRNO(syscall(SYS_pwritev2, file, &one, 1, 0, 0, 1 << 30), EOPNOTSUPP);
    CHECK(syscall(SYS_pwritev2, file, &one, 1, 0, 0, 0) == 4);
    CHECK(syscall(SYS_preadv2, file, &one, 1, 0, 0, 0) == 4);
    close(ends[0]);
    close(ends[1]);
    close(file);
}

static void copies(void)
{
    int ends[2], file = open("file", O_RDWR);
    off_t offset = 0;

    CHECK(pipe(ends) == 0);
    CHECK_ERRNO(syscall(SYS_pipe, BAD_POINTER), EFAULT);
    CHECK_ERRNO(syscall(SYS_sendfile, file, ends[0], &offset, 4), ESPIPE);
    fill(ends[1]);
    CHECK_ERRNO(syscall(SYS_sendfile, ends[1], file, &offset, 4), EAGAIN);
    CHECK_ERRNO(syscall(SYS_vmsplice, ends[1], &one, 1, 2 /* SPLICE_F_NONBLOCK */), EAGAIN);
    close(ends[0]);
    close(ends[1]);
    close(file);
}

/* No descriptor is left: calls that make one. */
static void without_room(void)
{
    struct rlimit was, tight;
    sigset_t set;
    int next = dup(0);

    close(next);
    sigemptyset(&set);
    getrlimit(RLIMIT_NOFILE, &was);
    tight = (struct rlimit){(rlim_t)next, was.rlim_max};
    CHECK(setrlimit(RLIMIT_NOFILE, &tight) == 0);
    CHECK_ERRNO(syscall(SYS_inotify_init), EMFILE);
    CHECK_ERRNO(syscall(SYS_inotify_init1, 0), EMFILE);
    CHECK_ERRNO(syscall(SYS_epoll_create, 1), EMFILE);
    CHECK_ERRNO(syscall(SYS_epoll_create1, 0), EMFILE);
    CHECK_ERRNO(syscall(SYS_eventfd, 1), EMFILE);
    CHECK_ERRNO(syscall(SYS_eventfd2, 1, 0), EMFILE);
    CHECK_ERRNO(syscall(SYS_signalfd, -1, &set, 8), EMFILE);
    CHECK_ERRNO(syscall(SYS_signalfd4, -1, &set, 8, 0), EMFILE);
    CHECK_ERRNO(syscall(SYS_timerfd_create, CLOCK_MONOTONIC, 0), EMFILE);
    CHECK_ERRNO(syscall(SYS_pidfd_open, getpid(), 0), EMFILE);
    CHECK(setrlimit(RLIMIT_NOFILE, &was) == 0);
}

static void events(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    struct timespec short_time = {0, 1000000}, wrong = {0, 2000000000};
    sigset_t set;
    int e = (int)syscall(SYS_epoll_create, 5), counter = (int)syscall(SYS_eventfd, 1);

    sigemptyset(&set);
    CHECK(e >= 0 && counter >= 0);
    CHECK_ERRNO(syscall(SYS_epoll_wait, -1, &event, 1, 0), EBADF);
    CHECK_ERRNO(syscall(SYS_epoll_pwait, -1, &event, 1, 0, NULL, 8), EBADF);
    CHECK_ERRNO(syscall(SYS_epoll_pwait2, -1, &event, 1, NULL, NULL, 8), EBADF);
    CHECK_ERRNO(syscall(SYS_epoll_pwait2, e, &event, 0, NULL, NULL, 8), EINVAL);
    CHECK_ERRNO(syscall(SYS_epoll_pwait2, e, &event, 1, &wrong, NULL, 8), EINVAL);
    CHECK_ERRNO(syscall(SYS_epoll_pwait2, e, &event, 1, BAD_POINTER, NULL, 8), EFAULT);
    interrupt_soon();
    CHECK_ERRNO(syscall(SYS_epoll_pwait2, e, &event, 1, NULL, NULL, 8), EINTR);
    be_quiet();
    CHECK(syscall(SYS_epoll_pwait2, e, &event, 1, &short_time, NULL, 8) == 0);
    CHECK_ERRNO(syscall(SYS_signalfd, 0x7ffffff, &set, 8), EBADF);
    CHECK_ERRNO(syscall(SYS_signalfd, -1, BAD_POINTER, 8), EFAULT);
    CHECK_ERRNO(syscall(SYS_signalfd, -1, &set, 7), EINVAL);
    close(e);
    close(counter);
}

static void watches(void)
{
    char name[300];
    int watcher = (int)syscall(SYS_inotify_init);

    CHECK(watcher >= 0);
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = 0;
    CHECK(symlink("loop", "loop") == 0);
    CHECK_ERRNO(syscall(SYS_inotify_add_watch, watcher, name, 2), ENAMETOOLONG);
    CHECK_ERRNO(syscall(SYS_inotify_add_watch, watcher, "loop", 2), ELOOP);
    if (geteuid() == 0) {
        int status;
        CHECK(chmod("file", 0600) == 0);
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            int refused = setuid(65534) == 0 &&
                          syscall(SYS_inotify_add_watch, watcher, "file", 2) == -1 &&
                          errno == EACCES;
            _exit(!refused);
        }
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    close(watcher);
}

static void old_directories(void)
{
    char entries[1024];
    int file = open("file", O_RDONLY), gone;

    CHECK(mkdir("gone", 0700) == 0);
    gone = open("gone", O_RDONLY);
    CHECK(syscall(SYS_getdents, gone, entries, sizeof(entries)) > 0);
    lseek(gone, 0, SEEK_SET);
    CHECK_ERRNO(syscall(SYS_getdents, gone, entries, 1), EINVAL);
    CHECK_ERRNO(syscall(SYS_getdents, gone, BAD_POINTER, sizeof(entries)), EFAULT);
    CHECK_ERRNO(syscall(SYS_getdents, file, entries, sizeof(entries)), ENOTDIR);
    CHECK_ERRNO(syscall(SYS_getdents, -1, entries, sizeof(entries)), EBADF);
    rmdir("gone");
    CHECK_ERRNO(syscall(SYS_getdents, gone, entries, sizeof(entries)), ENOENT);
    CHECK_ERRNO(syscall(SYS_getdents64, gone, entries, sizeof(entries)), ENOENT);
    close(file);
    close(gone);
}

/* Another open file has the lock. */
static void held_files(void)
{
    int first = open("file", O_RDWR), second = open("file", O_RDWR);

    CHECK(flock(first, LOCK_EX) == 0);
    interrupt_soon();
    CHECK_ERRNO(syscall(SYS_flock, second, LOCK_EX), EINTR);
    be_quiet();
    close(first);
    close(second);
}

static void wrong_copies(void)
{
    int program = open("/proc/self/exe", O_RDONLY), file = open("file", O_RDWR), folder;

    CHECK_ERRNO(syscall(SYS_copy_file_range, file, NULL, program, NULL, 4, 0), EBADF);
    folder = open(".", O_RDONLY);
    CHECK_ERRNO(syscall(SYS_copy_file_range, folder, NULL, file, NULL, 4, 0), EISDIR);
    close(folder);
    close(program);
    close(file);
}

int main(void)
{
    char folder[] = "/tmp/errno_descriptors.XXXXXX";

    CHECK(mkdtemp(folder) && chmod(folder, 0755) == 0 && chdir(folder) == 0);
    int file = open("file", O_CREAT | O_RDWR, 0644);
    CHECK(write(file, "something to read", 17) == 17);
    close(file);
    vectors();
    vectors_with_flags();
    copies();
    without_room();
    events();
    watches();
    old_directories();
    held_files();
    wrong_copies();
    CHECK_DONE();
}
