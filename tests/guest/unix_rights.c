/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptors and credentials in messages, between processes; cycles of sockets in flight. */
/* guest: libc=glibc */ /* musl copies and checks messages itself */
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char buffer[4096];

union control {
    char bytes[CMSG_SPACE(300 * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
    struct cmsghdr align;
};

static int count_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    int count = 0;
    while (readdir(d))
        count++;
    closedir(d);
    return count;
}

static struct cmsghdr *entry(struct msghdr *m, union control *c, int type, const void *data, size_t n)
{
    m->msg_control = c;
    m->msg_controllen = CMSG_SPACE(n);
    struct cmsghdr *h = CMSG_FIRSTHDR(m);
    *h = (struct cmsghdr){.cmsg_len = CMSG_LEN(n), .cmsg_level = SOL_SOCKET, .cmsg_type = type};
    memcpy(CMSG_DATA(h), data, n);
    return h;
}

static ssize_t send_with(int s, const char *text, int type, const void *data, size_t n)
{
    union control c;
    struct iovec part = {(char *)text, strlen(text)};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    memset(&c, 0, sizeof(c));
    entry(&m, &c, type, data, n);
    return sendmsg(s, &m, MSG_DONTWAIT);
}

static ssize_t send_files(int s, const char *text, const int *fds, int count)
{
    return send_with(s, text, SCM_RIGHTS, fds, count * sizeof(int));
}

static struct msghdr received;
static union control control;

static ssize_t receive(int s, size_t bytes, size_t room, int flags)
{
    static struct iovec part;
    part = (struct iovec){buffer, bytes};
    received = (struct msghdr){
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = room ? &control : NULL,
        .msg_controllen = room,
    };
    memset(&control, 0, sizeof(control));
    return recvmsg(s, &received, flags);
}

static int got_files(int *fds)
{
    for (struct cmsghdr *h = CMSG_FIRSTHDR(&received); h; h = CMSG_NXTHDR(&received, h)) {
        if (h->cmsg_type != SCM_RIGHTS)
            continue;
        int count = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(fds, CMSG_DATA(h), count * sizeof(int));
        return count;
    }
    return 0;
}

static void rights(int type)
{
    int p[2], fds[300], q[2], before;
    CHECK(socketpair(AF_UNIX, type, 0, p) == 0 && pipe(q) == 0);
    before = count_descriptors();
    CHECK(send_files(p[0], "two", q, 2) == 3);
    CHECK(receive(p[1], 10, sizeof(control), MSG_CMSG_CLOEXEC) == 3 && got_files(fds) == 2);
    CHECK(received.msg_flags == MSG_CMSG_CLOEXEC && received.msg_controllen == CMSG_SPACE(8));
    CHECK(fcntl(fds[0], F_GETFD) == FD_CLOEXEC && write(fds[1], "x", 1) == 1 &&
          read(q[0], buffer, 1) == 1);
    close(fds[0]), close(fds[1]);
    /* no room for them, room for one, none asked for: they are closed */
    CHECK(send_files(p[0], "a", q, 2) == 1 && receive(p[1], 10, 0, 0) == 1 &&
          received.msg_flags == MSG_CTRUNC);
    CHECK(send_files(p[0], "b", q, 2) == 1 && receive(p[1], 10, CMSG_LEN(4), 0) == 1 &&
          received.msg_flags == MSG_CTRUNC && got_files(fds) == 1);
    CHECK(fcntl(fds[0], F_GETFD) == 0);
    close(fds[0]);
    CHECK(send_files(p[0], "c", q, 2) == 1 && read(p[1], buffer, 1) == 1);
    CHECK(count_descriptors() == before);
    /* a peek leaves them */
    CHECK(send_files(p[0], "p", q, 1) == 1);
    CHECK(receive(p[1], 10, sizeof(control), MSG_PEEK) == 1 && got_files(fds) == 1);
    CHECK(receive(p[1], 10, sizeof(control), 0) == 1 && got_files(fds + 1) == 1 && fds[0] != fds[1]);
    close(fds[0]), close(fds[1]);
    /* the most; too many; not open; bad headers */
    for (int n = 0; n < 300; n++)
        fds[n] = q[n & 1];
    CHECK(send_files(p[0], "m", fds, 253) == 1);
    CHECK(receive(p[1], 10, sizeof(control), 0) == 1 && got_files(fds) == 253);
    for (int n = 0; n < 253; n++)
        close(fds[n]);
    CHECK_ERRNO(send_files(p[0], "x", fds, 254), EINVAL);
    fds[0] = 999;
    CHECK_ERRNO(send_files(p[0], "x", fds, 1), EBADF);
    CHECK_ERRNO(send_with(p[0], "x", 99, fds, 4), EINVAL);
    struct iovec part = {"x", 1};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    union control c;
    memset(&c, 0, sizeof(c));
    entry(&m, &c, SCM_RIGHTS, q, 4)->cmsg_len = 1000;
    CHECK_ERRNO(sendmsg(p[0], &m, 0), EINVAL);
    m.msg_control = BAD_POINTER;
    CHECK_ERRNO(sendmsg(p[0], &m, 0), EFAULT);
    m.msg_controllen = 1 << 30;
    CHECK_ERRNO(sendmsg(p[0], &m, 0), ENOBUFS);
    /* no descriptor is free at the receiver */
    struct rlimit limit, old;
    CHECK(send_files(p[0], "l", q, 2) == 1 && getrlimit(RLIMIT_NOFILE, &old) == 0);
    int last = dup(q[0]);
    limit = (struct rlimit){last + 2, old.rlim_max};
    setrlimit(RLIMIT_NOFILE, &limit);
    CHECK(receive(p[1], 10, sizeof(control), 0) == 1 && got_files(fds) == 1 &&
          (received.msg_flags & MSG_CTRUNC));
    setrlimit(RLIMIT_NOFILE, &old);
    close(fds[0]), close(last);
    /* a stream read ends behind a message with descriptors */
    if (type == SOCK_STREAM) {
        CHECK(write(p[0], "aa", 2) == 2 && send_files(p[0], "bb", q, 1) == 2 &&
              write(p[0], "cc", 2) == 2);
        CHECK(receive(p[1], 100, sizeof(control), 0) == 4 && got_files(fds) == 1);
        close(fds[0]);
        CHECK(read(p[1], buffer, 100) == 2);
    }
    CHECK(send_files(p[0], "g", q, 2) == 1);
    close(p[0]), close(p[1]), close(q[0]), close(q[1]);
    CHECK(count_descriptors() == before - 4);
}

static void between_processes(void)
{
    int p[2], fd = -1;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, p) == 0);
    pid_t child = fork();
    if (child == 0) {
        close(p[0]);
        int file = memfd_create("sent", 0);
        if (write(file, "from the child", 14) != 14 || send_files(p[1], "f", &file, 1) != 1)
            _exit(1);
        _exit(0);
    }
    close(p[1]);
    CHECK(receive(p[0], 10, sizeof(control), 0) == 1 && got_files(&fd) == 1);
    CHECK(pread(fd, buffer, 100, 0) == 14 && memcmp(buffer, "from the child", 14) == 0);
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(read(p[0], buffer, 1) == 0);
    close(fd), close(p[0]);
}

