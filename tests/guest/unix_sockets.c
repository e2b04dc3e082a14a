/* SPDX-License-Identifier: BSD-3-Clause */
/* Unix sockets within one process: pairs, names, connections, options, shutdown, messages. */
/* guest: libc=glibc */ /* musl copies and checks messages itself */
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>

static char buffer[300000];
static volatile int caught;
static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};

static void on_signal(int number)
{
    caught = number;
}

static int events_of(int fd)
{
    struct pollfd f = {fd, 0x7fff & ~POLLMSG, 0};
    CHECK(poll(&f, 1, 0) >= 0);
    return f.revents;
}

static socklen_t named(struct sockaddr_un *a, const char *path)
{
    memset(a, 0, sizeof(*a));
    a->sun_family = AF_UNIX;
    strcpy(a->sun_path, path);
    return offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1;
}

static socklen_t abstract(struct sockaddr_un *a, const char *name)
{
    memset(a, 0, sizeof(*a));
    a->sun_family = AF_UNIX;
    strcpy(a->sun_path + 1, name);
    return offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name);
}

static int option(int fd, int name)
{
    int value = -1;
    socklen_t length = sizeof(value);
    CHECK(getsockopt(fd, SOL_SOCKET, name, &value, &length) == 0 && length == sizeof(value));
    return value;
}

static void making(void)
{
    int p[2];
    CHECK_ERRNO(socket(999, SOCK_STREAM, 0), EAFNOSUPPORT);
    CHECK_ERRNO(socket(-1, SOCK_STREAM, 0), EAFNOSUPPORT);
    CHECK_ERRNO(socket(AF_UNIX, SOCK_RDM, 0), ESOCKTNOSUPPORT);
    CHECK_ERRNO(socket(AF_UNIX, 12, 0), EINVAL);
    CHECK_ERRNO(socket(AF_UNIX, SOCK_STREAM | 0x100, 0), EINVAL);
    CHECK_ERRNO(socket(AF_UNIX, SOCK_STREAM, 5), EPROTONOSUPPORT);
    CHECK_ERRNO(socketpair(AF_UNIX, SOCK_STREAM | 0x100, 0, p), EINVAL);
    CHECK_ERRNO(socketpair(AF_UNIX, SOCK_STREAM, 5, p), EPROTONOSUPPORT);
    CHECK_ERRNO(socketpair(AF_UNIX, SOCK_RDM, 0, p), ESOCKTNOSUPPORT);
    CHECK_ERRNO(socketpair(AF_UNIX, SOCK_STREAM, 0, BAD_POINTER), EFAULT);
    CHECK_ERRNO(socketpair(999, SOCK_STREAM, 0, p), EAFNOSUPPORT);
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    CHECK(s >= 0 && fcntl(s, F_GETFD) == FD_CLOEXEC && fcntl(s, F_GETFL) == (O_RDWR | O_NONBLOCK));
    struct stat st;
    CHECK(fstat(s, &st) == 0 && st.st_mode == (S_IFSOCK | 0777) && st.st_size == 0);
    CHECK_ERRNO(lseek(s, 0, SEEK_SET), ESPIPE);
    CHECK_ERRNO(pread(s, buffer, 1, 0), ESPIPE);
    CHECK_ERRNO(ftruncate(s, 0), EINVAL);
    CHECK_ERRNO(fsync(s), EINVAL);
    char link[64], path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", s);
    ssize_t n = readlink(path, link, sizeof(link) - 1);
    CHECK(n > 0 && strncmp(link, "socket:[", 8) == 0 && link[n - 1] == ']');
    CHECK_ERRNO(open(path, O_RDWR), ENXIO);
    CHECK(events_of(s) == (POLLOUT | POLLHUP | POLLWRNORM | POLLWRBAND));
    CHECK_ERRNO(send(s, "x", 1, 0), ENOTCONN);
    CHECK_ERRNO(recv(s, buffer, 1, 0), EINVAL);
    CHECK_ERRNO(accept(s, NULL, NULL), EINVAL);
    CHECK_ERRNO(listen(s, 1), EINVAL);
    CHECK_ERRNO(accept4(s, NULL, NULL, 1), EINVAL);
    close(s);
    int file = open("/etc/passwd", O_RDONLY);
    CHECK_ERRNO(listen(file, 1), ENOTSOCK);
    CHECK_ERRNO(listen(999, 1), EBADF);
    CHECK_ERRNO(shutdown(file, 0), ENOTSOCK);
    CHECK_ERRNO(send(file, "x", 1, 0), ENOTSOCK);
    CHECK_ERRNO(recv(999, buffer, 1, 0), EBADF);
    close(file);
    s = socket(AF_UNIX, SOCK_RAW, 0);
    CHECK(s >= 0 && option(s, SO_TYPE) == SOCK_DGRAM);
    CHECK_ERRNO(listen(s, 1), EOPNOTSUPP);
    CHECK_ERRNO(accept(s, NULL, NULL), EOPNOTSUPP);
    CHECK_ERRNO(send(s, "x", 1, 0), ENOTCONN);
    close(s);
}

