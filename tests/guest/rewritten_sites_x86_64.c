/* SPDX-License-Identifier: BSD-3-Clause */
/* Call sites keep what `syscall` promises however often they run: the first time one may trap and
 * the next time be a jump. Each check is made several times for that. */
#include "check.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>

#define ROUNDS 4
#define ARITHMETIC 0x8d5ul /* OF SF ZF AF PF CF */
#define DF 0x400ul

long red_zone(void *altstack);
uint64_t return_registers(uint64_t *rcx, uint64_t *r11, uint64_t *flags);
uint64_t flags_after(uint64_t flags);
uint64_t registers_after(void);
long vfork_site(void);
long clone_site(long flags, void *stack);
long read_site(long fd, void *to, long n);
long jump_to_site(long number);
long strange_site(void), big_site(void);
long stepped_site(void);
long pid_a(void), pid_b(void), pid_c(void), straddling(void), counted_mov(void);
extern const char return_address[], pid_a_end[], straddled[], embedded[], read_return[], step_end[];

__asm__(
    ".text\n .balign 64\n"
    /* The kernel itself writes below rsp: the old alternate stack. */
    "red_zone: movq $0x1111, -8(%rsp)\n movq $0x2222, -16(%rsp)\n movq $0x3333, -48(%rsp)\n"
    "  xor %edi, %edi\n lea -40(%rsp), %rsi\n mov $131, %eax\n syscall\n"
    "  test %rax, %rax\n jnz 1f\n cmpl $2, -32(%rsp)\n mov $2, %eax\n jne 1f\n"
    "  cmpq $0x1111, -8(%rsp)\n mov $3, %eax\n jne 1f\n cmpq $0x3333, -48(%rsp)\n mov $4, %eax\n"
    "  jne 1f\n xor %eax, %eax\n1: ret\n"
    "return_registers: mov %rdi, %r8\n mov %rsi, %r9\n mov %rdx, %r10\n pushfq\n pop (%r10)\n"
    "  mov $39, %eax\n syscall\nreturn_address: mov %rcx, (%r8)\n mov %r11, (%r9)\n ret\n"
    "flags_after: push %rdi\n popfq\n mov $39, %eax\n syscall\n pushfq\n cld\n pop %rax\n ret\n"
    "registers_after: push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
    "  mov $1, %ebx\n mov $2, %ebp\n mov $3, %edi\n mov $4, %esi\n mov $5, %edx\n mov $6, %r8d\n"
    "  mov $7, %r9d\n mov $8, %r10d\n mov $9, %r12d\n mov $10, %r13d\n mov $11, %r14d\n"
    "  mov $12, %r15d\n mov %rsp, -8(%rsp)\n mov $39, %eax\n syscall\n"
    "  mov $13, %eax\n cmp -8(%rsp), %rsp\n jne 9f\n"
    "  mov %ebx, %eax\n cmp $1, %rax\n jne 9f\n mov %ebp, %eax\n cmp $2, %rax\n jne 9f\n"
    "  mov %edi, %eax\n cmp $3, %rax\n jne 9f\n mov %esi, %eax\n cmp $4, %rax\n jne 9f\n"
    "  mov %edx, %eax\n cmp $5, %rax\n jne 9f\n mov %r8d, %eax\n cmp $6, %rax\n jne 9f\n"
    "  mov %r9d, %eax\n cmp $7, %rax\n jne 9f\n mov %r10d, %eax\n cmp $8, %rax\n jne 9f\n"
    "  mov %r12d, %eax\n cmp $9, %rax\n jne 9f\n mov %r13d, %eax\n cmp $10, %rax\n jne 9f\n"
    "  mov %r14d, %eax\n cmp $11, %rax\n jne 9f\n mov %r15d, %eax\n cmp $12, %rax\n jne 9f\n"
    "  xor %eax, %eax\n"
    "9: pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n"
    "vfork_site: pop %rdx\n mov $58, %eax\n syscall\n test %eax, %eax\n jz 1f\n jmp *%rdx\n"
    "1: push $0\n pop %rcx\n mov $7, %edi\n mov $60, %eax\n syscall\n ud2\n"
    "clone_site: xor %edx, %edx\n xor %r10d, %r10d\n mov $56, %eax\n syscall\n test %rax, %rax\n"
    "  jz 1f\n ret\n1: pop %rdi\n mov $60, %eax\n syscall\n ud2\n"
    "read_site: mov $0, %eax\n syscall\nread_return: ret\n"
    /* With another number than the mov's: who jumps to the site itself. */
    "jump_to_site: mov %rdi, %rax\n jmp 1f\n mov $39, %eax\n1: syscall\n ret\n"
    "strange_site: mov $0xffffffff, %eax\n syscall\n ret\n"
    "big_site: mov $9999, %eax\n syscall\n ret\n"
    "stepped_site: pushfq\n orq $0x100, (%rsp)\n popfq\n"
    "step_start: nop\n mov $39, %eax\n syscall\n mov %rax, %rdx\n nop\n"
    "step_end: pushfq\n andq $~0x100, (%rsp)\n popfq\n mov %rdx, %rax\n ret\n"
    "pid_a: mov $39, %eax\n syscall\npid_a_end: ret\n"
    "pid_b: mov $39, %eax\n syscall\n ret\n"
    "pid_c: mov $39, %eax\n syscall\n ret\n"
    /* mov $39,%r8d; syscall: the same bytes behind a prefix. eax is the number by chance. */
    "counted_mov: mov $39, %eax\n mov $39, %r8d\n syscall\n cmp $39, %r8d\n jne 1f\n ret\n"
    "1: mov $-1, %rax\n ret\n"
    /* The bytes of a site that are data, and are read as such. */
    "embedded: .byte 0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3\n"
    ".balign 4096\n .skip 4091, 0x90\nstraddling: mov $39, %eax\nstraddled: syscall\n ret\n"
    ".balign 64\n");

