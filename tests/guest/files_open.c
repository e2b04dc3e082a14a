/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: libc=glibc */ /* musl has no headers for openat2 */
/* open(2), openat(2), openat2(2), creat: errors, flags, permissions of what is made. */
#include "check.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>

static char long_name[300], long_path[5000];

static void make(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    CHECK(fd >= 0);
    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static void errors(void)
{
    memset(long_name, 'n', sizeof(long_name) - 1);
    memset(long_path, 'p', sizeof(long_path) - 1);
    for (size_t i = 0; i < sizeof(long_path) - 1; i += 2)
        long_path[i] = '.', long_path[i + 1] = '/';
    long_path[sizeof(long_path) - 1] = 0;
    CHECK_ERRNO(open("", O_RDONLY), ENOENT);
    CHECK_ERRNO(open("missing", O_RDONLY), ENOENT);
    CHECK_ERRNO(open("missing/x", O_RDONLY | O_CREAT, 0600), ENOENT);
    CHECK_ERRNO(open(long_name, O_RDONLY), ENAMETOOLONG);
    CHECK_ERRNO(open(long_path, O_RDONLY), ENAMETOOLONG);
    CHECK_ERRNO(syscall(SYS_openat, AT_FDCWD, BAD_POINTER, O_RDONLY), EFAULT);
    CHECK_ERRNO(openat(-7, "x", O_RDONLY), EBADF);
    CHECK_ERRNO(openat(999, "x", O_RDONLY), EBADF);
    make("plain", "text");
    CHECK_ERRNO(open("plain/x", O_RDONLY), ENOTDIR);
    CHECK_ERRNO(open("plain/", O_RDONLY), ENOTDIR);
    CHECK_ERRNO(open("plain/", O_RDONLY | O_CREAT, 0600), EISDIR);
    CHECK_ERRNO(open("new/", O_RDONLY | O_CREAT, 0600), EISDIR);
    CHECK_ERRNO(open("plain/.", O_RDONLY), ENOTDIR);
    CHECK_ERRNO(open("plain", O_RDONLY | O_DIRECTORY), ENOTDIR);
    CHECK_ERRNO(open("plain", O_WRONLY | O_CREAT | O_EXCL, 0600), EEXIST);
    CHECK(mkdir("dir", 0755) == 0);
    CHECK_ERRNO(open("dir", O_WRONLY), EISDIR);
    CHECK_ERRNO(open("dir", O_RDWR), EISDIR);
    CHECK_ERRNO(open("dir", O_RDONLY | O_CREAT, 0600), EISDIR);
    CHECK_ERRNO(open("dir", O_RDONLY | O_TRUNC), EISDIR);
    CHECK_ERRNO(open(".", O_RDONLY | O_CREAT, 0600), EISDIR);
    CHECK_ERRNO(open("/", O_RDONLY | O_CREAT, 0600), EISDIR);
    CHECK_ERRNO(open("dir", O_RDONLY | O_CREAT | O_EXCL, 0600), EEXIST);
    int fd = open("plain", O_RDONLY);
    CHECK_ERRNO(openat(fd, "x", O_RDONLY), ENOTDIR);
    int other = openat(fd, "/", O_RDONLY | O_DIRECTORY);
    CHECK(other >= 0);
    close(other);
    close(fd);
    CHECK_ERRNO(open("dir", O_TMPFILE | O_RDONLY, 0600), EINVAL);
}

static void links(void)
{
    CHECK(symlink("plain", "to_plain") == 0);
    CHECK(symlink("dir", "to_dir") == 0);
    CHECK(symlink("nowhere", "dangling") == 0);
    CHECK(symlink("loop_b", "loop_a") == 0);
    CHECK(symlink("loop_a", "loop_b") == 0);
    CHECK_ERRNO(open("loop_a", O_RDONLY), ELOOP);
    CHECK_ERRNO(open("loop_a/x", O_RDONLY), ELOOP);
    CHECK_ERRNO(open("to_plain", O_RDONLY | O_NOFOLLOW), ELOOP);
    CHECK_ERRNO(open("to_dir", O_RDONLY | O_NOFOLLOW), ELOOP);
    CHECK_ERRNO(open("to_dir", O_RDONLY | O_NOFOLLOW | O_DIRECTORY), ENOTDIR);
    CHECK_ERRNO(open("dangling", O_RDONLY), ENOENT);
    CHECK_ERRNO(open("dangling", O_WRONLY | O_CREAT | O_EXCL, 0600), EEXIST);
    CHECK_ERRNO(open("to_plain/", O_RDONLY), ENOTDIR);
    int fd = open("to_dir/", O_RDONLY | O_NOFOLLOW);
    CHECK(fd >= 0);
    close(fd);
    fd = open("dangling", O_WRONLY | O_CREAT, 0600);
    CHECK(fd >= 0);
    CHECK(access("nowhere", F_OK) == 0);
    close(fd);
    fd = open("to_plain", O_PATH | O_NOFOLLOW);
    CHECK(fd >= 0);
    struct stat st;
    CHECK(fstat(fd, &st) == 0 && S_ISLNK(st.st_mode));
    char text[16];
    CHECK(readlinkat(fd, "", text, sizeof(text)) == 5);
    CHECK_ERRNO(read(fd, text, 1), EBADF);
    CHECK_ERRNO(lseek(fd, 0, SEEK_SET), EBADF);
    CHECK_ERRNO(fchmod(fd, 0600), EBADF);
    close(fd);
    /* 40 links are followed, 41 are not */
    char from[16], to[16];
    for (int i = 0; i < 42; i++) {
        snprintf(from, sizeof(from), "chain%d", i);
        snprintf(to, sizeof(to), i ? "chain%d" : "plain", i - 1);
        CHECK(symlink(to, from) == 0);
    }
    fd = open("chain39", O_RDONLY);
    CHECK(fd >= 0);
    close(fd);
    CHECK_ERRNO(open("chain40", O_RDONLY), ELOOP);
}

static void flags(void)
{
    struct stat st;
    mode_t old = umask(027);
    int fd = open("masked", O_RDWR | O_CREAT, 07777);
    umask(old);
    CHECK(fstat(fd, &st) == 0 && (st.st_mode & 07777) == (07777 & ~027));
    close(fd);
    fd = open("readonly", O_WRONLY | O_CREAT, 0400); /* the mode does not bind who made it */
    CHECK(write(fd, "x", 1) == 1);
    char c;
    CHECK_ERRNO(read(fd, &c, 1), EBADF);
    close(fd);
    fd = open("plain", O_RDONLY);
    CHECK_ERRNO(write(fd, "x", 1), EBADF);
    CHECK((fcntl(fd, F_GETFL) & ~O_LARGEFILE & ~0100000) == O_RDONLY);
    CHECK(fcntl(fd, F_GETFD) == 0);
    close(fd);
    fd = open("plain", O_RDWR | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_CREAT | O_TRUNC, 0600);
    CHECK((fcntl(fd, F_GETFL) & ~0100000) == (O_RDWR | O_APPEND | O_NONBLOCK));
    CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
    CHECK(fstat(fd, &st) == 0 && st.st_size == 0);
    close(fd);
    fd = open(".", O_TMPFILE | O_RDWR, 0600);
    CHECK(fd >= 0);
    CHECK(fstat(fd, &st) == 0 && st.st_nlink == 0 && S_ISREG(st.st_mode));
    CHECK(write(fd, "unnamed", 7) == 7);
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    CHECK(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW) == 0);
    CHECK(stat("named", &st) == 0 && st.st_size == 7 && st.st_nlink == 1);
    close(fd);
    fd = creat("created", 0640);
    CHECK(fd >= 0 && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY);
    close(fd);
}

