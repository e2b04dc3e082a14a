/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: user=root */
/* What only root may do, done by root and refused to nobody; and what waits, interrupted. */
#include "check.h"

#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#ifndef SYS_pkey_mprotect
#define SYS_pkey_mprotect 329
#endif
#ifndef SYS_mlock2
#define SYS_mlock2 325
#endif
#ifndef SYS_futex_wait
#define SYS_futex_wake 454
#define SYS_futex_wait 455
#endif
#define NOBODY 65534
#define PRIVATE_U32 (2 | 128) /* FUTEX2_SIZE_U32 | FUTEX2_PRIVATE */

static void ring(int number)
{
    (void)number;
}

static void interrupt_soon(void)
{
    struct sigaction action = {.sa_handler = ring};
    struct itimerval soon = {{0, 20000}, {0, 20000}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &soon, NULL);
}

static void be_quiet(void)
{
    struct itimerval never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &never, NULL);
}

static void in_child(void (*what)(void))
{
    int status;

    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        check_failures = 0;
        what();
        fflush(stdout);
        _exit(check_failures != 0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static void as_root(void)
{
    gid_t groups[2] = {5, 6};
    char name[70];
    struct sched_param none = {.sched_priority = 0}, one = {.sched_priority = 1};

    CHECK(syscall(SYS_setgroups, 2, groups) == 0);
    CHECK_ERRNO(syscall(SYS_setgroups, 2, BAD_POINTER), EFAULT);
    CHECK_ERRNO(syscall(SYS_setgroups, 65537, groups), EINVAL);
    CHECK_ERRNO(syscall(SYS_getgroups, 2, BAD_POINTER), EFAULT);
    CHECK(syscall(SYS_setregid, -1, 7) == 0);
    CHECK(syscall(SYS_setregid, -1, 0) == 0);
    CHECK(syscall(SYS_setfsuid, 3) == 0);
    CHECK(syscall(SYS_setfsuid, 0) == 3);
    CHECK(syscall(SYS_setfsgid, 3) == 0);
    CHECK(syscall(SYS_setfsgid, 0) == 3);
    CHECK(syscall(SYS_sched_setparam, 0, &none) == 0);
    CHECK_ERRNO(syscall(SYS_sched_setparam, 0, &one), EINVAL);
    CHECK(gethostname(name, sizeof(name)) == 0); /* the same again: it may be the host's */
    CHECK(syscall(SYS_sethostname, name, strlen(name)) == 0);
    CHECK_ERRNO(syscall(SYS_sethostname, name, 65), EINVAL);
    CHECK_ERRNO(syscall(SYS_sethostname, BAD_POINTER, 4), EFAULT);
    CHECK(getdomainname(name, sizeof(name)) == 0);
    CHECK(syscall(SYS_setdomainname, name, strlen(name)) == 0);
    CHECK_ERRNO(syscall(SYS_setdomainname, name, 65), EINVAL);
    CHECK_ERRNO(syscall(SYS_setdomainname, BAD_POINTER, 4), EFAULT);
}

static void as_nobody(void)
{
    struct rlimit tight = {0, 0};
    struct sched_param fifo = {.sched_priority = 1}, none = {.sched_priority = 0};
    unsigned long cpus = 1;
    gid_t group = 0;
    void *memory = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long head, length;

    CHECK(setrlimit(RLIMIT_MEMLOCK, &tight) == 0 && setrlimit(RLIMIT_NICE, &tight) == 0);
    CHECK(setrlimit(RLIMIT_RTPRIO, &tight) == 0);
    CHECK(setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
    CHECK_ERRNO(syscall(SYS_setuid, 0), EPERM);
    CHECK_ERRNO(syscall(SYS_setgid, 0), EPERM);
    CHECK_ERRNO(syscall(SYS_setreuid, 0, 0), EPERM);
    CHECK_ERRNO(syscall(SYS_setregid, 0, 0), EPERM);
    CHECK_ERRNO(syscall(SYS_setresuid, 0, 0, 0), EPERM);
    CHECK_ERRNO(syscall(SYS_setresgid, 0, 0, 0), EPERM);
    CHECK_ERRNO(syscall(SYS_setgroups, 1, &group), EPERM);
    CHECK_ERRNO(syscall(SYS_sethostname, "x", 1), EPERM);
    CHECK_ERRNO(syscall(SYS_setdomainname, "x", 1), EPERM);
    CHECK_ERRNO(syscall(SYS_setpriority, PRIO_PROCESS, 0, -5), EACCES);
    CHECK_ERRNO(syscall(SYS_setpriority, PRIO_PROCESS, getppid(), 5), EPERM);
    CHECK_ERRNO(syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &fifo), EPERM);
    CHECK_ERRNO(syscall(SYS_sched_setparam, getppid(), &none), EPERM);
    CHECK_ERRNO(syscall(SYS_sched_setaffinity, getppid(), sizeof(cpus), &cpus), EPERM);
    CHECK_ERRNO(syscall(SYS_mlock2, memory, 4096, 0), EPERM);
    CHECK_ERRNO(syscall(SYS_get_robust_list, getppid(), &head, &length), EPERM);
}

static volatile sig_atomic_t queued;

static void take(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    queued = info->si_value.sival_int;
}

static void waits(void)
{
    static unsigned word;
    struct sigaction action = {.sa_sigaction = take, .sa_flags = SA_SIGINFO};
    siginfo_t info = {.si_code = SI_QUEUE};
    fflush(stdout);
    pid_t child = fork();

    if (child == 0) {
        pause();
        _exit(0);
    }
    interrupt_soon();
    CHECK_ERRNO(syscall(SYS_waitid, P_PID, child, &info, WEXITED, NULL), EINTR);
    be_quiet();
    kill(child, SIGKILL);
    CHECK(waitpid(child, NULL, 0) == child);
    sigaction(SIGUSR1, &action, NULL);
    info = (siginfo_t){.si_code = SI_QUEUE};
    info.si_value.sival_int = 9;
    CHECK(syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), SIGUSR1, &info) == 0);
    CHECK(queued == 9);
    if (syscall(SYS_futex_wake, &word, 1, 1, PRIVATE_U32) == -1 && errno == ENOSYS)
        return; /* Linux before 6.7 */
    CHECK_ERRNO(syscall(SYS_futex_wait, BAD_POINTER, 0, 1, PRIVATE_U32, NULL, 0), EFAULT);
}

