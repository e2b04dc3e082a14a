/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Waiting for descriptors: poll and select.
 *
 * Holds: facts; x86_64 and aarch64 agree. epoll is in epoll.h.
 * See:   poll(2), select(2)
 */
#pragma once

#include <stdint.h>

struct linux_pollfd {
    int32_t fd;
    int16_t events;
    int16_t revents;
};

#define POLLIN 0x0001
#define POLLPRI 0x0002
#define POLLOUT 0x0004
#define POLLERR 0x0008
#define POLLHUP 0x0010
#define POLLNVAL 0x0020
#define POLLRDNORM 0x0040
#define POLLRDBAND 0x0080
#define POLLWRNORM 0x0100
#define POLLWRBAND 0x0200
#define POLLMSG 0x0400
#define POLLREMOVE 0x1000
#define POLLRDHUP 0x2000

/* select(2): a set of LINUX_FD_SETSIZE bits in 64-bit words, lowest bit first */
#define LINUX_FD_SETSIZE 1024

struct linux_fd_set {
    uint64_t bits[LINUX_FD_SETSIZE / 64];
};

/* pselect6(2): what its sixth argument points to */
struct linux_sigset_argument {
    uint64_t address;
    uint64_t size;
};
