/* SPDX-License-Identifier: BSD-3-Clause */
/* What a program finds at its start: stack, auxv, maps, vDSO. */
#include "check.h"

#include <elf.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/mman.h>

extern char **environ;

static int compare(const char *name, unsigned long type, unsigned long expected)
{
    unsigned long value = getauxval(type);
    if (value == expected)
        return 1;
    printf("%s is %#lx, not %#lx\n", name, value, expected);
    return 0;
}

static void test_auxv(const char *name)
{
    CHECK(compare("AT_PAGESZ", AT_PAGESZ, 4096) && compare("AT_CLKTCK", AT_CLKTCK, 100));
    CHECK(compare("AT_PHENT", AT_PHENT, sizeof(ElfW(Phdr))) && compare("AT_FLAGS", AT_FLAGS, 0));
    CHECK(compare("AT_UID", AT_UID, getuid()) && compare("AT_EUID", AT_EUID, geteuid()));
    CHECK(compare("AT_GID", AT_GID, getgid()) && compare("AT_EGID", AT_EGID, getegid()));
    CHECK(compare("AT_SECURE", AT_SECURE, 0));
    CHECK(strcmp((char *)getauxval(AT_PLATFORM), "x86_64") == 0);
    CHECK(strcmp((char *)getauxval(AT_EXECFN), name) == 0);
    CHECK(getauxval(AT_MINSIGSTKSZ) >= 1024 && getauxval(AT_MINSIGSTKSZ) < 20000);
    const unsigned char *random = (unsigned char *)getauxval(AT_RANDOM);
    int sum = 0;
    for (int i = 0; i < 16; i++)
        sum |= random[i];
    CHECK(sum != 0);
}

static void test_headers(void)
{
    const ElfW(Phdr) *p = (void *)getauxval(AT_PHDR);
    unsigned long bias = 0;
    int loads = 0;
    for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++) {
        if (p[i].p_type == PT_PHDR)
            bias = (unsigned long)p - p[i].p_vaddr;
        loads += p[i].p_type == PT_LOAD;
    }
    CHECK(loads > 0 && bias % 4096 == 0);
    CHECK(getauxval(AT_ENTRY) > 4096);
}

/* From argc upwards: pointers, auxv, then the strings, in Linux's order. */
static void test_stack(int argc, char **argv)
{
    CHECK(*((long *)argv - 1) == argc && argv[argc] == NULL);
    CHECK(((uintptr_t)argv - 8) % 16 == 0);
    CHECK(environ >= argv + argc + 1); /* libc may have moved it, but has not yet */
    char *end = argv[argc - 1] + strlen(argv[argc - 1]) + 1;
    if (environ[0])
        CHECK(environ[0] == end);
    char **e = environ;
    for (; *e; e++)
        end = *e + strlen(*e) + 1;
    unsigned long hwcap = 0, entries = 0; /* glibc's getauxval shows its own idea of AT_HWCAP */
    for (ElfW(auxv_t) *a = (void *)(e + 1); a->a_type != AT_NULL; a++, entries++)
        hwcap = a->a_type == AT_HWCAP ? a->a_un.a_val : hwcap;
    CHECK(entries >= 20 && hwcap & 1ul << 25); /* SSE */
    CHECK((char *)getauxval(AT_EXECFN) == end);
    end += strlen(end) + 1;
    CHECK(*(long *)end == 0 && (uintptr_t)(end + 8) % 4096 == 0);
    CHECK((char *)getauxval(AT_RANDOM) > (char *)e && (char *)getauxval(AT_RANDOM) < argv[0]);
}

static void test_vdso(void)
{
    const ElfW(Ehdr) *h = (void *)getauxval(AT_SYSINFO_EHDR);
    if (!h) {
        printf("no vDSO\n");
        check_failures++;
        return;
    }
    CHECK(memcmp(h->e_ident, ELFMAG, SELFMAG) == 0 && h->e_type == ET_DYN);
    CHECK((uintptr_t)h % 4096 == 0);
    const ElfW(Phdr) *p = (void *)((char *)h + h->e_phoff);
    int dynamic = 0, unwind = 0;
    for (int i = 0; i < h->e_phnum; i++) {
        dynamic += p[i].p_type == PT_DYNAMIC;
        unwind += p[i].p_type == PT_GNU_EH_FRAME;
    }
    CHECK(dynamic == 1 && unwind == 1);
}

static void test_maps(void)
{
    static char text[65536];
    FILE *f = fopen("/proc/self/maps", "r");
    CHECK(f != NULL);
    if (!f)
        return;
    size_t n = fread(text, 1, sizeof(text) - 1, f);
    text[n] = 0;
    fclose(f);
    CHECK(strstr(text, "[stack]\n") && strstr(text, "[vdso]\n") && strstr(text, "[heap]\n"));
    CHECK(strstr(text, "rw-p") && strstr(text, "r-xp"));
    unsigned long start, end, last = 0;
    for (char *line = text; *line; line = strchr(line, '\n') + 1) {
        CHECK(sscanf(line, "%lx-%lx", &start, &end) == 2 && start >= last && end > start);
        last = end;
    }
}

int main(int argc, char **argv)
{
    CHECK(malloc(100) != NULL); /* a heap for maps to show */
    test_stack(argc, argv);
    test_auxv(argv[0]);
    test_headers();
    test_vdso();
    test_maps();
    CHECK_DONE();
}
