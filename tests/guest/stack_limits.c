/* SPDX-License-Identifier: BSD-3-Clause */
/* The stack grows to RLIMIT_STACK and not beyond; what lies beyond is SIGSEGV, which a handler on
 * an alternate stack survives; the limit can be raised on the way. */
#include "check.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>

static sigjmp_buf back;
static volatile uintptr_t fault_at, lowest;
static volatile int code;

static void overflowed(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    fault_at = (uintptr_t)info->si_addr;
    code = info->si_code;
    siglongjmp(back, 1);
}

/* One page a level, touched; the frame's lowest byte is noted. */
static int dive(long levels)
{
    volatile char page[4096 - 64];
    page[0] = 1;
    lowest = (uintptr_t)page;
    return levels <= 0 ? 0 : dive(levels - 1) + page[0] * 0;
}

/* How far below `top` it can go, in KiB. */
static unsigned long depth_from(uintptr_t top)
{
    lowest = fault_at = 0;
    if (!sigsetjmp(back, 1))
        dive(1L << 40);
    return (top - lowest) / 1024;
}

static void set_limit(unsigned long kib)
{
    struct rlimit l;
    CHECK(getrlimit(RLIMIT_STACK, &l) == 0);
    l.rlim_cur = kib * 1024;
    CHECK(setrlimit(RLIMIT_STACK, &l) == 0);
}

static unsigned long mapped_stack_kib(void)
{
    char line[300];
    unsigned long start, end, kib = 0;
    FILE *f = fopen("/proc/self/maps", "r");
    while (f && fgets(line, sizeof(line), f))
        if (strstr(line, "[stack]") && sscanf(line, "%lx-%lx", &start, &end) == 2)
            kib = (end - start) / 1024;
    if (f)
        fclose(f);
    return kib;
}

int main(void)
{
    static char alternate[65536];
    stack_t s = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};
    uintptr_t top = (uintptr_t)__builtin_frame_address(0);
    action.sa_sigaction = overflowed;
    CHECK(sigaltstack(&s, NULL) == 0 && sigaction(SIGSEGV, &action, NULL) == 0);
    CHECK(mapped_stack_kib() < 400);
    set_limit(1024);
    unsigned long kib = depth_from(top);
    CHECK(kib > 900 && kib <= 1024);
    CHECK(code == SEGV_MAPERR && fault_at <= lowest && fault_at > lowest - 8192);
    CHECK(mapped_stack_kib() > 900 && mapped_stack_kib() <= 1024);
    set_limit(8192);
    CHECK(!sigsetjmp(back, 1) && dive(1500) == 0);
    kib = depth_from(top);
    CHECK(kib > 8000 && kib <= 8192);
    /* What has grown stays; lowering the limit stops growth only. */
    set_limit(2048);
    CHECK(!sigsetjmp(back, 1) && dive(1500) == 0);
    /* It may also be raised above what a fresh program has. */
    set_limit(12288);
    kib = depth_from(top);
    CHECK(kib > 12000 && kib <= 12288);
    CHECK_DONE();
}
