/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: compare=linux */
/* inotify: every event, printed, so that the order is compared with Linux's too. */
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <utime.h>

#ifndef IN_MASK_CREATE
#define IN_MASK_CREATE 0x10000000
#endif
#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif

static int in;
static char events[65536];

static const char *const names[32] = {
    "ACCESS", "MODIFY", "ATTRIB", "CLOSE_WRITE", "CLOSE_NOWRITE", "OPEN", "MOVED_FROM",
    "MOVED_TO", "CREATE", "DELETE", "DELETE_SELF", "MOVE_SELF", [13] = "UNMOUNT",
    [14] = "Q_OVERFLOW", [15] = "IGNORED", [30] = "ISDIR",
};

static void show(const char *what)
{
    static unsigned first_cookie;
    printf("%s:", what);
    ssize_t n;
    while ((n = read(in, events, sizeof(events))) > 0) {
        for (char *at = events; at < events + n;) {
            struct inotify_event *e = (struct inotify_event *)at;
            printf(" [%d", e->wd);
            for (int bit = 0; bit < 32; bit++)
                if (e->mask >> bit & 1)
                    printf(" %s", names[bit] ? names[bit] : "?");
            if (e->cookie && !first_cookie)
                first_cookie = e->cookie;
            if (e->cookie)
                printf(" cookie %u", e->cookie - first_cookie);
            if (e->len)
                printf(" %s/%u", e->name, e->len);
            printf("]");
            at += sizeof(*e) + e->len;
        }
    }
    CHECK(n == -1 && errno == EAGAIN);
    printf("\n");
}

static void files(void)
{
    int fd = open("d/file", O_RDWR | O_CREAT, 0600);
    show("create");
    CHECK(write(fd, "abc", 3) == 3 && pread(fd, events, 3, 0) == 3 && read(fd, events, 1) == 0);
    show("write, read");
    CHECK(write(fd, "d", 1) == 1 && write(fd, "e", 1) == 1);
    show("two writes");
    CHECK(ftruncate(fd, 1) == 0);
    show("ftruncate");
    CHECK(fchmod(fd, 0644) == 0 && close(fd) == 0);
    show("fchmod, close");
    fd = open("d/file", O_RDONLY);
    close(fd);
    show("open to read");
    fd = open("d/file", O_WRONLY | O_TRUNC);
    close(fd);
    show("open with O_TRUNC");
    CHECK(truncate("d/file", 10) == 0);
    show("truncate");
    CHECK(chmod("d/file", 0600) == 0 && utime("d/file", NULL) == 0);
    show("chmod, utime");
    struct timespec t[2] = {{1, 0}, {0, UTIME_OMIT}};
    CHECK(utimensat(AT_FDCWD, "d/file", t, 0) == 0);
    show("access time");
    close(open("d/file", O_PATH));
    struct stat st;
    CHECK(stat("d/file", &st) == 0);
    show("O_PATH, stat");
    CHECK(link("d/file", "d/second") == 0);
    show("link");
    CHECK(unlink("d/second") == 0);
    show("unlink of one name");
    CHECK(symlink("file", "d/link") == 0 && mkfifo("d/fifo", 0600) == 0);
    show("symlink, mkfifo");
    fd = open("d/file", O_RDWR);
    CHECK(unlink("d/link") == 0 && unlink("d/fifo") == 0 && unlink("d/file") == 0);
    show("unlink of an open file");
    CHECK(write(fd, "x", 1) == 1);
    show("write to it");
    close(fd);
    show("close of it");
}

static void directories(void)
{
    CHECK(mkdir("d/sub", 0700) == 0);
    show("mkdir");
    DIR *dir = opendir("d/sub");
    while (readdir(dir))
        ;
    closedir(dir);
    show("readdir");
    CHECK(rmdir("d/sub") == 0);
    show("rmdir");
    dir = opendir("d");
    while (readdir(dir))
        ;
    closedir(dir);
    show("readdir of the watched");
}

static void renames(void)
{
    int other = inotify_add_watch(in, "e", IN_ALL_EVENTS);
    printf("other %d\n", other);
    close(open("d/a", O_CREAT | O_WRONLY, 0600));
    close(open("e/b", O_CREAT | O_WRONLY, 0600));
    show("two files");
    int own = inotify_add_watch(in, "d/a", IN_ALL_EVENTS);
    CHECK(rename("d/a", "d/longer-name-than-sixteen") == 0);
    show("rename within");
    CHECK(rename("d/longer-name-than-sixteen", "e/a") == 0);
    show("rename across");
    int over = inotify_add_watch(in, "e/b", IN_ALL_EVENTS);
    printf("own %d, over %d\n", own, over);
    CHECK(rename("e/a", "e/b") == 0);
    show("rename over");
    close(open("d/x", O_CREAT | O_WRONLY, 0600));
    show("one more");
    CHECK(syscall(SYS_renameat2, AT_FDCWD, "d/x", AT_FDCWD, "e/b", RENAME_EXCHANGE) == 0);
    show("exchange");
    CHECK(mkdir("d/m", 0700) == 0 && rename("d/m", "e/m") == 0 && rmdir("e/m") == 0);
    show("directory moved and removed");
    CHECK(unlink("e/b") == 0 && unlink("d/x") == 0);
    show("unlink both");
    CHECK(inotify_rm_watch(in, other) == 0);
    show("watch removed");
    CHECK_ERRNO(inotify_rm_watch(in, other), EINVAL);
}

