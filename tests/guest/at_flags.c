/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: compare=linux */
/* The *at family: each call with each single flag of 32, and with pairs of the known ones, on a
 * file, a symbolic link, a dangling one, a directory, nothing, an empty name. What they answer must
 * be Linux's answer. */
#include "check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <time.h>

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif

static const char *const names[] = {"file", "link", "dangling", "directory", "missing", "",
                                    "file/", "directory/"};
#define NAMES (sizeof(names) / sizeof(names[0]))
static int fd_file, fd_directory, fd_path;

static long call_fstatat(int at, const char *name, long flags)
{
    struct stat s;
    return syscall(SYS_newfstatat, at, name, &s, flags);
}
static long call_statx(int at, const char *name, long flags)
{
    char s[256];
    return syscall(SYS_statx, at, name, flags, 0x7ff, s);
}
static long call_faccessat2(int at, const char *name, long flags)
{
    return syscall(SYS_faccessat2, at, name, R_OK, flags);
}
static long call_fchmodat2(int at, const char *name, long flags)
{
    return syscall(SYS_fchmodat2, at, name, 0755, flags);
}
static long call_fchownat(int at, const char *name, long flags)
{
    return syscall(SYS_fchownat, at, name, -1, -1, flags);
}
static long call_utimensat(int at, const char *name, long flags)
{
    return syscall(SYS_utimensat, at, name, NULL, flags);
}
static long call_readlinkat(int at, const char *name, long flags)
{
    char to[64];
    (void)flags;
    return syscall(SYS_readlinkat, at, name, to, sizeof(to));
}
static long call_linkat(int at, const char *name, long flags)
{
    long result = syscall(SYS_linkat, at, name, AT_FDCWD, "new", flags);
    int error = errno;
    unlink("new");
    errno = error;
    return result;
}
static long call_unlinkat(int at, const char *name, long flags)
{
    long result = syscall(SYS_unlinkat, at, name, flags);
    return result;
}
static long call_renameat2(int at, const char *name, long flags)
{
    return syscall(SYS_renameat2, at, name, AT_FDCWD, "new", flags);
}
static long call_openat(int at, const char *name, long flags)
{
    int fd = (int)syscall(SYS_openat, at, name, flags | O_NONBLOCK, 0600);
    int error = errno;
    close(fd);
    errno = error;
    return fd >= 0 ? 0 : -1;
}
static long call_resolve(int at, const char *name, long flags)
{
    uint64_t how[3] = {O_RDONLY, 0, (uint64_t)flags};
    int fd = (int)syscall(SYS_openat2, at, name, how, sizeof(how));
    int error = errno;
    close(fd);
    errno = error;
    return fd >= 0 ? 0 : -1;
}
static long call_how(int at, const char *name, long flags)
{
    uint64_t how[3] = {(uint64_t)flags, flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)) ? 0600 : 0,
                       0};
    int fd = (int)syscall(SYS_openat2, at, name, how, sizeof(how));
    int error = errno;
    close(fd);
    errno = error;
    return fd >= 0 ? 0 : -1;
}

#define CALL(name, known) {#name, call_##name, known}
static const struct {
    const char *name;
    long (*call)(int at, const char *name, long flags);
    long known;                  /* of which pairs are tried too */
} calls[] = {
    CALL(fstatat, 0x7900), CALL(statx, 0x7900), CALL(faccessat2, 0x1300),
    CALL(fchmodat2, 0x1100), CALL(fchownat, 0x1100), CALL(utimensat, 0x1100),
    CALL(readlinkat, 0), CALL(linkat, 0x1400), CALL(unlinkat, 0x200), CALL(renameat2, 0x3),
    CALL(openat, O_WRONLY | O_CREAT | O_EXCL | O_DIRECTORY | O_NOFOLLOW | O_PATH | O_TRUNC),
    CALL(resolve, 0x3f), CALL(how, O_WRONLY | O_CREAT | O_DIRECTORY | O_NOFOLLOW | O_PATH),
};

static void make_tree(void)
{
    unlink("file"), unlink("link"), unlink("dangling"), unlink("nowhere"), unlink("new");
    unlink("missing"), rmdir("new"), rmdir("missing");
    rename("file", "old"), unlink("old"), rmdir("directory");
    close(open("file", O_CREAT | O_WRONLY, 0600));
    mkdir("directory", 0700);
    (void)!symlink("file", "link");
    (void)!symlink("nowhere", "dangling");
    close(fd_file), close(fd_directory), close(fd_path);
    fd_file = open("file", O_RDONLY);
    fd_directory = open("directory", O_RDONLY);
    fd_path = open("link", O_PATH | O_NOFOLLOW);
}

static void answer(unsigned call, const char *where, int at, const char *name, long flags)
{
    errno = 0;
    long result = calls[call].call(at, name, flags);
    printf("%s(%s, \"%s\", %#lx): %s\n", calls[call].name, where, name, flags,
           result == -1 ? strerror(errno) : "ok");
    make_tree();
}

/* Where Linux's releases differ. */
static int moves(unsigned call, long flags)
{
    long (*f)(int, const char *, long) = calls[call].call;
    if (f == call_renameat2)
        return flags & 4; /* whiteouts: root, and not on every file system */
    if (f == call_openat || f == call_how)
        return flags & (O_DIRECT | O_NOATIME); /* not on every file system */
    if (f == call_resolve)
        return flags & 0x20; /* RESOLVE_CACHED: what is cached is Linux's affair */
    return 0;
}

static void all(unsigned call, long flags)
{
    if (moves(call, flags))
        return;
    for (unsigned n = 0; n < NAMES; n++)
        answer(call, "cwd", AT_FDCWD, names[n], flags);
    answer(call, "file", fd_file, "", flags);
    answer(call, "directory", fd_directory, "", flags);
    answer(call, "path", fd_path, "", flags);
    answer(call, "file", fd_file, "x", flags);
    answer(call, "none", 999, "file", flags);
}

int main(void)
{
    if (mkdir("at", 0700) || chdir("at"))
        return 1;
    make_tree();
    for (unsigned call = 0; call < sizeof(calls) / sizeof(calls[0]); call++) {
        all(call, 0);
        for (int bit = 0; bit < 32; bit++)
            all(call, 1l << bit);
        for (int one = 0; one < 32; one++)
            for (int two = 0; two < one; two++)
                if ((calls[call].known >> one & 1) && (calls[call].known >> two & 1))
                    all(call, 1l << one | 1l << two);
    }
    return 0;
}
