/* SPDX-License-Identifier: BSD-3-Clause */
/* fcntl and flock locks between processes: waiting, circles, what fork and close do to them. */
#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

static int a, b, up[2], down[2];

static struct flock range(int type, int start, int length)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
}

static int lock(int fd, int command, int type, int start, int length)
{
    struct flock l = range(type, start, length);
    return fcntl(fd, command, &l);
}

static void tell(int fd)
{
    CHECK(write(fd, "x", 1) == 1);
}

static void await(int fd)
{
    char c;
    CHECK(read(fd, &c, 1) == 1);
}

static void finish(pid_t child)
{
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

/* A wait has begun when the process sleeps; Linux says so in its stat. */
static void until_asleep(pid_t pid)
{
    char path[64], text[256];
    for (int tries = 0; tries < 2000; tries++) {
        snprintf(path, sizeof(path), "/proc/%d/stat", pid);
        FILE *f = fopen(path, "r");
        size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
        text[n] = 0;
        if (f)
            fclose(f);
        char *state = strrchr(text, ')');
        if (state && state[2] == 'S')
            return;
        usleep(1000);
    }
    CHECK(!"asleep");
}

static void not_inherited(void)
{
    CHECK(lock(a, F_SETLK, F_WRLCK, 0, 10) == 0);
    pid_t child = fork();
    if (child == 0) {
        struct flock l = range(F_WRLCK, 5, 1);
        CHECK(fcntl(a, F_GETLK, &l) == 0 && l.l_type == F_WRLCK && l.l_pid == getppid() &&
              l.l_start == 0 && l.l_len == 10);
        CHECK_ERRNO(lock(a, F_SETLK, F_RDLCK, 9, 1), EAGAIN);
        CHECK(lock(a, F_SETLK, F_WRLCK, 10, 1) == 0);
        tell(up[1]);
        CHECK(lock(a, F_SETLKW, F_WRLCK, 0, 1) == 0); /* until the parent closes */
        _exit(check_failures);
    }
    await(up[0]);
    CHECK_ERRNO(lock(a, F_SETLK, F_WRLCK, 10, 1), EAGAIN);
    until_asleep(child);
    close(open("/proc/self/fd/0", O_RDONLY));
    int other = dup(a);
    close(other); /* any descriptor of the file */
    finish(child);
    CHECK(lock(a, F_SETLK, F_WRLCK, 0, 20) == 0); /* the child's went with it */
    CHECK(lock(a, F_SETLK, F_UNLCK, 0, 0) == 0);
}

static void circles(void)
{
    CHECK(lock(a, F_SETLK, F_WRLCK, 0, 1) == 0);
    pid_t child = fork();
    if (child == 0) {
        CHECK(lock(b, F_SETLK, F_WRLCK, 0, 1) == 0);
        tell(up[1]);
        CHECK(lock(a, F_SETLKW, F_WRLCK, 0, 1) == 0);
        _exit(check_failures);
    }
    await(up[0]);
    until_asleep(child);
    CHECK_ERRNO(lock(b, F_SETLKW, F_WRLCK, 0, 1), EDEADLK);
    CHECK_ERRNO(lock(b, F_SETLK, F_WRLCK, 0, 1), EAGAIN);
    CHECK(lock(a, F_SETLK, F_UNLCK, 0, 0) == 0);
    finish(child);
    CHECK(lock(b, F_SETLKW, F_WRLCK, 0, 1) == 0 && lock(b, F_SETLK, F_UNLCK, 0, 0) == 0);
}

static void on_alarm(int number)
{
    (void)number;
}

static void interrupted(void)
{
    struct sigaction act = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &act, NULL);
    pid_t child = fork();
    if (child == 0) {
        CHECK(lock(a, F_SETLK, F_WRLCK, 0, 0) == 0);
        tell(up[1]);
        await(down[0]);
        _exit(check_failures);
    }
    await(up[0]);
    alarm(1);
    CHECK_ERRNO(lock(a, F_SETLKW, F_RDLCK, 3, 1), EINTR);
    tell(down[1]);
    finish(child);
}

static void of_files(void)
{
    int c = open("/tmp/lock_owners.a", O_RDWR);
    CHECK(flock(a, LOCK_EX) == 0);
    pid_t child = fork();
    if (child == 0) {
        CHECK(flock(a, LOCK_EX | LOCK_NB) == 0); /* the same open file */
        CHECK_ERRNO(flock(c, LOCK_SH | LOCK_NB), EWOULDBLOCK);
        tell(up[1]);
        CHECK(flock(c, LOCK_SH) == 0);
        _exit(check_failures);
    }
    await(up[0]);
    until_asleep(child);
    CHECK(flock(a, LOCK_UN) == 0);
    finish(child);
    /* open-file-description locks are the child's too */
    CHECK(lock(a, F_OFD_SETLK, F_WRLCK, 0, 0) == 0);
    child = fork();
    if (child == 0) {
        CHECK(lock(a, F_OFD_SETLK, F_WRLCK, 0, 0) == 0);
        CHECK_ERRNO(lock(c, F_OFD_SETLK, F_WRLCK, 0, 0), EAGAIN);
        struct flock l = range(F_WRLCK, 0, 0);
        CHECK(fcntl(c, F_GETLK, &l) == 0 && l.l_pid == -1);
        _exit(check_failures);
    }
    finish(child);
    CHECK_ERRNO(lock(c, F_OFD_SETLK, F_WRLCK, 0, 0), EAGAIN);
    CHECK(lock(a, F_OFD_SETLK, F_UNLCK, 0, 0) == 0);
    close(c);
}

int main(void)
{
    a = open("/tmp/lock_owners.a", O_RDWR | O_CREAT | O_TRUNC, 0600);
    b = open("/tmp/lock_owners.b", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(a >= 0 && b >= 0 && pipe(up) == 0 && pipe(down) == 0);
    not_inherited();
    circles();
    interrupted();
    of_files();
    unlink("/tmp/lock_owners.a"), unlink("/tmp/lock_owners.b");
    CHECK_DONE();
}
