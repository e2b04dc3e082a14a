/* SPDX-License-Identifier: BSD-3-Clause */
/* POSIX message queues by their system calls: order, waiting, time limits, notification, limits,
 * names, and every error. */
#include "check.h"

#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

static char queue_name[32]; /* of this run alone: on Linux all programs share them */

static int make(int flags, long messages, long size)
{
    struct mq_attr a = {.mq_maxmsg = messages, .mq_msgsize = size};
    syscall(SYS_mq_unlink, queue_name);
    return (int)syscall(SYS_mq_open, queue_name, O_CREAT | O_EXCL | O_RDWR | flags, 0600, &a);
}

static long send(int q, const char *text, unsigned priority)
{
    return syscall(SYS_mq_timedsend, q, text, strlen(text) + 1, priority, NULL);
}

static char got[64];
static unsigned got_priority;

static long receive(int q)
{
    memset(got, 0, sizeof(got));
    return syscall(SYS_mq_timedreceive, q, got, sizeof(got), &got_priority, NULL);
}

static struct mq_attr attributes(int q)
{
    struct mq_attr a = {.mq_maxmsg = -1};
    CHECK(syscall(SYS_mq_getsetattr, q, NULL, &a) == 0);
    return a;
}

static struct timespec in_ms(int ms)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_nsec += ms * 1000000L;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

static void nap(int ms)
{
    struct timespec t = {0, ms * 1000000L};
    while (nanosleep(&t, &t) && errno == EINTR)
        ;
}

static void test_order(void)
{
    int q = make(0, 8, 64);
    CHECK(q >= 0 && fcntl(q, F_GETFD) == FD_CLOEXEC);
    CHECK(send(q, "low", 1) == 0 && send(q, "high", 9) == 0 && send(q, "low too", 1) == 0);
    CHECK(send(q, "", 32767) == 0);
    struct mq_attr a = attributes(q);
    CHECK(a.mq_maxmsg == 8 && a.mq_msgsize == 64 && a.mq_curmsgs == 4 && a.mq_flags == 0);
    CHECK(receive(q) == 1 && got_priority == 32767);
    CHECK(receive(q) == 5 && !strcmp(got, "high") && got_priority == 9);
    CHECK(receive(q) == 4 && !strcmp(got, "low") && got_priority == 1);
    CHECK(receive(q) == 8 && !strcmp(got, "low too"));
    CHECK(attributes(q).mq_curmsgs == 0);
    CHECK(syscall(SYS_mq_timedsend, q, NULL, 0, 0, NULL) == 0); /* an empty message */
    CHECK(syscall(SYS_mq_timedreceive, q, got, sizeof(got), NULL, NULL) == 0);
    close(q);
}

static void test_full_and_empty(void)
{
    int q = make(O_NONBLOCK, 2, 64);
    struct timespec soon = in_ms(20), past = {1, 0}, bad = {1, 1000000000}, negative = {-1, 0};
    struct mq_attr a = {.mq_flags = 0}, old;
    CHECK_ERRNO(receive(q), EAGAIN);
    CHECK(send(q, "1", 0) == 0 && send(q, "2", 0) == 0);
    CHECK_ERRNO(send(q, "3", 0), EAGAIN);
    CHECK(attributes(q).mq_flags == O_NONBLOCK);
    CHECK(syscall(SYS_mq_getsetattr, q, &a, &old) == 0 && old.mq_flags == O_NONBLOCK);
    CHECK_ERRNO(syscall(SYS_mq_timedsend, q, "3", 2, 0, &soon), ETIMEDOUT);
    struct timespec now = in_ms(0);
    CHECK(now.tv_sec > soon.tv_sec || (now.tv_sec == soon.tv_sec && now.tv_nsec >= soon.tv_nsec));
    CHECK_ERRNO(syscall(SYS_mq_timedsend, q, "3", 2, 0, &past), ETIMEDOUT);
    CHECK_ERRNO(syscall(SYS_mq_timedsend, q, "3", 2, 0, &bad), EINVAL);
    CHECK_ERRNO(syscall(SYS_mq_timedsend, q, "3", 2, 0, &negative), EINVAL);
    CHECK(receive(q) == 2 && receive(q) == 2);
    CHECK_ERRNO(syscall(SYS_mq_timedreceive, q, got, 64, NULL, &past), ETIMEDOUT);
    CHECK_ERRNO(syscall(SYS_mq_timedreceive, q, got, 64, NULL, &bad), EINVAL);
    CHECK(send(q, "x", 0) == 0 &&
          syscall(SYS_mq_timedreceive, q, got, 64, NULL, &past) == 2); /* no wait, no limit */
    close(q);
}