static void streams(void)
{
    int p[2], count;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, p) == 0);
    CHECK(events_of(p[0]) == (POLLOUT | POLLWRNORM | POLLWRBAND));
    CHECK_ERRNO(recv(p[0], buffer, 1, MSG_DONTWAIT), EAGAIN);
    CHECK(write(p[0], "hello", 5) == 5 && send(p[0], " world", 6, 0) == 6);
    CHECK(events_of(p[1]) == (POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM | POLLWRBAND));
    CHECK(ioctl(p[1], FIONREAD, &count) == 0 && count == 11);
    CHECK(ioctl(p[0], TIOCOUTQ, &count) == 0 && count == 2 * 768);
    CHECK(recv(p[1], buffer, 3, MSG_PEEK) == 3 && memcmp(buffer, "hel", 3) == 0);
    CHECK(recv(p[1], buffer, 100, MSG_PEEK) == 11 && memcmp(buffer, "hello world", 11) == 0);
    CHECK(read(p[1], buffer, 2) == 2 && memcmp(buffer, "he", 2) == 0);
    CHECK(recv(p[1], buffer, 100, 0) == 9);
    CHECK(send(p[0], "", 0, 0) == 0 && read(p[1], buffer, 0) == 0);
    CHECK_ERRNO(sendto(p[0], "x", 1, 0, (struct sockaddr *)buffer, 4), EISCONN);
    CHECK_ERRNO(send(p[0], BAD_POINTER, 10, 0), EFAULT);
    while (recv(p[1], buffer, sizeof(buffer), MSG_DONTWAIT) > 0)
        ;
    /* a read stops where the data do, WAITALL gathers, scattered buffers fill in order */
    CHECK(write(p[0], "abc", 3) == 3 && write(p[0], "defgh", 5) == 5);
    struct iovec parts[2] = {{buffer, 2}, {buffer + 10, 4}};
    CHECK(readv(p[1], parts, 2) == 6 && memcmp(buffer, "ab", 2) == 0 &&
          memcmp(buffer + 10, "cdef", 4) == 0 && recv(p[1], buffer, 100, 0) == 2);
    CHECK(write(p[0], "abc", 3) == 3 && write(p[0], "def", 3) == 3);
    CHECK(recv(p[1], buffer, 6, MSG_WAITALL) == 6 && memcmp(buffer, "abcdef", 6) == 0);
    CHECK_ERRNO((write(p[0], "abc", 3), recv(p[1], BAD_POINTER, 3, 0)), EFAULT);
    CHECK(recv(p[1], buffer, 10, 0) == 3);
    /* one side closed */
    CHECK(write(p[0], "end", 3) == 3 && close(p[0]) == 0);
    CHECK(events_of(p[1]) == (POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM | POLLWRBAND | POLLHUP |
                              POLLRDHUP));
    CHECK(read(p[1], buffer, 10) == 3 && read(p[1], buffer, 10) == 0);
    caught = 0;
    CHECK_ERRNO(send(p[1], "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK(caught == 0);
    CHECK_ERRNO(write(p[1], "x", 1), EPIPE);
    CHECK(caught == SIGPIPE);
    close(p[1]);
    /* closed with unread data */
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, p) == 0 && write(p[0], "lost", 4) == 4);
    close(p[1]);
    CHECK(events_of(p[0]) & POLLERR);
    CHECK_ERRNO(read(p[0], buffer, 1), ECONNRESET);
    CHECK(read(p[0], buffer, 1) == 0);
    close(p[0]);
}

