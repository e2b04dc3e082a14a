/* SPDX-License-Identifier: BSD-3-Clause */
/* For guest tests about futexes: the raw call, and threads that wait. */
#pragma once

#include "check.h"

#include <linux/futex.h>
#include <pthread.h>
#include <time.h>

#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13
#endif

static long __attribute__((unused))
futex(void *word, int operation, uint32_t value, const void *timeout, void *word2, uint32_t value3)
{
    return syscall(SYS_futex, word, operation, value, timeout, word2, value3);
}

/* State of a thread as /proc tells it: 'S' while it waits. */
static char __attribute__((unused)) thread_state(long tid)
{
    char path[64], text[256] = "";
    snprintf(path, sizeof(path), "/proc/self/task/%ld/stat", tid);
    FILE *f = fopen(path, "r");
    if (!f)
        return 0;
    size_t n = fread(text, 1, sizeof(text) - 1, f);
    fclose(f);
    text[n] = 0;
    const char *end = strrchr(text, ')');
    return end ? end[2] : 0;
}

/* Until the thread that writes its tid to *tid sleeps. */
static void __attribute__((unused)) await_sleep(volatile long *tid)
{
    struct timespec pause = {0, 1000000};
    while (!*tid || thread_state(*tid) != 'S')
        nanosleep(&pause, NULL);
}
