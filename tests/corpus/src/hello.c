// SPDX-License-Identifier: BSD-3-Clause
/* The smallest C program: one line, status 0. */
#include <stdio.h>

int main(void) {
    puts("hello from C");
    return 0;
}