static void filling(void)
{
    static const struct {
        int type, size, sends, bytes;
    } cases[] = {
        {SOCK_STREAM, 1, 278, 278},          {SOCK_STREAM, 4096, 44, 180224},
        {SOCK_STREAM, 65536, 4, 233152},     {SOCK_STREAM, 262144, 1, 219264},
        {SOCK_DGRAM, 1, 278, 278},           {SOCK_DGRAM, 4096, 26, 106496},
        {SOCK_SEQPACKET, 16384, 11, 180224}, {SOCK_SEQPACKET, 131072, 2, 262144},
    };
    for (unsigned n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        int p[2], sends = 0, bytes = 0;
        CHECK(socketpair(AF_UNIX, cases[n].type | SOCK_NONBLOCK, 0, p) == 0);
        ssize_t sent;
        while ((sent = send(p[0], buffer, cases[n].size, 0)) > 0)
            sends++, bytes += sent;
        CHECK(errno == EAGAIN);
        if (sends != cases[n].sends || bytes != cases[n].bytes) {
            printf("type %d size %d: %d sends, %d bytes\n", cases[n].type, cases[n].size, sends,
                   bytes);
            check_failures++;
        }
        CHECK(!(events_of(p[0]) & POLLOUT));
        int got = 0;
        while ((sent = recv(p[1], buffer, sizeof(buffer), 0)) > 0)
            got += sent;
        CHECK(got == bytes && errno == EAGAIN && (events_of(p[0]) & POLLOUT));
        CHECK(option(p[0], SO_SNDBUF) == 212992);
        if (cases[n].type != SOCK_STREAM)
            CHECK_ERRNO(send(p[0], buffer, 212992 - 31, 0), EMSGSIZE);
        close(p[0]), close(p[1]);
    }
}

static void datagrams(void)
{
    for (int n = 1; n < 3; n++) {
        int p[2], count;
        CHECK(socketpair(AF_UNIX, types[n], 0, p) == 0);
        CHECK(send(p[0], "first", 5, 0) == 5 && send(p[0], "", 0, 0) == 0 &&
              send(p[0], "third", 5, 0) == 5);
        CHECK(ioctl(p[1], FIONREAD, &count) == 0 && count == (n == 1 ? 5 : 10));
        CHECK(recv(p[1], buffer, 2, MSG_PEEK) == 2 && recv(p[1], buffer, 2, MSG_PEEK | MSG_TRUNC) == 5);
        struct iovec part = {buffer, 3};
        struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
        CHECK(recvmsg(p[1], &m, 0) == 3 && m.msg_flags == MSG_TRUNC && m.msg_namelen == 0);
        CHECK(recv(p[1], buffer, 10, 0) == 0);
        m.msg_flags = 77;
        part.iov_len = 10;
        CHECK(recvmsg(p[1], &m, MSG_CMSG_CLOEXEC) == 5 && m.msg_flags == MSG_CMSG_CLOEXEC);
        CHECK_ERRNO(recv(p[1], buffer, 10, MSG_DONTWAIT), EAGAIN);
        CHECK_ERRNO(send(p[0], BAD_POINTER, 10, 0), EFAULT);
        CHECK(send(p[0], "lost", 4, 0) == 4);
        CHECK_ERRNO(recv(p[1], BAD_POINTER, 10, 0), EFAULT);
        CHECK_ERRNO(recv(p[1], buffer, 10, MSG_DONTWAIT), EAGAIN);
        close(p[1]);
        caught = 0;
        if (n == 1) {
            CHECK_ERRNO(send(p[0], "x", 1, 0), ECONNREFUSED);
            CHECK_ERRNO(send(p[0], "x", 1, 0), ENOTCONN);
        } else {
            CHECK_ERRNO(send(p[0], "x", 1, 0), EPIPE);
            CHECK(recv(p[0], buffer, 1, 0) == 0 && recv(p[0], buffer, 1, MSG_DONTWAIT) == 0);
        }
        CHECK(caught == 0);
        close(p[0]);
    }
}

