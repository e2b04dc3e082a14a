/* SPDX-License-Identifier: BSD-3-Clause */
/* mkdir, rmdir, unlink, link, symlink, rename, readlink, mknod: errors and effects. */
#include "check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static struct stat st;

static int renameat2_(const char *a, const char *b, unsigned flags)
{
    return (int)syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, flags);
}

static void make(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    CHECK(fd >= 0);
    close(fd);
}

static ino_t inode(const char *path)
{
    CHECK(lstat(path, &st) == 0);
    return st.st_ino;
}

static nlink_t links_of(const char *path)
{
    CHECK(lstat(path, &st) == 0);
    return st.st_nlink;
}

static void directories(void)
{
    CHECK(mkdir("d", 0777) == 0);
    CHECK(lstat("d", &st) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & 07777) == 0755);
    CHECK(mkdir("d/e/", 0700) == 0);
    CHECK_ERRNO(mkdir("d", 0777), EEXIST);
    CHECK_ERRNO(mkdir(".", 0777), EEXIST);
    CHECK_ERRNO(mkdir("..", 0777), EEXIST);
    CHECK_ERRNO(mkdir("/", 0777), EEXIST);
    CHECK_ERRNO(mkdir("no/x", 0777), ENOENT);
    CHECK_ERRNO(mkdir("", 0777), ENOENT);
    make("f");
    CHECK_ERRNO(mkdir("f", 0777), EEXIST);
    CHECK_ERRNO(mkdir("f/x", 0777), ENOTDIR);
    CHECK_ERRNO(rmdir("d"), ENOTEMPTY);
    CHECK_ERRNO(rmdir("f"), ENOTDIR);
    CHECK_ERRNO(rmdir("no"), ENOENT);
    CHECK_ERRNO(rmdir("d/."), EINVAL);
    CHECK_ERRNO(rmdir("d/e/.."), ENOTEMPTY);
    CHECK_ERRNO(rmdir("/"), EBUSY);
    CHECK_ERRNO(unlink("d"), EISDIR);
    CHECK_ERRNO(unlink("f/"), ENOTDIR);
    CHECK_ERRNO(unlink("no"), ENOENT);
    CHECK_ERRNO(unlink("f/x"), ENOTDIR);
    CHECK_ERRNO(unlinkat(AT_FDCWD, "f", AT_REMOVEDIR), ENOTDIR);
    CHECK_ERRNO(unlinkat(AT_FDCWD, "f", 1), EINVAL);
    CHECK_ERRNO(rmdir("/proc"), EBUSY);
    CHECK(rmdir("d/e/") == 0);
    CHECK(mkdir("d/old", 02755) == 0 && chmod("d", 02775) == 0);
    CHECK(mkdir("d/new", 0755) == 0 && lstat("d/new", &st) == 0 && (st.st_mode & S_ISGID));
    CHECK(rmdir("d/old") == 0 && rmdir("d/new") == 0);
    CHECK(unlink("f") == 0);
    CHECK(mkdir("gone", 0755) == 0 && chdir("gone") == 0 && rmdir("../gone") == 0);
    char text[64];
    CHECK_ERRNO(syscall(SYS_getcwd, text, sizeof(text)), ENOENT);
    CHECK_ERRNO(open("x", O_CREAT | O_WRONLY, 0600), ENOENT);
    CHECK_ERRNO(mkdir("x", 0700), ENOENT);
    CHECK(stat(".", &st) == 0 && st.st_nlink == 0);
    CHECK(chdir("..") == 0);
}

static void hard_links(void)
{
    make("a");
    CHECK(link("a", "b") == 0 && links_of("a") == 2 && inode("a") == inode("b"));
    CHECK_ERRNO(link("a", "b"), EEXIST);
    CHECK_ERRNO(link("no", "c"), ENOENT);
    CHECK_ERRNO(link("a", "no/c"), ENOENT);
    CHECK_ERRNO(link("d", "c"), EPERM);
    CHECK_ERRNO(link("a", "c/"), ENOENT);
    CHECK_ERRNO(link("/proc/version", "c"), EXDEV);
    CHECK_ERRNO(linkat(AT_FDCWD, "a", AT_FDCWD, "c", 0x100), EINVAL);
    CHECK(symlink("a", "s") == 0);
    CHECK(link("s", "t") == 0 && lstat("t", &st) == 0 && S_ISLNK(st.st_mode));
    CHECK(linkat(AT_FDCWD, "s", AT_FDCWD, "u", AT_SYMLINK_FOLLOW) == 0 && inode("u") == inode("a"));
    CHECK(unlink("b") == 0 && unlink("u") == 0 && links_of("a") == 1);
    CHECK(unlink("s") == 0 && unlink("t") == 0);
    int fd = open("a", O_RDWR);
    CHECK(unlink("a") == 0 && fstat(fd, &st) == 0 && st.st_nlink == 0);
    CHECK(write(fd, "still", 5) == 5);
    close(fd);
}