static int shared_queue;
static volatile int order[3], arrived, ready;

static void *wait_for_message(void *arg)
{
    char text[64];
    int me = (int)(long)arg;
    __atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
    CHECK(syscall(SYS_mq_timedreceive, shared_queue, text, 64, NULL, NULL) == 2);
    order[__atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST)] = me + 10 * (text[0] - '0');
    return NULL;
}

static void *send_later(void *arg)
{
    nap(10);
    CHECK(send(shared_queue, arg, 3) == 0);
    return NULL;
}

static void test_waiting(void)
{
    pthread_t t[3];
    shared_queue = make(0, 1, 64);
    CHECK(pthread_create(&t[0], NULL, send_later, "later") == 0);
    CHECK(receive(shared_queue) == 6 && !strcmp(got, "later") && got_priority == 3);
    pthread_join(t[0], NULL);
    /* A sender waits for room. */
    CHECK(send(shared_queue, "a", 0) == 0);
    CHECK(pthread_create(&t[0], NULL, send_later, "b") == 0);
    nap(30);
    CHECK(attributes(shared_queue).mq_curmsgs == 1);
    CHECK(receive(shared_queue) == 2 && !strcmp(got, "a"));
    CHECK(receive(shared_queue) == 2 && !strcmp(got, "b"));
    pthread_join(t[0], NULL);
    /* Who waits longest is served first. */
    for (long i = 0; i < 3; i++) {
        CHECK(pthread_create(&t[i], NULL, wait_for_message, (void *)i) == 0);
        while (ready <= i)
            nap(1);
        nap(10);
    }
    for (int i = 0; i < 3; i++) {
        CHECK(send(shared_queue, i == 0 ? "0" : i == 1 ? "1" : "2", 0) == 0);
        while (arrived <= i)
            nap(1);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(t[i], NULL);
        CHECK(order[i] == 11 * i);
    }
    close(shared_queue);
}

static volatile int told;
static siginfo_t info;

static void handler(int signal, siginfo_t *i, void *context)
{
    (void)signal, (void)context;
    told++;
    info = *i;
}

static int notify(int q, int how, int signal)
{
    struct sigevent e = {.sigev_notify = how, .sigev_signo = signal};
    e.sigev_value.sival_int = 42;
    return (int)syscall(SYS_mq_notify, q, &e);
}

