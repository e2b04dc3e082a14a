/* SPDX-License-Identifier: BSD-3-Clause */
/* mremap(2) with old size 0 whose fixed target is the mapping itself: the target is unmapped first,
 * so there is nothing left to move. */
#include "check.h"

#include <sys/mman.h>

int main(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED);
    CHECK_ERRNO(mremap(p, 0, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, p), EFAULT);
    CHECK_DONE();
}
