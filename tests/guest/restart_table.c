/* SPDX-License-Identifier: BSD-3-Clause */
/* signal(7), "Interruption of system calls": each call that waits, met by a signal with a handler
 * (without and with SA_RESTART) and by a stop. A child waits in the call; that it sleeps again,
 * not a clock, tells that the call goes on. */
#include "check.h"

#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif
#define FUTEX_WAIT 0
#define FUTEX_LOCK_PI 6
#define FUTEX_WAIT_BITSET 9

static struct shared {
    volatile int handled, done, error, busy;
} *shared;

static char text[1 << 16];
static struct timespec far = {1000, 0};
static struct iovec piece = {text, 1};

/* --- what they wait for; each returns what the call said --- */

static int empty_pipe(int end)
{
    int ends[2];
    CHECK(pipe(ends) == 0);
    return ends[end];
}

static int full_pipe(void)
{
    int end = empty_pipe(1);
    CHECK(write(end, text, sizeof(text)) == sizeof(text));
    return end;
}

static long pipe_read(void) { return read(empty_pipe(0), text, 1); }
static long pipe_readv(void) { return readv(empty_pipe(0), &piece, 1); }
static long pipe_write(void) { return write(full_pipe(), text, 1); }
static long pipe_writev(void) { return writev(full_pipe(), &piece, 1); }
static long pipe_splice(void)
{
    return splice(empty_pipe(0), NULL, empty_pipe(1), NULL, 1, 0);
}
static long pipe_tee(void) { return tee(empty_pipe(0), empty_pipe(1), 1, 0); }
static long pipe_vmsplice(void) { return vmsplice(full_pipe(), &piece, 1, 0); }
static long event_read(void) { return read(eventfd(0, 0), text, 8); }
static long inotify_read(void) { return read(inotify_init(), text, 4096); }

static long event_write(void)
{
    static const uint64_t most = 0xfffffffffffffffeull, one = 1;
    int fd = eventfd(0, 0);
    CHECK(write(fd, &most, 8) == 8);
    return write(fd, &one, 8);
}

static long timer_read(void)
{
    struct itimerspec later = {{0, 0}, far};
    int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    CHECK(timerfd_settime(fd, 0, &later, NULL) == 0);
    return read(fd, text, 8);
}

static long signal_read(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return read(signalfd(-1, &set, 0), text, 128);
}

static long terminal_read(void)
{
    int master, slave;
    CHECK(openpty(&master, &slave, NULL, NULL, NULL) == 0);
    return read(slave, text, 1);
}

static long master_read(void)
{
    int master, slave;
    CHECK(openpty(&master, &slave, NULL, NULL, NULL) == 0);
    return read(master, text, 1);
}

static long fifo_open(void)
{
    char name[32];
    snprintf(name, sizeof(name), "fifo%d", getpid());
    CHECK(mkfifo(name, 0600) == 0);
    return open(name, O_RDONLY);
}

static pid_t sleeper(void)
{
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    return child;
}

static long call_wait4(void) { return wait4(sleeper(), NULL, 0, NULL); }
static long call_waitid(void)
{
    siginfo_t info;
    return waitid(P_PID, (id_t)sleeper(), &info, WEXITED);
}

/* --- sockets --- */

static int pair_end(int option)
{
    struct timeval late = {1000, 0};
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    if (option)
        CHECK(setsockopt(pair[0], SOL_SOCKET, option, &late, sizeof(late)) == 0);
    return pair[0];
}

static int full_socket(int option)
{
    int s = pair_end(option);
    while (send(s, text, sizeof(text), MSG_DONTWAIT) > 0)
        ;
    while (send(s, text, 1, MSG_DONTWAIT) > 0)
        ;
    return s;
}

static int listener(int option, struct sockaddr_un *name)
{
    struct timeval late = {1000, 0};
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    name->sun_family = AF_UNIX;
    snprintf(name->sun_path, sizeof(name->sun_path), "socket%d", getpid());
    CHECK(bind(s, (struct sockaddr *)name, sizeof(*name)) == 0 && listen(s, 0) == 0);
    if (option)
        CHECK(setsockopt(s, SOL_SOCKET, option, &late, sizeof(late)) == 0);
    return s;
}

