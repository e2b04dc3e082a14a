/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: user=root */
/* Every call that takes a path, and each way in which a path can be wrong. */
#include "check.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <utime.h>

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#define RESOLVE_BENEATH 8
#define NOBODY 65534

static char buffer[4096];
static int at = AT_FDCWD; /* what the *at calls start from */

/* name, and what it does with the path */
#define PATH_CALLS(CALL)                                                                           \
    CALL(stat, path, buffer)                                                                       \
    CALL(lstat, path, buffer)                                                                      \
    CALL(access, path, F_OK)                                                                       \
    CALL(chdir, path)                                                                              \
    CALL(chroot, path)                                                                             \
    CALL(truncate, path, 0)                                                                        \
    CALL(rename, path, "other")                                                                    \
    CALL(mkdir, path, 0700)                                                                        \
    CALL(rmdir, path)                                                                              \
    CALL(link, path, "other")                                                                      \
    CALL(unlink, path)                                                                             \
    CALL(symlink, "target", path)                                                                  \
    CALL(readlink, path, buffer, sizeof(buffer))                                                   \
    CALL(chmod, path, 0600)                                                                        \
    CALL(chown, path, -1, -1)                                                                      \
    CALL(lchown, path, -1, -1)                                                                     \
    CALL(statfs, path, buffer)                                                                     \
    CALL(utime, path, NULL)                                                                        \
    CALL(utimes, path, NULL)                                                                       \
    CALL(execve, path, no_arguments, no_arguments)
#define AT_CALLS(CALL)                                                                             \
    CALL(mkdirat, at, path, 0700)                                                                  \
    CALL(fchownat, at, path, -1, -1, 0)                                                            \
    CALL(newfstatat, at, path, buffer, 0)                                                          \
    CALL(unlinkat, at, path, 0)                                                                    \
    CALL(renameat, at, path, AT_FDCWD, "other")                                                    \
    CALL(linkat, at, path, AT_FDCWD, "other", 0)                                                   \
    CALL(symlinkat, "target", at, path)                                                            \
    CALL(readlinkat, at, path, buffer, sizeof(buffer))                                             \
    CALL(fchmodat, at, path, 0600)                                                                 \
    CALL(fchmodat2, at, path, 0600, 0)                                                             \
    CALL(faccessat, at, path, F_OK)                                                                \
    CALL(faccessat2, at, path, F_OK, 0)                                                            \
    CALL(utimensat, at, path, NULL, 0)                                                             \
    CALL(futimesat, at, path, NULL)                                                                \
    CALL(openat2, at, path, &how, sizeof(how))                                                     \
    CALL(execveat, at, path, no_arguments, no_arguments, 0)

static char *no_arguments[] = {NULL};
struct open_how { /* openat2(2); musl's headers have none */
    uint64_t flags, mode, resolve;
};
static struct open_how how = {.flags = O_RDONLY};

#define DEFINE(name, ...)                                                                          \
    static long do_##name(const char *path) { return syscall(SYS_##name, __VA_ARGS__); }
PATH_CALLS(DEFINE)
AT_CALLS(DEFINE)

struct path_call {
    const char *name;
    long (*call)(const char *path);
};
#define LISTED(name, ...) {#name, do_##name},
static const struct path_call path_calls[] = {PATH_CALLS(LISTED) AT_CALLS(LISTED)};
static const struct path_call at_calls[] = {AT_CALLS(LISTED)};
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static bool is_called(const struct path_call *c, const char *name)
{
    return strcmp(c->name, name) == 0;
}

/* fchmodat2 came with Linux 6.6. */
static bool is_missing(const struct path_call *c)
{
    static int has_fchmodat2 = -1;
    if (has_fchmodat2 < 0)
        has_fchmodat2 = syscall(SYS_fchmodat2, -1, "/", 0700, 0x80000000) == -1 && errno == EINVAL;
    return is_called(c, "fchmodat2") && !has_fchmodat2;
}

static void expect(const struct path_call *c, const char *path, int error)
{
    errno = 0;
    long result = c->call(path);
    if (result == -1 && errno == error)
        return;
    printf("%s(%s) = %ld, errno %d, not %d\n", c->name, path < (char *)4096 ? "?" : path, result,
           errno, error);
    check_failures++;
}