static void symlinks(void)
{
    char text[300], target[256];
    CHECK_ERRNO(symlink("", "s"), ENOENT);
    CHECK_ERRNO(symlink("x", ""), ENOENT);
    CHECK(symlink("some/where", "s") == 0);
    CHECK_ERRNO(symlink("y", "s"), EEXIST);
    CHECK(lstat("s", &st) == 0 && st.st_size == 10 && (st.st_mode & 07777) == 0777);
    CHECK(readlink("s", text, sizeof(text)) == 10 && memcmp(text, "some/where", 10) == 0);
    CHECK(readlink("s", text, 4) == 4);
    CHECK_ERRNO(syscall(SYS_readlink, "s", text, 0), EINVAL);
    CHECK_ERRNO(readlink("d", text, 9), EINVAL);
    CHECK_ERRNO(readlink("no", text, 9), ENOENT);
    CHECK_ERRNO(syscall(SYS_readlink, "s", BAD_POINTER, 9), EFAULT);
    CHECK_ERRNO(unlink("s/"), ENOTDIR);
    CHECK(unlink("s") == 0 && symlink("d", "s") == 0);
    CHECK_ERRNO(rmdir("s"), ENOTDIR);
    CHECK_ERRNO(rmdir("s/"), ENOTDIR);
    CHECK_ERRNO(mkdir("s", 0700), EEXIST);
    CHECK(mkdir("s/in", 0700) == 0 && rmdir("d/in") == 0);
    CHECK(unlink("s") == 0);
    memset(target, 't', 255);
    target[255] = 0;
    CHECK(symlink(target, "s") == 0 && readlink("s", text, sizeof(text)) == 255);
    CHECK(unlink("s") == 0);
}

static void renames(void)
{
    make("a");
    make("b");
    ino_t a = inode("a"), b = inode("b");
    CHECK(rename("a", "c") == 0 && inode("c") == a);
    CHECK_ERRNO(lstat("a", &st), ENOENT);
    CHECK(rename("c", "b") == 0 && inode("b") == a);
    CHECK(rename("b", "b") == 0 && inode("b") == a);
    CHECK_ERRNO(rename("no", "x"), ENOENT);
    CHECK_ERRNO(rename("b", "no/x"), ENOENT);
    CHECK_ERRNO(rename("b", "x/"), ENOTDIR);
    CHECK_ERRNO(rename("b/", "x"), ENOTDIR);
    CHECK_ERRNO(rename("b", "d"), EISDIR);
    CHECK_ERRNO(rename("d", "b"), ENOTDIR);
    CHECK_ERRNO(rename("d", "d/sub"), EINVAL);
    CHECK_ERRNO(rename(".", "x"), EBUSY);
    CHECK_ERRNO(rename("b", ".."), EBUSY);
    CHECK_ERRNO(rename("b", "/proc/x"), EXDEV);
    CHECK(mkdir("e", 0755) == 0 && mkdir("e/full", 0755) == 0);
    CHECK_ERRNO(rename("d", "e"), ENOTEMPTY);
    CHECK_ERRNO(rename("e/full", "e"), ENOTEMPTY);
    CHECK(links_of("e") == 3 && links_of("d") == 2);
    CHECK(rename("e/full", "d/full/") == 0);
    CHECK(links_of("e") == 2 && links_of("d") == 3);
    CHECK(rename("d/full", "e") == 0 && links_of("d") == 2 && links_of("e") == 2);
    make("c");
    CHECK(link("b", "l") == 0);
    CHECK(rename("b", "l") == 0 && inode("b") == inode("l")); /* two names of one file: nothing */
    b = inode("b");
    ino_t c = inode("c");
    CHECK_ERRNO(renameat2_("b", "c", 1), EEXIST);
    CHECK(renameat2_("b", "fresh", 1) == 0 && inode("fresh") == b);
    CHECK(renameat2_("fresh", "c", 2) == 0 && inode("c") == b && inode("fresh") == c);
    CHECK(renameat2_("c", "d", 2) == 0 && inode("d") == b);
    CHECK(lstat("c", &st) == 0 && S_ISDIR(st.st_mode));
    CHECK(rename("d", "b") == 0 && rename("c", "d") == 0);
    CHECK_ERRNO(renameat2_("b", "none", 2), ENOENT);
    CHECK_ERRNO(renameat2_("b", "none", 3), EINVAL);
    CHECK_ERRNO(renameat2_("b", "none", 16), EINVAL);
    /* a directory that is open or current follows its name */
    CHECK(mkdir("d/inner", 0755) == 0 && chdir("d/inner") == 0 && rename("../../d", "../../dd") == 0);
    char text[300];
    CHECK(getcwd(text, sizeof(text)) && strcmp(strrchr(text, '/') - 3, "/dd/inner") == 0);
    CHECK(chdir("../..") == 0 && rmdir("dd/inner") == 0 && rename("dd", "d") == 0);
}

static void nodes(void)
{
    CHECK(mknod("plain", 0640, 0) == 0 && lstat("plain", &st) == 0 && S_ISREG(st.st_mode));
    CHECK(mknod("fifo", S_IFIFO | 0640, 0) == 0 && lstat("fifo", &st) == 0 && S_ISFIFO(st.st_mode));
    CHECK_ERRNO(mknod("fifo", S_IFIFO | 0640, 0), EEXIST);
    CHECK_ERRNO(mknod("x", S_IFDIR | 0640, 0), EPERM);
    CHECK_ERRNO(mknod("x", 0130000 | 0640, 0), EINVAL);
    CHECK_ERRNO(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
    int in = open("fifo", O_RDONLY | O_NONBLOCK), out = open("fifo", O_WRONLY);
    char text[8];
    CHECK(in >= 0 && out >= 0 && write(out, "abc", 3) == 3 && read(in, text, 8) == 3);
    CHECK_ERRNO(read(in, text, 8), EAGAIN);
    close(out);
    CHECK(read(in, text, 8) == 0);
    close(in);
    if (geteuid() == 0) {
        CHECK(mknod("null", S_IFCHR | 0666, makedev(1, 3)) == 0 && stat("null", &st) == 0);
        CHECK(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
        CHECK(unlink("null") == 0);
    }
    CHECK(unlink("fifo") == 0 && unlink("plain") == 0);
}

int main(void)
{
    char place[] = "files_namesXXXXXX";
    CHECK(mkdtemp(place) && chdir(place) == 0);
    umask(022);
    directories();
    hard_links();
    symlinks();
    renames();
    nodes();
    CHECK_DONE();
}
