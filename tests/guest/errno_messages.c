/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: user=root */
/* Messages of unix sockets that are refused, once with each call that sends or receives; names of
 * sockets that lead nowhere; waits for peers, interrupted. */
#include "check.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>

#define NOBODY 65533

static char text[4096] = "text";
static struct sockaddr_un here = {AF_UNIX, "socket"}, nowhere = {AF_UNIX, "nowhere"},
                          around = {AF_UNIX, "loop/socket"}, odd = {AF_INET, "socket"};
static socklen_t size = sizeof(struct sockaddr_un);
static struct iovec piece = {text, 4};

enum way { SENDTO, SENDMSG, SENDMMSG, WAYS };

/* The same message by each of the calls; -1 and errno. */
static long tell(enum way way, int s, struct sockaddr_un *to, int flags)
{
    struct mmsghdr one = {.msg_hdr = {.msg_iov = &piece, .msg_iovlen = 1, .msg_name = to,
                                      .msg_namelen = to ? size : 0}};

    switch (way) {
    case SENDTO:
        return syscall(SYS_sendto, s, text, 4, flags, to, to ? size : 0);
    case SENDMSG:
        return syscall(SYS_sendmsg, s, &one.msg_hdr, flags);
    default:
        return syscall(SYS_sendmmsg, s, &one, 1, flags);
    }
}

static long hear(enum way way, int s, int flags)
{
    struct mmsghdr one = {.msg_hdr = {.msg_iov = &piece, .msg_iovlen = 1}};

    switch (way) {
    case SENDTO:
        return syscall(SYS_recvfrom, s, text, 4, flags, NULL, NULL);
    case SENDMSG:
        return syscall(SYS_recvmsg, s, &one.msg_hdr, flags);
    default:
        return syscall(SYS_recvmmsg, s, &one, 1, flags, NULL);
    }
}

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

static int bound(int type)
{
    int s = socket(AF_UNIX, type, 0);
    unlink(here.sun_path);
    CHECK(s >= 0 && bind(s, (struct sockaddr *)&here, size) == 0);
    return s;
}

static void datagrams(enum way way)
{
    int s = socket(AF_UNIX, SOCK_DGRAM, 0), gone = bound(SOCK_DGRAM);

    CHECK_ERRNO(tell(way, s, NULL, 0), ENOTCONN);
    CHECK_ERRNO(tell(way, s, &nowhere, 0), ENOENT);
    CHECK_ERRNO(tell(way, s, &around, 0), ELOOP);
    CHECK_ERRNO(tell(way, s, &odd, 0), EINVAL);
    CHECK_ERRNO(tell(way, s, &here, MSG_OOB), EOPNOTSUPP);
    CHECK(tell(way, s, &here, 0) > 0);
    interrupt_soon();
    while (tell(way, s, &here, 0) > 0)
        ;
    CHECK(errno == EINTR);
    be_quiet();
    CHECK_ERRNO(tell(way, s, &here, MSG_DONTWAIT), EAGAIN);
    close(gone);
    CHECK_ERRNO(tell(way, s, &here, 0), ECONNREFUSED);
    close(s), unlink(here.sun_path);
}

static void streams(enum way way)
{
    int pair[2], alone = socket(AF_UNIX, SOCK_SEQPACKET, 0);

    CHECK_ERRNO(hear(way, alone, 0), ENOTCONN);
    close(alone);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    CHECK_ERRNO(tell(way, pair[0], &here, 0), EISCONN);
    interrupt_soon();
    CHECK_ERRNO(hear(way, pair[0], 0), EINTR);
    be_quiet();
    CHECK(write(pair[0], text, 4) == 4 && close(pair[1]) == 0);
    CHECK_ERRNO(hear(way, pair[0], 0), ECONNRESET); /* it had not read all */
    CHECK_ERRNO(tell(way, pair[0], NULL, 0), EPIPE);
    close(pair[0]);
}

/* A connected datagram socket whose peer goes. */
static void peer_gone(enum way way)
{
    int s = socket(AF_UNIX, SOCK_DGRAM, 0), peer = bound(SOCK_DGRAM);

    CHECK(connect(s, (struct sockaddr *)&here, size) == 0);
    close(peer);
    CHECK_ERRNO(tell(way, s, NULL, 0), ECONNREFUSED);
    close(s), unlink(here.sun_path);
}

static void names(void)
{
    int s = socket(AF_UNIX, SOCK_STREAM, 0), listener = bound(SOCK_STREAM), first, second;

    CHECK_ERRNO(syscall(SYS_bind, s, &around, size), ELOOP);
    CHECK_ERRNO(syscall(SYS_connect, s, &around, size), ELOOP);
    CHECK(listen(listener, 0) == 0);
    first = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(connect(first, (struct sockaddr *)&here, size) == 0);
    second = socket(AF_UNIX, SOCK_STREAM, 0);
    interrupt_soon();
    long result = 0;
    while (result == 0) { /* until the queue is full */
        result = connect(second, (struct sockaddr *)&here, size);
        if (result == 0)
            second = socket(AF_UNIX, SOCK_STREAM, 0);
    }
    CHECK(result == -1 && errno == EINTR);
    be_quiet();
    close(s), close(first), close(second), close(listener);
    unlink(here.sun_path);
}

/* unix(7): no more descriptors in flight than may be open. */
static void too_many_in_flight(void)
{
    union { struct cmsghdr head; char bytes[CMSG_SPACE(100 * sizeof(int))]; } control = {.bytes = {0}};
    struct msghdr m = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control,
                       .msg_controllen = sizeof(control)};
    struct rlimit few = {50, 50};
    int pair[2];

    control.head.cmsg_len = CMSG_LEN(100 * sizeof(int));
    control.head.cmsg_level = SOL_SOCKET, control.head.cmsg_type = SCM_RIGHTS;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    for (int i = 0; i < 100; i++)
        ((int *)(void *)CMSG_DATA(&control.head))[i] = 0;
    CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
    long first = sendmsg(pair[0], &m, 0);
    CHECK(first == 4 || errno == ETOOMANYREFS);
    CHECK_ERRNO(syscall(SYS_sendmsg, pair[0], &m, 0), ETOOMANYREFS);
}

static void as_nobody(void)
{
    int s = socket(AF_UNIX, SOCK_DGRAM, 0);

    CHECK(setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
    for (enum way way = SENDTO; way < WAYS; way++)
        CHECK_ERRNO(tell(way, s, &here, 0), EACCES);
    too_many_in_flight();
}

static void in_child(void (*what)(void))
{
    int status;

    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        check_failures = 0;
        what();
        fflush(stdout);
        _exit(check_failures != 0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    CHECK(symlink("loop", "loop") == 0);
    for (enum way way = SENDTO; way < WAYS; way++) {
        datagrams(way);
        streams(way);
        peer_gone(way);
    }
    names();
    if (geteuid() == 0) {
        int owned = bound(SOCK_DGRAM);
        CHECK(chmod(here.sun_path, 0700) == 0 && chmod(".", 0755) == 0);
        in_child(as_nobody);
        close(owned), unlink(here.sun_path);
    }
    unlink("loop");
    CHECK_DONE();
}
