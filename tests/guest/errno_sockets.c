/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: user=root */
/* Every socket call, and each way in which it can be refused. */
#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

#define NOBODY 65534

static char text[16] = "text";
static struct sockaddr_un here = {.sun_family = AF_UNIX, .sun_path = "socket"};
static socklen_t size = sizeof(here);

static void ring(int number)
{
    (void)number;
}

/* Interrupts what comes next, without starting it again. */
static void interrupt_soon(void)
{
    struct sigaction action = {.sa_handler = ring};
    struct itimerval soon = {{0, 20000}, {0, 20000}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &soon, NULL);
}

static void be_quiet(void)
{
    struct itimerval never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &never, NULL);
}

static int stream(int flags)
{
    int s = socket(AF_UNIX, SOCK_STREAM | flags, 0);
    CHECK(s >= 0);
    return s;
}

/* No descriptor, and one that is no socket. */
static void not_sockets(int fd, int error)
{
    struct sockaddr_un name;
    socklen_t length = sizeof(name);
    struct iovec v = {text, 4};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    struct mmsghdr many[1] = {{.msg_hdr = m}};

    CHECK_ERRNO(syscall(SYS_bind, fd, &here, size), error);
    CHECK_ERRNO(syscall(SYS_connect, fd, &here, size), error);
    CHECK_ERRNO(syscall(SYS_listen, fd, 1), error);
    CHECK_ERRNO(syscall(SYS_accept, fd, NULL, NULL), error);
    CHECK_ERRNO(syscall(SYS_accept4, fd, NULL, NULL, 0), error);
    CHECK_ERRNO(syscall(SYS_sendto, fd, text, 4, 0, NULL, 0), error);
    CHECK_ERRNO(syscall(SYS_recvfrom, fd, text, 4, 0, NULL, NULL), error);
    CHECK_ERRNO(syscall(SYS_sendmsg, fd, &m, 0), error);
    CHECK_ERRNO(syscall(SYS_recvmsg, fd, &m, 0), error);
    CHECK_ERRNO(syscall(SYS_sendmmsg, fd, many, 1, 0), error);
    CHECK_ERRNO(syscall(SYS_recvmmsg, fd, many, 1, 0, NULL), error);
    CHECK_ERRNO(syscall(SYS_shutdown, fd, SHUT_RD), error);
    CHECK_ERRNO(syscall(SYS_getsockname, fd, &name, &length), error);
    CHECK_ERRNO(syscall(SYS_getpeername, fd, &name, &length), error);
}

static void accepting(void)
{
    struct rlimit was, tight;
    int s = stream(0), never = stream(0), client = stream(0);
    int datagram = socket(AF_UNIX, SOCK_DGRAM, 0);

    unlink("socket");
    CHECK(bind(s, (void *)&here, size) == 0 && listen(s, 5) == 0);
    for (int with_flags = 0; with_flags < 2; with_flags++) {
        long number = with_flags ? SYS_accept4 : SYS_accept;
        CHECK_ERRNO(syscall(number, never, NULL, NULL, 0), EINVAL);
        CHECK_ERRNO(syscall(number, datagram, NULL, NULL, 0), EOPNOTSUPP);
        interrupt_soon();
        CHECK_ERRNO(syscall(number, s, NULL, NULL, 0), EINTR);
        be_quiet();
        CHECK(fcntl(s, F_SETFL, O_NONBLOCK) == 0);
        CHECK_ERRNO(syscall(number, s, NULL, NULL, 0), EAGAIN);
        CHECK(connect(client, (void *)&here, size) == 0);
        getrlimit(RLIMIT_NOFILE, &was);
        tight = (struct rlimit){(rlim_t)dup(s), was.rlim_max};
        close((int)tight.rlim_cur);
        setrlimit(RLIMIT_NOFILE, &tight);
        CHECK_ERRNO(syscall(number, s, NULL, NULL, 0), EMFILE);
        setrlimit(RLIMIT_NOFILE, &was);
        int got = (int)syscall(number, s, NULL, NULL, 0);
        CHECK(got >= 0);
        close(got);
        close(client);
        client = stream(0);
        CHECK(connect(client, (void *)&here, size) == 0);
        CHECK_ERRNO(syscall(number, s, text, BAD_POINTER, 0), EFAULT);
        close(client);
        client = stream(0);
        fcntl(s, F_SETFL, 0);
    }
    CHECK_ERRNO(syscall(SYS_accept4, s, NULL, NULL, 1), EINVAL);
    CHECK_ERRNO(syscall(SYS_listen, client, 1), EINVAL);
    CHECK_ERRNO(syscall(SYS_listen, datagram, 1), EOPNOTSUPP);
    close(s);
    close(never);
    close(client);
    close(datagram);
}

