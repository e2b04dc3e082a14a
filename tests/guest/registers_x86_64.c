/* SPDX-License-Identifier: BSD-3-Clause */
/* Registers survive system calls and preemption: all general registers, flags, vector registers,
 * MXCSR, the x87 control word, the red zone. A system call may change rax, rcx and r11 only (the
 * psABI, A.2.1); an interrupt nothing at all. */
#include "check.h"

#include <signal.h>
#include <sys/time.h>
#include <time.h>

/* Rounds, unused, number of the call (NO_CALL: spins). 0, or which register differs first. */
uint64_t check_registers(uint64_t rounds, uint64_t unused, uint64_t number);

__asm__(
    ".text\n"
    ".globl check_registers\n"
    "check_registers:\n"
    "  push %rbx\n  push %rbp\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
    "  mov %rdx, -24(%rsp)\n"  /* all of these lie in the red zone */
    "  movabs $0x1111222233334444, %rax\n  mov %rax, -32(%rsp)\n"
    "  mov %rdi, -16(%rsp)\n"
    "1: mov $0x101, %rbx\n  mov $0x102, %rbp\n  mov $0x103, %rdi\n  mov $0x104, %rsi\n"
    "  mov $0x105, %rdx\n  mov $0x106, %r8\n  mov $0x107, %r9\n  mov $0x108, %r10\n"
    "  mov $0x109, %r12\n  mov $0x10a, %r13\n  mov $0x10b, %r14\n  mov $0x10c, %r15\n"
    "  mov -24(%rsp), %rax\n"
    "  cmp $-1, %rax\n"
    "  je 2f\n"
    "  stc\n"
    "  syscall\n"
    "  jnc 8f\n"             /* the carry flag is kept */
    "  lea 3f(%rip), %r11\n"
    "3: jmp 4f\n"
    "2: mov $20000, %ecx\n  mov $0x10d, %r11\n  stc\n"
    "5: dec %ecx\n"          /* dec leaves the carry flag alone */
    "  jnz 5b\n"
    "  jnc 8f\n"
    "  cmp $0x10d, %r11\n  mov $13, %eax\n  jne 9f\n"
    "4: mov $1, %eax\n  cmp $0x101, %rbx\n  jne 9f\n"
    "  mov $2, %eax\n  cmp $0x102, %rbp\n  jne 9f\n"
    "  mov $3, %eax\n  cmp $0x103, %rdi\n  jne 9f\n"
    "  mov $4, %eax\n  cmp $0x104, %rsi\n  jne 9f\n"
    "  mov $5, %eax\n  cmp $0x105, %rdx\n  jne 9f\n"
    "  mov $6, %eax\n  cmp $0x106, %r8\n  jne 9f\n"
    "  mov $7, %eax\n  cmp $0x107, %r9\n  jne 9f\n"
    "  mov $8, %eax\n  cmp $0x108, %r10\n  jne 9f\n"
    "  mov $9, %eax\n  cmp $0x109, %r12\n  jne 9f\n"
    "  mov $10, %eax\n  cmp $0x10a, %r13\n  jne 9f\n"
    "  mov $11, %eax\n  cmp $0x10b, %r14\n  jne 9f\n"
    "  mov $12, %eax\n  cmp $0x10c, %r15\n  jne 9f\n"
    "  movabs $0x1111222233334444, %rcx\n  mov $14, %eax\n  cmp %rcx, -32(%rsp)\n  jne 9f\n"
    "  decq -16(%rsp)\n"
    "  jnz 1b\n"
    "  xor %eax, %eax\n"
    "  jmp 9f\n"
    "8: mov $15, %eax\n"
    "9: pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbp\n  pop %rbx\n"
    "  ret\n");

#define NO_CALL (~0ul)

static int vectors_kept(uint64_t rounds, uint64_t number)
{
    static uint8_t before[16][32] __attribute__((aligned(32)));
    static uint8_t after[16][32] __attribute__((aligned(32)));
    int avx = __builtin_cpu_supports("avx");
    uint32_t mxcsr = 0x1f80 | 0x6000, mxcsr_after;
    uint16_t control = 0x037f & ~0x0300, control_after;
    for (unsigned i = 0; i < sizeof(before); i++)
        ((uint8_t *)before)[i] = (uint8_t)(i * 7 + 3);
    __asm__ volatile("ldmxcsr %0\n fldcw %1" : : "m"(mxcsr), "m"(control));
#define EACH(op)                                                                                   \
    op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11) op(12) op(13) op(14) \
        op(15)
#define INPUTS [b] "r"(before), [a] "r"(after), [rounds] "r"(rounds), [number] "r"(number)
#define LOAD(n) "vmovdqa " #n "*32(%[b]), %%ymm" #n "\n"
#define STORE(n) "vmovdqa %%ymm" #n ", " #n "*32(%[a])\n"
#define LOAD_X(n) "movdqa " #n "*32(%[b]), %%xmm" #n "\n"
#define STORE_X(n) "movdqa %%xmm" #n ", " #n "*32(%[a])\n"
#define RUN                                                                                        \
    "mov %[rounds], %%rdi\n mov $0, %%esi\n mov %[number], %%rdx\n"                               \
    "sub $128, %%rsp\n call check_registers\n add $128, %%rsp\n mov %%rax, %[wrong]\n"
    uint64_t wrong = 0;
    if (avx)
        __asm__ volatile(EACH(LOAD) RUN EACH(STORE) : [wrong] "=&r"(wrong)
                         : INPUTS
                         : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory");
    else {
        memcpy(after, before, sizeof(after));
        __asm__ volatile(EACH(LOAD_X) RUN EACH(STORE_X) : [wrong] "=&r"(wrong)
                         : INPUTS
                         : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory");
    }
    __asm__ volatile("stmxcsr %0\n fnstcw %1" : "=m"(mxcsr_after), "=m"(control_after));
    uint32_t usual = 0x1f80;
    __asm__ volatile("fninit\n ldmxcsr %0" : : "m"(usual));
    CHECK(wrong == 0);
    if (wrong)
        printf("register %lu differs\n", (unsigned long)wrong);
    CHECK((mxcsr_after & ~0x3fu) == mxcsr);
    CHECK(control_after == control);
    return memcmp(before, after, sizeof(before)) == 0;
}

static volatile int ticks;

static void on_tick(int signal)
{
    (void)signal;
    ticks++;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(void)
{
    double end = seconds() + 0.5;
    while (seconds() < end) {
        CHECK(vectors_kept(100, SYS_getppid));
        CHECK(vectors_kept(100, 9999)); /* no such call */
        CHECK(vectors_kept(100, NO_CALL));
        if (check_failures)
            return 1;
    }
    /* With signal handlers in between. */
    struct itimerval often = {{0, 3000}, {0, 3000}};
    signal(SIGALRM, on_tick);
    CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
    end = seconds() + 0.5;
    while (seconds() < end && !check_failures) {
        CHECK(vectors_kept(100, SYS_getppid));
        CHECK(vectors_kept(100, NO_CALL));
    }
    CHECK(ticks > 10);
    CHECK_DONE();
}
