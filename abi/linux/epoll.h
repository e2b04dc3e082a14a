/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * epoll and eventfd.
 *
 * Holds: facts. struct linux_epoll_event is packed on x86_64 only (12 bytes against 16).
 * See:   epoll_ctl(2), epoll_create(2), eventfd(2)
 */
#pragma once

#include <stdint.h>

#if defined(__x86_64__)
struct __attribute__((packed)) linux_epoll_event {
    uint32_t events;
    uint64_t data;
};
#else
struct linux_epoll_event {
    uint32_t events;
    uint64_t data;
};
#endif

#define EPOLL_CLOEXEC 02000000

#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2
#define EPOLL_CTL_MOD 3

#define EPOLLIN 0x00000001U
#define EPOLLPRI 0x00000002U
#define EPOLLOUT 0x00000004U
#define EPOLLERR 0x00000008U
#define EPOLLHUP 0x00000010U
#define EPOLLNVAL 0x00000020U
#define EPOLLRDNORM 0x00000040U
#define EPOLLRDBAND 0x00000080U
#define EPOLLWRNORM 0x00000100U
#define EPOLLWRBAND 0x00000200U
#define EPOLLMSG 0x00000400U
#define EPOLLRDHUP 0x00002000U
#define EPOLLEXCLUSIVE (1U << 28)
#define EPOLLWAKEUP (1U << 29)
#define EPOLLONESHOT (1U << 30)
#define EPOLLET (1U << 31)

#define EFD_SEMAPHORE 00000001
#define EFD_NONBLOCK 00004000
#define EFD_CLOEXEC 02000000