static struct sockaddr_un name;
static struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
static struct mmsghdr messages[1];

static long call_accept(void) { return accept(listener(0, &name), NULL, NULL); }
static long call_recv(void) { return recv(pair_end(0), text, 1, 0); }
static long call_recvmsg(void) { return recvmsg(pair_end(0), &message, 0); }
static long call_recvmmsg(void)
{
    messages[0].msg_hdr = message;
    return recvmmsg(pair_end(0), messages, 1, 0, NULL);
}
static long call_send(void) { return send(full_socket(0), text, 1, 0); }
static long call_sendmsg(void) { return sendmsg(full_socket(0), &message, 0); }
static long late_accept(void) { return accept(listener(SO_RCVTIMEO, &name), NULL, NULL); }
static long late_recv(void) { return recv(pair_end(SO_RCVTIMEO), text, 1, 0); }
static long late_read(void) { return read(pair_end(SO_RCVTIMEO), text, 1); }
static long late_send(void) { return send(full_socket(SO_SNDTIMEO), text, 1, 0); }
static long late_write(void) { return write(full_socket(SO_SNDTIMEO), text, 1); }

static long connect_to_busy(int option)
{
    struct timeval late = {1000, 0};
    listener(0, &name);
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    while (connect(s, (struct sockaddr *)&name, sizeof(name)) == 0)
        s = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    fcntl(s, F_SETFL, 0);
    if (option)
        CHECK(setsockopt(s, SOL_SOCKET, option, &late, sizeof(late)) == 0);
    return connect(s, (struct sockaddr *)&name, sizeof(name));
}
static long call_connect(void) { return connect_to_busy(0); }
static long late_connect(void) { return connect_to_busy(SO_SNDTIMEO); }

/* --- locks --- */

static int locked_file(int command)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char path[32];
    snprintf(path, sizeof(path), "lock%d", getpid());
    int mine = open(path, O_RDWR | O_CREAT, 0600), gate[2];
    CHECK(pipe(gate) == 0);
    if (fork() == 0) {
        int other = open(path, O_RDWR);
        CHECK(command == LOCK_EX ? flock(other, LOCK_EX) == 0 : !fcntl(other, command, &whole));
        CHECK(write(gate[1], "x", 1) == 1);
        for (;;)
            pause();
    }
    CHECK(read(gate[0], text, 1) == 1);
    return mine;
}

static int locked; /* what `hold` made */
static long call_flock(void) { return flock(locked, LOCK_EX); }
static long lock_record(void)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(locked, F_SETLKW, &whole);
}
static long lock_description(void)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(locked, F_OFD_SETLKW, &whole);
}

static uint32_t word;
static long futex(int operation, struct timespec *limit)
{
    return syscall(SYS_futex, &word, operation, 0, limit, NULL, ~0u);
}
static long futex_wait(void) { return futex(FUTEX_WAIT, NULL); }
static long futex_wait_late(void) { return futex(FUTEX_WAIT, &far); }
static long futex_bitset(void) { return futex(FUTEX_WAIT_BITSET, NULL); }
static long futex_pi(void)
{
    word = (uint32_t)sleeper();
    return futex(FUTEX_LOCK_PI, NULL);
}

/* --- IPC --- */

static long queue_receive(void)
{
    struct mq_attr one = {.mq_maxmsg = 1, .mq_msgsize = 8};
    char path[32];
    snprintf(path, sizeof(path), "/restart%d", getpid());
    mqd_t q = mq_open(path, O_RDWR | O_CREAT, 0600, &one);
    CHECK(q != -1 && mq_unlink(path) == 0);
    return mq_receive(q, text, 8, NULL);
}

