/* SPDX-License-Identifier: BSD-3-Clause */
/* Signals that arrive all the time, wherever the program happens to be: in calls, in faults, in its
 * own code, in another handler. Nothing may be lost, torn or interrupted that is restarted. */
#include "check.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

#define PAGE 4096
#define SECONDS 0.7

static volatile unsigned long alarms, virtuals, nested;
static char alternate[65536];

static void on_alarm(int signal)
{
    struct timespec now;
    volatile double x = 1.5;
    char page_touched[5000];
    (void)signal;
    alarms++;
    memset(page_touched, (int)alarms, sizeof(page_touched));
    clock_gettime(CLOCK_MONOTONIC, &now);
    x = x * (double)now.tv_nsec;
    if (alarms % 8 == 0)
        raise(SIGUSR1);
    syscall(SYS_getpid);
}

static void on_usr1(int signal)
{
    (void)signal;
    nested++;
    errno = 99;
}

static void on_virtual(int signal)
{
    (void)signal;
    virtuals++;
}

static double since(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) * 1e-9;
}

/* One round of all kinds of work; the sums tell whether anything was torn. */
static void work(int *ends, unsigned round)
{
    char out[300], in[300];
    memset(out, (int)round, sizeof(out));
    CHECK(write(ends[1], out, sizeof(out)) == sizeof(out));
    CHECK(read(ends[0], in, sizeof(in)) == sizeof(in) && memcmp(in, out, sizeof(in)) == 0);
    unsigned char *p = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                            -1, 0);
    CHECK(p != MAP_FAILED);
    for (int i = 0; i < 16; i++)
        p[i * PAGE + round % PAGE] = (unsigned char)i;
    unsigned sum = 0;
    for (int i = 0; i < 16; i++)
        sum += p[i * PAGE + round % PAGE];
    CHECK(sum == 120);
    CHECK(mprotect(p, 4 * PAGE, PROT_READ) == 0 && munmap(p, 16 * PAGE) == 0);
    double series = 0;
    for (int i = 1; i < 200; i++)
        series += 1.0 / (i * (i + 1.0));
    CHECK(series > 0.9949 && series < 0.9951);
    CHECK(syscall(SYS_getppid) == getppid());
}

int main(void)
{
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART | SA_ONSTACK};
    struct itimerval often = {{0, 250}, {0, 250}}, cpu = {{0, 4000}, {0, 4000}};
    struct timespec start;
    int ends[2];
    unsigned rounds = 0;
    CHECK(pipe(ends) == 0 && sigaltstack(&stack, NULL) == 0);
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    action.sa_handler = on_virtual;
    action.sa_flags = SA_RESTART;
    CHECK(sigaction(SIGVTALRM, &action, NULL) == 0);
    action.sa_handler = on_usr1;
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0 && setitimer(ITIMER_VIRTUAL, &cpu, NULL) == 0);
    clock_gettime(CLOCK_MONOTONIC, &start);
    while (since(&start) < SECONDS && !check_failures)
        work(ends, rounds++);
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
    setitimer(ITIMER_VIRTUAL, &(struct itimerval){0}, NULL);
    CHECK(rounds > 10 && alarms > 20 && virtuals < alarms);
    CHECK(nested == alarms / 8);
    CHECK_DONE();
}
