// SPDX-License-Identifier: BSD-3-Clause
/* Ends in the way its argument names. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int deeper(int level) {
    volatile char frame[4096];
    frame[0] = (char)level;
    return deeper(level + 1) + frame[0];
}

static volatile int zero;

int main(int argc, char **argv) {
    const char *how = argc > 1 ? argv[1] : "";
    printf("ending by %s\n", how);
    fflush(stdout);
    if (!strcmp(how, "null")) {
        *(volatile int *)0 = 1;
    } else if (!strcmp(how, "abort")) {
        abort();
    } else if (!strcmp(how, "illegal")) {
        __builtin_trap();
    } else if (!strcmp(how, "divide")) {
        return 100 / zero;
    } else if (!strcmp(how, "stack")) {
        return deeper(0);
    } else if (!strcmp(how, "kill")) {
        kill(getpid(), SIGKILL);
    } else if (!strcmp(how, "pipe")) {
        kill(getpid(), SIGPIPE);
    } else if (!strcmp(how, "exit")) {
        _exit(argc > 2 ? atoi(argv[2]) : 0);
    } else {
        fprintf(stderr, "crash: how?\n");
    }
    return 2;
}
