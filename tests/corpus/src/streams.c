// SPDX-License-Identifier: BSD-3-Clause
/* stdin to stdout in capitals, a count on stderr, and a status that is neither 0 nor 1. */
#include <ctype.h>
#include <stdio.h>

int main(void) {
    long bytes = 0, lines = 0;
    for (int c; (c = getchar()) != EOF; bytes++) {
        lines += c == '\n';
        putchar(toupper(c));
    }
    fprintf(stderr, "%ld bytes, %ld lines\n", bytes, lines);
    return 3;
}