static void test_notify(void)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO};
    action.sa_sigaction = handler;
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    int q = make(0, 4, 64), other = (int)syscall(SYS_mq_open, queue_name, O_RDWR, 0, NULL);
    CHECK(notify(q, SIGEV_SIGNAL, SIGUSR1) == 0);
    CHECK_ERRNO(notify(q, SIGEV_SIGNAL, SIGUSR1), EBUSY);
    CHECK(told == 0 && send(q, "x", 0) == 0 && told == 1);
    CHECK(info.si_code == SI_MESGQ && info.si_value.sival_int == 42 && info.si_pid == getpid());
    CHECK(send(q, "y", 0) == 0 && told == 1); /* once */
    CHECK(notify(q, SIGEV_SIGNAL, SIGUSR1) == 0);
    CHECK(send(q, "z", 0) == 0 && told == 1); /* it was not empty */
    while (attributes(q).mq_curmsgs)
        CHECK(receive(q) == 2);
    CHECK(send(q, "x", 0) == 0 && told == 2);
    CHECK(receive(q) == 2);
    CHECK(notify(q, SIGEV_SIGNAL, SIGUSR1) == 0 && syscall(SYS_mq_notify, q, NULL) == 0);
    CHECK(send(q, "x", 0) == 0 && told == 2 && receive(q) == 2);
    CHECK(notify(q, SIGEV_NONE, 0) == 0);
    CHECK(send(q, "x", 0) == 0 && notify(q, SIGEV_NONE, 0) == 0 && receive(q) == 2);
    /* Closing any descriptor of the queue ends the registration. */
    CHECK(close(other) == 0 && notify(q, SIGEV_SIGNAL, SIGUSR1) == 0);
    CHECK(syscall(SYS_mq_notify, q, NULL) == 0);
    /* A child sends: si_pid says who. */
    CHECK(notify(q, SIGEV_SIGNAL, SIGUSR1) == 0);
    pid_t pid = fork();
    if (!pid) {
        CHECK_ERRNO(notify(q, SIGEV_NONE, 0), EBUSY);
        CHECK(send(q, "from the child", 0) == 0);
        _exit(check_failures);
    }
    int status;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    CHECK(status == 0 && told == 3 && info.si_pid == pid && receive(q) == 15);
    CHECK_ERRNO(notify(q, 77, 0), EINVAL);
    CHECK_ERRNO(notify(q, SIGEV_SIGNAL, 65), EINVAL);
    CHECK_ERRNO(syscall(SYS_mq_notify, q, BAD_POINTER), EFAULT);
    CHECK_ERRNO(syscall(SYS_mq_notify, 99, NULL), EBADF);
    close(q);
}

static void *receive_one(void *arg)
{
    char text[64];
    __atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_mq_timedreceive, shared_queue, text, 64, NULL, NULL);
    return arg;
}

/* Who waits in receive gets the message; nobody is notified. */
static void test_waiter_before_listener(void)
{
    pthread_t t;
    shared_queue = make(0, 4, 64);
    told = ready = 0;
    CHECK(pthread_create(&t, NULL, receive_one, NULL) == 0);
    while (!ready)
        nap(1);
    nap(10);
    CHECK(notify(shared_queue, SIGEV_SIGNAL, SIGUSR1) == 0);
    CHECK(send(shared_queue, "x", 0) == 0);
    pthread_join(t, NULL);
    CHECK(told == 0 && attributes(shared_queue).mq_curmsgs == 0);
    close(shared_queue);
}

static void test_as_file(void)
{
    int q = make(0, 2, 64);
    struct pollfd p = {.fd = q, .events = POLLIN | POLLOUT};
    struct stat st;
    char text[100] = "";
    CHECK(poll(&p, 1, 0) == 1 && p.revents == POLLOUT);
    CHECK(send(q, "12345", 0) == 0);
    CHECK(poll(&p, 1, 0) == 1 && p.revents == (POLLIN | POLLOUT));
    CHECK(read(q, text, sizeof(text)) > 0);
    CHECK(!strncmp(text, "QSIZE:6          NOTIFY:0     SIGNO:0     NOTIFY_PID:0     \n", 59));
    CHECK(read(q, text, sizeof(text)) == 0);
    CHECK(pread(q, text, sizeof(text), 4096) == 0 && pread(q, text, sizeof(text), 1L << 62) == 0);
    CHECK(send(q, "2", 0) == 0 && poll(&p, 1, 0) == 1 && p.revents == POLLIN);
    CHECK(fstat(q, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 80 && (st.st_mode & 0777) == 0600);
    CHECK_ERRNO(write(q, "x", 1), EINVAL);
    CHECK_ERRNO(mmap(NULL, 4096, PROT_READ, MAP_SHARED, q, 0), ENODEV);
    /* It lives on without a name. */
    CHECK(syscall(SYS_mq_unlink, queue_name) == 0);
    CHECK_ERRNO(syscall(SYS_mq_open, queue_name, O_RDWR, 0, NULL), ENOENT);
    CHECK(receive(q) == 6);
    close(q);
}

static void test_interrupted(void)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO};
    struct itimerspec soon = {{0, 20000000}, {0, 3000000}}, off = {{0, 0}, {0, 0}};
    timer_t timer;
    action.sa_sigaction = handler;
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    int q = make(0, 1, 64);
    CHECK(timer_create(CLOCK_MONOTONIC, NULL, &timer) == 0);
    CHECK(timer_settime(timer, 0, &soon, NULL) == 0);
    CHECK_ERRNO(receive(q), EINTR);
    CHECK(send(q, "x", 0) == 0);
    CHECK_ERRNO(send(q, "y", 0), EINTR);
    action.sa_flags |= SA_RESTART;
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    struct timespec limit = in_ms(60);
    CHECK_ERRNO(syscall(SYS_mq_timedsend, q, "y", 2, 0, &limit), ETIMEDOUT);
    CHECK(timer_settime(timer, 0, &off, NULL) == 0 && timer_delete(timer) == 0);
    close(q);
}

