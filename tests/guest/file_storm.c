/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: libc=glibc */
/*
 * Random calls on files, the same in every run of one seed. With arguments "SEED STEPS" each step's
 * result is printed, so that two machines can be compared line by line; without, the storm must
 * only be survived.
 */
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>

static uint32_t state = 1;
static int verbose;
static char buffer[20000], home[300], base[] = "/dev/shm/stormXXXXXX";

static uint32_t dice(uint32_t sides)
{
    state = state * 1664525 + 1013904223;
    return (state >> 8) % sides;
}

static const char *const names[] = {
    "a", "b", "c", "d", "d/a", "d/b", "d/e", "d/e/a", "d/e/f", "l", "m", "d/l", ".", "..", "d/.",
    "d/..", "a/", "d/", "l/", "d/e/", "a/b", "l/a", "", "none/x", "d/e/..", "../here/a", "d//a",
    "./b", "./d/../c", "m/x",
};
#define NAMES (sizeof(names) / sizeof(names[0]))

static const char *name(void)
{
    return names[dice(NAMES)];
}

static int descriptor(void)
{
    return 3 + (int)dice(12);
}

static int directory(void)
{
    return dice(4) ? AT_FDCWD : descriptor();
}

static int open_flags(void)
{
    static const int bits[] = {O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NOFOLLOW, O_PATH,
                               O_CLOEXEC};
    int flags = (int)dice(3) | O_NONBLOCK;
    for (unsigned n = 0; n < sizeof(bits) / sizeof(bits[0]); n++)
        if (dice(n < 2 ? 2 : 6) == 0)
            flags |= bits[n];
    return flags;
}

static long result_of(const char *call, long result)
{
    if (verbose)
        printf("%s = %ld%s%s\n", call, result, result < 0 ? " " : "",
               result < 0 ? strerrorname_np(errno) : "");
    return result;
}

static void show_stat(const struct stat *st)
{
    /* A directory's size and link count in blocks are a file system's own affair. */
    if (verbose)
        printf("  mode %o links %lu size %ld\n", st->st_mode, (unsigned long)st->st_nlink,
               S_ISDIR(st->st_mode) ? 0 : (long)st->st_size);
}

static void show_bytes(long n)
{
    uint32_t sum = 0;
    for (long i = 0; i < n; i++)
        sum = sum * 31 + (unsigned char)buffer[i];
    if (verbose && n > 0)
        printf("  sum %x\n", sum);
}

static void describe(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (verbose)
        vprintf(format, args);
    va_end(args);
}

static void on_names(void)
{
    const char *a = name(), *b = name();
    struct stat st;
    describe("%s %s: ", a, b);
    switch (dice(20)) {
    case 0: result_of("mkdir", mkdir(a, 0755)); break;
    case 1: result_of("rmdir", rmdir(a)); break;
    case 2: result_of("unlink", unlink(a)); break;
    case 3: result_of("link", link(a, b)); break;
    case 4: result_of("symlink", symlink(a, b)); break;
    case 5: result_of("rename", rename(a, b)); break;
    case 6:
        result_of("renameat2", syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, dice(4)));
        break;
    case 7: show_bytes(result_of("readlink", readlink(a, buffer, 100))); break;
    case 8:
        if (result_of("lstat", lstat(a, &st)) == 0)
            show_stat(&st);
        break;
    case 9:
        if (result_of("stat", stat(a, &st)) == 0)
            show_stat(&st);
        break;
    case 10: result_of("truncate", truncate(a, dice(9000))); break;
    case 11: result_of("access", access(a, (int)dice(8))); break;
    case 12: result_of("chmod", chmod(a, 0700 + dice(0100))); break;
    case 13: result_of("mknod", mknod(a, (dice(2) ? S_IFREG : S_IFIFO) | 0644, 0)); break;
    case 14: {
        struct timespec t[2] = {{(time_t)dice(100), dice(3) ? 5 : UTIME_OMIT}, {7, UTIME_OMIT}};
        int flags = dice(2) ? AT_SYMLINK_NOFOLLOW : 0;
        if (result_of("utimensat", utimensat(AT_FDCWD, a, t, flags)) == 0 && stat(a, &st) == 0)
            describe("  %ld\n", st.st_atim.tv_sec < 100 ? st.st_atim.tv_sec : 100);
        break;
    }
    case 15: result_of("chown", lchown(a, (uid_t)dice(3) * 1000, (gid_t)dice(3) * 1000)); break;
    case 16: result_of("faccessat2", syscall(SYS_faccessat2, AT_FDCWD, a, dice(8), dice(4) << 8)); break;
    case 17: result_of("linkat", linkat(AT_FDCWD, a, AT_FDCWD, b, dice(2) ? AT_SYMLINK_FOLLOW : 0)); break;
    case 18: result_of("unlinkat", unlinkat(directory(), a, dice(2) ? AT_REMOVEDIR : 0)); break;
    default: {
        int fd = (int)syscall(SYS_openat2, directory(),
                              a, &(struct open_how){.flags = O_PATH, .resolve = dice(32)}, 24);
        result_of("openat2", fd < 0 ? fd : 0);
        close(fd);
    }
    }
}

static void on_open(void)
{
    const char *a = name();
    int flags = open_flags(), dir = directory();
    describe("%d %s %x: ", dir, a, flags);
    long fd = result_of("openat", openat(dir, a, flags, 0644));
    if (fd > 14)
        close((int)fd);
}

