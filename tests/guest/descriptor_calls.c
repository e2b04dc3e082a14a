/* SPDX-License-Identifier: BSD-3-Clause */
/* dup, fcntl, close, close_range, limits, locks, ioctl, memfd and its seals. */
#include "check.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

static struct stat st;

static void duplicates(void)
{
    int fd = open("/dev/null", O_RDWR);
    CHECK(fd == 3 && dup(fd) == 4 && dup2(fd, 10) == 10 && dup2(fd, fd) == fd);
    CHECK(dup3(fd, 11, O_CLOEXEC) == 11 && fcntl(11, F_GETFD) == FD_CLOEXEC);
    CHECK_ERRNO(dup3(fd, fd, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_dup3, fd, 12, 1), EINVAL);
    CHECK_ERRNO(dup(99), EBADF);
    CHECK_ERRNO(dup2(99, 5), EBADF);
    CHECK_ERRNO(dup2(fd, -1), EBADF);
    CHECK_ERRNO(dup2(fd, 1 << 24), EBADF);
    CHECK(fcntl(fd, F_DUPFD, 7) == 7 && fcntl(fd, F_DUPFD_CLOEXEC, 7) == 8);
    CHECK(fcntl(8, F_GETFD) == FD_CLOEXEC && fcntl(7, F_GETFD) == 0);
    CHECK_ERRNO(fcntl(fd, F_DUPFD, -1), EINVAL);
    CHECK_ERRNO(fcntl(fd, F_DUPFD, 1 << 28), EINVAL);
    CHECK_ERRNO(fcntl(99, F_GETFD), EBADF);
    CHECK_ERRNO(fcntl(fd, 9999), EINVAL);
    CHECK(fcntl(7, F_SETFD, FD_CLOEXEC) == 0 && fcntl(7, F_GETFD) == FD_CLOEXEC);
    CHECK(fcntl(4, F_SETFL, O_NONBLOCK) == 0 && (fcntl(fd, F_GETFL) & O_NONBLOCK)); /* shared */
    CHECK(fcntl(fd, F_SETFL, 0) == 0);
    CHECK(close(4) == 0 && open("/dev/null", O_RDONLY) == 4);
    CHECK_ERRNO(close(99), EBADF);
    CHECK_ERRNO(close(-1), EBADF);
    CHECK(syscall(SYS_close_range, 7u, ~0u, 4u) == 0 && fcntl(10, F_GETFD) == FD_CLOEXEC);
    CHECK_ERRNO(syscall(SYS_close_range, 9u, 8u, 0u), EINVAL);
    CHECK_ERRNO(syscall(SYS_close_range, 3u, 8u, 64u), EINVAL);
    CHECK(syscall(SYS_close_range, 3u, ~0u, 0u) == 0);
    CHECK_ERRNO(fcntl(3, F_GETFD), EBADF);
    struct rlimit old, few = {6, 6};
    CHECK(getrlimit(RLIMIT_NOFILE, &old) == 0);
    few.rlim_max = old.rlim_max;
    CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
    CHECK(open("/", O_RDONLY) == 3 && open("/", O_RDONLY) == 4 && open("/", O_RDONLY) == 5);
    CHECK_ERRNO(open("/", O_RDONLY), EMFILE);
    CHECK_ERRNO(dup(3), EMFILE);
    CHECK_ERRNO(dup2(3, 6), EBADF);
    CHECK_ERRNO(fcntl(3, F_DUPFD, 6), EINVAL);
    int ends[2];
    CHECK(close(5) == 0);
    CHECK_ERRNO(pipe(ends), EMFILE);
    CHECK(open("/", O_RDONLY) == 5);
    few.rlim_cur = 700 < old.rlim_max ? 700 : old.rlim_max;
    CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
    for (int i = 6; i < 600; i++)
        CHECK(dup(3) == i);
    CHECK(fcntl(599, F_GETFL) >= 0);
    for (int i = 3; i < 600; i++)
        close(i);
    CHECK(setrlimit(RLIMIT_NOFILE, &old) == 0);
}

static void record_locks(void)
{
    char name[] = "locksXXXXXX";
    int a = mkstemp(name), b = open(name, O_RDWR), reader = open(name, O_RDONLY);
    CHECK(a >= 0 && b >= 0 && unlink(name) == 0);
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 10};
    CHECK(fcntl(a, F_SETLK, &l) == 0 && fcntl(b, F_SETLK, &l) == 0); /* one process: no conflict */
    CHECK(fcntl(b, F_GETLK, &l) == 0 && l.l_type == F_UNLCK);
    l.l_type = F_WRLCK;
    CHECK_ERRNO(fcntl(reader, F_SETLK, &l), EBADF);
    l.l_type = 77;
    CHECK_ERRNO(fcntl(a, F_SETLK, &l), EINVAL);
    l = (struct flock){.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = -5};
    CHECK_ERRNO(fcntl(a, F_SETLK, &l), EINVAL);
    l = (struct flock){.l_type = F_WRLCK, .l_whence = 9};
    CHECK_ERRNO(fcntl(a, F_SETLK, &l), EINVAL);
    CHECK_ERRNO(fcntl(a, F_SETLK, BAD_POINTER), EFAULT);
    /* open-file-description locks do conflict, also with the process's */
    l = (struct flock){.l_type = F_UNLCK, .l_whence = SEEK_SET};
    CHECK(fcntl(a, F_SETLK, &l) == 0);
    l = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 10};
    CHECK(fcntl(a, F_OFD_SETLK, &l) == 0);
    CHECK_ERRNO(fcntl(b, F_OFD_SETLK, &l), EAGAIN);
    l.l_start = 5;
    CHECK(fcntl(b, F_OFD_GETLK, &l) == 0 && l.l_type == F_WRLCK && l.l_start == 0 && l.l_len == 10 &&
          l.l_pid == -1);
    l = (struct flock){.l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = 3, .l_len = 4};
    CHECK(fcntl(a, F_OFD_SETLK, &l) == 0); /* leaves 0..2 and 7..9 */
    l = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 3, .l_len = 4};
    CHECK(fcntl(b, F_OFD_SETLK, &l) == 0);
    l = (struct flock){.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 5, .l_len = 3};
    CHECK_ERRNO(fcntl(b, F_OFD_SETLK, &l), EAGAIN);
    close(b);
    l = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
    CHECK(fcntl(a, F_OFD_SETLK, &l) == 0);
    close(a);
    CHECK(flock(reader, LOCK_SH) == 0 && flock(reader, LOCK_EX | LOCK_NB) == 0 &&
          flock(reader, LOCK_UN) == 0);
    CHECK_ERRNO(flock(reader, 0), EINVAL);
    CHECK_ERRNO(flock(99, LOCK_SH), EBADF);
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", reader);
    int again = open(path, O_RDONLY);
    CHECK(flock(reader, LOCK_EX) == 0);
    CHECK_ERRNO(flock(again, LOCK_SH | LOCK_NB), EAGAIN);
    CHECK(close(reader) == 0 && flock(again, LOCK_EX | LOCK_NB) == 0);
    close(again);
}