static void test_names(void)
{
    char longest[257];
    memset(longest, 'q', 256);
    longest[256] = 0;
    int q = make(0, 1, 1);
    CHECK_ERRNO(syscall(SYS_mq_open, queue_name, O_CREAT | O_EXCL | O_RDWR, 0600, NULL), EEXIST);
    int again = (int)syscall(SYS_mq_open, queue_name, O_CREAT | O_RDONLY, 0600, NULL);
    CHECK(again >= 0 && attributes(again).mq_maxmsg == 1);
    CHECK_ERRNO(syscall(SYS_mq_open, queue_name, O_RDWR | O_WRONLY, 0, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_mq_open, "", O_RDWR, 0, NULL), ENOENT);
    CHECK_ERRNO(syscall(SYS_mq_open, "a/b", O_CREAT | O_RDWR, 0600, NULL), EACCES);
    CHECK_ERRNO(syscall(SYS_mq_open, "..", O_RDWR, 0, NULL), EACCES);
    CHECK_ERRNO(syscall(SYS_mq_open, longest, O_CREAT | O_RDWR, 0600, NULL), ENAMETOOLONG);
    CHECK_ERRNO(syscall(SYS_mq_open, BAD_POINTER, O_RDWR, 0, NULL), EFAULT);
    CHECK_ERRNO(syscall(SYS_mq_open, queue_name, O_RDWR, 0, BAD_POINTER), EFAULT);
    CHECK_ERRNO(syscall(SYS_mq_unlink, "not there"), ENOENT);
    CHECK_ERRNO(syscall(SYS_mq_unlink, longest), ENAMETOOLONG);
    CHECK_ERRNO(syscall(SYS_mq_unlink, BAD_POINTER), EFAULT);
    CHECK_ERRNO(send(again, "", 0), EBADF); /* read only */
    CHECK_ERRNO(syscall(SYS_mq_timedsend, q, "ab", 2, 0, NULL), EMSGSIZE);
    CHECK_ERRNO(syscall(SYS_mq_timedsend, q, BAD_POINTER, 1, 0, NULL), EFAULT);
    CHECK_ERRNO(syscall(SYS_mq_timedsend, q, "", 1, 32768, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_mq_timedsend, q, "", 1, 0, BAD_POINTER), EFAULT);
    CHECK_ERRNO(syscall(SYS_mq_timedsend, 99, "", 1, 0, NULL), EBADF);
    CHECK_ERRNO(syscall(SYS_mq_timedsend, 0, "", 1, 0, NULL), EBADF); /* no queue */
    CHECK_ERRNO(syscall(SYS_mq_timedreceive, q, got, 0, NULL, NULL), EMSGSIZE);
    CHECK_ERRNO(syscall(SYS_mq_timedreceive, 99, got, 1, NULL, NULL), EBADF);
    CHECK_ERRNO(syscall(SYS_mq_timedreceive, q, got, 1, NULL, BAD_POINTER), EFAULT);
    CHECK(send(q, "", 0) == 0);
    CHECK_ERRNO(syscall(SYS_mq_timedreceive, q, BAD_POINTER, 1, NULL, NULL), EFAULT);
    CHECK(send(q, "", 0) == 0);
    CHECK_ERRNO(syscall(SYS_mq_timedreceive, q, got, 1, BAD_POINTER, NULL), EFAULT);
    struct mq_attr a = {.mq_flags = 1};
    CHECK_ERRNO(syscall(SYS_mq_getsetattr, q, &a, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_mq_getsetattr, q, BAD_POINTER, NULL), EFAULT);
    CHECK_ERRNO(syscall(SYS_mq_getsetattr, q, NULL, BAD_POINTER), EFAULT);
    CHECK_ERRNO(syscall(SYS_mq_getsetattr, 99, NULL, NULL), EBADF);
    close(again);
    close(q);
    int writer = (int)syscall(SYS_mq_open, queue_name, O_WRONLY, 0, NULL);
    CHECK_ERRNO(receive(writer), EBADF);
    close(writer);
}

