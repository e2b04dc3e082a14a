// SPDX-License-Identifier: BSD-3-Clause
/* Start and end in order: constructors, thread-local data, atexit, destructors, buffered output. */
#include <stdio.h>
#include <stdlib.h>

static __thread int counted = 40;
static __thread char zeroes[300];

__attribute__((constructor(101))) static void first(void) {
    puts("constructor 101");
}
__attribute__((constructor(102))) static void second(void) {
    puts("constructor 102");
}
__attribute__((destructor)) static void last(void) {
    puts("destructor");
}
static void leaving(void) {
    puts("atexit");
}

int main(void) {
    atexit(leaving);
    counted += 2;
    int sum = 0;
    for (size_t i = 0; i < sizeof zeroes; i++) {
        sum += zeroes[i];
    }
    printf("thread-local %d, zeroes %d\n", counted, sum);
    printf("no newline at the end");
    exit(7);
}
