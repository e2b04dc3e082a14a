/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: libc=musl status=139 */
/* musl's allocator finds its own data damaged and stops with `hlt`: SIGSEGV. */
#include "check.h"

int main(void)
{
    static char *volatile pieces[64];
    for (int i = 0; i < 64; i++)
        pieces[i] = malloc(24);
    for (int i = 0; i < 64; i++)
        memset(pieces[i], 0x41, 40);
    for (int i = 0; i < 64; i++)
        free(pieces[i]);
    return 0;
}
