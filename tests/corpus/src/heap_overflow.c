// SPDX-License-Identifier: BSD-3-Clause
/* Writes past a heap block and frees it. musl notices and crashes with `hlt` (SIGSEGV, 139);
 * glibc notices and aborts with a message (SIGABRT, 134). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
    enum { BLOCKS = 8, BYTES = 2000, BEYOND = 64 };
    char *volatile blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(BYTES);
    }
    puts("overflowing");
    fflush(stdout);
    for (int i = 0; i < BLOCKS; i++) {
        memset(blocks[i], 0xff, BYTES + BEYOND);
    }
    for (int i = 0; i < BLOCKS; i++) {
        free(blocks[i]);
    }
    puts("nobody noticed");
    return 0;
}
