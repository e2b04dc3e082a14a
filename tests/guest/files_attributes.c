/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: libc=glibc */ /* musl has no headers for statx */
/* stat, statx, access, chmod, chown, utimensat, statfs, getdents, getcwd, permissions, xattr. */
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <utime.h>

static struct stat st;

static void make(const char *path, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    CHECK(fd >= 0 && write(fd, "12345", 5) == 5);
    close(fd);
}

static void stats(void)
{
    make("f", 0644);
    CHECK(stat("f", &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 5 && st.st_nlink == 1);
    CHECK(st.st_blksize == 4096 && st.st_blocks == 8 && st.st_uid == geteuid());
    CHECK(st.st_mtim.tv_sec > 1600000000);
    dev_t device = st.st_dev;
    CHECK(stat(".", &st) == 0 && st.st_dev == device && S_ISDIR(st.st_mode) && st.st_nlink == 2);
    CHECK_ERRNO(stat("no", &st), ENOENT);
    CHECK_ERRNO(stat("", &st), ENOENT);
    CHECK_ERRNO(syscall(SYS_stat, "f", BAD_POINTER), EFAULT);
    CHECK_ERRNO(fstat(99, &st), EBADF);
    CHECK_ERRNO(fstatat(AT_FDCWD, "f", &st, 1), EINVAL);
    int fd = open("f", O_RDONLY);
    CHECK(fstatat(fd, "", &st, AT_EMPTY_PATH) == 0 && st.st_size == 5);
    CHECK_ERRNO(fstatat(fd, "", &st, 0), ENOENT);
    CHECK_ERRNO(fstatat(fd, "x", &st, 0), ENOTDIR);
    struct statx x;
    CHECK(statx(AT_FDCWD, "f", 0, STATX_BASIC_STATS, &x) == 0 && x.stx_size == 5 &&
          (x.stx_mode & 07777) == 0644 && (x.stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS);
    CHECK(statx(fd, "", AT_EMPTY_PATH, STATX_SIZE, &x) == 0 && x.stx_size == 5);
    CHECK_ERRNO(statx(AT_FDCWD, "f", 0, 0x80000000u, &x), EINVAL);
    CHECK_ERRNO(statx(AT_FDCWD, "f", 0x6000, 0, &x), EINVAL);
    close(fd);
    int ends[2];
    CHECK(pipe(ends) == 0 && fstat(ends[0], &st) == 0 && S_ISFIFO(st.st_mode) &&
          (st.st_mode & 07777) == 0600 && st.st_nlink == 1);
    CHECK(fstatat(ends[0], "", &st, AT_EMPTY_PATH) == 0 && S_ISFIFO(st.st_mode));
    close(ends[0]), close(ends[1]);
    struct statfs fs;
    CHECK(statfs(".", &fs) == 0 && fs.f_bsize == 4096 && fs.f_namelen == 255);
    CHECK(statfs("/proc", &fs) == 0 && fs.f_type == 0x9fa0);
    CHECK(statfs("/dev/shm", &fs) == 0 && fs.f_type == 0x01021994);
    CHECK_ERRNO(statfs("no", &fs), ENOENT);
}

static void modes(void)
{
    CHECK(chmod("f", 04751) == 0 && stat("f", &st) == 0 && (st.st_mode & 07777) == 04751);
    CHECK(chown("f", 1, 2) == 0 && stat("f", &st) == 0 && st.st_uid == 1 && st.st_gid == 2);
    CHECK((st.st_mode & 07777) == 0751); /* chown takes the set-id bit, also for root */
    CHECK(chown("f", -1, 3) == 0 && stat("f", &st) == 0 && st.st_uid == 1 && st.st_gid == 3);
    CHECK(symlink("f", "l") == 0 && lchown("l", 7, 7) == 0 && lstat("l", &st) == 0 && st.st_uid == 7);
    CHECK(stat("l", &st) == 0 && st.st_uid == 1);
    CHECK_ERRNO(chmod("no", 0), ENOENT);
    CHECK_ERRNO(fchmod(99, 0), EBADF);
    CHECK_ERRNO(chown("no", 0, 0), ENOENT);
    CHECK_ERRNO(syscall(SYS_fchownat, AT_FDCWD, "f", 0, 0, 1), EINVAL);
    CHECK(access("f", F_OK) == 0);
    CHECK_ERRNO(access("no", F_OK), ENOENT);
    CHECK_ERRNO(access("f", 8), EINVAL);
    CHECK_ERRNO(access("f/x", F_OK), ENOTDIR);
    make("notexec", 0644);
    CHECK(access("notexec", R_OK | W_OK) == 0);
    CHECK_ERRNO(access("notexec", X_OK), EACCES); /* root too: nobody may execute it */
}

static void times(void)
{
    struct timespec t[2] = {{1000, 5}, {2000, 999999999}};
    CHECK(utimensat(AT_FDCWD, "f", t, 0) == 0 && stat("f", &st) == 0);
    CHECK(st.st_atim.tv_sec == 1000 && st.st_atim.tv_nsec == 5 && st.st_mtim.tv_sec == 2000 &&
          st.st_mtim.tv_nsec == 999999999 && st.st_ctim.tv_sec > 2000);
    t[0].tv_nsec = UTIME_OMIT;
    t[1] = (struct timespec){-5, 0};
    CHECK(utimensat(AT_FDCWD, "f", t, 0) == 0 && stat("f", &st) == 0);
    CHECK(st.st_atim.tv_sec == 1000 && st.st_mtim.tv_sec == -5);
    t[0].tv_nsec = UTIME_OMIT;
    t[1].tv_nsec = UTIME_NOW;
    CHECK(utimensat(AT_FDCWD, "f", t, 0) == 0 && stat("f", &st) == 0 && st.st_mtim.tv_sec > 2000);
    t[1].tv_nsec = 1000000000;
    CHECK_ERRNO(utimensat(AT_FDCWD, "f", t, 0), EINVAL);
    CHECK_ERRNO(utimensat(AT_FDCWD, "no", NULL, 0), ENOENT);
    CHECK_ERRNO(utimensat(AT_FDCWD, "f", NULL, 1), EINVAL);
    struct utimbuf seconds = {10, 20};
    CHECK(utime("f", &seconds) == 0 && stat("f", &st) == 0 && st.st_mtim.tv_sec == 20);
    struct timeval tv[2] = {{30, 7}, {40, 8}};
    CHECK(utimes("f", tv) == 0 && stat("f", &st) == 0 && st.st_mtim.tv_nsec == 8000);
    tv[0].tv_usec = 1000000;
    CHECK_ERRNO(syscall(SYS_utimes, "f", tv), EINVAL);
    int fd = open("f", O_RDONLY);
    CHECK(futimens(fd, NULL) == 0 && fstat(fd, &st) == 0 && st.st_mtim.tv_sec > 2000);
    close(fd);
    /* what changes which time */
    CHECK(mkdir("timed", 0755) == 0 && utimes("timed", (struct timeval[2]){{1, 0}, {1, 0}}) == 0);
    make("timed/x", 0644);
    CHECK(stat("timed", &st) == 0 && st.st_mtim.tv_sec > 1 && unlink("timed/x") == 0);
}

static void directories(void)
{
    CHECK(mkdir("many", 0755) == 0 && chdir("many") == 0);
    char name[32];
    for (int i = 0; i < 500; i++) {
        snprintf(name, sizeof(name), "entry%d", i);
        make(name, 0600);
    }
    CHECK(mkdir("sub", 0755) == 0 && symlink("x", "link") == 0);
    DIR *d = opendir(".");
    int count = 0, kinds[16] = {0};
    long middle = 0;
    char after[256] = "";
    for (struct dirent *e; (e = readdir(d)); count++) {
        kinds[e->d_type & 15]++;
        if (count == 250)
            middle = telldir(d);
        if (count == 251)
            strcpy(after, e->d_name);
        if (strcmp(e->d_name, "entry7") == 0)
            CHECK(stat("entry7", &st) == 0 && st.st_ino == e->d_ino);
    }
    CHECK(count == 504 && kinds[DT_DIR] == 3 && kinds[DT_LNK] == 1 && kinds[DT_REG] == 500);
    seekdir(d, middle);
    struct dirent *again = readdir(d);
    CHECK(again && strcmp(again->d_name, after) == 0);
    /* removing what was read does not make others vanish */
    rewinddir(d);
    int removed = 0;
    for (struct dirent *e; (e = readdir(d));)
        if (e->d_type == DT_REG)
            removed += unlink(e->d_name) == 0;
    CHECK(removed == 500);
    closedir(d);
    int fd = open(".", O_RDONLY);
    char buffer[64];
    CHECK_ERRNO(syscall(SYS_getdents64, fd, buffer, 5), EINVAL);
    CHECK_ERRNO(syscall(SYS_getdents64, fd, BAD_POINTER, 500), EFAULT);
    CHECK_ERRNO(syscall(SYS_getdents64, 99, buffer, 64), EBADF);
    close(fd);
    fd = open("../f", O_RDONLY);
    CHECK_ERRNO(syscall(SYS_getdents64, fd, buffer, 64), ENOTDIR);
    CHECK_ERRNO(fchdir(fd), ENOTDIR);
    close(fd);
    CHECK_ERRNO(syscall(SYS_getcwd, buffer, 3), ERANGE);
    CHECK_ERRNO(chdir("no"), ENOENT);
    CHECK_ERRNO(chdir("../f"), ENOTDIR);
    CHECK(chdir("..") == 0);
}

static void attributes(void)
{
    char value[16];
    CHECK_ERRNO(getxattr("notexec", "user.none", value, sizeof(value)), ENODATA);
    CHECK_ERRNO(getxattr("no", "user.none", value, sizeof(value)), ENOENT);
    CHECK_ERRNO(getxattr("notexec", "odd.none", value, sizeof(value)), EOPNOTSUPP);
    CHECK(listxattr("notexec", value, sizeof(value)) >= 0);
    CHECK_ERRNO(fgetxattr(99, "user.none", value, sizeof(value)), EBADF);
    CHECK_ERRNO(removexattr("notexec", "user.none"), ENODATA);
}

/* As an ordinary user; needs root to become one. */
static void permissions(void)
{
    if (geteuid() != 0)
        return;
    CHECK(chmod(".", 0777) == 0 && mkdir("closed", 0700) == 0 && mkdir("sticky", 0777) == 0 &&
          chmod("sticky", 01777) == 0);
    make("closed/x", 0666);
    make("sticky/mine", 0666);
    make("secret", 0600);
    make("shared", 0664);
    CHECK(chown("shared", 0, 1234) == 0);
    CHECK(setegid(1000) == 0 && seteuid(1000) == 0);
    CHECK_ERRNO(open("secret", O_RDONLY), EACCES);
    CHECK_ERRNO(open("closed/x", O_RDONLY), EACCES);
    CHECK_ERRNO(stat("closed/x", &st), EACCES);
    CHECK_ERRNO(open("closed/new", O_CREAT | O_WRONLY, 0600), EACCES);
    CHECK_ERRNO(open("shared", O_WRONLY), EACCES);
    int fd = open("shared", O_RDONLY);
    CHECK(fd >= 0);
    close(fd);
    CHECK_ERRNO(open("shared", O_RDONLY | O_TRUNC), EACCES);
    CHECK_ERRNO(open("shared", O_RDONLY | O_NOATIME), EPERM);
    CHECK_ERRNO(chmod("shared", 0777), EPERM);
    CHECK_ERRNO(chown("shared", 1000, -1), EPERM);
    CHECK_ERRNO(unlink("sticky/mine"), EPERM);
    CHECK_ERRNO(rename("sticky/mine", "sticky/yours"), EPERM);
    CHECK_ERRNO(rmdir("closed"), ENOTEMPTY);
    CHECK_ERRNO(truncate("shared", 0), EACCES);
    CHECK_ERRNO(utimensat(AT_FDCWD, "shared", NULL, 0), EACCES);
    CHECK_ERRNO(utimes("shared", (struct timeval[2]){{1, 0}, {1, 0}}), EPERM);
    CHECK_ERRNO(chdir("closed"), EACCES);
    CHECK_ERRNO(mknod("dev", S_IFCHR | 0666, 0x103), EPERM);
    CHECK_ERRNO(chroot("."), EPERM);
    CHECK(faccessat(AT_FDCWD, "secret", R_OK, 0) == 0); /* by the real id, which is root's */
    CHECK_ERRNO(syscall(SYS_faccessat2, AT_FDCWD, "secret", R_OK, AT_EACCESS), EACCES);
    make("own", 0640);
    CHECK(stat("own", &st) == 0 && st.st_uid == 1000 && st.st_gid == 1000);
    CHECK(chmod("own", 06755) == 0 && stat("own", &st) == 0 && (st.st_mode & 07777) == 06755);
    fd = open("own", O_WRONLY);
    CHECK(write(fd, "x", 1) == 1 && fstat(fd, &st) == 0 && (st.st_mode & 07777) == 0755);
    close(fd);
    CHECK_ERRNO(chown("own", 0, -1), EPERM);
    CHECK_ERRNO(chown("own", -1, 0), EPERM);
    CHECK(chown("own", -1, 1000) == 0);
    CHECK(seteuid(0) == 0 && setegid(0) == 0);
}

int main(void)
{
    char place[] = "files_attributesXXXXXX";
    CHECK(mkdtemp(place) && chdir(place) == 0);
    umask(022);
    stats();
    if (geteuid() == 0)
        modes();
    times();
    directories();
    attributes();
    permissions();
    CHECK_DONE();
}