static void kept(void)
{
    static const uint64_t bits[] = {1, 4, 16, 64, 128, 0x800, DF};
    uint64_t rcx, r11, flags;
    static char stack[65536];
    stack_t none = {.ss_flags = SS_DISABLE};
    CHECK(sigaltstack(&none, NULL) == 0);
    for (int round = 0; round < ROUNDS; round++) {
        long zone = red_zone(stack);
        if (zone)
            printf("red zone: %ld\n", zone), check_failures++;
        return_registers(&rcx, &r11, &flags);
        CHECK(rcx == (uint64_t)return_address);
        CHECK((r11 & ~0x10000ul) == (flags & ~0x10000ul));
        CHECK(registers_after() == 0);
        for (unsigned set = 0; set < 128; set++) {
            uint64_t wanted = 0x202;
            for (unsigned i = 0; i < 7; i++)
                wanted |= set >> i & 1 ? bits[i] : 0;
            CHECK(((flags_after(wanted) ^ wanted) & (ARITHMETIC | DF)) == 0);
        }
    }
}

static void numbers(void)
{
    for (int round = 0; round < ROUNDS; round++) {
        CHECK(strange_site() == -ENOSYS);
        CHECK(big_site() == -ENOSYS);
        CHECK(jump_to_site(SYS_getppid) == getppid());
        CHECK(jump_to_site(SYS_getpid) == getpid());
        CHECK(counted_mov() == getpid());
        CHECK(straddling() == getpid());
        CHECK(memcmp(embedded, "\xb8\x27\0\0\0\x0f\x05\xc3", 8) == 0);
    }
}

static void children(void)
{
    static uint64_t stack[1024] __attribute__((aligned(16)));
    int status = 0;
    for (int round = 0; round < ROUNDS; round++) {
        stack[1000] = 9;
        long pid = clone_site(CLONE_VM | SIGCHLD, &stack[1000]);
        CHECK(pid > 0 && waitpid((pid_t)pid, &status, 0) == pid);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 9);
        pid = vfork_site();
        CHECK(pid > 0 && waitpid((pid_t)pid, &status, 0) == pid);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    }
}

static int ends[2];
static volatile int signals;
static volatile uint64_t last_pc;