static void test_attributes(void)
{
    CHECK_ERRNO(make(0, 0, 10), EINVAL);
    CHECK_ERRNO(make(0, 10, 0), EINVAL);
    CHECK_ERRNO(make(0, -1, 10), EINVAL);
    CHECK_ERRNO(make(0, 10, 1 << 30), EINVAL);
    CHECK_ERRNO(make(0, 1 << 20, 10), EINVAL);
    struct rlimit limit, tight;
    CHECK(getrlimit(RLIMIT_MSGQUEUE, &limit) == 0);
    tight = (struct rlimit){1000, limit.rlim_max};
    CHECK(setrlimit(RLIMIT_MSGQUEUE, &tight) == 0);
    CHECK_ERRNO(make(0, 10, 100), EMFILE);
    CHECK(setrlimit(RLIMIT_MSGQUEUE, &limit) == 0);
    int q = (int)syscall(SYS_mq_open, queue_name, O_CREAT | O_RDWR, 0600, NULL);
    CHECK(q >= 0 && attributes(q).mq_maxmsg == 10 && attributes(q).mq_msgsize == 8192);
    close(q);
    CHECK(syscall(SYS_mq_unlink, queue_name) == 0);
}

/* Another user: may not open, nor remove. */
static void test_permission(void)
{
    if (geteuid())
        return;
    int status, q = make(0, 1, 1);
    pid_t pid = fork();
    if (!pid) {
        check_failures = 0;
        if (setgid(1000) || setuid(1000))
            _exit(99);
        CHECK_ERRNO(syscall(SYS_mq_open, queue_name, O_RDONLY, 0, NULL), EACCES);
        CHECK_ERRNO(syscall(SYS_mq_open, queue_name, O_WRONLY | O_CREAT, 0, NULL), EACCES);
        CHECK_ERRNO(syscall(SYS_mq_unlink, queue_name), EPERM);
        struct mq_attr large = {.mq_maxmsg = 11, .mq_msgsize = 1};
        CHECK_ERRNO(syscall(SYS_mq_open, "x", O_CREAT | O_RDWR, 0600, &large), EINVAL);
        _exit(check_failures);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    close(q);
    syscall(SYS_mq_unlink, queue_name);
}

int main(void)
{
    snprintf(queue_name, sizeof(queue_name), "elfin-guest-%d", getpid());
    test_order();
    test_full_and_empty();
    test_waiting();
    test_notify();
    test_waiter_before_listener();
    test_as_file();
    test_interrupted();
    test_names();
    test_attributes();
    test_permission();
    CHECK_DONE();
}
