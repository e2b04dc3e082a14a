/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: cases=main:0,thread:0,again:0,uncaught:139 */
/* A stack that overflows is caught on an alternate one: the first thread's at its limit, another
 * thread's at its guard page; many times; and without an alternate stack it is the end. */
#include "check.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

static sigjmp_buf out;
static volatile int caught, code;
static char *volatile address;
static volatile uintptr_t deepest;

static void handler(int signal, siginfo_t *info, void *context)
{
    (void)context;
    caught = signal;
    code = info->si_code;
    address = info->si_addr;
    siglongjmp(out, 1);
}

static void use_alternate_stack(void)
{
    stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};
    action.sa_sigaction = handler;
    CHECK(sigaltstack(&stack, NULL) == 0 && sigaction(SIGSEGV, &action, NULL) == 0);
}

static int __attribute__((noinline)) dive(int depth)
{
    volatile char room[1000];
    deepest = (uintptr_t)room;
    for (unsigned i = 0; i < sizeof(room); i += 100)
        room[i] = (char)depth;
    return depth < 0 ? 0 : dive(depth + 1) + room[depth % 1000];
}

static void overflow(long least_bytes)
{
    char here;
    caught = 0;
    if (!sigsetjmp(out, 1))
        dive(0);
    CHECK(caught == SIGSEGV && (code == SEGV_MAPERR || code == SEGV_ACCERR));
    CHECK(&here - address >= least_bytes && &here - address < least_bytes + (1 << 20));
    CHECK(deepest - (uintptr_t)address < 8192);
}

static void set_limit(void)
{
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_STACK, &limit) == 0);
    limit.rlim_cur = 1 << 20;
    CHECK(setrlimit(RLIMIT_STACK, &limit) == 0);
}

static void *thread(void *arg)
{
    use_alternate_stack();
    for (int i = 0; i < 20; i++)
        overflow(150000);
    return arg;
}

static void in_thread(void)
{
    pthread_attr_t attributes;
    pthread_t t;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    for (int i = 0; i < 4; i++) {
        CHECK(pthread_create(&t, &attributes, thread, NULL) == 0);
        pthread_join(t, NULL);
    }
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    set_limit();
    if (!strcmp(what, "uncaught"))
        return dive(0);
    if (!strcmp(what, "thread")) {
        in_thread();
    } else {
        use_alternate_stack();
        for (int i = 0; i < (strcmp(what, "again") ? 1 : 50); i++)
            overflow(900000);
    }
    CHECK_DONE();
}