static void on_descriptors(void)
{
    struct stat st;
    int fd = descriptor(), other = descriptor();
    uint32_t at = dice(12000), n = dice(9000);
    describe("%d %d %u %u: ", fd, other, at, n);
    memset(buffer, (int)n, sizeof(buffer));
    switch (dice(18)) {
    case 0:
    case 1: show_bytes(result_of("read", read(fd, buffer, n))); break;
    case 2:
    case 3: result_of("write", write(fd, buffer, n)); break;
    case 4: show_bytes(result_of("pread", pread(fd, buffer, n, at))); break;
    case 5: result_of("pwrite", pwrite(fd, buffer, n, at)); break;
    case 6: result_of("lseek", lseek(fd, (off_t)at - 1000, (int)dice(3))); break;
    case 7: result_of("ftruncate", ftruncate(fd, at)); break;
    case 8: result_of("dup2", dup2(fd, other)); break;
    case 9: result_of("close", close(fd)); break;
    case 10:
        if (result_of("fstat", fstat(fd, &st)) == 0)
            show_stat(&st);
        break;
    case 11: result_of("getfl", fcntl(fd, F_GETFL)); break;
    case 12: result_of("setfl", fcntl(fd, F_SETFL, (dice(2) ? O_APPEND : 0) | O_NONBLOCK)); break;
    case 13: result_of("fallocate", fallocate(fd, (int)dice(4), at, n)); break;
    case 14: {
        struct iovec parts[2] = {{buffer, n}, {buffer + n, at % 500}};
        result_of("writev", writev(fd, parts, 2));
        break;
    }
    case 15: result_of("copy_file_range", copy_file_range(fd, NULL, other, NULL, n, 0)); break;
    case 16: {
        struct pollfd p = {fd, (short)dice(64), 0};
        result_of("poll", poll(&p, 1, 0));
        describe("  %x\n", p.revents);
        break;
    }
    default: {
        int operation = LOCK_NB | (int)dice(9);
        describe("%d ", operation);
        /* All eventfds of a machine are one inode: others may have locked it. */
        if (fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == 0)
            break;
        result_of("flock", flock(fd, operation));
    }
    }
}

static void on_others(void)
{
    int pair[2], fd = descriptor();
    describe("%d: ", fd);
    switch (dice(6)) {
    case 0:
        if (result_of("pipe2", pipe2(pair, O_NONBLOCK)) == 0 && pair[1] > 14)
            close(pair[0]), close(pair[1]);
        break;
    case 1: {
        long made = result_of("eventfd", eventfd(dice(3), EFD_NONBLOCK));
        if (made > 14)
            close((int)made);
        break;
    }
    case 2: result_of("fchdir", fchdir(fd)); break;
    case 3: result_of("chdir", chdir(dice(3) ? home : name())); break;
    case 4: {
        long n = result_of("getcwd", syscall(SYS_getcwd, buffer, 200));
        describe("  %s\n", n > (long)sizeof(base) ? buffer + sizeof(base) : "");
        break;
    }
    default: {
        /* names only: their order and numbers are a file system's own affair */
        long n, count = 0;
        lseek(fd, 0, SEEK_SET);
        while ((n = syscall(SYS_getdents64, fd, buffer, 2000)) > 0)
            for (long at = 0; at < n; at += *(unsigned short *)(void *)(buffer + at + 16))
                count++;
        int error = errno;
        lseek(fd, 0, SEEK_SET);
        errno = error;
        describe("getdents64 %ld, %ld names\n", n, count);
    }
    }
}

static void remove_tree(const char *path)
{
    DIR *d = opendir(path);
    if (!d || chdir(path))
        return;
    for (struct dirent *e; (e = readdir(d));)
        if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..") && unlink(e->d_name)) {
            remove_tree(e->d_name);
            rmdir(e->d_name);
        }
    closedir(d);
    if (chdir(".."))
        exit(1);
}

int main(int argc, char **argv)
{
    long steps = argc > 2 ? atol(argv[2]) : 20000;
    int user = argc > 3; /* a third argument: as an ordinary user */
    state = argc > 1 ? (uint32_t)atol(argv[1]) : 1;
    verbose = argc > 2;
    for (int fd = 3; fd < 30; fd++)
        close(fd);
    signal(SIGPIPE, SIG_IGN);
    /* deep, so that ".." never leads to what the machine brought along */
    CHECK(mkdtemp(base) && chmod(base, 0755) == 0 && chdir(base) == 0);
    for (int n = 0; n < 40; n++)
        CHECK(mkdir("here", 0755) == 0 && chdir("here") == 0);
    CHECK(syscall(SYS_getcwd, home, sizeof(home)) > 0);
    if (user)
        CHECK(chmod("..", 0777) == 0 && chmod(".", 0777) == 0 && setegid(1000) == 0 &&
              seteuid(1000) == 0);
    for (long n = 0; n < steps; n++) {
        if (user && n % 512 == 0) /* now and then as root, to leave things in the way */
            CHECK(seteuid(n / 512 % 2 ? 0 : 1000) == 0);
        describe("%ld ", n);
        switch (dice(8)) {
        case 0:
        case 1:
        case 2: on_names(); break;
        case 3:
        case 4: on_open(); break;
        case 5:
        case 6: on_descriptors(); break;
        default: on_others(); break;
        }
    }
    CHECK(seteuid(0) == 0 || getuid() != 0);
    for (int fd = 3; fd < 30; fd++)
        close(fd);
    remove_tree(base);
    rmdir(base);
    CHECK_DONE();
}
