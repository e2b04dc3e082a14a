/* SPDX-License-Identifier: BSD-3-Clause */
/* Restartable sequences: a section that never ends is left by a signal and by preemption, always
 * through its abort handler; membarrier's registrations and refusals. */
#include "check.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

#define SIGNATURE 0x53053053
#define BYTES 32

struct area {
    uint32_t cpu_id_start, cpu_id;
    uint64_t section;
    uint32_t flags, node_id, mm_cid, padding;
} __attribute__((aligned(32)));

static __thread struct area own;

#ifdef __GLIBC__
#include <sys/rseq.h>
/* glibc has registered an area for each thread. */
static struct area *get_area(void)
{
    if (__rseq_size)
        return (struct area *)((char *)__builtin_thread_pointer() + __rseq_offset);
    return syscall(SYS_rseq, &own, BYTES, 0, SIGNATURE) ? NULL : &own;
}
#else
static struct area *get_area(void)
{
    return syscall(SYS_rseq, &own, BYTES, 0, SIGNATURE) ? NULL : &own;
}
#endif

/* Counts in *n until the section is aborted. `mark`: what lies before the abort handler. */
#define SPIN_IN_SECTION(area, n, mark)                                                             \
    __asm__ volatile(".pushsection sections, \"aw\"\n"                                             \
                     ".balign 32\n"                                                                \
                     "3: .long 0, 0\n"                                                             \
                     ".quad 1f, 2f - 1f, 4f\n"                                                     \
                     ".popsection\n"                                                               \
                     "leaq 3b(%%rip), %%rax\n"                                                     \
                     "movq %%rax, 8(%0)\n"                                                         \
                     "1: incq (%1)\n"                                                              \
                     "jmp 1b\n"                                                                    \
                     "2: ud2\n"                                                                    \
                     ".long " mark "\n"                                                            \
                     "4:\n"                                                                        \
                     :                                                                             \
                     : "r"(area), "r"(n)                                                           \
                     : "rax", "memory", "cc")

static volatile int handled;
static void handle(int signal) { handled += signal == SIGALRM; }

static void test_signal(struct area *area)
{
    struct itimerval soon = {{0, 5000}, {0, 5000}};
    const struct itimerval never = {{0, 0}, {0, 0}};
    volatile long n = 0;

    signal(SIGALRM, handle);
    setitimer(ITIMER_REAL, &soon, NULL);
    for (int i = 1; i <= 3; i++) {
        do
            SPIN_IN_SECTION(area, &n, "0x53053053");
        while (handled < i); /* preemption may have been first */
        CHECK(area->section == 0 && n > 0);
    }
    setitimer(ITIMER_REAL, &never, NULL);
}

static volatile int finished;

static void *spin(void *unused)
{
    struct area *area = get_area();
    volatile long n = 0;

    CHECK(area && area->cpu_id_start == area->cpu_id);
    for (int i = 0; area && i < 3; i++)
        SPIN_IN_SECTION(area, &n, "0x53053053");
    finished++;
    while (finished < 2)
        ;
    return unused;
}

static void test_preemption(void)
{
    pthread_t threads[2];
    cpu_set_t one;

    CHECK(sched_getaffinity(0, sizeof(one), &one) == 0);
    for (int cpu = 0, found = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &one) && found++)
            CPU_CLR(cpu, &one);
    }
    CHECK(sched_setaffinity(0, sizeof(one), &one) == 0);
    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&threads[i], NULL, spin, NULL) == 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

static void test_signature(struct area *area)
{
    struct itimerval soon = {{0, 5000}, {0, 5000}};
    volatile long n = 0;
    int status;

    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        setitimer(ITIMER_REAL, &soon, NULL);
        SPIN_IN_SECTION(area, &n, "0x12345678");
        _exit(1);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void test_errors(struct area *area)
{
    static struct area other;

    CHECK_ERRNO(syscall(SYS_rseq, area, BYTES, 0, SIGNATURE), EBUSY);
    CHECK_ERRNO(syscall(SYS_rseq, area, BYTES, 0, SIGNATURE + 1), EPERM);
    CHECK_ERRNO(syscall(SYS_rseq, &other, BYTES, 0, SIGNATURE), EINVAL);
    CHECK_ERRNO(syscall(SYS_rseq, area, BYTES, 2, SIGNATURE), EINVAL);
    CHECK_ERRNO(syscall(SYS_rseq, &other, BYTES, 1, SIGNATURE), EINVAL);
    CHECK_ERRNO(syscall(SYS_rseq, area, BYTES, 1, SIGNATURE + 1), EPERM);
    CHECK(syscall(SYS_rseq, area, BYTES, 1, SIGNATURE) == 0);
    CHECK(area->cpu_id == UINT32_MAX);
    CHECK_ERRNO(syscall(SYS_rseq, area, BYTES, 1, SIGNATURE), EINVAL);
    CHECK_ERRNO(syscall(SYS_rseq, (char *)&other + 8, BYTES, 0, SIGNATURE), EINVAL);
    CHECK_ERRNO(syscall(SYS_rseq, &other, 16, 0, SIGNATURE), EINVAL);
    CHECK_ERRNO(syscall(SYS_rseq, 32, BYTES, 0, SIGNATURE), EFAULT);
    CHECK_ERRNO(syscall(SYS_rseq, 1ul << 63, BYTES, 0, SIGNATURE), EFAULT);
}

#define membarrier(command, flags) syscall(SYS_membarrier, command, flags, 0)

static void test_membarrier(void)
{
    CHECK((membarrier(0, 0) & 0x1ff) == 0x1ff);
    CHECK_ERRNO(membarrier(0, 2), EINVAL);
    CHECK_ERRNO(membarrier(1 << 20, 0), EINVAL);
    CHECK_ERRNO(membarrier(3, 0), EINVAL);
    CHECK(membarrier(1, 0) == 0 && membarrier(2, 0) == 0 && membarrier(4, 0) == 0);
    for (int command = 8; command <= 128; command *= 4) {
        CHECK_ERRNO(membarrier(command, 0), EPERM);
        CHECK(membarrier(command * 2, 0) == 0);
        CHECK(membarrier(command, 0) == 0);
    }
}

int main(void)
{
    struct area *area = get_area();

    CHECK(area && area->cpu_id < 1024 && area->cpu_id_start < 1024);
    if (area) {
        test_signal(area);
        test_preemption();
        test_signature(area);
        test_errors(area);
    }
    test_membarrier();
    CHECK_DONE();
}