static long openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
    struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
    return syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
}

static void resolve(void)
{
    int dir = open("dir", O_RDONLY | O_DIRECTORY);
    make("dir/inside", "i");
    CHECK(symlink("/etc", "dir/absolute") == 0);
    CHECK(symlink("../plain", "dir/upward") == 0);
    CHECK(symlink("inside", "dir/good") == 0);
    CHECK_ERRNO(openat2(dir, "../plain", O_RDONLY, 0, RESOLVE_BENEATH), EXDEV);
    CHECK_ERRNO(openat2(dir, "/etc", O_RDONLY, 0, RESOLVE_BENEATH), EXDEV);
    CHECK_ERRNO(openat2(dir, "absolute", O_RDONLY, 0, RESOLVE_BENEATH), EXDEV);
    CHECK_ERRNO(openat2(dir, "upward", O_RDONLY, 0, RESOLVE_BENEATH), EXDEV);
    CHECK_ERRNO(openat2(dir, "good", O_RDONLY, 0, RESOLVE_NO_SYMLINKS), ELOOP);
    CHECK_ERRNO(openat2(dir, "/etc", O_RDONLY, 0, RESOLVE_IN_ROOT), ENOENT);
    CHECK_ERRNO(openat2(dir, "inside", O_RDONLY, 0600, 0), EINVAL);
    CHECK_ERRNO(openat2(dir, "inside", O_RDONLY, 0, 0x1000), EINVAL);
    CHECK_ERRNO(openat2(dir, "inside", 1ull << 40, 0, 0), EINVAL);
    CHECK_ERRNO(openat2(dir, "x", O_CREAT, 0200000, 0), EINVAL);
    CHECK_ERRNO(openat2(AT_FDCWD, "/proc/self/fd/0", O_PATH, 0, RESOLVE_NO_MAGICLINKS), ELOOP);
    CHECK_ERRNO(openat2(AT_FDCWD, "/proc/version", O_RDONLY, 0, RESOLVE_NO_XDEV), EXDEV);
    const struct {
        const char *path;
        uint64_t resolve;
    } good[] = {
        {"good", RESOLVE_BENEATH}, {"../../../inside", RESOLVE_IN_ROOT}, {"/inside", RESOLVE_IN_ROOT},
        {"./inside", RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV},
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        long fd = openat2(dir, good[i].path, O_RDONLY, 0, good[i].resolve);
        if (fd < 0)
            printf("openat2 %s: errno %d\n", good[i].path, errno);
        CHECK(fd >= 0);
        close((int)fd);
    }
    struct open_how how = {0};
    CHECK_ERRNO(syscall(SYS_openat2, dir, "inside", &how, 8), EINVAL);
    CHECK_ERRNO(syscall(SYS_openat2, dir, "inside", &how, 5000), E2BIG);
    close(dir);
}

int main(void)
{
    char place[] = "files_openXXXXXX";
    CHECK(mkdtemp(place) && chdir(place) == 0);
    umask(022);
    errors();
    links();
    flags();
    resolve();
    CHECK_DONE();
}