static void names(void)
{
    struct sockaddr_un a, b;
    socklen_t length = named(&a, "one.sock"), got = sizeof(b);
    int s = socket(AF_UNIX, SOCK_DGRAM, 0), t = socket(AF_UNIX, SOCK_DGRAM, 0);
    CHECK(getsockname(s, (struct sockaddr *)&b, &got) == 0 && got == 2 && b.sun_family == AF_UNIX);
    CHECK_ERRNO(getpeername(s, (struct sockaddr *)&b, &got), ENOTCONN);
    CHECK_ERRNO(bind(s, (struct sockaddr *)&a, 1), EINVAL);
    CHECK_ERRNO(bind(s, (struct sockaddr *)&a, sizeof(a) + 1), EINVAL);
    CHECK_ERRNO(bind(s, (struct sockaddr *)&a, 200), EINVAL);
    CHECK_ERRNO(bind(s, BAD_POINTER, length), EFAULT);
    a.sun_family = AF_INET;
    CHECK_ERRNO(bind(s, (struct sockaddr *)&a, length), EINVAL);
    a.sun_family = AF_UNIX;
    umask(022);
    CHECK(bind(s, (struct sockaddr *)&a, length) == 0);
    struct stat st;
    CHECK(stat("one.sock", &st) == 0 && st.st_mode == (S_IFSOCK | 0755));
    CHECK_ERRNO(open("one.sock", O_RDWR), ENXIO);
    CHECK_ERRNO(bind(t, (struct sockaddr *)&a, length), EADDRINUSE);
    named(&b, "two.sock");
    CHECK_ERRNO(bind(s, (struct sockaddr *)&b, length), EINVAL);
    CHECK_ERRNO(stat("two.sock", &st), ENOENT);
    got = sizeof(b);
    CHECK(getsockname(s, (struct sockaddr *)&b, &got) == 0 && got == length &&
          strcmp(b.sun_path, "one.sock") == 0);
    got = 5;
    memset(&b, 'x', sizeof(b));
    CHECK(getsockname(s, (struct sockaddr *)&b, &got) == 0 && got == length &&
          memcmp(b.sun_path, "onexxx", 6) == 0);
    got = -1;
    CHECK_ERRNO(getsockname(s, (struct sockaddr *)&b, &got), EINVAL);
    got = sizeof(b);
    CHECK_ERRNO(getsockname(s, BAD_POINTER, &got), EFAULT);
    CHECK_ERRNO(getsockname(s, (struct sockaddr *)&b, BAD_POINTER), EFAULT);
    /* sending to a name; the receiver sees the sender's */
    CHECK(sendto(t, "anon", 4, 0, (struct sockaddr *)&a, length) == 4);
    got = sizeof(b);
    CHECK(recvfrom(s, buffer, 10, 0, (struct sockaddr *)&b, &got) == 4 && got == 0);
    CHECK(bind(t, (struct sockaddr *)&b, abstract(&b, "tee")) == 0);
    CHECK(sendto(t, "named", 5, 0, (struct sockaddr *)&a, length) == 5);
    got = sizeof(b);
    CHECK(recvfrom(s, buffer, 10, 0, (struct sockaddr *)&b, &got) == 5 && got == 6 &&
          memcmp(b.sun_path, "\0tee", 4) == 0);
    /* types do not mix; a name without socket */
    int stream = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_ERRNO(connect(stream, (struct sockaddr *)&a, length), EPROTOTYPE);
    CHECK_ERRNO(connect(stream, (struct sockaddr *)&b, abstract(&b, "tee")), ECONNREFUSED);
    CHECK_ERRNO(connect(stream, (struct sockaddr *)&b, named(&b, "/etc/passwd")), ECONNREFUSED);
    CHECK_ERRNO(connect(stream, (struct sockaddr *)&b, named(&b, "none.sock")), ENOENT);
    CHECK_ERRNO(connect(stream, (struct sockaddr *)&b, named(&b, "/etc/passwd/x")), ENOTDIR);
    CHECK_ERRNO(connect(stream, (struct sockaddr *)&b, 2), EINVAL);
    CHECK_ERRNO(bind(stream, (struct sockaddr *)&b, named(&b, "none/x.sock")), ENOENT);
    close(s);
    CHECK_ERRNO(sendto(t, "x", 1, 0, (struct sockaddr *)&a, length), ECONNREFUSED);
    CHECK(unlink("one.sock") == 0);
    CHECK_ERRNO(sendto(t, "x", 1, 0, (struct sockaddr *)&a, length), ENOENT);
    /* a name the kernel chooses */
    s = socket(AF_UNIX, SOCK_DGRAM, 0);
    CHECK(bind(s, (struct sockaddr *)&a, 2) == 0);
    got = sizeof(b);
    CHECK(getsockname(s, (struct sockaddr *)&b, &got) == 0 && got == 8 && b.sun_path[0] == 0 &&
          strspn(b.sun_path + 1, "0123456789abcdef") >= 5);
    CHECK(bind(s, (struct sockaddr *)&a, 2) == 0);
    CHECK(sendto(t, "auto", 4, 0, (struct sockaddr *)&b, got) == 4 && recv(s, buffer, 9, 0) == 4);
    CHECK(bind(stream, (struct sockaddr *)&b, abstract(&b, "tee")) == 0); /* of another type */
    close(s), close(t), close(stream);
}

