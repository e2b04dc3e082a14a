/* SPDX-License-Identifier: BSD-3-Clause */
/* Call sites without a `mov $nr,%eax` before them, as a plan may rewrite them: with the instructions
 * around them. Each is called often enough to run as it is and as it becomes. */
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>

#define ROUNDS 4

long behind(long number, long a, long b, long c);  /* syscall; cmp */
void around(long number, uint64_t *rcx, uint64_t *r11, uint64_t *flags); /* mov; syscall */
long stepped(long number);
#define BEHIND_SITE ((uint64_t)behind + 12) /* four instructions of three bytes come first */
extern const char around_return[], step_end[];

__asm__(".text\n"
        ".type behind, @function\nbehind: .cfi_startproc\n"
        "  mov %rdi, %rax\n mov %rsi, %rdi\n mov %rdx, %rsi\n mov %rcx, %rdx\n"
        "  syscall\n cmp $-4096, %rax\n ja 1f\n ret\n1: ret\n"
        "  .cfi_endproc\n.size behind, . - behind\n"
        ".type around, @function\naround: .cfi_startproc\n"
        "  mov %rcx, %r10\n mov %rsi, %r8\n mov %rdx, %r9\n pushfq\n pop (%r10)\n mov %rdi, %rax\n"
        "  syscall\naround_return: mov %rcx, (%r8)\n mov %r11, (%r9)\n ret\n"
        "  .cfi_endproc\n.size around, . - around\n"
        ".type stepped, @function\nstepped: .cfi_startproc\n"
        "  pushfq\n orq $0x100, (%rsp)\n popfq\n nop\n mov %edi, %eax\n syscall\n mov %rax, %rdx\n"
        "  nop\n nop\nstep_end: pushfq\n andq $~0x100, (%rsp)\n popfq\n mov %rdx, %rax\n ret\n"
        "  .cfi_endproc\n.size stepped, . - stepped\n");

static int ends[2];
static volatile uint64_t pc;
static volatile int steps;
static volatile uint64_t pcs[32];

static uint64_t pc_of(void *context)
{
    return (uint64_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
}

static void feed(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    pc = pc_of(context);
    CHECK(write(ends[1], "x", 1) == 1);
}

static void step(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    pcs[steps++ & 31] = pc_of(context);
}

static void arm(int signal, void (*handler)(int, siginfo_t *, void *), int flags, long us)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO | flags};
    struct itimerval when = {.it_value = {0, us}};
    action.sa_sigaction = handler;
    CHECK(sigaction(signal, &action, NULL) == 0);
    if (us)
        CHECK(setitimer(ITIMER_REAL, &when, NULL) == 0);
}

/* It waits in the site while the site is rewritten, and goes on behind it. */
static void *wait_in_site(void *unused)
{
    char byte;
    (void)unused;
    return (void *)behind(SYS_read, ends[0], (long)&byte, 1);
}

static void blocked(void)
{
    pthread_t thread;
    void *result;
    CHECK(pthread_create(&thread, NULL, wait_in_site, NULL) == 0);
    usleep(50000);
    for (int i = 0; i < 5000; i++) {
        CHECK(behind(SYS_getpid, 0, 0, 0) == getpid());
        CHECK(behind(9999, 0, 0, 0) == -ENOSYS);
    }
    CHECK(write(ends[1], "y", 1) == 1);
    CHECK(pthread_join(thread, &result) == 0 && (long)result == 1);
}

static void kept(void)
{
    uint64_t rcx, r11, flags;
    for (int round = 0; round < ROUNDS; round++) {
        around(SYS_getpid, &rcx, &r11, &flags);
        CHECK(rcx == (uint64_t)around_return);
        CHECK((r11 & ~0x10000ul) == (flags & ~0x10000ul));
    }
}

/* The signal may come before the call on a busy machine: then once more. */
static void interrupted(void)
{
    char byte;
    for (int round = 0, late = 0; round < ROUNDS && late < 100; late++) {
        arm(SIGALRM, feed, SA_RESTART, 20000);
        CHECK(behind(SYS_read, ends[0], (long)&byte, 1) == 1);
        if (pc < BEHIND_SITE || pc > BEHIND_SITE + 2)
            continue;
        CHECK(pc == BEHIND_SITE);
        arm(SIGALRM, feed, 0, 20000);
        long result = behind(SYS_read, ends[0], (long)&byte, 1);
        if (pc < BEHIND_SITE || pc > BEHIND_SITE + 2)
            continue;
        CHECK(result == -EINTR && pc == BEHIND_SITE + 2);
        CHECK(behind(SYS_read, ends[0], (long)&byte, 1) == 1);
        round++;
    }
}

static void stepped_through(void)
{
    /* Behind nop, mov, then what follows the call, and so on; as Linux has them. */
    static const int from_end[] = {-9, -7, -2, -1, 0, 1, 9, 10};
    arm(SIGTRAP, step, 0, 0);
    for (int round = 0; round < ROUNDS; round++) {
        steps = 0;
        CHECK(stepped(SYS_getpid) == getpid());
        CHECK(steps == 8);
        for (int i = 0; i < 8; i++)
            if (pcs[i] != (uint64_t)step_end + (uint64_t)from_end[i])
                printf("step %d: %ld\n", i, (long)(pcs[i] - (uint64_t)step_end)), check_failures++;
    }
}

static void forked(void)
{
    for (int round = 0; round < ROUNDS; round++) {
        int status;
        pid_t pid = (pid_t)behind(SYS_fork, 0, 0, 0);
        if (pid == 0)
            _exit(behind(SYS_getpid, 0, 0, 0) == getpid() ? 5 : 6);
        CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 5);
    }
}

/* On Linux there are none. */
static void map_over_stubs(void)
{
    char line[300];
    unsigned long start, end;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof(line), maps))
        if (strstr(line, "[stubs]") && sscanf(line, "%lx-%lx", &start, &end) == 2)
            CHECK(mmap((void *)start, end - start, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == (void *)start);
    fclose(maps);
}

/* What a thread would go on in is taken away while it waits. */
static void bereft(void)
{
    pthread_t thread;
    void *result;
    CHECK(pthread_create(&thread, NULL, wait_in_site, NULL) == 0);
    usleep(50000);
    map_over_stubs();
    CHECK(write(ends[1], "z", 1) == 1);
    CHECK(pthread_join(thread, &result) == 0 && (long)result == 1);
    CHECK(behind(SYS_getpid, 0, 0, 0) == getpid());
}

int main(void)
{
    CHECK(pipe(ends) == 0);
    blocked();
    kept();
    interrupted();
    stepped_through();
    forked();
    bereft();
    CHECK_DONE();
}
