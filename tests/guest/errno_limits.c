/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: user=root */
/* What is refused because a limit is reached: processes, signals, file sizes, descriptors, numbers
 * of IPC objects. Root only sets the scene; where a limit does not bind root, nobody meets it. */
#include "check.h"

#include <fcntl.h>
#include <grp.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/shm.h>
#include <sys/uio.h>
#include <sys/wait.h>

static uid_t nobody; /* of whom nothing else runs: no other test at the same time */

static void limit(int resource, rlim_t most)
{
    struct rlimit r;

    CHECK(getrlimit(resource, &r) == 0);
    r.rlim_cur = most;
    CHECK(setrlimit(resource, &r) == 0);
}

/* What else this machine runs may be at the machine's own limit for a moment. */
static pid_t fork_surely(void)
{
    pid_t child;
    while ((child = fork()) < 0 && errno == EAGAIN)
        usleep(1000);
    return child;
}

static void in_child(void (*what)(void))
{
    int status;

    fflush(stdout);
    pid_t child = fork_surely();
    if (child == 0) {
        check_failures = 0;
        what();
        fflush(stdout);
        _exit(check_failures != 0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static void become_nobody(void)
{
    CHECK(setgroups(0, NULL) == 0 && setgid(nobody) == 0 && setuid(nobody) == 0);
}

static pid_t raw_vfork(void)
{
    register long result __asm__("rax") = SYS_vfork;
    __asm__ volatile("syscall" : "+r"(result) : : "rcx", "r11", "memory");
    if (result == 0)
        _exit(0);
    return (pid_t)result;
}

/* The limit counts the user's processes and threads: here only this one. */
static void processes(void)
{
    become_nobody();
    limit(RLIMIT_NPROC, 1);
    CHECK_ERRNO(syscall(SYS_fork), EAGAIN);
    CHECK(raw_vfork() == -EAGAIN);
}

/* Whoever becomes a user with too many processes may not execute, from then on. */
static void execute_as(uid_t user, int with_at)
{
    char *arguments[] = {"x", NULL};

    limit(RLIMIT_NPROC, 1);
    CHECK(setuid(user) == 0);
    if (with_at)
        CHECK_ERRNO(syscall(SYS_execveat, AT_FDCWD, "/proc/self/exe", arguments, NULL, 0), EAGAIN);
    else
        CHECK_ERRNO(syscall(SYS_execve, "/proc/self/exe", arguments, NULL), EAGAIN);
    _exit(check_failures != 0);
}

static void executes(void)
{
    int gate[2], status;

    CHECK(pipe(gate) == 0);
    fflush(stdout);
    pid_t others[2], *o = others;
    for (int i = 0; i < 2; i++) {
        if ((*o++ = fork_surely()))
            continue;
        close(gate[1]);
        _exit(setuid(nobody) || read(gate[0], &status, 1));
    }
    for (int i = 0; i < 2; i++) { /* until both are nobody's */
        char path[32];
        long uid = 0;
        while (uid != nobody) {
            char line[256];
            snprintf(path, sizeof(path), "/proc/%d/status", others[i]);
            FILE *f = fopen(path, "r");
            while (f && fgets(line, sizeof(line), f))
                sscanf(line, "Uid: %ld", &uid);
            if (f)
                fclose(f);
            sched_yield();
        }
        pid_t child = fork_surely();
        if (child == 0)
            execute_as(nobody, i);
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    close(gate[0]), close(gate[1]);
    CHECK(waitpid(others[0], &status, 0) == others[0] && status == 0);
    CHECK(waitpid(others[1], &status, 0) == others[1] && status == 0);
}

/* Real-time signals are queued or refused; only kill drops their word instead. */
static void signals(void)
{
    sigset_t set;
    siginfo_t info = {.si_code = SI_QUEUE};

    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    become_nobody();
    limit(RLIMIT_SIGPENDING, 0);
    CHECK_ERRNO(syscall(SYS_tkill, getpid(), SIGRTMIN), EAGAIN);
    CHECK_ERRNO(syscall(SYS_tgkill, getpid(), getpid(), SIGRTMIN), EAGAIN);
    CHECK_ERRNO(syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), SIGRTMIN, &info), EAGAIN);
    CHECK_ERRNO(syscall(SYS_rt_sigqueueinfo, getpid(), SIGRTMIN, &info), EAGAIN);
    int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
    info.si_signo = SIGRTMIN;
    CHECK(self >= 0);
    CHECK_ERRNO(syscall(SYS_pidfd_send_signal, self, SIGRTMIN, &info, 0), EAGAIN);
    CHECK(kill(getpid(), SIGRTMIN) == 0);
}

static void file_sizes(void)
{
    char text[64] = "text";
    struct iovec v = {text, 64};
    int from = open("from", O_RDWR | O_CREAT, 0600), to = open("to", O_RDWR | O_CREAT, 0600);

    CHECK(write(from, text, 64) == 64);
    signal(SIGXFSZ, SIG_IGN);
    limit(RLIMIT_FSIZE, 100);
    CHECK_ERRNO(syscall(SYS_truncate, "to", 101), EFBIG);
    CHECK(lseek(to, 100, SEEK_SET) == 100);
    CHECK_ERRNO(syscall(SYS_writev, to, &v, 1), EFBIG);
    CHECK_ERRNO(syscall(SYS_pwritev, to, &v, 1, 100, 0), EFBIG);
    CHECK_ERRNO(syscall(SYS_pwritev2, to, &v, 1, 100, 0, 0), EFBIG);
    loff_t at = 0, end = 100;
    CHECK_ERRNO(syscall(SYS_sendfile, to, from, &at, 10), EFBIG);
    CHECK_ERRNO(syscall(SYS_copy_file_range, from, &at, to, &end, 10, 0), EFBIG);
    limit(RLIMIT_FSIZE, RLIM_INFINITY);
    close(from), close(to), unlink("from"), unlink("to");
}

static void descriptors(void)
{
    uint64_t how[3] = {O_RDONLY}; /* struct open_how */
    int self = (int)syscall(SYS_pidfd_open, getpid(), 0);

    CHECK(self >= 0);
    limit(RLIMIT_NOFILE, (rlim_t)self + 1);
    CHECK_ERRNO(syscall(SYS_pidfd_getfd, self, 1, 0), EMFILE);
    CHECK_ERRNO(syscall(SYS_openat2, AT_FDCWD, ".", how, sizeof(how)), EMFILE);
    close(self);
}

/* Objects of an IPC namespace of their own, where there are such. */
static void ipc_objects(void)
{
    static int ids[40000];
    int n;

    if (unshare(CLONE_NEWIPC) && errno == EPERM)
        return;
    for (n = 0; n < 40000 && (ids[n] = shmget(IPC_PRIVATE, 1, 0600)) >= 0; n++)
        ;
    CHECK(n == 4096 && errno == ENOSPC);
    while (n-- > 0)
        shmctl(ids[n], IPC_RMID, NULL);
    for (n = 0; n < 40000 && (ids[n] = semget(IPC_PRIVATE, 1, 0600)) >= 0; n++)
        ;
    CHECK(n == 32000 && errno == ENOSPC);
    while (n-- > 0)
        semctl(ids[n], 0, IPC_RMID);
    for (n = 0; n < 40000 && (ids[n] = msgget(IPC_PRIVATE, 0600)) >= 0; n++)
        ;
    CHECK(n == 32000 && errno == ENOSPC);
    while (n-- > 0)
        msgctl(ids[n], IPC_RMID, NULL);
}

static void queues(void)
{
    struct mq_attr small = {.mq_maxmsg = 1, .mq_msgsize = 1};
    char name[32];
    int n, error = 0;

    if (unshare(CLONE_NEWIPC) && errno == EPERM)
        return;
    become_nobody();
    for (n = 0; n < 1000 && !error; n++) {
        snprintf(name, sizeof(name), "queue%d", n);
        int q = (int)syscall(SYS_mq_open, name, O_CREAT | O_EXCL | O_RDWR, 0600, &small);
        error = q < 0 ? errno : 0;
        close(q);
    }
    CHECK(n == 257 && error == ENOSPC);
    while (n-- > 0) {
        snprintf(name, sizeof(name), "queue%d", n);
        syscall(SYS_mq_unlink, name);
    }
}

int main(void)
{
    nobody = 61000 + (uid_t)getpid() % 4000;
    in_child(file_sizes);
    in_child(descriptors);
    if (geteuid() == 0) {
        in_child(processes);
        in_child(executes);
        in_child(signals);
        in_child(ipc_objects);
        in_child(queues);
    }
    CHECK_DONE();
}