static void datagram_connections(void)
{
    struct sockaddr_un a, b;
    socklen_t la = abstract(&a, "ay"), lb = abstract(&b, "be"), got = sizeof(a);
    int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0), t = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    int u = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    CHECK(bind(s, (struct sockaddr *)&a, la) == 0 && bind(t, (struct sockaddr *)&b, lb) == 0);
    CHECK(connect(t, (struct sockaddr *)&a, la) == 0);
    struct sockaddr_un peer;
    got = sizeof(peer);
    CHECK(getpeername(t, (struct sockaddr *)&peer, &got) == 0 && got == la);
    CHECK(send(t, "1", 1, 0) == 1 && connect(s, (struct sockaddr *)&b, lb) == 0);
    CHECK_ERRNO(connect(u, (struct sockaddr *)&a, la), EPERM);
    CHECK_ERRNO(sendto(u, "x", 1, 0, (struct sockaddr *)&a, la), EPERM);
    CHECK(recv(s, buffer, 9, 0) == 1);
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    CHECK(connect(s, &none, sizeof(none)) == 0);
    CHECK_ERRNO(send(s, "x", 1, 0), ENOTCONN);
    /* the queue of a receiver that is not our partner holds eleven */
    CHECK(connect(u, (struct sockaddr *)&a, la) == 0);
    int sent = 0;
    while (send(u, "x", 1, 0) == 1)
        sent++;
    CHECK(sent == 11 && errno == EAGAIN && !(events_of(u) & POLLOUT));
    int ep = epoll_create1(0);
    struct epoll_event e = {.events = EPOLLOUT | EPOLLET}, ready;
    CHECK(epoll_ctl(ep, EPOLL_CTL_ADD, u, &e) == 0 && epoll_wait(ep, &ready, 1, 0) == 0);
    CHECK(recv(s, buffer, 9, 0) == 1 && epoll_wait(ep, &ready, 1, 0) == 1 &&
          (events_of(u) & POLLOUT));
    close(ep);
    CHECK(shutdown(s, SHUT_RD) == 0);
    CHECK_ERRNO(send(u, "x", 1, 0), EPIPE);
    close(s);
    CHECK_ERRNO(send(u, "x", 1, 0), ECONNREFUSED);
    CHECK_ERRNO(send(u, "x", 1, 0), ENOTCONN);
    close(t), close(u);
}

