/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: libc=glibc cases=abort:134,trap:133,illegal:132,divide:136,bus:135,segv:139,null_call:139 */
/* guest: cases=stack:139,term:143,kill:137,alarm:142,realtime:162,exit:77,big:255,handler:5 */
/* guest: cases=frame:139,bad_rip:139,blocked:139,ignored:139,resethand:138,cpu:152,fsize:153 */
/* How a program can end, and the status that is seen of it. */
#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>

static void leave(int signal)
{
    (void)signal;
    _exit(5);
}

static volatile int forever = 1;
static int deeper(volatile char *above)
{
    volatile char here[4096];
    here[0] = above[0];
    return (forever ? deeper(here) : 0) + here[0];
}

static void wreck(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] = (greg_t)0x8000000000001000;
}

static void limit(int which, unsigned long soft)
{
    struct rlimit l;
    getrlimit(which, &l);
    l.rlim_cur = soft;
    setrlimit(which, &l);
}

static void bus(void)
{
    int fd = open("ends", O_RDWR | O_CREAT | O_TRUNC, 0600);
    char *p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    (void)*(volatile char *)p;
}

static void end_by(const char *how)
{
    char byte = 0;
    sigset_t all;
    struct sigaction action = {.sa_flags = SA_SIGINFO};
    sigfillset(&all);
    if (!strcmp(how, "abort"))
        abort();
    if (!strcmp(how, "trap"))
        __asm__ volatile("int3");
    if (!strcmp(how, "illegal"))
        __asm__ volatile("ud2");
    if (!strcmp(how, "divide"))
        __asm__ volatile("xor %%ecx,%%ecx\n idiv %%ecx" ::: "eax", "ecx", "edx");
    if (!strcmp(how, "bus"))
        bus();
    if (!strcmp(how, "segv"))
        *(volatile char *)8 = 1;
    if (!strcmp(how, "null_call"))
        ((void (*volatile)(void))0)();
    if (!strcmp(how, "stack"))
        deeper(&byte);
    if (!strcmp(how, "term"))
        kill(getpid(), SIGTERM);
    if (!strcmp(how, "kill")) {
        sigprocmask(SIG_BLOCK, &all, NULL);
        kill(getpid(), SIGKILL);
    }
    if (!strcmp(how, "alarm")) {
        ualarm(20000, 0);
        for (;;)
            ;
    }
    if (!strcmp(how, "realtime"))
        kill(getpid(), SIGRTMIN);
    if (!strcmp(how, "exit"))
        exit(77 + 256);
    if (!strcmp(how, "big"))
        _exit(-1);
    if (!strcmp(how, "handler")) {
        signal(SIGTERM, leave);
        raise(SIGTERM);
    }
    if (!strcmp(how, "frame")) /* nothing is there for sigreturn to read */
        __asm__ volatile("mov $4096,%%esp\n mov $15,%%eax\n syscall" ::: "memory");
    if (!strcmp(how, "bad_rip")) {
        action.sa_sigaction = wreck;
        sigaction(SIGUSR1, &action, NULL);
        raise(SIGUSR1);
    }
    if (!strcmp(how, "blocked")) { /* a fault's signal cannot be held off */
        sigprocmask(SIG_BLOCK, &all, NULL);
        *(volatile char *)8 = 1;
    }
    if (!strcmp(how, "ignored")) {
        signal(SIGSEGV, SIG_IGN);
        *(volatile char *)8 = 1;
    }
    if (!strcmp(how, "resethand")) {
        action = (struct sigaction){.sa_handler = leave, .sa_flags = (int)SA_RESETHAND};
        sigaction(SIGUSR1, &action, NULL);
        sigaction(SIGTERM, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
        action.sa_handler = SIG_DFL;
        sigaction(SIGUSR1, &action, NULL);
        raise(SIGTERM);
        raise(SIGUSR1);
    }
    if (!strcmp(how, "cpu")) {
        limit(RLIMIT_CPU, 1);
        for (;;)
            ;
    }
    if (!strcmp(how, "fsize")) {
        limit(RLIMIT_FSIZE, 10);
        int fd = open("ends", O_RDWR | O_CREAT | O_TRUNC, 0600);
        if (write(fd, "0123456789ab", 12) == 10)
            (void)!write(fd, "c", 1);
    }
}

int main(int argc, char **argv)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    printf("%s goes out before the end\n", argv[argc - 1]);
    fflush(stdout);
    end_by(argv[argc - 1]);
    return 99;
}