static void wrong_paths(void)
{
    static char name[300];
    memset(name, 'x', sizeof(name) - 1);
    for (unsigned i = 0; i < COUNT(path_calls); i++) {
        const struct path_call *c = &path_calls[i];
        if (is_missing(c))
            continue;
        expect(c, "absent/x", ENOENT);
        expect(c, "", ENOENT);
        expect(c, "file/x", ENOTDIR);
        expect(c, "loop/x", ELOOP);
        expect(c, name, ENAMETOOLONG);
        expect(c, BAD_POINTER, EFAULT);
    }
}

static void wrong_directories(void)
{
    int file = open("file", O_RDONLY);
    for (unsigned i = 0; i < COUNT(at_calls); i++) {
        if (is_missing(&at_calls[i]))
            continue;
        at = -1;
        expect(&at_calls[i], "x", EBADF);
        at = file;
        expect(&at_calls[i], "x", ENOTDIR);
    }
    at = AT_FDCWD;
    close(file);
}

/* As somebody who may not go through the directory. */
static void closed_directories(void)
{
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        check_failures = 0;
        CHECK(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
        for (unsigned i = 0; i < COUNT(path_calls); i++)
            if (!is_missing(&path_calls[i]))
                expect(&path_calls[i], "closed/x", EACCES);
        fflush(stdout);
        _exit(check_failures != 0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

/* What belongs to somebody else, in a sticky directory that is open to all. */
static void others_files(void)
{
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        check_failures = 0;
        CHECK(setgid(NOBODY) == 0 && setuid(NOBODY) == 0 && chdir("sticky") == 0);
        int fd = open("roots", O_RDONLY);
        struct timeval times[2] = {{1, 0}, {1, 0}};
        struct utimbuf old = {1, 1};
        CHECK_ERRNO(syscall(SYS_chmod, "roots", 0777), EPERM);
        CHECK_ERRNO(syscall(SYS_fchmod, fd, 0777), EPERM);
        CHECK_ERRNO(syscall(SYS_fchmodat, AT_FDCWD, "roots", 0777), EPERM);
        CHECK_ERRNO(syscall(SYS_chown, "roots", NOBODY, -1), EPERM);
        CHECK_ERRNO(syscall(SYS_lchown, "roots", NOBODY, -1), EPERM);
        CHECK_ERRNO(syscall(SYS_fchown, fd, NOBODY, -1), EPERM);
        CHECK_ERRNO(syscall(SYS_fchownat, AT_FDCWD, "roots", NOBODY, -1, 0), EPERM);
        CHECK_ERRNO(syscall(SYS_unlink, "roots"), EPERM);
        CHECK_ERRNO(syscall(SYS_unlinkat, AT_FDCWD, "roots", 0), EPERM);
        CHECK_ERRNO(syscall(SYS_rmdir, "rootsdir"), EPERM);
        CHECK_ERRNO(syscall(SYS_rename, "roots", "mine"), EPERM);
        CHECK_ERRNO(syscall(SYS_renameat, AT_FDCWD, "roots", AT_FDCWD, "mine"), EPERM);
        CHECK_ERRNO(syscall(SYS_utime, "roots", &old), EPERM);
        CHECK_ERRNO(syscall(SYS_utimes, "roots", times), EPERM);
        CHECK_ERRNO(syscall(SYS_futimesat, AT_FDCWD, "roots", times), EPERM);
        CHECK_ERRNO(syscall(SYS_chroot, "."), EPERM);
        CHECK_ERRNO(syscall(SYS_truncate, "roots", 0), EACCES);
        CHECK_ERRNO(syscall(SYS_fchdir, open("../closed", O_PATH)), EACCES);
        if (!is_missing(&(struct path_call){"fchmodat2", NULL}))
            CHECK_ERRNO(syscall(SYS_fchmodat2, AT_FDCWD, "roots", 0777, 0), EPERM);
        fflush(stdout);
        _exit(check_failures != 0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static void put(const char *name)
{
    int fd = open(name, O_CREAT | O_WRONLY, 0644);
    CHECK(fd >= 0);
    close(fd);
}

static void more_of_directories(void)
{
    mkdir("full", 0700);
    put("full/x");
    mkdir("empty", 0700);
    CHECK_ERRNO(syscall(SYS_rmdir, "full"), ENOTEMPTY);
    CHECK_ERRNO(syscall(SYS_rmdir, "empty/."), EINVAL);
    CHECK_ERRNO(syscall(SYS_rmdir, "/proc"), EBUSY);
    CHECK_ERRNO(syscall(SYS_unlinkat, AT_FDCWD, "full", AT_REMOVEDIR), ENOTEMPTY);
    CHECK_ERRNO(syscall(SYS_unlinkat, AT_FDCWD, "full", 0), EISDIR);
    CHECK_ERRNO(syscall(SYS_unlinkat, AT_FDCWD, "full", 1), EINVAL);
    CHECK_ERRNO(syscall(SYS_unlink, "full"), EISDIR);
    CHECK_ERRNO(syscall(SYS_mkdir, "full", 0700), EEXIST);
    CHECK_ERRNO(syscall(SYS_mkdirat, AT_FDCWD, "full", 0700), EEXIST);
    CHECK_ERRNO(syscall(SYS_symlink, "x", "full"), EEXIST);
    CHECK_ERRNO(syscall(SYS_symlinkat, "x", AT_FDCWD, "full"), EEXIST);
    CHECK_ERRNO(syscall(SYS_link, "file", "full"), EEXIST);
    CHECK_ERRNO(syscall(SYS_linkat, AT_FDCWD, "file", AT_FDCWD, "full", 0), EEXIST);
    CHECK_ERRNO(syscall(SYS_link, "full", "other"), EPERM);
    CHECK_ERRNO(syscall(SYS_linkat, AT_FDCWD, "full", AT_FDCWD, "other", 0), EPERM);
    CHECK_ERRNO(syscall(SYS_link, "file", "/dev/shm/errno_paths_other"), EXDEV);
    CHECK_ERRNO(syscall(SYS_linkat, AT_FDCWD, "file", AT_FDCWD, "/dev/shm/errno_paths_other", 0), EXDEV);
    CHECK_ERRNO(syscall(SYS_linkat, AT_FDCWD, "file", AT_FDCWD, "other", 1), EINVAL);
    CHECK_ERRNO(syscall(SYS_truncate, "full", 0), EISDIR);
    CHECK_ERRNO(syscall(SYS_truncate, "file", -1L), EINVAL);
    CHECK_ERRNO(syscall(SYS_readlink, "file", buffer, 10), EINVAL);
    CHECK_ERRNO(syscall(SYS_readlinkat, AT_FDCWD, "file", buffer, 10), EINVAL);
}

static long renamed(bool use_at, const char *from, const char *to)
{
    return use_at ? syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to)
                  : syscall(SYS_rename, from, to);
}

static void more_of_renames(void)
{
    for (int use_at = 0; use_at < 2; use_at++) {
        CHECK_ERRNO(renamed(use_at, "empty", "full"), ENOTEMPTY);
        CHECK_ERRNO(renamed(use_at, "file", "full"), EISDIR);
        CHECK_ERRNO(renamed(use_at, "full", "file"), ENOTDIR);
        CHECK_ERRNO(renamed(use_at, "full", "full/below"), EINVAL);
        CHECK_ERRNO(renamed(use_at, "file", "/dev/shm/errno_paths_other"), EXDEV);
        CHECK_ERRNO(renamed(use_at, "file", "."), EBUSY);
    }
}

static void more_flags(void)
{
    struct timespec times[2] = {{0, 2000000000}, {0, 0}};
    struct timeval bad_times[2] = {{0, 2000000}, {0, 0}};
    struct open_how bad = {.flags = O_RDONLY, .resolve = 0x8000};
    char big[128] = {0};

    CHECK_ERRNO(syscall(SYS_access, "file", 8), EINVAL);
    CHECK_ERRNO(syscall(SYS_faccessat, AT_FDCWD, "file", 8), EINVAL);
    CHECK_ERRNO(syscall(SYS_faccessat2, AT_FDCWD, "file", F_OK, 1), EINVAL);
    CHECK_ERRNO(syscall(SYS_newfstatat, AT_FDCWD, "file", buffer, 1), EINVAL);
    CHECK_ERRNO(syscall(SYS_fchownat, AT_FDCWD, "file", -1, -1, 1), EINVAL);
    CHECK_ERRNO(syscall(SYS_utimensat, AT_FDCWD, "file", times, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_utimensat, AT_FDCWD, "file", NULL, 1), EINVAL);
    CHECK_ERRNO(syscall(SYS_utimes, "file", bad_times), EINVAL);
    CHECK_ERRNO(syscall(SYS_futimesat, AT_FDCWD, "file", bad_times), EINVAL);
    CHECK_ERRNO(syscall(SYS_openat2, AT_FDCWD, "file", &bad, sizeof(bad)), EINVAL);
    big[sizeof(bad)] = 1;
    CHECK_ERRNO(syscall(SYS_openat2, AT_FDCWD, "file", big, sizeof(big)), E2BIG);
    bad = (struct open_how){.flags = O_RDONLY, .resolve = RESOLVE_BENEATH};
    CHECK_ERRNO(syscall(SYS_openat2, AT_FDCWD, "/", &bad, sizeof(bad)), EXDEV);
    CHECK_ERRNO(syscall(SYS_execveat, AT_FDCWD, "file", no_arguments, no_arguments, 1), EINVAL);
    CHECK_ERRNO(syscall(SYS_execveat, AT_FDCWD, "file", no_arguments, no_arguments, 0), EACCES);
    CHECK(chmod("file", 0755) == 0);
    CHECK_ERRNO(syscall(SYS_execveat, AT_FDCWD, "file", no_arguments, no_arguments, 0), ENOEXEC);
    CHECK_ERRNO(syscall(SYS_execve, "file", no_arguments, no_arguments), ENOEXEC);
    CHECK_ERRNO(syscall(SYS_execve, "file", BAD_POINTER, no_arguments), EFAULT);
    CHECK_ERRNO(syscall(SYS_fchownat, -1, "", -1, -1, AT_EMPTY_PATH), EBADF);
}

static void successes(void)
{
    struct timeval times[2] = {{5, 0}, {6, 0}};
    struct utimbuf old = {7, 8};
    struct stat st;
    int fd = open("file", O_RDWR);

    CHECK(syscall(SYS_fchown, fd, -1, -1) == 0);
    CHECK(syscall(SYS_fchownat, AT_FDCWD, "file", -1, -1, 0) == 0);
    CHECK(syscall(SYS_utimes, "file", times) == 0);
    CHECK(stat("file", &st) == 0 && st.st_atime == 5 && st.st_mtime == 6);
    CHECK(syscall(SYS_utime, "file", &old) == 0);
    CHECK(stat("file", &st) == 0 && st.st_atime == 7 && st.st_mtime == 8);
    CHECK(syscall(SYS_futimesat, AT_FDCWD, "file", times) == 0);
    CHECK(stat("file", &st) == 0 && st.st_atime == 5 && st.st_mtime == 6);
    CHECK(syscall(SYS_renameat, AT_FDCWD, "file", AT_FDCWD, "moved") == 0);
    CHECK(syscall(SYS_renameat, AT_FDCWD, "moved", AT_FDCWD, "file") == 0);
    if (!is_missing(&(struct path_call){"fchmodat2", NULL}))
        CHECK(syscall(SYS_fchmodat2, AT_FDCWD, "file", 0640, 0) == 0);
    CHECK(syscall(SYS_fchmodat, AT_FDCWD, "file", 0644) == 0);
    put("short-lived");
    CHECK(syscall(SYS_unlinkat, AT_FDCWD, "short-lived", 0) == 0);
    CHECK_ERRNO(syscall(SYS_fchown, -1, -1, -1), EBADF);
    CHECK_ERRNO(syscall(SYS_fchmod, -1, 0600), EBADF);
    CHECK_ERRNO(syscall(SYS_fchdir, fd), ENOTDIR);
    CHECK_ERRNO(syscall(SYS_fchdir, -1), EBADF);
    if (geteuid() == 0) {
        fflush(stdout);
    pid_t child = fork();
        if (child == 0)
            _exit(syscall(SYS_chroot, "empty") != 0);
        int status;
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    close(fd);
}

int main(void)
{
    char folder[] = "/tmp/errno_paths.XXXXXX";

    CHECK(mkdtemp(folder) && chmod(folder, 0755) == 0 && chdir(folder) == 0);
    put("file");
    CHECK(symlink("loop", "loop") == 0);
    CHECK(mkdir("closed", 0700) == 0 && mkdir("sticky", 0777) == 0);
    CHECK(chmod("sticky", 01777) == 0 && mkdir("sticky/rootsdir", 0755) == 0);
    put("sticky/roots");
    wrong_paths();
    wrong_directories();
    more_of_directories();
    more_of_renames();
    more_flags();
    successes();
    if (geteuid() == 0) {
        closed_directories();
        others_files();
    }
    CHECK_DONE();
}