static void connections(int type)
{
    struct sockaddr_un a, b;
    socklen_t length = named(&a, "listen.sock"), got;
    int l = socket(AF_UNIX, type, 0);
    CHECK(bind(l, (struct sockaddr *)&a, length) == 0);
    int c = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);
    CHECK_ERRNO(connect(c, (struct sockaddr *)&a, length), ECONNREFUSED);
    CHECK(option(l, SO_ACCEPTCONN) == 0 && listen(l, 1) == 0 && option(l, SO_ACCEPTCONN) == 1);
    CHECK(events_of(l) == 0);
    CHECK(connect(c, (struct sockaddr *)&a, length) == 0);
    CHECK_ERRNO(connect(c, (struct sockaddr *)&a, length), EISCONN);
    CHECK(events_of(l) == (POLLIN | POLLRDNORM));
    CHECK(send(c, "early", 5, 0) == 5);
    int d = socket(AF_UNIX, type | SOCK_NONBLOCK, 0), e = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);
    CHECK(connect(d, (struct sockaddr *)&a, length) == 0);
    CHECK_ERRNO(connect(e, (struct sockaddr *)&a, length), EAGAIN);
    int count;
    CHECK_ERRNO(ioctl(l, FIONREAD, &count), EINVAL);
    got = sizeof(b);
    int s = accept4(l, (struct sockaddr *)&b, &got, SOCK_CLOEXEC | SOCK_NONBLOCK);
    CHECK(s >= 0 && got == 2 && b.sun_family == AF_UNIX && fcntl(s, F_GETFD) == FD_CLOEXEC &&
          fcntl(s, F_GETFL) == (O_RDWR | O_NONBLOCK));
    CHECK(recv(s, buffer, 100, 0) == 5 && send(s, "late", 4, 0) == 4 && recv(c, buffer, 9, 0) == 4);
    got = sizeof(b);
    CHECK(getsockname(s, (struct sockaddr *)&b, &got) == 0 && got == length &&
          strcmp(b.sun_path, "listen.sock") == 0);
    got = sizeof(b);
    CHECK(getpeername(c, (struct sockaddr *)&b, &got) == 0 && strcmp(b.sun_path, "listen.sock") == 0);
    struct ucred u;
    got = sizeof(u);
    CHECK(getsockopt(s, SOL_SOCKET, SO_PEERCRED, &u, &got) == 0 && got == sizeof(u) &&
          u.pid == getpid() && u.uid == geteuid() && u.gid == getegid());
    CHECK(getsockopt(e, SOL_SOCKET, SO_PEERCRED, &u, &got) == 0 && u.pid == 0 && u.uid == ~0u);
    /* the listener goes: who waits is refused */
    close(l);
    CHECK(events_of(d) & POLLHUP);
    /* a sequenced send reports the reset, a stream's does not */
    CHECK_ERRNO(send(d, "x", 1, MSG_NOSIGNAL), type == SOCK_STREAM ? EPIPE : ECONNRESET);
    if (type == SOCK_STREAM)
        CHECK_ERRNO(recv(d, buffer, 1, 0), ECONNRESET);
    CHECK(recv(d, buffer, 1, 0) == 0);
    CHECK_ERRNO(connect(e, (struct sockaddr *)&a, length), ECONNREFUSED);
    unlink("listen.sock");
    CHECK(shutdown(c, SHUT_WR) == 0 && recv(s, buffer, 1, 0) == 0);
    CHECK_ERRNO(send(c, "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK(send(s, "back", 4, 0) == 4 && recv(c, buffer, 9, 0) == 4);
    CHECK(events_of(s) == (POLLIN | POLLRDNORM | POLLRDHUP | POLLOUT | POLLWRNORM | POLLWRBAND));
    CHECK_ERRNO(shutdown(c, 3), EINVAL);
    CHECK(shutdown(s, SHUT_RDWR) == 0 && (events_of(c) & POLLHUP));
    close(c), close(d), close(e), close(s);
}

static void options(void)
{
    int p[2], value = 1;
    struct timeval t = {0, 30000}, got;
    socklen_t length = sizeof(got);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, p) == 0);
    CHECK(option(p[0], SO_TYPE) == SOCK_STREAM && option(p[0], SO_DOMAIN) == AF_UNIX &&
          option(p[0], SO_PROTOCOL) == 0 && option(p[0], SO_ERROR) == 0 &&
          option(p[0], SO_SNDBUF) == 212992 && option(p[0], SO_RCVBUF) == 212992 &&
          option(p[0], SO_RCVLOWAT) == 1 && option(p[0], SO_SNDLOWAT) == 1 &&
          option(p[0], SO_KEEPALIVE) == 0 && option(p[0], SO_PEEK_OFF) == -1);
    CHECK(setsockopt(p[0], SOL_SOCKET, SO_KEEPALIVE, &value, 4) == 0 &&
          option(p[0], SO_KEEPALIVE) == 1);
    value = 10000;
    CHECK(setsockopt(p[0], SOL_SOCKET, SO_SNDBUF, &value, 4) == 0 && option(p[0], SO_SNDBUF) == 20000);
    value = 1;
    CHECK(setsockopt(p[0], SOL_SOCKET, SO_SNDBUF, &value, 4) == 0 && option(p[0], SO_SNDBUF) == 4608);
    CHECK(setsockopt(p[0], SOL_SOCKET, SO_RCVBUF, &value, 4) == 0 && option(p[0], SO_RCVBUF) == 2304);
    CHECK_ERRNO(setsockopt(p[0], SOL_SOCKET, SO_SNDBUF, &value, 3), EINVAL);
    CHECK_ERRNO(setsockopt(p[0], SOL_SOCKET, SO_SNDBUF, BAD_POINTER, 4), EFAULT);
    CHECK_ERRNO(setsockopt(p[0], SOL_SOCKET, SO_TYPE, &value, 4), ENOPROTOOPT);
    CHECK_ERRNO(setsockopt(p[0], SOL_SOCKET, 9999, &value, 4), ENOPROTOOPT);
    CHECK_ERRNO(setsockopt(p[0], 6, 1, &value, 4), EOPNOTSUPP);
    CHECK_ERRNO(setsockopt(p[0], SOL_SOCKET, SO_SNDBUF, &value, -1), EINVAL);
    CHECK_ERRNO(getsockopt(p[0], SOL_SOCKET, 9999, &value, &length), ENOPROTOOPT);
    CHECK_ERRNO(getsockopt(p[0], 6, 1, &value, &length), EOPNOTSUPP);
    CHECK_ERRNO(getsockopt(p[0], SOL_SOCKET, SO_TYPE, BAD_POINTER, &length), EFAULT);
    CHECK_ERRNO(getsockopt(p[0], SOL_SOCKET, SO_TYPE, &value, BAD_POINTER), EFAULT);
    length = 1;
    CHECK(getsockopt(p[0], SOL_SOCKET, SO_TYPE, &value, &length) == 0 && length == 1);
    length = sizeof(got);
    CHECK(setsockopt(p[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)) == 0 &&
          getsockopt(p[0], SOL_SOCKET, SO_RCVTIMEO, &got, &length) == 0 && length == sizeof(got) &&
          got.tv_sec == 0 && got.tv_usec >= 30000 && got.tv_usec <= 40000);
    CHECK_ERRNO(read(p[0], buffer, 1), EAGAIN);
    CHECK(setsockopt(p[0], SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)) == 0);
    CHECK(send(p[0], buffer, 100000, 0) > 0);
    CHECK_ERRNO(send(p[0], buffer, 100000, 0), EAGAIN);
    t.tv_usec = 1000000;
    CHECK_ERRNO(setsockopt(p[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)), EDOM);
    CHECK_ERRNO(setsockopt(p[0], SOL_SOCKET, SO_RCVTIMEO, &t, 8), EINVAL);
    /* a signal ends a read with a timeout, handler or not */
    t = (struct timeval){5, 0};
    CHECK(setsockopt(p[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)) == 0);
    struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &act, NULL);
    struct itimerval timer = {.it_value.tv_usec = 20000};
    CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
    CHECK_ERRNO(read(p[0], buffer, 1), EINTR);
    /* peeking with an offset */
    int q[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, q) == 0 && write(q[0], "abcdef", 6) == 6);
    value = 2;
    CHECK(setsockopt(q[1], SOL_SOCKET, SO_PEEK_OFF, &value, 4) == 0);
    CHECK(recv(q[1], buffer, 2, MSG_PEEK) == 2 && memcmp(buffer, "cd", 2) == 0);
    CHECK(recv(q[1], buffer, 2, MSG_PEEK) == 2 && memcmp(buffer, "ef", 2) == 0);
    CHECK_ERRNO(recv(q[1], buffer, 2, MSG_PEEK | MSG_DONTWAIT), EAGAIN);
    CHECK(recv(q[1], buffer, 3, 0) == 3 && option(q[1], SO_PEEK_OFF) == 3);
    close(q[0]), close(q[1]), close(p[0]), close(p[1]);
}