static void naming(void)
{
    struct sockaddr_un bad = {.sun_family = 77}, missing = here, below = here;
    struct sockaddr_un name;
    socklen_t length = sizeof(name), negative = (socklen_t)-1;
    int s = stream(0), other = stream(0), datagram = socket(AF_UNIX, SOCK_DGRAM, 0);

    strcpy(missing.sun_path, "absent/socket");
    strcpy(below.sun_path, "file/socket");
    unlink("socket");
    CHECK_ERRNO(syscall(SYS_bind, s, BAD_POINTER, size), EFAULT);
    CHECK_ERRNO(syscall(SYS_bind, s, &bad, size), EINVAL);
    CHECK_ERRNO(syscall(SYS_bind, s, &missing, size), ENOENT);
    CHECK_ERRNO(syscall(SYS_bind, s, &below, size), ENOTDIR);
    CHECK_ERRNO(syscall(SYS_connect, s, BAD_POINTER, size), EFAULT);
    CHECK_ERRNO(syscall(SYS_connect, s, &bad, size), EINVAL);
    CHECK_ERRNO(syscall(SYS_connect, s, &missing, size), ENOENT);
    CHECK_ERRNO(syscall(SYS_connect, s, &below, size), ENOTDIR);
    CHECK_ERRNO(syscall(SYS_getpeername, s, &name, &length), ENOTCONN);
    CHECK_ERRNO(syscall(SYS_shutdown, s, 7), EINVAL);
    CHECK(bind(s, (void *)&here, size) == 0);
    CHECK_ERRNO(syscall(SYS_bind, other, &here, size), EADDRINUSE);
    CHECK_ERRNO(syscall(SYS_connect, other, &here, size), ECONNREFUSED);
    CHECK_ERRNO(syscall(SYS_connect, datagram, &here, size), EPROTOTYPE);
    int filler = stream(0), full = stream(SOCK_NONBLOCK);
    CHECK(listen(s, 1) == 0 && connect(other, (void *)&here, size) == 0);
    CHECK_ERRNO(syscall(SYS_connect, other, &here, size), EISCONN);
    CHECK(connect(filler, (void *)&here, size) == 0);
    CHECK_ERRNO(syscall(SYS_connect, full, &here, size), EAGAIN);
    CHECK_ERRNO(syscall(SYS_getpeername, other, &name, BAD_POINTER), EFAULT);
    CHECK_ERRNO(syscall(SYS_getpeername, other, &name, &negative), EINVAL);
    CHECK_ERRNO(syscall(SYS_getsockname, other, &name, BAD_POINTER), EFAULT);
    CHECK_ERRNO(syscall(SYS_getsockname, other, &name, &negative), EINVAL);
    close(s);
    close(other);
    close(filler);
    close(full);
    close(datagram);
}

