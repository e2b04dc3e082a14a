// SPDX-License-Identifier: BSD-3-Clause
/* Clocks say something sensible: they move forward, a sleep lasts, today is after 2024. */
#include <stdio.h>
#include <sys/time.h>
#include <time.h>

static long long now_ns(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(void) {
    long long before = now_ns(CLOCK_MONOTONIC), previous = before, backwards = 0;
    for (int i = 0; i < 10000; i++) {
        long long next = now_ns(CLOCK_MONOTONIC);
        backwards += next < previous;
        previous = next;
    }
    printf("steps backwards: %lld\n", backwards);
    before = now_ns(CLOCK_MONOTONIC);
    struct timespec wait = {.tv_nsec = 30000000};
    int slept = nanosleep(&wait, NULL);
    long long took = now_ns(CLOCK_MONOTONIC) - before;
    printf("nanosleep %d, at least 30 ms: %s, under 1 s: %s\n", slept, took >= 30000000 ? "yes" : "no",
           took < 1000000000 ? "yes" : "no");
    printf("after 2024: %s\n", time(NULL) > 1704067200 ? "yes" : "no");
    struct timeval tv;
    gettimeofday(&tv, NULL);
    long long drift = now_ns(CLOCK_REALTIME) / 1000 - (tv.tv_sec * 1000000LL + tv.tv_usec);
    printf("gettimeofday agrees: %s\n", drift >= 0 && drift < 1000000 ? "yes" : "no");
    printf("process time moves: %s\n", now_ns(CLOCK_PROCESS_CPUTIME_ID) > 0 ? "yes" : "no");
    return 0;
}