static void many_messages(void)
{
    int p[2];
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, p) == 0);
    struct iovec in[3] = {{"a", 1}, {"bb", 2}, {"ccc", 3}};
    struct iovec out[4] = {{buffer, 10}, {buffer + 10, 10}, {buffer + 20, 10}, {buffer + 30, 10}};
    struct mmsghdr m[4];
    memset(m, 0, sizeof(m));
    for (int n = 0; n < 3; n++)
        m[n].msg_hdr = (struct msghdr){.msg_iov = &in[n], .msg_iovlen = 1};
    CHECK(sendmmsg(p[0], m, 3, 0) == 3 && m[0].msg_len == 1 && m[2].msg_len == 3);
    for (int n = 0; n < 4; n++)
        m[n].msg_hdr = (struct msghdr){.msg_iov = &out[n], .msg_iovlen = 1};
    CHECK(recvmmsg(p[1], m, 4, MSG_WAITFORONE, NULL) == 3 && m[1].msg_len == 2 &&
          memcmp(buffer + 20, "ccc", 3) == 0);
    CHECK_ERRNO(recvmmsg(p[1], m, 4, MSG_DONTWAIT, NULL), EAGAIN);
    struct timespec t = {0, 1000000000};
    CHECK_ERRNO(recvmmsg(p[1], m, 4, MSG_DONTWAIT, &t), EINVAL);
    t = (struct timespec){1, 0};
    CHECK(send(p[0], "x", 1, 0) == 1 && recvmmsg(p[1], m, 1, 0, &t) == 1 && t.tv_sec == 0);
    CHECK_ERRNO(recvmmsg(p[1], BAD_POINTER, 1, 0, NULL), EFAULT);
    CHECK_ERRNO(sendmmsg(p[1], BAD_POINTER, 1, 0), EFAULT);
    struct msghdr h = {.msg_iov = BAD_POINTER, .msg_iovlen = 1};
    CHECK_ERRNO(sendmsg(p[0], &h, 0), EFAULT);
    CHECK_ERRNO(sendmsg(p[0], BAD_POINTER, 0), EFAULT);
    h = (struct msghdr){.msg_iov = in, .msg_iovlen = 1025};
    CHECK_ERRNO(sendmsg(p[0], &h, 0), EMSGSIZE);
    h = (struct msghdr){.msg_iov = in, .msg_iovlen = 1, .msg_name = buffer, .msg_namelen = -1};
    CHECK_ERRNO(sendmsg(p[0], &h, 0), EINVAL);
    close(p[0]), close(p[1]);
}