static long queue_send(void)
{
    struct mq_attr one = {.mq_maxmsg = 1, .mq_msgsize = 8};
    char path[32];
    snprintf(path, sizeof(path), "/restart%d", getpid());
    mqd_t q = mq_open(path, O_RDWR | O_CREAT, 0600, &one);
    CHECK(q != -1 && mq_unlink(path) == 0 && mq_send(q, text, 8, 0) == 0);
    return mq_send(q, text, 8, 0);
}

static int sysv_queue = -1, sysv_set = -1;
static long receive_v(void) { return msgrcv(sysv_queue, text, 8, 7, 0); }
static long send_v(void)
{
    *(long *)(void *)text = 1;
    while (msgsnd(sysv_queue, text, 4096, IPC_NOWAIT) == 0)
        ;
    return msgsnd(sysv_queue, text, 4096, 0);
}
static long call_semop(void)
{
    struct sembuf down = {0, -1, 0};
    return semop(sysv_set, &down, 1);
}
static long call_semtimedop(void)
{
    struct sembuf down = {0, -1, 0};
    return semtimedop(sysv_set, &down, 1, &far);
}

/* --- sleeping, polling, waiting for signals --- */

static long call_pause(void) { return pause(); }
static long call_sigsuspend(void)
{
    sigset_t none;
    sigemptyset(&none);
    return sigsuspend(&none);
}
static long call_sigtimedwait(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    return syscall(SYS_rt_sigtimedwait, &set, NULL, NULL, 8);
}
static long call_nanosleep(void) { return nanosleep(&far, NULL); }
static long sleep_until(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += 1000;
    return syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}
static long call_poll(void)
{
    struct pollfd p = {.fd = empty_pipe(0), .events = POLLIN};
    return poll(&p, 1, -1);
}
static long poll_late(void)
{
    struct pollfd p = {.fd = empty_pipe(0), .events = POLLIN};
    return poll(&p, 1, 1000000);
}
static long call_ppoll(void)
{
    struct pollfd p = {.fd = empty_pipe(0), .events = POLLIN};
    return syscall(SYS_ppoll, &p, 1, NULL, NULL, 8);
}
static long call_select(void)
{
    fd_set readers;
    int fd = empty_pipe(0);
    FD_ZERO(&readers);
    FD_SET(fd, &readers);
    return select(fd + 1, &readers, NULL, NULL, NULL);
}
static long call_pselect(void)
{
    fd_set readers;
    int fd = empty_pipe(0);
    FD_ZERO(&readers);
    FD_SET(fd, &readers);
    return pselect(fd + 1, &readers, NULL, NULL, &far, NULL);
}
static struct epoll_event event;
static long call_epoll_wait(void) { return epoll_wait(epoll_create1(0), &event, 1, -1); }
static long epoll_late(void) { return epoll_wait(epoll_create1(0), &event, 1, 1000000); }
static long call_epoll_pwait2(void)
{
    return syscall(SYS_epoll_pwait2, epoll_create1(0), &event, 1, &far, NULL, 8);
}

