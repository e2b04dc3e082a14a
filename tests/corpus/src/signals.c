// SPDX-License-Identifier: BSD-3-Clause
/* Signals of a single-threaded program: handlers, masks, pending sets, alternate stacks, timers. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static volatile sig_atomic_t seen[65];
static volatile sig_atomic_t on_alternate;
static char alternate[65536];

static void note(int number) {
    char here;
    seen[number]++;
    on_alternate = &here >= alternate && &here < alternate + sizeof alternate;
}

static void note_info(int number, siginfo_t *info, void *context) {
    (void)context;
    seen[number]++;
    printf("info: signal %d, code %d, value %d, own pid %s\n", number, info->si_code,
           info->si_value.sival_int, info->si_pid == getpid() ? "yes" : "no");
}

static void handle(int number, int flags, void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigaction(number, &action, NULL);
}

int main(void) {
    handle(SIGUSR1, 0, note);
    raise(SIGUSR1);
    printf("raised: %d\n", (int)seen[SIGUSR1]);

    sigset_t set, pending;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGUSR1);
    sigpending(&pending);
    printf("blocked: %d, pending %d\n", (int)seen[SIGUSR1], sigismember(&pending, SIGUSR1));
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    printf("unblocked: %d\n", (int)seen[SIGUSR1]);

    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    sigaltstack(&stack, NULL);
    handle(SIGUSR2, SA_ONSTACK | SA_RESETHAND, note);
    raise(SIGUSR2);
    struct sigaction now;
    sigaction(SIGUSR2, NULL, &now);
    printf("alternate stack: %d, reset to default: %d\n", (int)on_alternate, now.sa_handler == SIG_DFL);

    struct sigaction action = {.sa_sigaction = note_info, .sa_flags = SA_SIGINFO};
    sigaction(SIGRTMIN, &action, NULL);
    sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 42});

    handle(SIGALRM, 0, note);
    struct itimerval timer = {.it_value = {.tv_usec = 20000}};
    setitimer(ITIMER_REAL, &timer, NULL);
    int result = pause();
    printf("pause: %d %s, alarms %d\n", result, strerror(errno), (int)seen[SIGALRM]);

    handle(SIGTERM, 0, SIG_IGN);
    raise(SIGTERM);
    puts("ignored SIGTERM");
    fflush(stdout);
    handle(SIGTERM, 0, SIG_DFL);
    raise(SIGTERM);
    return 99;
}
