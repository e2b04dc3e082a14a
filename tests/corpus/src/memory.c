// SPDX-License-Identifier: BSD-3-Clause
/* malloc in all sizes, mmap, mprotect, and a SIGSEGV that is caught with the right address. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static sigjmp_buf back;
static void *volatile fault_address;
static volatile int fault_code;

static void on_fault(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)context;
    fault_address = info->si_addr;
    fault_code = info->si_code;
    siglongjmp(back, 1);
}

static void touch(const char *what, volatile char *where) {
    if (sigsetjmp(back, 1) == 0) {
        *where = 1;
        printf("%s: written\n", what);
    } else {
        printf("%s: fault, code %d, address %s\n", what, fault_code,
               fault_address == (void *)where ? "right" : "wrong");
    }
}

static unsigned long heap(void) {
    enum { BLOCKS = 2000 };
    static char *blocks[BLOCKS];
    unsigned long seed = 1, sum = 0;
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < BLOCKS; i++) {
            seed = seed * 6364136223846793005UL + 1442695040888963407UL;
            size_t size = 1 + (seed >> 33) % (i % 50 == 0 ? 300000 : 500);
            blocks[i] = realloc(blocks[i], size);
            memset(blocks[i], i & 0xff, size);
            sum += (unsigned char)blocks[i][size / 2];
        }
    }
    for (int i = 0; i < BLOCKS; i++) {
        free(blocks[i]);
    }
    return sum;
}

int main(void) {
    printf("heap sum %lu\n", heap());
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    char *pages = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    printf("fresh pages are zero: %s\n", pages[0] == 0 && pages[3 * 4096] == 0 ? "yes" : "no");
    touch("page 1", pages + 4096);
    mprotect(pages + 4096, 4096, PROT_READ);
    touch("page 1 read-only", pages + 4096 + 5);
    munmap(pages + 2 * 4096, 4096);
    touch("page 2 unmapped", pages + 2 * 4096 + 7);
    touch("page 3", pages + 3 * 4096);
    touch("null", (volatile char *)(uintptr_t)16);
    char *grown = mremap(pages + 3 * 4096, 4096, 8 * 4096, MREMAP_MAYMOVE);
    printf("mremap keeps bytes: %s\n", grown != MAP_FAILED && grown[0] == 1 ? "yes" : "no");
    void *refused = mmap((void *)1, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    printf("misaligned fixed map: %s\n", refused == MAP_FAILED ? "refused" : "granted");
    return 0;
}