static void until_asleep(pid_t child)
{
    char path[32], state = 0;

    snprintf(path, sizeof(path), "/proc/%d/stat", child);
    while (state != 'S') {
        FILE *f = fopen(path, "r");
        CHECK(f && fscanf(f, "%*d (%*[^)]) %c", &state) == 1);
        fclose(f);
        sched_yield();
    }
}

/* A sleep that a stop interrupts goes on as restart_syscall, which a handler then interrupts. */
static void stopped_sleep(void)
{
    struct sigaction action = {.sa_handler = ring};
    struct timespec while_long = {60, 0};
    int status;

    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        sigaction(SIGUSR1, &action, NULL);
        int result = nanosleep(&while_long, NULL);
        _exit(result == -1 && errno == EINTR ? 0 : 1);
    }
    until_asleep(child);
    kill(child, SIGSTOP);
    CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
    kill(child, SIGCONT);
    CHECK(waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status));
    until_asleep(child);
    kill(child, SIGUSR1);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static unsigned shared_word;

static void *wake_until_zero(void *unused)
{
    while (__atomic_load_n(&shared_word, __ATOMIC_ACQUIRE) != 2)
        syscall(SYS_futex_wake, &shared_word, 1, 1, PRIVATE_U32);
    return unused;
}

/* A waiter that is woken: the waker goes on until it has been. */
static void woken(void)
{
    pthread_t thread;

    if (syscall(SYS_futex_wake, &shared_word, 1, 1, PRIVATE_U32) == -1 && errno == ENOSYS)
        return;
    pthread_create(&thread, NULL, wake_until_zero, NULL);
    CHECK(syscall(SYS_futex_wait, &shared_word, 0, ~0u, PRIVATE_U32, NULL, 0) == 0);
    __atomic_store_n(&shared_word, 2, __ATOMIC_RELEASE);
    pthread_join(thread, NULL);
}

int main(void)
{
    void *memory = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    munmap(memory, 4096);
    CHECK_ERRNO(syscall(SYS_pkey_mprotect, memory, 4096, PROT_READ, -1), ENOMEM);
    waits();
    woken();
    stopped_sleep();
    if (geteuid() == 0) {
        in_child(as_root);
        in_child(as_nobody);
    }
    CHECK_DONE();
}
