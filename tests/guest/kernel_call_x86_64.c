/* SPDX-License-Identifier: BSD-3-Clause */
/* __kernel_vsyscall (AT_SYSINFO): a system call by `call`, which keeps everything but rax, rcx and r11.
 * Where there is none (Linux on x86_64) a function of the test's own stands in, made of `syscall`. */
#include "check.h"

#include <sched.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>

#define ARITHMETIC 0x8d5ul /* OF SF ZF AF PF CF */
#define DF 0x400ul
#define TF 0x100ul

uint64_t entry, stand_in_return;
long raw_call(long number, long a, long b, long c, long d, long e);
uint64_t flags_after(uint64_t flags);
uint64_t registers_after(void);
long clone_call(long flags, void *stack);
long vfork_call(void);
long stepped_call(void);
extern const char stand_in[];

__asm__(".text\n"
        "stand_in: popq stand_in_return(%rip)\n syscall\n jmp *stand_in_return(%rip)\n"
        "raw_call: mov %rdi, %rax\n mov %rsi, %rdi\n mov %rdx, %rsi\n mov %rcx, %rdx\n"
        "  mov %r8, %r10\n mov %r9, %r8\n call *entry(%rip)\n ret\n"
        "flags_after: push %rdi\n popfq\n mov $39, %eax\n call *entry(%rip)\n pushfq\n cld\n"
        "  pop %rax\n ret\n"
        /* 0, or the number of the register that differs */
        "registers_after: push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
        "  mov $1, %ebx\n mov $2, %ebp\n mov $3, %edi\n mov $4, %esi\n mov $5, %edx\n mov $6, %r8d\n"
        "  mov $7, %r9d\n mov $8, %r10d\n mov $9, %r12d\n mov $10, %r13d\n mov $11, %r14d\n"
        "  mov $12, %r15d\n mov $39, %eax\n mov %rsp, %r11\n push %r11\n call *entry(%rip)\n"
        "  pop %rcx\n mov $13, %eax\n cmp %rcx, %rsp\n jne 9f\n"
        "  mov %ebx, %eax\n cmp $1, %eax\n jne 9f\n mov %ebp, %eax\n cmp $2, %eax\n jne 9f\n"
        "  mov %edi, %eax\n cmp $3, %eax\n jne 9f\n mov %esi, %eax\n cmp $4, %eax\n jne 9f\n"
        "  mov %edx, %eax\n cmp $5, %eax\n jne 9f\n mov %r8d, %eax\n cmp $6, %eax\n jne 9f\n"
        "  mov %r9d, %eax\n cmp $7, %eax\n jne 9f\n mov %r10d, %eax\n cmp $8, %eax\n jne 9f\n"
        "  mov %r12d, %eax\n cmp $9, %eax\n jne 9f\n mov %r13d, %eax\n cmp $10, %eax\n jne 9f\n"
        "  mov %r14d, %eax\n cmp $11, %eax\n jne 9f\n mov %r15d, %eax\n cmp $12, %eax\n jne 9f\n"
        "  xor %eax, %eax\n"
        "9: pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n"
        "clone_call: mov $56, %eax\n xor %edx, %edx\n xor %r10d, %r10d\n call *entry(%rip)\n"
        "  test %rax, %rax\n jz 1f\n ret\n"
        "1: mov (%rsp), %rdi\n mov $60, %eax\n call *entry(%rip)\n hlt\n"
        "vfork_call: mov $58, %eax\n call *entry(%rip)\n test %rax, %rax\n jz 1f\n ret\n"
        "1: push $0\n push $0\n pop %rcx\n pop %rcx\n mov $7, %edi\n mov $60, %eax\n syscall\n hlt\n"
        "stepped_call: pushfq\n orq $0x100, (%rsp)\n popfq\n mov $39, %eax\n call *entry(%rip)\n"
        "  nop\n pushfq\n andq $~0x100, (%rsp)\n popfq\n ret\n");

