// SPDX-License-Identifier: BSD-3-Clause
/* Pipes and readiness within one process; the errors they owe. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

static int readiness(int fd, short events) {
    struct pollfd entry = {.fd = fd, .events = events};
    int count = poll(&entry, 1, 0);
    return count <= 0 ? count : entry.revents;
}

static void say(const char *what, ssize_t result) {
    printf("%s: %zd %s\n", what, result, result < 0 ? strerror(errno) : "");
}

int main(void) {
    int ends[2];
    char bytes[16] = {0};
    if (pipe2(ends, O_NONBLOCK) < 0) {
        perror("pipe2");
        return 1;
    }
    printf("empty: read end %d, write end %d\n", readiness(ends[0], POLLIN), readiness(ends[1], POLLOUT));
    say("read empty", read(ends[0], bytes, 4));
    say("write", write(ends[1], "pipe", 4));
    printf("filled: %d\n", readiness(ends[0], POLLIN));
    fd_set set;
    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    struct timeval none = {0};
    printf("select: %d\n", select(ends[0] + 1, &set, NULL, NULL, &none));
    say("read", read(ends[0], bytes, sizeof bytes - 1));
    printf("got %s\n", bytes);
    long filled = 0;
    static char block[4096];
    for (ssize_t n; (n = write(ends[1], block, sizeof block)) > 0; filled += n) {
    }
    printf("capacity: %ld, then %s\n", filled, strerror(errno));
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    say("no reader", write(ends[1], "x", 1));
    printf("no reader: poll %d\n", readiness(ends[1], POLLOUT));
    printf("bad descriptor: %d\n", readiness(900, POLLIN));
    return 0;
}
