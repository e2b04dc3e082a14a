/* SPDX-License-Identifier: BSD-3-Clause */
/* For guest tests that do the same again and again: afterwards as much memory is free as before.
 * Compared on Elfin only: a shared Linux is never that quiet. */
#pragma once

#include "check.h"

#include <sys/utsname.h>

#define FREE_ROUNDS 3 /* the first warms up; the third must leave what the second left */
#define FREE_PAGES_TOLERATED 8

static long free_kib[FREE_ROUNDS];

static void note_free(int round)
{
    char line[128];
    FILE *f = fopen("/proc/meminfo", "r");
    CHECK(f != NULL);
    free_kib[round] = -1;
    while (f && fgets(line, sizeof(line), f) &&
           sscanf(line, "MemFree: %ld", &free_kib[round]) != 1)
        ;
    if (f)
        fclose(f);
    CHECK(free_kib[round] > 0);
}

static void check_free(void)
{
    struct utsname name;
    CHECK(uname(&name) == 0);
    if (!strstr(name.release, "elfin"))
        return;
    if (labs(free_kib[2] - free_kib[1]) > FREE_PAGES_TOLERATED * 4) {
        printf("free: %ld, %ld, %ld KiB\n", free_kib[0], free_kib[1], free_kib[2]);
        check_failures++;
    }
}
