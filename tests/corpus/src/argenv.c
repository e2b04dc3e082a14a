// SPDX-License-Identifier: BSD-3-Clause
/* What a program is given at its start: arguments, environment, auxiliary vector, working directory.
 * Prints only what is the same on every machine (addresses become yes/no). */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

extern char **environ;

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

int main(int argc, char **argv) {
    for (int i = 0; i < argc; i++) {
        printf("argv[%d]=%s\n", i, i == 0 ? last_part(argv[0]) : argv[i]);
    }
    printf("argv[argc] is null: %s\n", argv[argc] == NULL ? "yes" : "no");
    for (char **entry = environ; *entry; entry++) {
        if (strncmp(*entry, "CORPUS_", 7) == 0) {
            printf("env %s\n", *entry);
        }
    }
    const unsigned char *random = (const unsigned char *)getauxval(AT_RANDOM);
    int sum = 0;
    for (int i = 0; random && i < 16; i++) {
        sum += random[i];
    }
    printf("AT_RANDOM holds bytes: %s\n", sum ? "yes" : "no");
    printf("AT_PAGESZ=%lu AT_CLKTCK=%lu AT_SECURE=%lu\n", getauxval(AT_PAGESZ), getauxval(AT_CLKTCK),
           getauxval(AT_SECURE));
    printf("AT_PHENT=%lu AT_ENTRY set: %s\n", getauxval(AT_PHENT), getauxval(AT_ENTRY) ? "yes" : "no");
    printf("AT_PLATFORM=%s\n", (const char *)getauxval(AT_PLATFORM));
    printf("AT_EXECFN ends like argv[0]: %s\n",
           strcmp(last_part((const char *)getauxval(AT_EXECFN)), last_part(argv[0])) ? "no" : "yes");
    printf("vDSO present: %s\n", getauxval(AT_SYSINFO_EHDR) ? "yes" : "no");
    printf("uid %s\n", getauxval(AT_UID) == getuid() ? "agrees" : "differs");
    return argc;
}