static void controls(void)
{
    int fd = open("/dev/null", O_RDWR), ends[2], count = -1;
    CHECK_ERRNO(ioctl(fd, TIOCGWINSZ, &count), ENOTTY);
    CHECK_ERRNO(ioctl(fd, 0x12345678, &count), ENOTTY);
    CHECK_ERRNO(ioctl(99, FIONREAD, &count), EBADF);
    int on = 1;
    CHECK(ioctl(fd, FIONBIO, &on) == 0 && (fcntl(fd, F_GETFL) & O_NONBLOCK));
    CHECK(ioctl(fd, FIOCLEX) == 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    CHECK(ioctl(fd, FIONCLEX) == 0 && fcntl(fd, F_GETFD) == 0);
    CHECK(pipe(ends) == 0 && write(ends[1], "abc", 3) == 3);
    CHECK(ioctl(ends[0], FIONREAD, &count) == 0 && count == 3);
    CHECK_ERRNO(ioctl(ends[0], FIONREAD, BAD_POINTER), EFAULT);
    CHECK(!isatty(ends[0]) && errno == ENOTTY);
    close(ends[0]), close(ends[1]), close(fd);
    char zeros[100] = "x";
    fd = open("/dev/zero", O_RDWR);
    CHECK(read(fd, zeros, 100) == 100 && zeros[0] == 0 && write(fd, "abc", 3) == 3);
    close(fd);
    fd = open("/dev/full", O_RDWR);
    CHECK_ERRNO(write(fd, "abc", 3), ENOSPC);
    CHECK(read(fd, zeros, 5) == 5);
    close(fd);
    fd = open("/dev/null", O_RDWR);
    CHECK(read(fd, zeros, 5) == 0 && write(fd, zeros, 100) == 100 && lseek(fd, 5, SEEK_SET) == 0);
    CHECK(fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == 0x103);
    close(fd);
    unsigned char a[32] = {0}, b[32] = {0};
    fd = open("/dev/urandom", O_RDONLY);
    CHECK(read(fd, a, 32) == 32 && read(fd, b, 32) == 32 && memcmp(a, b, 32) != 0);
    close(fd);
}

static void memory_files(void)
{
    int fd = memfd_create("name", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    char path[64], text[128] = {0};
    CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    CHECK(fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 07777) == 0777 &&
          st.st_nlink == 0 && st.st_size == 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    CHECK(readlink(path, text, sizeof(text)) > 0 && strcmp(text, "/memfd:name (deleted)") == 0);
    CHECK(ftruncate(fd, 8192) == 0);
    char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(p != MAP_FAILED);
    strcpy(p + 4096, "shared");
    CHECK(pread(fd, text, 7, 4096) == 7 && strcmp(text, "shared") == 0);
    CHECK(fcntl(fd, F_GET_SEALS) == 0);
    CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
    munmap(p, 8192);
    CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) == 0);
    CHECK_ERRNO(ftruncate(fd, 100), EPERM);
    CHECK_ERRNO(ftruncate(fd, 9000), EPERM);
    CHECK(pwrite(fd, "abc", 3, 8190) == 2);
    CHECK_ERRNO(pwrite(fd, "abc", 3, 8192), EPERM);
    CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == 0);
    CHECK_ERRNO(write(fd, "x", 1), EPERM);
    CHECK_ERRNO(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0,
                EPERM);
    CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL) == 0);
    CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), EPERM);
    CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, 0x4000), EINVAL);
    close(fd);
    fd = memfd_create("plain", 0);
    CHECK(fcntl(fd, F_GET_SEALS) == F_SEAL_SEAL);
    CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), EPERM);
    CHECK_ERRNO(fcntl(fd, F_GETPIPE_SZ), EBADF);
    close(fd);
    fd = open("/dev/null", O_RDWR);
    CHECK_ERRNO(fcntl(fd, F_GET_SEALS), EINVAL);
    close(fd);
    CHECK_ERRNO(memfd_create("x", 0x8000), EINVAL);
    CHECK_ERRNO(syscall(SYS_memfd_create, BAD_POINTER, 0), EFAULT);
}

int main(void)
{
    for (int i = 3; i < 20; i++)
        close(i);
    duplicates();
    record_locks();
    controls();
    memory_files();
    CHECK_DONE();
}
