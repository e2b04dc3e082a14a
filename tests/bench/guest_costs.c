/* SPDX-License-Identifier: BSD-3-Clause */
/* Costs that a program sees, measured by itself: prints nanoseconds per operation (of cpu: a sum).
 *   guest_costs fault | mmap | cpu | trap */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define PAGES 1024   /* per round of fault */
#define MAPS 200     /* per round of mmap */
#define CALLS 2000   /* per round of trap */
#define ROUNDS 100
#define SIEVE 4000000
#define SIEVES 72

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
    double took = (double)(now_ns() - begin);
    munmap(p, PAGES * PAGE);
    return took / PAGES;
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

/* Integer, memory and branch work, half a second: timed from outside, as CPU time. */
static double cpu(void)
{
    static unsigned char composite[SIEVE];
    uint64_t sum = 0;
    for (int round = 0; round < SIEVES; round++) {
        memset(composite, 0, sizeof(composite));
        for (uint32_t i = 2; i < SIEVE; i++) {
            if (composite[i])
                continue;
            sum += i * (uint64_t)(round + 1);
            for (uint64_t j = (uint64_t)i * i; j < SIEVE; j += i)
                composite[j] = 1;
        }
    }
    return (double)sum;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The lower quartile of many rounds of about a millisecond: whoever else wants the CPU spoils
 * single rounds only. */
static double quartile(double (*round)(void))
{
    double took[ROUNDS];
    for (int i = 0; i < ROUNDS; i++)
        took[i] = round();
    qsort(took, ROUNDS, sizeof(*took), ascending);
    return took[ROUNDS / 4];
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    double ns = !strcmp(what, "fault")  ? quartile(fault)
                : !strcmp(what, "mmap") ? quartile(map)
                : !strcmp(what, "trap") ? quartile(trap)
                : !strcmp(what, "cpu")  ? cpu()
                                        : -1;
    if (ns < 0)
        return 2;
    printf("%.1f\n", ns);
    return 0;
}
