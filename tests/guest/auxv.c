/* SPDX-License-Identifier: BSD-3-Clause */
/* The auxiliary vector: every entry that Linux 6.1 gives on this machine, once, in its order; none
 * that no Linux gives. */
#include "check.h"

#include <elf.h>
#include <sys/auxv.h>
#include <time.h>

extern char **environ;

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

/* 6.3 added 27 and 28, 6.10 29, 6.13 30; a kernel may have them. */
#define NEWER(type) ((type) >= 27 && (type) <= 30)

static const unsigned long expected[] = {
    AT_SYSINFO_EHDR,
#if defined(__x86_64__)
    AT_MINSIGSTKSZ, AT_HWCAP, AT_PAGESZ, AT_CLKTCK,
#else
    AT_HWCAP, AT_PAGESZ, AT_CLKTCK,
#endif
    AT_PHDR, AT_PHENT, AT_PHNUM, AT_BASE, AT_FLAGS, AT_ENTRY, AT_UID, AT_EUID, AT_GID, AT_EGID,
    AT_SECURE, AT_RANDOM, AT_HWCAP2, AT_EXECFN, AT_PLATFORM, AT_NULL,
};

int main(int argc, char **argv)
{
    char **e = environ;
    size_t n = 0;
    (void)argc;
    while (*e)
        e++;
    for (const Elf64_auxv_t *a = (void *)(e + 1);; a++) {
        if (NEWER(a->a_type) || a->a_type == AT_SYSINFO) /* Linux has the latter for 32 bits only */
            continue;
        if (a->a_type != expected[n]) {
            printf("entry %zu is of type %lu, not %lu\n", n, a->a_type, expected[n]);
            return 1;
        }
        n++;
        if (a->a_type == AT_NULL)
            break;
    }
    CHECK(n == sizeof(expected) / sizeof(expected[0]));
    CHECK(getauxval(AT_BASE) == 0); /* no interpreter */
    CHECK(getauxval(AT_PHDR) && getauxval(AT_PHNUM) > 3);
    CHECK(strcmp((char *)getauxval(AT_EXECFN), argv[0]) == 0);
#if defined(__x86_64__)
    unsigned eax = 1, ebx, ecx = 0, edx;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    CHECK((unsigned)getauxval(AT_HWCAP) == edx || (unsigned)getauxval(AT_HWCAP) == 2);
#endif
    CHECK_DONE();
}