static void feed(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    signals++;
    last_pc = (uint64_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
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

/* On a busy machine: then once more. */
static int came_before_call(void)
{
    return last_pc < (uint64_t)read_return - 2 || last_pc > (uint64_t)read_return;
}

/* What a handler sees of an interrupted call: the site, or the place behind it. */
static void interrupted(void)
{
    char byte = 0;
    CHECK(pipe(ends) == 0);
    for (int round = 0, late = 0; round < ROUNDS && late < 100; late++) {
        arm(SIGALRM, feed, SA_RESTART, 20000);
        CHECK(read_site(ends[0], &byte, 1) == 1 && byte == 'x');
        if (came_before_call())
            continue;
        CHECK(last_pc == (uint64_t)read_return - 2);
        arm(SIGALRM, feed, 0, 20000);
        long result = read_site(ends[0], &byte, 1);
        if (came_before_call())
            continue;
        CHECK(result == -EINTR && last_pc == (uint64_t)read_return);
        CHECK(read(ends[0], &byte, 1) == 1);
        round++;
    }
}

/* A program cannot be stopped but at its own instructions. */
static volatile int steps;
static volatile uint64_t pcs[16];

static void step(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    if (steps < 16)
        pcs[steps] = (uint64_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    steps++;
}

static void stepped(void)
{
    /* Behind nop: mov. Behind mov: syscall. Behind syscall and what follows it: nop, step_end. */
    static const int before_end[] = {11, 6, 1, 0};
    arm(SIGTRAP, step, 0, 0);
    for (int round = 0; round < ROUNDS; round++) {
        steps = 0;
        CHECK(stepped_site() == getpid());
        CHECK(steps >= 4 && steps < 10);
        for (int i = 0; i < 4; i++)
            if (pcs[i] != (uint64_t)step_end - (uint64_t)before_end[i])
                printf("step %d is at %ld\n", i, (long)(pcs[i] - (uint64_t)step_end)), check_failures++;
    }
}

static volatile int wild;

static void tick(int signal, siginfo_t *info, void *context)
{
    uint64_t pc = (uint64_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    (void)signal, (void)info;
    signals++;
    wild += pc < (uint64_t)red_zone || pc >= (uint64_t)straddled + 64;
}

/* Signals at any moment of a call: in the loop below all code is between these two names, or main's
 * own, which lies elsewhere in text. */
static void struck(void)
{
    struct itimerval often = {{0, 1000}, {0, 1000}}, off = {0};
    uint64_t wrong = 0, total = 0;
    signals = wild = 0;
    arm(SIGALRM, tick, SA_RESTART, 0);
    CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
    for (total = 0; signals < 100 && total < 200000000; total++) {
        wrong |= registers_after();
        wrong |= (flags_after(0x202 | (total & 1) | (total & 0x40)) & 0x41) != (total & 0x41);
    }
    CHECK(setitimer(ITIMER_REAL, &off, NULL) == 0);
    CHECK(wrong == 0 && signals >= 100);
}

static void *race(void *site)
{
    long wrong = 0;
    for (int i = 0; i < 3000; i++)
        wrong += ((long (*)(void))site)() != getpid();
    return (void *)wrong;
}

static void raced(void)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, race, i & 1 ? (void *)pid_b : (void *)pid_c) == 0);
    for (int i = 0; i < 4; i++) {
        void *wrong;
        CHECK(pthread_join(threads[i], &wrong) == 0 && wrong == NULL);
    }
}

static const unsigned char code[] = {0x90, 0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3};

/* Code made at run time, also in place of code that has run. */
static void made(void)
{
    unsigned char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int round = 0; round < ROUNDS; round++) {
        memcpy(p + 64 * round, code, sizeof(code));
        p[64 * round + 2] = round & 1 ? SYS_getppid : SYS_getpid;
        for (int again = 0; again < 2; again++)
            CHECK(((long (*)(void))(p + 64 * round))() == (round & 1 ? getppid() : getpid()));
        CHECK(p[64 * round + 1] == 0xb8);
    }
}

