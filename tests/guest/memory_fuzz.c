/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory calls with arbitrary arguments: whatever they answer, the program goes on and its own
 * memory is as it was. Addresses lie in a range of its own, or where nothing of it can be.
 */
#include "check.h"

#include <fcntl.h>
#include <sys/mman.h>

#define PAGE 4096ul
#define PAGES 256
#define STEPS 20000

static unsigned long seed = 99;
static char *base;
static int fd;

static unsigned long any(unsigned long below)
{
    seed = seed * 6364136223846793005ul + 1442695040888963407ul;
    return (seed >> 33) % below;
}

static unsigned long any_address(void)
{
    static const unsigned long odd[] = {0, 1, 4095, 1ul << 63, -1ul, -4096ul, 0x7ffffffff000ul,
                                        0x800000000000ul, 0xffff800000000000ul, 8192, 0x7fffffffe001ul};
    if (any(8) == 0)
        return odd[any(sizeof(odd) / sizeof(odd[0]))];
    return (unsigned long)base + any(PAGES) * PAGE + (any(10) == 0 ? any(PAGE) : 0);
}

/* Small enough to stay in the range, or impossible. */
static unsigned long any_length(unsigned long address)
{
    static const unsigned long odd[] = {0, 1, 1ul << 63, -1ul, -4095ul, 1ul << 48, -8192ul};
    if (any(10) == 0)
        return odd[any(sizeof(odd) / sizeof(odd[0]))];
    unsigned long end = (unsigned long)base + PAGES * PAGE;
    if (address < (unsigned long)base || address >= end)
        return any(4 * PAGE);
    return any(end - address) / (any(4) + 1);
}

static unsigned long any_bits(void)
{
    return any(3) ? any(256) : any(1ul << 31) << any(8);
}

static void step(void)
{
    unsigned long a = any_address(), n = any_length(a), bits = any_bits();
    unsigned char residency[PAGES];
    switch (any(12)) {
    case 0:
    case 1: { /* flags: never MAP_FIXED outside the range, never 2^30 bytes of it */
        unsigned long flags = bits & ~(unsigned long)(MAP_GROWSDOWN | MAP_POPULATE);
        int inside = a >= (unsigned long)base && n < PAGES * PAGE && a % PAGE == 0;
        if (!inside)
            flags &= ~(unsigned long)(MAP_FIXED | 0x100000);
        unsigned long got = (unsigned long)syscall(SYS_mmap, a, n, any(16), flags,
                                                   any(3) ? fd : (int)any(100) - 1,
                                                   any(40) * PAGE + (any(20) == 0));
        if (got < -4095ul && (got < (unsigned long)base || got >= (unsigned long)base + PAGES * PAGE))
            syscall(SYS_munmap, got, n);
        break;
    }
    case 2: syscall(SYS_munmap, a, n); break;
    case 3:
    case 4: syscall(SYS_mprotect, a, n, any(2) ? any(8) : bits); break;
    case 5: syscall(SYS_madvise, a, n, any(2) ? any(30) : bits); break;
    case 6: { /* the target is in the range, or mremap's own choice goes away again */
        unsigned long to = (unsigned long)base + any(PAGES / 2) * PAGE, m = any(PAGES / 4) * PAGE;
        unsigned long got = (unsigned long)syscall(SYS_mremap, a, n, m, any(10), to);
        if (got < -4095ul && (got < (unsigned long)base || got >= (unsigned long)base + PAGES * PAGE))
            syscall(SYS_munmap, got, m);
        break;
    }
    case 7: syscall(SYS_msync, a, n, any(2) ? any(8) : bits); break;
    case 8: syscall(SYS_mincore, a, n > PAGES * PAGE ? n | 1ul << 62 : n, residency); break;
    case 9: syscall(any(2) ? SYS_mlock : SYS_munlock, a, n); break;
    case 10: CHECK(ftruncate(fd, (long)any(64 * PAGE)) == 0); break;
    default: { /* calls that read and write program memory wherever it is */
        long got = syscall(any(2) ? SYS_read : SYS_write, fd, a, n & 0xffff);
        CHECK(got >= -1);
        lseek(fd, 0, SEEK_SET);
    }
    }
}

int main(void)
{
    static unsigned char own[3 * PAGE];
    unsigned sum = 0;
    memset(own, 0x5a, sizeof(own));
    fd = open("/tmp/memory_fuzz", O_RDWR | O_CREAT | O_TRUNC, 0600);
    base = mmap(NULL, PAGES * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(fd >= 0 && base != MAP_FAILED);
    for (int i = 0; i < STEPS; i++)
        step();
    for (unsigned i = 0; i < sizeof(own); i++)
        sum += own[i] == 0x5a;
    CHECK(sum == sizeof(own));
    unlink("/tmp/memory_fuzz");
    CHECK_DONE();
}
