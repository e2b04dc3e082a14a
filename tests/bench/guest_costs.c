/* SPDX-License-Identifier: BSD-3-Clause */
/* Costs that a program sees, measured by itself: prints nanoseconds per operation.
 *   guest_costs fault | mmap | cpu | trap */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define PAGES 8192
#define MAPS 20000
#define CALLS 200000
#define SIEVE 4000000

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static double fault(void)
{
    char *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    madvise(p, PAGES * PAGE, MADV_NOHUGEPAGE);
    int64_t begin = now_ns();
    for (long i = 0; i < PAGES; i++)
        ((volatile char *)p)[i * PAGE] = 1;
    return (double)(now_ns() - begin) / PAGES;
}

static double map(void)
{
    int64_t begin = now_ns();
    for (int i = 0; i < MAPS; i++)
        munmap(mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
               65536);
    return (double)(now_ns() - begin) / MAPS;
}

static double trap(void)
{
    int64_t begin = now_ns();
    for (int i = 0; i < CALLS; i++)
        syscall(SYS_getpid);
    return (double)(now_ns() - begin) / CALLS;
}

/* Integer, memory and branch work, about a second. */
static double cpu(void)
{
    static unsigned char composite[SIEVE];
    uint64_t sum = 0;
    int64_t begin = now_ns();
    for (int round = 0; round < 12; round++) {
        memset(composite, 0, sizeof(composite));
        for (uint32_t i = 2; i < SIEVE; i++) {
            if (composite[i])
                continue;
            sum += i * (uint64_t)(round + 1);
            for (uint64_t j = (uint64_t)i * i; j < SIEVE; j += i)
                composite[j] = 1;
        }
    }
    double took = (double)(now_ns() - begin);
    return sum == 42 ? 0 : took;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    double ns = !strcmp(what, "fault")  ? fault()
                : !strcmp(what, "mmap") ? map()
                : !strcmp(what, "trap") ? trap()
                : !strcmp(what, "cpu")  ? cpu()
                                        : -1;
    if (ns < 0)
        return 2;
    printf("%.1f\n", ns);
    return 0;
}
