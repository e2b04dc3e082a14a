/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs programs of system calls, and counts. Reads a program from standard input (executor.h has
 * its form), prints per row how often the call was made and how often it succeeded, how episodes
 * ended, and how much memory was free in between.
 *
 * It is Elfin's first process and kills everything else after each episode: not to be run on Linux.
 * An episode's process keeps off libc: its memory, descriptors and thread pointer may be gone.
 */
#define _GNU_SOURCE
#include "executor.h"

#include <dirent.h>
#include <fcntl.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HOME "/tmp/fuzz"
#define TICK_NS 2000000l     /* a call that makes no progress for so long gets a signal */
#define TICKS_MOST 25        /* so many in vain: the episode ends */
#define CALLS_OF_A_CHILD 40
#define SIGSET_BYTES 8

struct counts {
    uint64_t made[ROWS], succeeded[ROWS];
    uint64_t progress;
};
static struct counts *const counts = (struct counts *)COUNTS;
static uint64_t ended[128], late;
static const uint8_t *episode_end;
static int64_t slots[SLOTS];
#define SANITIZER_PROOF 0x5a0000 /* kernel/memory/sanitizer_proof.h */
#define SANITIZER_FAIL 0x5b0000
static int verbose;

/* --- calls --- */

static long call(long number, const uint64_t *a)
{
    register long r10 __asm__("r10") = (long)a[3];
    register long r8 __asm__("r8") = (long)a[4];
    register long r9 __asm__("r9") = (long)a[5];
    long result;
    __asm__ volatile("syscall" : "=a"(result)
                     : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

/* As call(), but where it returns 0 it yields twice and ends its thread, without memory: it may
 * have no stack, or share the caller's. */
static long call_clone(long number, const uint64_t *a)
{
    register long r10 __asm__("r10") = (long)a[3];
    register long r8 __asm__("r8") = (long)a[4];
    register long r9 __asm__("r9") = (long)a[5];
    long result;
    __asm__ volatile("syscall\n"
                     "testq %%rax, %%rax\n"
                     "jnz 1f\n"
                     "movl $24, %%eax\nsyscall\n" /* sched_yield */
                     "movl $24, %%eax\nsyscall\n"
                     "xorl %%edi, %%edi\n"
                     "movl $60, %%eax\nsyscall\n" /* exit */
                     "hlt\n"
                     "1:"
                     : "=a"(result)
                     : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static long call3(long number, uint64_t a, uint64_t b, uint64_t c)
{
    return call(number, (const uint64_t[6]){a, b, c});
}

static int succeeded(long result) { return result < -4095 || result >= 0; }

static void count(unsigned row, long result)
{
    if (succeeded(result))
        __atomic_add_fetch(&counts->succeeded[row], 1, __ATOMIC_RELAXED);
}

/* --- the episode's process --- */

/* A thread that runs an episode, or a part of it. */
struct runner {
    const uint8_t *at;
    int calls_left; /* a child or another thread makes some */
};

static uint64_t take(struct runner *r, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)*r->at++ << 8 * i;
    return value;
}

static uint64_t take_value(struct runner *r)
{
    if (take(r, 1) == VALUE_NUMBER)
        return take(r, 8);
    int64_t known = slots[take(r, 1)];
    return (uint64_t)known + take(r, 8);
}

static void call_in_child(unsigned row, long number, const uint64_t *a)
{
    long child = call3(SYS_fork, 0, 0, 0);
    if (child == 0) {
        count(row, call(number, a));
        for (;;)
            call3(SYS_exit_group, 0, 0, 0);
    }
    if (child > 0 && call3(SYS_wait4, (uint64_t)child, 0, 0) < 0) { /* interrupted: it waits */
        call3(SYS_kill, (uint64_t)child, SIGKILL, 0);
        call3(SYS_wait4, (uint64_t)child, 0, 0);
    }
}

void thread_main(const uint8_t *at) __attribute__((noreturn));

/* As call(), but a thread that it makes, on a stack of its own, runs the episode from `at` on. */
static long call_thread(long number, const uint64_t *a, const uint8_t *at)
{
    register long r10 __asm__("r10") = (long)a[3];
    register long r8 __asm__("r8") = (long)a[4];
    register const uint8_t *r12 __asm__("r12") = at;
    long result;
    __asm__ volatile("syscall\n"
                     "testq %%rax, %%rax\n"
                     "jnz 1f\n"
                     "xorl %%ebp, %%ebp\n"
                     "movq %%r12, %%rdi\n"
                     "andq $-16, %%rsp\n"
                     "call thread_main\n"
                     "1:"
                     : "=a"(result)
                     : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r12)
                     : "rcx", "r11", "memory");
    return result;
}

static long made_call(struct runner *r, unsigned row, long number, unsigned how, const uint64_t *a)
{
    __atomic_add_fetch(&counts->made[row], 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&counts->progress, 1, __ATOMIC_RELAXED);
    if (how == HOW_CHILD) {
        call_in_child(row, number, a);
        return -1;
    }
    if (how == HOW_THREAD)
        return call_thread(number, a, r->at);
    return how == HOW_CLONE ? call_clone(number, a) : call(number, a);
}

static long run_call(struct runner *r)
{
    unsigned row = (unsigned)take(r, 2);
    long number = (long)take(r, 2);
    unsigned how = (unsigned)take(r, 1), slot = (unsigned)take(r, 1);
    unsigned arguments = (unsigned)take(r, 1);
    uint64_t a[6] = {0};
    for (unsigned i = 0; i < arguments; i++)
        a[i] = take_value(r);
    if (r->calls_left-- <= 0)
        for (;;) /* a thread ends itself, a process's only one its process */
            call3(SYS_exit, 0, 0, 0);
    long result = made_call(r, row, number, how, a);
    if (how == HOW_FORK && result == 0) {
        r->calls_left = CALLS_OF_A_CHILD;
        return -1;
    }
    count(row, result);
    if (slot != NO_SLOT && succeeded(result))
        slots[slot] = result;
    return result;
}

static void store(uint64_t address, unsigned width, uint64_t value)
{
    for (unsigned i = 0; i < width; i++)
        ((volatile uint8_t *)address)[i] = (uint8_t)(value >> 8 * i);
}

/* 0: none, from now on. Other kernels do not have the call. */
static void fail_allocations(unsigned one_in) { call3(SANITIZER_FAIL + one_in, 0, 0, 0); }

static void run_operation(struct runner *r, long *last)
{
    uint64_t address, length;
    switch (take(r, 1)) {
    case OP_CALL:
        *last = run_call(r);
        return;
    case OP_BYTES:
        address = take(r, 8);
        length = take(r, 4);
        for (uint64_t i = 0; i < length; i++)
            ((volatile uint8_t *)address)[i] = *r->at++;
        return;
    case OP_STORE:
        address = take(r, 8);
        length = take(r, 1);
        store(address, (unsigned)length, take_value(r));
        return;
    case OP_LOAD: {
        unsigned slot = (unsigned)take(r, 1);
        address = take(r, 8);
        if (succeeded(*last))
            slots[slot] = *(volatile int32_t *)address;
        return;
    }
    case OP_SET: {
        unsigned slot = (unsigned)take(r, 1);
        slots[slot] = (int64_t)take(r, 8);
        return;
    }
    case OP_FAIL:
        fail_allocations((unsigned)take(r, 2));
        return;
    default:
        call3(SYS_exit_group, 99, 0, 0);
    }
}

static void run_operations(struct runner *r)
{
    long last = -1;
    while (r->at < episode_end)
        run_operation(r, &last);
}

void thread_main(const uint8_t *at)
{
    struct runner r = {at, CALLS_OF_A_CHILD};
    run_operations(&r);
    for (;;)
        call3(SYS_exit, 0, 0, 0);
}

static void on_signal(int signal) { (void)signal; }

static void *map(uint64_t address, size_t length, int protection, int sharing)
{
    void *p = mmap((void *)address, length, protection, sharing | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (p != (void *)address) {
        perror("executor: mmap");
        exit(1);
    }
    return p;
}

static void run_episode(const uint8_t *bytes)
{
    struct runner r = {bytes, INT32_MAX};
    struct sigaction action = {.sa_handler = on_signal};
    map(ARENA, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    map(READ_ONLY_PAGE, 0x1000, PROT_READ, MAP_PRIVATE);
    map(NO_ACCESS_PAGE, 0x1000, PROT_NONE, MAP_PRIVATE);
    map(STACKS, STACKS_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    map(SHARED_PAGE, 0x1000, PROT_READ | PROT_WRITE, MAP_SHARED);
    for (int n = 1; n < 65; n++)
        if (n != SIGSEGV && n != SIGBUS && n != SIGILL && n != SIGFPE && n != SIGTRAP)
            sigaction(n, &action, NULL);
    setpgid(0, 0);
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd++)
        dup2(null, fd);
    close(null);
    for (int n = 0; n < SLOTS; n++)
        slots[n] = -1;
    slots[SLOT_SELF] = getpid();
    run_operations(&r);
    for (;;)
        call3(SYS_exit_group, 0, 0, 0);
}

/* --- between episodes --- */

static void empty_folder(int folder)
{
    DIR *stream = fdopendir(folder);
    for (struct dirent *entry; stream && (entry = readdir(stream));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        if (unlinkat(folder, entry->d_name, 0) == 0)
            continue;
        int inner = openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        if (inner >= 0)
            empty_folder(inner);
        unlinkat(folder, entry->d_name, AT_REMOVEDIR);
    }
    if (stream)
        closedir(stream);
    else
        close(folder);
}

static void empty(const char *path)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY);
    if (folder >= 0)
        empty_folder(folder);
}

static void remove_objects(void)
{
    struct shmid_ds segment;
    struct seminfo sets;
    struct msginfo queues;
    int last = shmctl(0, SHM_INFO, &segment), id;
    for (int i = 0; i <= last; i++)
        if ((id = shmctl(i, SHM_STAT, &segment)) >= 0)
            shmctl(id, IPC_RMID, NULL);
    struct semid_ds set;
    last = semctl(0, 0, SEM_INFO, &sets);
    for (int i = 0; i <= last; i++)
        if ((id = semctl(i, 0, SEM_STAT, &set)) >= 0)
            semctl(id, 0, IPC_RMID);
    struct msqid_ds queue;
    last = msgctl(0, MSG_INFO, (struct msqid_ds *)&queues);
    for (int i = 0; i <= last; i++)
        if ((id = msgctl(i, MSG_STAT, &queue)) >= 0)
            msgctl(id, IPC_RMID, NULL);
    for (const char *const *name = (const char *const[]){"/a", "/b", "/q", NULL}; *name; name++)
        mq_unlink(*name);
}

static void end_everything_else(void)
{
    do
        kill(-1, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0);
}

/* Interrupts what waits; false: it has to be killed. */
static int nudge(pid_t child)
{
    static uint64_t seen;
    static unsigned ticks;
    if (seen != counts->progress) {
        seen = counts->progress;
        ticks = 0;
        return 1;
    }
    kill(child, SIGALRM);
    return ticks++ < TICKS_MOST;
}

static void wait_for(pid_t child, unsigned number)
{
    const struct timespec tick = {0, TICK_NS};
    sigset_t set;
    int status = 0;
    pid_t done;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    while ((done = waitpid(child, &status, WNOHANG)) == 0) {
        if (sigtimedwait(&set, NULL, &tick) < 0 && !nudge(child)) {
            late++;
            printf("late episode %u\n", number);
            kill(child, SIGKILL);
            waitpid(child, &status, 0);
            break;
        }
    }
    ended[WIFSIGNALED(status) ? WTERMSIG(status) : 0]++;
}

static void episode(unsigned number, const uint8_t *bytes, uint32_t length)
{
    mkdir(HOME, 0777);
    chmod(HOME, 0777);
    if (chdir(HOME))
        exit(1);
    pid_t child = fork();
    if (child == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        episode_end = bytes + length;
        run_episode(bytes);
    }
    wait_for(child, number);
    fail_allocations(0);
    end_everything_else();
    empty(HOME);
    empty("/dev/shm");
    empty("/dev/mqueue");
    remove_objects();
}

/* --- all --- */

static uint8_t *program;
static size_t program_bytes;

static void read_program(void)
{
    size_t room = 1 << 20;
    program = malloc(room);
    for (ssize_t n; (n = read(0, program + program_bytes, room - program_bytes)) > 0;) {
        program_bytes += (size_t)n;
        if (program_bytes == room)
            program = realloc(program, room *= 2);
    }
}

static unsigned open_descriptors(void)
{
    unsigned n = 0;
    DIR *stream = opendir("/proc/self/fd");
    while (stream && readdir(stream))
        n++;
    closedir(stream);
    return n;
}

static void say_resources(const char *when)
{
    struct sysinfo info;
    sysinfo(&info);
    printf("resources %s %lu %u %u\n", when, info.freeram / 4096, open_descriptors(), info.procs);
    fflush(stdout);
}

/* The kernel keeps some stacks of threads that are gone: it has them all from now on. */
static void fill_kernels_store(void)
{
    for (int n = 0; n < 24; n++) {
        pid_t child = fork();
        for (; child == 0;)
            pause();
    }
    end_everything_else();
}

static void run_program(void)
{
    const uint8_t *p = program, *stop = program + program_bytes;
    for (unsigned number = 0; stop - p >= 4; number++) {
        uint32_t length;
        memcpy(&length, p, 4);
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        printf("episode %u at %ld ms\n", number, now.tv_sec * 1000 + now.tv_nsec / 1000000);
        fflush(stdout);
        episode(number, p + 4, length);
        p += 4 + length;
        if (verbose || number % 32 == 31)
            say_resources("between");
    }
    say_resources("end");
}

static void report(void)
{
    for (unsigned row = 0; row < ROWS; row++)
        if (counts->made[row])
            printf("row %u %lu %lu\n", row, counts->made[row], counts->succeeded[row]);
    for (int n = 0; n < 128; n++)
        if (ended[n])
            printf("ended %d %lu\n", n, ended[n]);
    printf("late %lu\n", late);
}

int main(int argc, char **argv)
{
    struct sched_param first = {.sched_priority = 99};
    sigset_t set;
    if (argc > 1 && !strcmp(argv[1], "executed")) /* by execve of an episode */
        return 0;
    if (argc > 2 && !strcmp(argv[1], "-p")) /* one of sanitizer_proof.c */
        return printf("survived %ld\n", syscall(SANITIZER_PROOF + atoi(argv[2]))) < 0;
    verbose = argc > 1 && !strcmp(argv[1], "-v");
    if (getpid() != 1) {
        fprintf(stderr, "executor: this kills every other process; only for a machine of its own\n");
        return 2;
    }
    sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first); /* no episode may keep the CPU from us */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    for (int n = 1; n < 65; n++) /* some call may tell us of something */
        if (n != SIGCHLD && n != SIGSEGV)
            signal(n, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    map(COUNTS, sizeof(struct counts), PROT_READ | PROT_WRITE, MAP_SHARED);
    read_program();
    fill_kernels_store();
    run_program();
    report();
    return 0;
}