/* What comes of a handler without SA_RESTART, with it, and of a stop: Interrupted or Again. */
#define CASE(function, expected) {#function, function, expected, 0}
#define LOCK(function, hold) {#function, function, "IAA", hold}
static const struct {
    const char *name;
    long (*call)(void);
    const char *expected;
    int hold;                    /* how another one locks a file before */
} cases[] = {
    CASE(pipe_read, "IAA"), CASE(pipe_readv, "IAA"), CASE(pipe_write, "IAA"),
    CASE(pipe_writev, "IAA"), CASE(pipe_splice, "IAA"), CASE(pipe_tee, "IAA"),
    CASE(pipe_vmsplice, "IAA"), CASE(event_read, "IAA"), CASE(event_write, "IAA"),
    CASE(inotify_read, "IAA"), CASE(timer_read, "IAA"), CASE(signal_read, "IAA"),
    CASE(terminal_read, "IAA"), CASE(master_read, "IAA"), CASE(fifo_open, "IAA"),
    CASE(call_wait4, "IAA"), CASE(call_waitid, "IAA"), CASE(call_accept, "IAA"),
    CASE(call_recv, "IAA"), CASE(call_recvmsg, "IAA"), CASE(call_recvmmsg, "IAA"),
    CASE(call_send, "IAA"), CASE(call_sendmsg, "IAA"), CASE(call_connect, "IAA"),
    CASE(late_accept, "III"), CASE(late_recv, "III"), CASE(late_read, "III"),
    CASE(late_send, "III"), CASE(late_write, "III"), CASE(late_connect, "III"),
    LOCK(call_flock, LOCK_EX), LOCK(lock_record, F_SETLK), LOCK(lock_description, F_OFD_SETLK),
    CASE(futex_wait, "IAA"), CASE(futex_wait_late, "IIA"), CASE(futex_bitset, "IAA"),
    CASE(futex_pi, "AAA"), CASE(queue_receive, "IAA"), CASE(queue_send, "IAA"),
    CASE(receive_v, "IIA"), CASE(send_v, "IIA"), CASE(call_semop, "III"),
    CASE(call_semtimedop, "III"), CASE(call_pause, "IIA"), CASE(call_sigsuspend, "IIA"),
    CASE(call_sigtimedwait, "III"), CASE(call_nanosleep, "IIA"), CASE(sleep_until, "IIA"),
    CASE(call_poll, "IIA"), CASE(poll_late, "IIA"), CASE(call_ppoll, "IIA"),
    CASE(call_select, "IIA"), CASE(call_pselect, "IIA"), CASE(call_epoll_wait, "III"),
    CASE(epoll_late, "III"), CASE(call_epoll_pwait2, "III"),
};

static void handler(int number)
{
    (void)number;
    shared->handled++;
}

static void wait_in(unsigned which, int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

    setpgid(0, 0); /* helpers of the call end with it */
    if (cases[which].hold)
        locked = locked_file(cases[which].hold);
    sigaction(SIGUSR1, &action, NULL);
    shared->busy = 0; /* where it sleeps from here on is the call */
    long result = cases[which].call();
    shared->error = result == -1 ? errno : 0;
    shared->done = 1;
    for (;;)
        pause();
}

static char state_of(pid_t child)
{
    char path[32], state = 0;

    snprintf(path, sizeof(path), "/proc/%d/stat", child);
    FILE *f = fopen(path, "r");
    CHECK(f && fscanf(f, "%*d (%*[^)]) %c", &state) == 1);
    if (f)
        fclose(f);
    return state;
}

/* Until it sleeps in the call, or has returned from it. */
static void until_asleep(pid_t child)
{
    while (shared->busy || (!shared->done && state_of(child) != 'S'))
        sched_yield();
}

static char outcome(pid_t child)
{
    char state = 0;
    while (!shared->done && state != 'S') {
        state = state_of(child);
        sched_yield();
    }
    if (!shared->done)
        return 'A';
    return shared->error == EINTR ? 'I' : '?';
}

static char meet(unsigned which, int mode)
{
    int status;

    *shared = (struct shared){.busy = 1};
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        wait_in(which, mode == 1 ? SA_RESTART : 0);
    until_asleep(child);
    if (mode < 2) {
        kill(child, SIGUSR1);
        while (!shared->handled)
            sched_yield();
    } else {
        kill(child, SIGSTOP);
        CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
        kill(child, SIGCONT);
        CHECK(waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status));
    }
    char found = outcome(child);
    kill(-child, SIGKILL);
    CHECK(waitpid(child, &status, 0) == child);
    return found;
}

int main(void)
{
    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    sysv_queue = msgget(IPC_PRIVATE, 0600);
    sysv_set = semget(IPC_PRIVATE, 1, 0600);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char found[4] = {0};
        for (int mode = 0; mode < 3; mode++)
            found[mode] = meet(i, mode);
        if (strcmp(found, cases[i].expected)) {
            printf("%s: %s, not %s\n", cases[i].name, found, cases[i].expected);
            check_failures++;
        }
    }
    msgctl(sysv_queue, IPC_RMID, NULL);
    semctl(sysv_set, 0, IPC_RMID);
    CHECK_DONE();
}
