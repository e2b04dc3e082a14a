/* SPDX-License-Identifier: BSD-3-Clause */
/* epoll instances that watch each other: how deep, from whichever end the chain is built; that a
 * wake goes through a chain of the greatest depth. */
#include "check.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#define MOST 12

static int add(int outer, int inner)
{
    struct epoll_event e = {.events = EPOLLIN};
    return epoll_ctl(outer, EPOLL_CTL_ADD, inner, &e);
}

/* Links instances until one link is refused; how many links were made. */
static int chain(int from_outside, int e[MOST])
{
    int links = 0;
    for (int n = 0; n < MOST; n++)
        e[n] = epoll_create1(0);
    while (links < MOST - 1) {
        int outer = from_outside ? e[links] : e[links + 1];
        int inner = from_outside ? e[links + 1] : e[links];
        if (add(outer, inner) != 0) {
            CHECK(errno == ELOOP);
            break;
        }
        links++;
    }
    return links;
}

static void drop(int e[MOST])
{
    for (int n = 0; n < MOST; n++)
        close(e[n]);
}

int main(void)
{
    int e[MOST], f[MOST];
    uint64_t one = 1;
    struct epoll_event got;
    int inside_out = chain(0, e);
    drop(e);
    int outside_in = chain(1, e);
    printf("links: %d from inside, %d from outside\n", inside_out, outside_in);
    CHECK(inside_out == outside_in && inside_out == 4);
    /* the deepest chain still wakes its outer end */
    int event = eventfd(0, 0);
    CHECK(add(e[outside_in], event) == 0 && epoll_wait(e[0], &got, 1, 0) == 0);
    CHECK(write(event, &one, sizeof(one)) == sizeof(one) && epoll_wait(e[0], &got, 1, 0) == 1);
    CHECK(read(event, &one, sizeof(one)) == sizeof(one) && epoll_wait(e[0], &got, 1, 0) == 0);
    close(event);
    drop(e);
    /* two chains joined in the middle; a circle */
    for (int n = 0; n < MOST; n++)
        f[n] = epoll_create1(0);
    CHECK(add(f[0], f[1]) == 0 && add(f[1], f[2]) == 0);
    CHECK(add(f[3], f[4]) == 0 && add(f[4], f[5]) == 0);
    CHECK_ERRNO(add(f[2], f[3]), ELOOP);
    CHECK(add(f[1], f[3]) == 0);
    CHECK_ERRNO(add(f[5], f[0]), ELOOP);
    CHECK_ERRNO(add(f[1], f[0]), ELOOP);
    CHECK_ERRNO(add(f[1], f[1]), EINVAL);
    drop(f);
    CHECK_DONE();
}