static struct ucred *got_credentials(void)
{
    for (struct cmsghdr *h = CMSG_FIRSTHDR(&received); h; h = CMSG_NXTHDR(&received, h))
        if (h->cmsg_type == SCM_CREDENTIALS && h->cmsg_len == CMSG_LEN(sizeof(struct ucred)))
            return (struct ucred *)CMSG_DATA(h);
    return NULL;
}

static void credentials(int type)
{
    int p[2], on = 1;
    CHECK(socketpair(AF_UNIX, type, 0, p) == 0);
    CHECK(send(p[0], "before", 6, 0) == 6);
    CHECK(setsockopt(p[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0);
    CHECK(send(p[0], "after", 5, 0) == 5);
    CHECK(receive(p[1], 100, sizeof(control), 0) == 6); /* other credentials: not merged */
    struct ucred *u = got_credentials();
    CHECK(u && u->pid == 0 && u->uid == 65534);
    CHECK(receive(p[1], 100, sizeof(control), 0) == 5);
    u = got_credentials();
    CHECK(u && u->pid == getpid() && u->uid == getuid() && u->gid == getgid());
    CHECK(send(p[0], "x", 1, 0) == 1 && receive(p[1], 100, 0, 0) == 1 &&
          received.msg_flags == MSG_CTRUNC);
    CHECK(send(p[0], "x", 1, 0) == 1 && receive(p[1], 100, 20, 0) == 1 &&
          received.msg_flags == MSG_CTRUNC && received.msg_controllen == 20);
    struct ucred own = {getpid(), getuid(), getgid()};
    CHECK(send_with(p[0], "own", SCM_CREDENTIALS, &own, sizeof(own)) == 3);
    CHECK(receive(p[1], 100, sizeof(control), 0) == 3 && (u = got_credentials()) && u->pid == own.pid);
    CHECK_ERRNO(send_with(p[0], "x", SCM_CREDENTIALS, &own, sizeof(own) - 4), EINVAL);
    if (geteuid() == 0) {
        own.pid = 4000000;
        CHECK_ERRNO(send_with(p[0], "x", SCM_CREDENTIALS, &own, sizeof(own)), ESRCH);
        pid_t child = fork();
        if (child == 0) {
            own = (struct ucred){getpid(), 0, 0};
            if (setresgid(77, 77, 77) || setresuid(66, 66, 66))
                _exit(1);
            CHECK_ERRNO(send_with(p[0], "x", SCM_CREDENTIALS, &own, sizeof(own)), EPERM);
            CHECK(send(p[0], "child", 5, 0) == 5);
            _exit(check_failures);
        }
        int status;
        CHECK(waitpid(child, &status, 0) == child && status == 0);
        CHECK(receive(p[1], 100, sizeof(control), 0) == 5 && (u = got_credentials()) &&
              u->pid == child && u->uid == 66 && u->gid == 77);
    }
    close(p[0]), close(p[1]);
}

/* A pipe's end tells by hanging up when the last holder of the other is gone. */
static int hung_up(int fd)
{
    struct pollfd f = {fd, POLLIN, 0};
    return poll(&f, 1, 2000) == 1 && (f.revents & POLLHUP);
}

static void cycles(void)
{
    int p[2], q[2], w[2];
    /* a socket in its own queue, with the pipe's end */
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, p) == 0 && pipe(w) == 0);
    int both[2] = {p[1], w[1]};
    CHECK(send_files(p[0], "x", both, 2) == 1);
    close(w[1]), close(p[1]), close(p[0]);
    CHECK(hung_up(w[0]));
    close(w[0]);
    /* two pairs that hold each other */
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, p) == 0 && socketpair(AF_UNIX, SOCK_DGRAM, 0, q) == 0 &&
          pipe(w) == 0);
    CHECK(send_files(p[0], "x", q, 2) == 1 && send_files(q[0], "y", p, 2) == 1 &&
          send_files(p[0], "z", &w[1], 1) == 1);
    close(w[1]), close(q[0]), close(q[1]), close(p[0]), close(p[1]);
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, p) == 0);
    close(p[0]), close(p[1]); /* gives the collector its turn */
    CHECK(hung_up(w[0]));
    close(w[0]);
    /* what is in a queue of a live socket stays */
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, p) == 0 && socketpair(AF_UNIX, SOCK_DGRAM, 0, q) == 0);
    CHECK(send(q[0], "kept", 4, 0) == 4 && send_files(p[0], "x", &q[1], 1) == 1);
    close(q[1]), close(q[0]);
    int fd = -1;
    CHECK(receive(p[1], 10, sizeof(control), 0) == 1 && got_files(&fd) == 1 &&
          recv(fd, buffer, 10, 0) == 4);
    close(fd), close(p[0]), close(p[1]);
    /* a long chain, each in the queue of the next */
    CHECK(pipe(w) == 0);
    int carried = w[1];
    for (int n = 0; n < 5000; n++) {
        if (socketpair(AF_UNIX, SOCK_DGRAM, 0, q) != 0 || send_files(q[0], "c", &carried, 1) != 1) {
            CHECK(!"chain");
            break;
        }
        close(carried), close(q[0]);
        carried = q[1];
    }
    close(carried);
    CHECK(hung_up(w[0]));
    close(w[0]);
}

int main(void)
{
    rights(SOCK_STREAM);
    rights(SOCK_DGRAM);
    rights(SOCK_SEQPACKET);
    between_processes();
    credentials(SOCK_STREAM);
    credentials(SOCK_DGRAM);
    cycles();
    CHECK_DONE();
}