static void flags_are_kept(void)
{
    static const uint64_t bits[] = {1, 4, 16, 64, 128, 0x800, DF};
    for (unsigned set = 0; set < 128; set++) {
        uint64_t flags = 0x202;
        for (unsigned i = 0; i < 7; i++)
            flags |= set >> i & 1 ? bits[i] : 0;
        uint64_t after = flags_after(flags);
        if ((after & (ARITHMETIC | DF | TF)) != (flags & (ARITHMETIC | DF)))
            printf("flags %#lx became %#lx\n", flags, after), check_failures++;
    }
}

static void strange_numbers(void)
{
    static const long numbers[] = {-1, 9999, INT32_MIN, INT64_MAX, 1000, 100000};
    for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        CHECK(raw_call(numbers[i], 0, 0, 0, 0, 0) == -ENOSYS);
    CHECK(raw_call((1l << 32) | SYS_getpid, 0, 0, 0, 0, 0) == getpid()); /* an int, to Linux */
}

static void children(void)
{
    static uint64_t stack[1024] __attribute__((aligned(16)));
    int status = 0;
    stack[1000] = 9;
    long pid = clone_call(CLONE_VM | SIGCHLD, &stack[1000]);
    CHECK(pid > 0 && waitpid((pid_t)pid, &status, 0) == pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 9);
    pid = vfork_call();
    CHECK(pid > 0 && waitpid((pid_t)pid, &status, 0) == pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static int ends[2];
static volatile int wild, signals;

static int is_wild(ucontext_t *u)
{
    uint64_t pc = (uint64_t)u->uc_mcontext.gregs[REG_RIP];
    return pc >> 47 || (pc >= 0x7e8000000000 && pc < 0x7ec000000000) || pc >> 44 == 2;
}

static void feed(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    signals++;
    wild += is_wild(context);
    CHECK(write(ends[1], "x", 1) == 1);
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

static void interrupted(void)
{
    char byte = 0;
    CHECK(pipe(ends) == 0);
    arm(SIGALRM, feed, SA_RESTART, 20000);
    CHECK(raw_call(SYS_read, ends[0], (long)&byte, 1, 0, 0) == 1 && byte == 'x');
    long result = 0; /* 1: the signal came before the call, on a busy machine */
    for (int late = 0; result != -EINTR && late < 100; late++) {
        arm(SIGALRM, feed, 0, 20000);
        result = raw_call(SYS_read, ends[0], (long)&byte, 1, 0, 0);
    }
    CHECK(result == -EINTR && wild == 0);
}

static volatile int steps;

static void step(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    steps++;
    wild += is_wild(context);
}

static void stepped(void)
{
    arm(SIGTRAP, step, 0, 0);
    for (int i = 0; i < 3; i++)
        CHECK(stepped_call() == getpid());
    CHECK(steps >= 15 && steps < 60 && wild == 0);
}

static void tick(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    signals++;
    wild += is_wild(context);
}

/* Signals strike anywhere on the way in and out. */
static void struck(void)
{
    struct itimerval often = {{0, 1000}, {0, 1000}}, off = {0};
    uint64_t wrong = 0;
    signals = 0;
    arm(SIGALRM, tick, SA_RESTART, 0);
    CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
    for (int i = 0; signals < 100 && i < 200000000; i++) {
        wrong |= registers_after();
        wrong |= (flags_after(0x202 | (i & 1) | (i & 0x40)) & 0x41) != (unsigned)(i & 0x41);
    }
    CHECK(setitimer(ITIMER_REAL, &off, NULL) == 0);
    CHECK(wrong == 0 && wild == 0 && signals >= 100);
}

int main(void)
{
    entry = getauxval(AT_SYSINFO);
    if (!entry)
        entry = (uint64_t)stand_in;
    CHECK(raw_call(SYS_getpid, 0, 0, 0, 0, 0) == getpid());
    CHECK(registers_after() == 0);
    flags_are_kept();
    strange_numbers();
    children();
    interrupted();
    stepped();
    struck();
    CHECK_DONE();
}
