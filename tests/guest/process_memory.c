/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: user=root */
/* process_vm_readv and process_vm_writev: memory of every kind, of a child, of oneself; what they
 * refuse. */
#include "check.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define PAGE 4096ul
#define NOBODY 65533

static char *private, *shared, *of_file, *read_only, *nothing, *hole;
static char global[] = "of the parent";

static long read_at(pid_t pid, void *to, const void *from, size_t n)
{
    struct iovec local = {to, n}, remote = {(void *)from, n};
    return syscall(SYS_process_vm_readv, pid, &local, 1, &remote, 1, 0);
}

static long write_at(pid_t pid, void *to, const void *from, size_t n)
{
    struct iovec local = {(void *)from, n}, remote = {to, n};
    return syscall(SYS_process_vm_writev, pid, &local, 1, &remote, 1, 0);
}

static char *map(int prot, int flags, int fd)
{
    char *p = mmap(NULL, 64 * PAGE, prot, flags, fd, 0);
    CHECK(p != MAP_FAILED);
    return p;
}

static void make_memory(void)
{
    int fd = open("memory", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(ftruncate(fd, 64 * PAGE) == 0);
    private = map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    shared = map(PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
    of_file = map(PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
    read_only = map(PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    nothing = map(PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    hole = map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    CHECK(munmap(hole + PAGE, PAGE) == 0);
    close(fd);
    unlink("memory");
    strcpy(private, "private of the parent");
    strcpy(of_file, "file of the parent");
}

/* The child's own content differs from the parent's; it says when, and looks when it is told. */
static void child(int told, int tell)
{
    char go;

    strcpy(global, "of the child!");
    strcpy(private, "private of the child");
    strcpy(shared, "shared");
    strcpy(of_file, "file of the child");
    memset(private + 10 * PAGE, 'x', 40 * PAGE);
    CHECK(write(tell, "x", 1) == 1 && read(told, &go, 1) == 1);
    CHECK(strcmp(global, "by the parent") == 0 && strcmp(private + PAGE - 3, "across pages") == 0);
    CHECK(strcmp(of_file + 8 * PAGE, "into a file's page") == 0);
    CHECK(strcmp(shared + PAGE, "for both") == 0);
    fflush(stdout);
    _exit(check_failures != 0);
}

static void reads(pid_t pid)
{
    static char buffer[41 * PAGE];
    struct iovec local[3] = {{buffer, 3}, {buffer + 10, 0}, {buffer + 3, 40}};
    struct iovec remote[2] = {{private, 8}, {shared, 6}};

    CHECK(read_at(pid, buffer, global, 14) == 14 && !strcmp(buffer, "of the child!"));
    CHECK(!strcmp(global, "of the parent"));
    CHECK(read_at(pid, buffer, of_file, 64) == 64 && !strcmp(buffer, "file of the child"));
    CHECK(read_at(pid, buffer, private + 10 * PAGE - 1, 40 * PAGE + 1) == 40 * (long)PAGE + 1);
    CHECK(buffer[0] == 0 && buffer[1] == 'x' && buffer[40 * PAGE] == 'x');
    memset(buffer, '-', 50);
    CHECK(syscall(SYS_process_vm_readv, pid, local, 3, remote, 2, 0) == 14);
    CHECK(!memcmp(buffer, "private shared-", 15));
    CHECK(read_at(pid, buffer, read_only, 10) == 10 && buffer[9] == 0);
    CHECK(read_at(pid, buffer, hole, 2 * PAGE) == (long)PAGE);
    CHECK_ERRNO(read_at(pid, buffer, hole + PAGE, 1), EFAULT);
    CHECK_ERRNO(read_at(pid, buffer, nothing, 1), EFAULT);
    CHECK_ERRNO(read_at(pid, buffer, BAD_POINTER, 1), EFAULT);
    CHECK_ERRNO(read_at(pid, BAD_POINTER, private, 1), EFAULT);
    CHECK_ERRNO(read_at(pid, nothing, private, 1), EFAULT);
}

static void writes(pid_t pid)
{
    CHECK(write_at(pid, global, "by the parent", 14) == 14);
    CHECK(!strcmp(global, "of the parent"));
    CHECK(write_at(pid, private + PAGE - 3, "across pages", 13) == 13 && !private[PAGE]);
    CHECK(write_at(pid, of_file + 8 * PAGE, "into a file's page", 19) == 19);
    CHECK(of_file[8 * PAGE] == 0);
    CHECK(write_at(pid, shared + PAGE, "for both", 9) == 9 && !strcmp(shared + PAGE, "for both"));
    CHECK_ERRNO(write_at(pid, read_only, "x", 1), EFAULT);
    CHECK_ERRNO(write_at(pid, nothing, "x", 1), EFAULT);
    CHECK_ERRNO(write_at(pid, hole + PAGE, "x", 1), EFAULT);
    CHECK_ERRNO(write_at(pid, private, BAD_POINTER, 1), EFAULT);
    CHECK_ERRNO(write_at(pid, (void *)0x7e8000000000, "x", 1), EFAULT);
}

static void oneself(void)
{
    char mine[16] = "";

    CHECK(read_at(getpid(), mine, global, 14) == 14 && !strcmp(mine, global));
    CHECK(write_at(getpid(), mine, "written", 8) == 8 && !strcmp(mine, "written"));
}

static void errors(pid_t pid)
{
    struct iovec one = {global, 1}, negative = {global, (size_t)-1}, empty = {global, 0};
    int calls[] = {SYS_process_vm_readv, SYS_process_vm_writev};

    for (int i = 0; i < 2; i++) {
        CHECK_ERRNO(syscall(calls[i], pid, &one, 1, &one, 1, 1), EINVAL);
        CHECK_ERRNO(syscall(calls[i], pid, &one, 1025, &one, 1, 0), EINVAL);
        CHECK_ERRNO(syscall(calls[i], pid, &one, 1, &one, 1025, 0), EINVAL);
        CHECK_ERRNO(syscall(calls[i], pid, &negative, 1, &one, 1, 0), EINVAL);
        CHECK_ERRNO(syscall(calls[i], pid, &one, 1, &negative, 1, 0), EINVAL);
        CHECK_ERRNO(syscall(calls[i], pid, BAD_POINTER, 1, &one, 1, 0), EFAULT);
        CHECK_ERRNO(syscall(calls[i], pid, &one, 1, BAD_POINTER, 1, 0), EFAULT);
        CHECK_ERRNO(syscall(calls[i], 999999, &one, 1, &one, 1, 0), ESRCH);
        CHECK(syscall(calls[i], 999999, &empty, 1, BAD_POINTER, 1, 0) == 0);
        CHECK(syscall(calls[i], 999999, &one, 1, &empty, 1, 0) == 0);
    }
}

static void as_nobody(pid_t pid)
{
    CHECK(setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
    CHECK_ERRNO(read_at(pid, global, global, 1), EPERM);
    CHECK_ERRNO(write_at(pid, global, global, 1), EPERM);
    fflush(stdout);
    _exit(check_failures != 0);
}

int main(void)
{
    int to[2], from[2], status;
    char ready;

    make_memory();
    CHECK(pipe(to) == 0 && pipe(from) == 0);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        child(to[0], from[1]);
    CHECK(read(from[0], &ready, 1) == 1);
    reads(pid);
    writes(pid);
    oneself();
    errors(pid);
    if (geteuid() == 0) {
        pid_t other = fork();
        if (other == 0)
            as_nobody(pid);
        CHECK(waitpid(other, &status, 0) == other && status == 0);
    }
    CHECK(write(to[1], "x", 1) == 1);
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK_ERRNO(read_at(pid, &ready, global, 1), ESRCH);
    CHECK_DONE();
}
