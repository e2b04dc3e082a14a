/* SPDX-License-Identifier: BSD-3-Clause */
/* Becomes the test that its first argument names. All tests share one image because of it. */
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc > 1)
        execv(argv[1], argv + 1);
    perror(argc > 1 ? argv[1] : "launch");
    return 127;
}