/* A library as ld.so maps it: text of a file, never writable. */
static void mapped(void)
{
    char path[] = "/tmp/textXXXXXX";
    unsigned char page[4096], back[4096];
    int fd = mkstemp(path);
    memset(page, 0x90, sizeof(page));
    for (int i = 1; i < 64; i++)
        memcpy(page + 63 * i, code, sizeof(code));
    CHECK(write(fd, page, sizeof(page)) == sizeof(page));
    for (int round = 0; round < ROUNDS; round++) {
        unsigned char *text = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
        for (int i = 1; i < 64; i++)
            for (int again = 0; again < 3; again++)
                CHECK(((long (*)(void))(text + 63 * i))() == getpid());
        CHECK(pread(fd, back, sizeof(back), 0) == sizeof(back) && !memcmp(page, back, 4096));
        unsigned char *copy = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
        CHECK(memcmp(copy, page, 4096) == 0);
        copy[0] = 1;
        /* Written from now on: it shows its own bytes, and still works. */
        CHECK(mprotect(text, 4096, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
        CHECK(memcmp(text, page, 4096) == 0);
        text[63 + 2] = SYS_getppid;
        CHECK(((long (*)(void))(text + 63))() == getppid());
        CHECK(((long (*)(void))(text + 126))() == getpid());
        munmap(copy, 4096);
        if (round & 1)
            CHECK(mremap(text, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, text + 65536) != MAP_FAILED);
        munmap(round & 1 ? text + 65536 : text, 4096);
    }
    unsigned char *text = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    CHECK(((long (*)(void))(text + 63))() == getpid());
    CHECK(((long (*)(void))(text + 63))() == getpid());
    unsigned char *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(memcmp(shared, page, 4096) == 0);
    shared[63 + 2] = SYS_getppid;
    CHECK(pread(fd, back, 1, 65) == 1 && back[0] == SYS_getppid);
    CHECK(((long (*)(void))(text + 63))() == getppid());
    CHECK(pwrite(fd, page, 4096, 0) == 4096);
    CHECK(((long (*)(void))(text + 63))() == getpid());
    munmap(shared, 4096);
    munmap(text, 4096);
    CHECK(unlink(path) == 0 && close(fd) == 0);
}

/* Moved while it has stubs; then text that the file's writer changes. */
static void moved(void)
{
    char path[] = "/tmp/textXXXXXX";
    unsigned char page[4096];
    int fd = mkstemp(path);
    memset(page, 0x90, sizeof(page));
    memcpy(page + 512, code, sizeof(code));
    CHECK(write(fd, page, sizeof(page)) == sizeof(page));
    unsigned char *text = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    for (int round = 0; round < ROUNDS; round++)
        CHECK(((long (*)(void))(text + 512))() == getpid());
    unsigned char *to = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(mremap(text, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
    for (int round = 0; round < ROUNDS; round++)
        CHECK(((long (*)(void))(to + 512))() == getpid());
    page[514] = SYS_getppid;
    CHECK(pwrite(fd, page, 4096, 0) == 4096);
    CHECK(((long (*)(void))(to + 512))() == getppid());
    munmap(to, 4096);
    CHECK(unlink(path) == 0 && close(fd) == 0);
}

/* A child has what its parent has, and goes on alone. */
static void forked(void)
{
    for (int round = 0; round < ROUNDS; round++) {
        int status;
        pid_t pid = fork();
        if (pid == 0)
            _exit(pid_a() == getpid() && pid_a() == getpid() ? 5 : 6);
        CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 5);
        CHECK(pid_a() == getpid());
    }
}

/* What stands where stubs are may be taken away: calls go on. */
static void stubs_taken(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    unsigned long start[64], end[64];
    int n = 0;
    while (maps && n < 64 && fgets(line, sizeof(line), maps))
        if (strstr(line, "[stubs]"))
            n += sscanf(line, "%lx-%lx", &start[n], &end[n]) == 2;
    if (maps)
        fclose(maps);
    for (int i = 0; i < n; i++) {
        if (i & 1)
            munmap((void *)start[i], end[i] - start[i]);
        else
            mmap((void *)start[i], 4096, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    }
    for (int round = 0; round < ROUNDS; round++)
        CHECK(pid_a() == getpid());
}

int main(void)
{
    kept();
    numbers();
    children();
    interrupted();
    stepped();
    struck();
    raced();
    made();
    mapped();
    moved();
    forked();
    stubs_taken();
    kept();
    CHECK_DONE();
}