static void as_nobody(void)
{
    struct sockaddr_un closed = here;
    int status, s = stream(0), keeper = stream(0);

    unlink("socket");
    CHECK(bind(keeper, (void *)&here, size) == 0 && listen(keeper, 1) == 0);
    CHECK(chmod("socket", 0600) == 0);
    strcpy(closed.sun_path, "closed/socket");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        check_failures = 0;
        CHECK(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
        CHECK_ERRNO(syscall(SYS_connect, s, &here, size), EACCES);
        CHECK_ERRNO(syscall(SYS_bind, s, &closed, size), EACCES);
        fflush(stdout);
        _exit(check_failures != 0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    close(s);
    close(keeper);
}

static void fill(int s)
{
    static char much[4096];
    while (send(s, much, sizeof(much), MSG_DONTWAIT) > 0)
        ;
    CHECK(errno == EAGAIN);
}

static void sending(void)
{
    int pair[2], s = stream(0), datagram = socket(AF_UNIX, SOCK_DGRAM, 0);
    struct iovec v = {text, 4}, bad = {BAD_POINTER, 4};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    struct mmsghdr many[1] = {{.msg_hdr = m}};
    struct sockaddr_un missing = here;
    static char huge[1 << 22];

    strcpy(missing.sun_path, "absent");
    CHECK_ERRNO(syscall(SYS_sendto, s, text, 4, 0, NULL, 0), ENOTCONN);
    CHECK_ERRNO(syscall(SYS_sendmsg, s, &m, 0), ENOTCONN);
    CHECK_ERRNO(syscall(SYS_sendmmsg, s, many, 1, 0), ENOTCONN);
    CHECK_ERRNO(syscall(SYS_sendto, datagram, text, 4, 0, &missing, size), ENOENT);
    CHECK_ERRNO(syscall(SYS_sendto, datagram, text, 4, MSG_OOB, &missing, size), EOPNOTSUPP);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    CHECK_ERRNO(syscall(SYS_sendto, pair[0], BAD_POINTER, 4, 0, NULL, 0), EFAULT);
    CHECK_ERRNO(syscall(SYS_sendto, pair[0], text, 4, 0, &here, size), EISCONN);
    CHECK_ERRNO(syscall(SYS_sendmsg, pair[0], BAD_POINTER, 0), EFAULT);
    CHECK_ERRNO(syscall(SYS_sendmmsg, pair[0], BAD_POINTER, 1, 0), EFAULT);
    m.msg_iov = &bad;
    CHECK_ERRNO(syscall(SYS_sendmsg, pair[0], &m, 0), EFAULT);
    m.msg_iov = &v;
    m.msg_iovlen = 1025;
    CHECK_ERRNO(syscall(SYS_sendmsg, pair[0], &m, 0), EMSGSIZE);
    CHECK_ERRNO(syscall(SYS_recvmsg, pair[0], &m, 0), EMSGSIZE);
    m.msg_iovlen = 1;
    fill(pair[0]);
    CHECK_ERRNO(syscall(SYS_sendto, pair[0], text, 4, MSG_DONTWAIT, NULL, 0), EAGAIN);
    CHECK_ERRNO(syscall(SYS_sendmsg, pair[0], &m, MSG_DONTWAIT), EAGAIN);
    CHECK_ERRNO(syscall(SYS_sendmmsg, pair[0], many, 1, MSG_DONTWAIT), EAGAIN);
    interrupt_soon();
    CHECK_ERRNO(syscall(SYS_sendto, pair[0], text, 4, 0, NULL, 0), EINTR);
    be_quiet();
    close(pair[1]);
    CHECK_ERRNO(syscall(SYS_sendto, pair[0], text, 4, MSG_NOSIGNAL, NULL, 0), EPIPE);
    CHECK_ERRNO(syscall(SYS_sendmsg, pair[0], &m, MSG_NOSIGNAL), EPIPE);
    close(pair[0]);
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
    CHECK_ERRNO(syscall(SYS_sendto, pair[0], huge, sizeof(huge), 0, NULL, 0), EMSGSIZE);
    close(pair[1]);
    CHECK_ERRNO(syscall(SYS_sendto, pair[0], text, 4, 0, NULL, 0), ECONNREFUSED);
    close(pair[0]);
    close(s);
    close(datagram);
}

static void receiving(void)
{
    int pair[2], s = stream(0);
    struct iovec v = {text, 4}, bad = {BAD_POINTER, 4};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    struct mmsghdr many[1] = {{.msg_hdr = m}};
    struct timespec wrong = {0, 2000000000};

    CHECK_ERRNO(syscall(SYS_recvfrom, s, text, 4, 0, NULL, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_recvmsg, s, &m, 0), EINVAL);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    CHECK_ERRNO(syscall(SYS_recvfrom, pair[0], text, 4, MSG_DONTWAIT, NULL, NULL), EAGAIN);
    CHECK_ERRNO(syscall(SYS_recvmsg, pair[0], &m, MSG_DONTWAIT), EAGAIN);
    CHECK_ERRNO(syscall(SYS_recvmmsg, pair[0], many, 1, MSG_DONTWAIT, NULL), EAGAIN);
    CHECK_ERRNO(syscall(SYS_recvmmsg, pair[0], many, 1, 0, &wrong), EINVAL);
    CHECK_ERRNO(syscall(SYS_recvmmsg, pair[0], many, 1, 0, BAD_POINTER), EFAULT);
    interrupt_soon();
    CHECK_ERRNO(syscall(SYS_recvfrom, pair[0], text, 4, 0, NULL, NULL), EINTR);
    CHECK_ERRNO(syscall(SYS_recvmsg, pair[0], &m, 0), EINTR);
    be_quiet();
    CHECK_ERRNO(syscall(SYS_recvmsg, pair[0], BAD_POINTER, 0), EFAULT);
    CHECK(send(pair[1], text, 8, 0) == 8);
    CHECK_ERRNO(syscall(SYS_recvfrom, pair[0], BAD_POINTER, 4, 0, NULL, NULL), EFAULT);
    m.msg_iov = &bad;
    CHECK_ERRNO(syscall(SYS_recvmsg, pair[0], &m, 0), EFAULT);
    close(pair[0]); /* with bytes that nobody read */
    CHECK_ERRNO(syscall(SYS_recvfrom, pair[1], text, 4, 0, NULL, NULL), ECONNRESET);
    close(pair[1]);
    close(s);
}

/* Its peer went away with bytes unread: the next send hears of it. */
static void reset_by_peer(void)
{
    int pair[2];

    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
    close(pair[0]);
    CHECK_ERRNO(syscall(SYS_sendto, pair[1], text, 4, 0, NULL, 0), ECONNREFUSED);
    close(pair[1]);
}

int main(void)
{
    char folder[] = "/tmp/errno_sockets.XXXXXX";

    signal(SIGPIPE, SIG_IGN);
    CHECK(mkdtemp(folder) && chmod(folder, 0755) == 0 && chdir(folder) == 0);
    int file = open("file", O_CREAT | O_RDWR, 0644);
    CHECK(file >= 0 && mkdir("closed", 0700) == 0);
    not_sockets(-1, EBADF);
    not_sockets(file, ENOTSOCK);
    accepting();
    naming();
    sending();
    receiving();
    reset_by_peer();
    if (geteuid() == 0)
        as_nobody();
    CHECK_DONE();
}