static void edges(void)
{
    int p[2], ep = epoll_create1(0);
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET}, got;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p) == 0);
    CHECK(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &e) == 0);
    CHECK(epoll_wait(ep, &got, 1, 0) == 1 && got.events == EPOLLOUT);
    CHECK(epoll_wait(ep, &got, 1, 0) == 0);
    CHECK(write(p[1], "x", 1) == 1);
    CHECK(epoll_wait(ep, &got, 1, 0) == 1 && got.events == (EPOLLIN | EPOLLOUT));
    CHECK(epoll_wait(ep, &got, 1, 0) == 0);
    CHECK(write(p[1], "y", 1) == 1 && epoll_wait(ep, &got, 1, 0) == 1);
    CHECK(read(p[0], buffer, 10) == 2 && epoll_wait(ep, &got, 1, 0) == 0);
    CHECK(shutdown(p[1], SHUT_WR) == 0);
    CHECK(epoll_wait(ep, &got, 1, 0) == 1 && got.events == (EPOLLIN | EPOLLOUT | EPOLLRDHUP));
    close(p[1]);
    CHECK(epoll_wait(ep, &got, 1, 0) == 1 && (got.events & EPOLLHUP));
    close(p[0]), close(ep);
}

/* The line of /proc/net/unix with this name, without the address of Linux's object. */
static void listed(const char *name, const char *expected)
{
    char line[256], seen[256] = "";
    FILE *f = fopen("/proc/net/unix", "r");
    CHECK(f && fgets(line, sizeof(line), f) &&
          strcmp(line, "Num       RefCount Protocol Flags    Type St Inode Path\n") == 0);
    while (f && fgets(line, sizeof(line), f)) {
        unsigned references, protocol, flags, type, state;
        unsigned long inode;
        char path[128] = "";
        if (sscanf(line, "%*[0-9a-f]: %x %x %x %x %x %lu %127s", &references, &protocol, &flags,
                   &type, &state, &inode, path) >= 6 && strcmp(path, name) == 0)
            snprintf(seen, sizeof(seen), "%u %u %x %u %u %d", references, protocol, flags, type,
                     state, inode != 0);
    }
    if (strcmp(seen, expected) != 0) {
        printf("/proc/net/unix: %s is %s, not %s\n", name, seen, expected);
        check_failures++;
    }
    fclose(f);
}

static void listing(void)
{
    struct sockaddr_un a;
    int l = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(bind(l, (struct sockaddr *)&a, named(&a, "listed.sock")) == 0);
    listed("listed.sock", "2 0 0 1 1 1");
    CHECK(listen(l, 5) == 0);
    listed("listed.sock", "2 0 10000 1 1 1");
    CHECK(connect(c, (struct sockaddr *)&a, sizeof(a)) == 0);
    close(l), unlink("listed.sock");
    CHECK(bind(c, (struct sockaddr *)&a, abstract(&a, "li\1sted")) == 0);
    listed("@li\1sted", "2 0 0 1 3 1");
    close(c);
}

int main(void)
{
    struct sigaction act = {.sa_handler = on_signal};
    char folder[] = "/tmp/unix-XXXXXX";
    sigaction(SIGPIPE, &act, NULL);
    CHECK(mkdtemp(folder) && chdir(folder) == 0);
    making();
    streams();
    filling();
    datagrams();
    names();
    datagram_connections();
    connections(SOCK_STREAM);
    connections(SOCK_SEQPACKET);
    options();
    many_messages();
    edges();
    listing();
    CHECK_DONE();
}
