/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: arguments=3000 */
/* Many arguments: all there, in order, and the stack still well formed. */
#include "check.h"

#include <alloca.h>

int main(int argc, char **argv)
{
    char wanted[40];
    CHECK(argc == 3001 && argv[argc] == NULL);
    for (int i = 1; i < argc; i++) {
        snprintf(wanted, sizeof(wanted), "argument %d", i - 1);
        CHECK(strcmp(argv[i], wanted) == 0);
    }
    CHECK(argv[argc - 1] > argv[1] && getenv("GUEST_TEST") != NULL);
    char *below = alloca(3 << 20); /* what is left of the usual 8 MiB */
    memset(below, 7, 3 << 20);
    CHECK(below[100] == 7 && strcmp(argv[3000], "argument 2999") == 0);
    CHECK_DONE();
}