static void masks(int first)
{
    CHECK(inotify_add_watch(in, "d", IN_CREATE) == first);
    close(open("d/a", O_CREAT | O_WRONLY, 0600));
    show("create only");
    CHECK(inotify_add_watch(in, "d", IN_DELETE | IN_MASK_ADD) == first && unlink("d/a") == 0);
    show("and delete");
    CHECK_ERRNO(inotify_add_watch(in, "d", IN_DELETE | IN_MASK_CREATE), EEXIST);
    CHECK_ERRNO(inotify_add_watch(in, "d", IN_DELETE | IN_MASK_CREATE | IN_MASK_ADD), EINVAL);
    CHECK_ERRNO(inotify_add_watch(in, "d", 0), EINVAL);
    CHECK_ERRNO(inotify_add_watch(in, "none", IN_OPEN), ENOENT);
    CHECK_ERRNO(inotify_add_watch(in, "/etc/passwd", IN_OPEN | IN_ONLYDIR), ENOTDIR);
    CHECK_ERRNO(inotify_add_watch(99, "d", IN_OPEN), EBADF);
    CHECK_ERRNO(inotify_add_watch(0, "d", IN_OPEN), EINVAL);
    CHECK_ERRNO(syscall(SYS_inotify_add_watch, in, BAD_POINTER, IN_OPEN), EFAULT);
    CHECK_ERRNO(inotify_rm_watch(in, 999), EINVAL);
    CHECK_ERRNO(inotify_rm_watch(99, 1), EBADF);
    CHECK_ERRNO(inotify_rm_watch(0, 1), EINVAL);
    CHECK_ERRNO(inotify_init1(1), EINVAL);
    int once = inotify_add_watch(in, "e", IN_CREATE | IN_ONESHOT);
    close(open("e/a", O_CREAT | O_WRONLY, 0600)), close(open("e/b", O_CREAT | O_WRONLY, 0600));
    show("once");
    CHECK_ERRNO(inotify_rm_watch(in, once), EINVAL);
    CHECK(symlink("a", "e/link") == 0);
    int link = inotify_add_watch(in, "e/link", IN_ATTRIB | IN_DONT_FOLLOW | IN_DELETE_SELF);
    printf("link %d\n", link);
    CHECK(chmod("e/link", 0640) == 0 && unlink("e/link") == 0);
    show("a link itself");
    CHECK(inotify_add_watch(in, "e", IN_ALL_EVENTS | IN_EXCL_UNLINK) > 0);
    int fd = open("e/a", O_RDWR);
    CHECK(unlink("e/a") == 0 && write(fd, "x", 1) == 1 && close(fd) == 0);
    show("unlinked, left out");
    unlink("e/b");
    show("unlink");
}

static void reading(void)
{
    int count;
    close(open("d/n", O_CREAT | O_WRONLY, 0600));
    CHECK(ioctl(in, FIONREAD, &count) == 0 && count == 32);
    CHECK_ERRNO(read(in, events, 31), EINVAL);
    CHECK(read(in, events, 32) == 32);
    unlink("d/n");
    CHECK_ERRNO(read(in, BAD_POINTER, 100), EFAULT);
    CHECK_ERRNO(write(in, "x", 1), EBADF);
    fcntl(in, F_SETFL, 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        usleep(20000);
        close(open("d/late", O_CREAT | O_WRONLY, 0600));
        _exit(0);
    }
    CHECK(read(in, events, sizeof(events)) == 32);
    CHECK(waitpid(child, NULL, 0) == child);
    fcntl(in, F_SETFL, O_NONBLOCK);
    unlink("d/late");
    struct pollfd f = {in, POLLIN, 0};
    CHECK(poll(&f, 1, 1000) == 1 && f.revents == POLLIN);
    show("poll");
    /* too many */
    int overflows = 0, seen = 0;
    for (int n = 0; n < 17000; n++) {
        char name[32];
        snprintf(name, sizeof(name), "d/%d", n & 1);
        if (symlink("x", name) == 0 && unlink(name) == 0)
            continue;
        CHECK(!"symlink");
    }
    ssize_t n;
    while ((n = read(in, events, sizeof(events))) > 0)
        for (char *at = events; at < events + n;) {
            struct inotify_event *e = (struct inotify_event *)at;
            seen++;
            overflows += e->mask == IN_Q_OVERFLOW && e->wd == -1;
            at += sizeof(*e) + e->len;
        }
    printf("%d events, %d overflows\n", seen, overflows);
}

int main(void)
{
    char folder[] = "/tmp/inotify-XXXXXX";
    CHECK(mkdtemp(folder) && chdir(folder) == 0 && mkdir("d", 0700) == 0 && mkdir("e", 0700) == 0);
    in = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    CHECK(in >= 0 && fcntl(in, F_GETFD) == FD_CLOEXEC);
    int first = inotify_add_watch(in, "d", IN_ALL_EVENTS);
    printf("first %d\n", first);
    files();
    directories();
    renames();
    masks(first);
    reading();
    CHECK(inotify_add_watch(in, "d", IN_ALL_EVENTS) == first && rmdir("d") == 0);
    show("the watched removed");
    CHECK(rmdir("e") == 0);
    show("the other too");
    close(in);
    CHECK(chdir("/") == 0 && rmdir(folder) == 0);
    CHECK_DONE();
}
