/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: libc=glibc */
/* Controlling terminals: taking and leaving one, signals from the keyboard, background groups,
 * hang-up. */
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>

static char buffer[4096];
static int m;
static char path[64];
static volatile int caught;

static void on_signal(int number)
{
    caught = number;
}

static void handle(int number, void (*handler)(int))
{
    struct sigaction act = {.sa_handler = handler};
    CHECK(sigaction(number, &act, NULL) == 0);
}

/* Runs `body` as a session leader whose terminal is the slave of m; -1 in `number`: without one. */
static pid_t leader(void (*body)(void), int with_terminal)
{
    m = posix_openpt(O_RDWR | O_NOCTTY);
    CHECK(m >= 0 && grantpt(m) == 0 && unlockpt(m) == 0);
    strcpy(path, ptsname(m));
    fflush(stdout);
    pid_t child = fork();
    if (child)
        return child;
    check_failures = 0;
    CHECK(setsid() == getpid());
    CHECK_ERRNO(open("/dev/tty", O_RDWR), ENXIO);
    if (with_terminal) {
        int s = open(path, O_RDWR);
        CHECK(s >= 0);
        close(m);
        m = s;
    }
    body();
    fflush(stdout);
    _exit(check_failures);
}

static void finish(pid_t child, int expected)
{
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    if (status != expected) {
        printf("a session ended with %#x, not %#x\n", status, expected);
        check_failures++;
    }
    close(m);
}

/* Waits for this text; what came with it and behind it is for the next. */
static void expect(const char *text)
{
    static char shown[1000];
    static size_t have;
    static int of = -1;
    struct pollfd f = {m, POLLIN, 0};
    char *found;

    if (of != m)
        have = 0;
    of = m;
    shown[have] = 0;
    while (!(found = strstr(shown, text)) && have < sizeof(shown) - 1 && poll(&f, 1, 5000) == 1) {
        ssize_t n = read(m, shown + have, sizeof(shown) - 1 - have);
        if (n <= 0)
            break;
        have += n;
        shown[have] = 0;
    }
    if (!found) {
        printf("the terminal shows \"%s\", not \"%s\"\n", shown, text);
        check_failures++;
        have = 0;
        return;
    }
    have -= found + strlen(text) - shown;
    memmove(shown, found + strlen(text), have);
}

static void say(const char *text)
{
    CHECK(write(m, text, strlen(text)) == (ssize_t)strlen(text));
}

/* --- taking and leaving --- */

static void taking(void)
{
    int s = open(path, O_RDWR | O_NOCTTY), value, other_master = m;
    CHECK_ERRNO(open("/dev/tty", O_RDWR), ENXIO);
    CHECK_ERRNO(ioctl(s, TIOCGPGRP, &value), ENOTTY);
    CHECK(ioctl(s, TIOCSCTTY, 0) == 0 && ioctl(s, TIOCSCTTY, 0) == 0);
    int t = open("/dev/tty", O_RDWR);
    CHECK(t >= 0 && tcgetpgrp(t) == getpgrp() && tcgetsid(t) == getpid());
    CHECK(ioctl(other_master, TIOCGPGRP, &value) == 0 && value == getpgrp());
    CHECK(ioctl(other_master, TIOCGSID, &value) == 0 && value == getpid());
    CHECK_ERRNO(tcsetpgrp(t, -5), EINVAL);
    CHECK_ERRNO(tcsetpgrp(t, 3999999), ESRCH);
    CHECK_ERRNO(tcsetpgrp(t, getpgid(getppid())), EPERM);
    CHECK_ERRNO(ioctl(t, TIOCSPGRP, BAD_POINTER), EFAULT);
    /* a second one is refused to this session, this one to another session */
    int m2 = posix_openpt(O_RDWR | O_NOCTTY);
    CHECK(unlockpt(m2) == 0);
    int s2 = open(ptsname(m2), O_RDWR);
    CHECK_ERRNO(ioctl(s2, TIOCSCTTY, 0), EPERM);
    CHECK_ERRNO(tcsetpgrp(s2, getpgrp()), ENOTTY);
    pid_t child = fork();
    if (child == 0) {
        CHECK_ERRNO(ioctl(s2, TIOCSCTTY, 0), EPERM); /* no leader */
        CHECK(ioctl(t, TIOCNOTTY) == 0);             /* for itself alone */
        CHECK_ERRNO(open("/dev/tty", O_RDWR), ENXIO);
        CHECK(setsid() > 0);
        CHECK_ERRNO(ioctl(s, TIOCSCTTY, 0), EPERM);
        int again = open(path, O_RDWR);
        CHECK(again >= 0);
        CHECK_ERRNO(open("/dev/tty", O_RDWR), ENXIO);
        if (geteuid() == 0) {
            CHECK(ioctl(s, TIOCSCTTY, 1) == 0); /* stolen */
            CHECK(open("/dev/tty", O_RDWR) >= 0);
        }
        _exit(check_failures);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    if (geteuid() == 0) {
        CHECK_ERRNO(open("/dev/tty", O_RDWR), ENXIO);
        CHECK(ioctl(s2, TIOCSCTTY, 0) == 0);
    }
    handle(SIGHUP, on_signal);
    caught = 0;
    t = open("/dev/tty", O_RDWR);
    CHECK(ioctl(t, TIOCNOTTY) == 0 && caught == SIGHUP);
    CHECK_ERRNO(open("/dev/tty", O_RDWR), ENXIO);
    CHECK_ERRNO(ioctl(t, TIOCNOTTY), ENOTTY);
}

/* --- the keyboard --- */

static void keyboard(void)
{
    static const struct {
        int signal;
    } keys[] = {{SIGINT}, {SIGQUIT}, {SIGTSTP}, {SIGWINCH}};
    sigset_t none;
    sigset_t all;
    sigfillset(&all);
    sigemptyset(&none);
    sigprocmask(SIG_BLOCK, &all, NULL);
    for (int n = 0; n < 4; n++)
        handle(keys[n].signal, on_signal);
    for (int n = 0; n < 4; n++) {
        caught = 0;
        dprintf(m, "ready %d\n", n);
        sigsuspend(&none);
        CHECK(caught == keys[n].signal);
    }
    struct winsize w;
    CHECK(ioctl(m, TIOCGWINSZ, &w) == 0 && w.ws_col == 91);
    dprintf(m, "done\n");
    ssize_t n = read(m, buffer, 100);
    CHECK(n == 4 && memcmp(buffer, "end\n", 4) == 0);
}

static void use_keyboard(void)
{
    pid_t child = leader(keyboard, 1);
    expect("ready 0");
    say("\3");
    expect("^C");
    expect("ready 1");
    say("\34");
    expect("ready 2");
    say("\32");
    expect("ready 3");
    struct winsize w = {31, 91, 0, 0};
    CHECK(ioctl(m, TIOCSWINSZ, &w) == 0);
    expect("done");
    say("enx\177d\n");
    finish(child, 0);
}

/* --- background groups --- */

static int stopped_by(pid_t child)
{
    int status;
    CHECK(waitpid(child, &status, WUNTRACED) == child);
    return WIFSTOPPED(status) ? WSTOPSIG(status) : -status;
}

static void background(void)
{
    struct termios t;
    int s = m, go[2];
    CHECK(pipe(go) == 0 && tcgetattr(s, &t) == 0);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        CHECK(setpgid(0, 0) == 0 && read(go[0], &byte, 1) == 1);
        CHECK(read(s, buffer, 100) == 5);           /* SIGTTIN, then in the foreground */
        CHECK(read(go[0], &byte, 1) == 1);
        CHECK(write(s, "free\n", 5) == 5);          /* no TOSTOP */
        CHECK(tcsetattr(s, TCSANOW, &t) == 0);      /* SIGTTOU */
        handle(SIGTTOU, SIG_IGN);
        CHECK(tcsetpgrp(s, getpgrp()) == 0);        /* ignored: may do it */
        handle(SIGTTIN, SIG_IGN);
        CHECK(tcsetpgrp(s, getppid()) == 0);
        CHECK_ERRNO(read(s, buffer, 1), EIO);
        handle(SIGTTOU, SIG_DFL);
        t.c_lflag |= TOSTOP;
        handle(SIGTTOU, SIG_IGN);
        CHECK(tcsetattr(s, TCSANOW, &t) == 0 && write(s, "ignored\n", 8) == 8);
        handle(SIGTTOU, SIG_DFL);
        CHECK(write(s, "late\n", 5) == 5);          /* SIGTTOU */
        _exit(check_failures);
    }
    setpgid(child, child);
    CHECK(write(go[1], "x", 1) == 1 && stopped_by(child) == SIGTTIN);
    CHECK(tcsetpgrp(s, child) == 0 && kill(child, SIGCONT) == 0);
    dprintf(s, "type\n");
    handle(SIGTTOU, SIG_IGN);
    int status;
    CHECK(waitpid(child, &status, WNOHANG) == 0);
    struct pollfd f = {s, POLLIN, 0};
    while (poll(&f, 1, 1000) == 1) /* until the child has read the line */
        usleep(1000);
    CHECK(tcsetpgrp(s, getpgrp()) == 0 && write(go[1], "x", 1) == 1);
    CHECK(stopped_by(child) == SIGTTOU && kill(child, SIGCONT) == 0);
    CHECK(stopped_by(child) == SIGTTOU); /* the call begins anew, still in the background */
    CHECK(tcsetpgrp(s, child) == 0 && kill(child, SIGCONT) == 0);
    CHECK(stopped_by(child) == SIGTTOU); /* at the last write */
    CHECK(tcsetpgrp(s, child) == 0 && kill(child, SIGCONT) == 0);
    CHECK(stopped_by(child) == 0);
    /* an orphaned group is not stopped */
    CHECK(tcsetpgrp(s, getpgrp()) == 0);
    child = fork();
    if (child == 0) {
        pid_t parent = getpid(), orphan = fork();
        if (orphan == 0) {
            setpgid(0, 0);
            while (getppid() == parent)
                usleep(1000);
            CHECK_ERRNO(read(s, buffer, 1), EIO);
            CHECK(write(go[1], check_failures ? "f" : "o", 1) == 1);
            _exit(0);
        }
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && read(go[0], buffer, 1) == 1 && buffer[0] == 'o');
}

static void use_background(void)
{
    pid_t child = leader(background, 1);
    expect("type");
    say("line\n");
    finish(child, 0);
}

/* --- the end --- */

static void wait_for_hang_up(void)
{
    handle(SIGHUP, on_signal);
    caught = 0;
    dprintf(m, "waiting\n");
    ssize_t n = read(m, buffer, 100);
    for (int tries = 0; caught != SIGHUP && tries < 1000; tries++)
        usleep(1000); /* Linux wakes the reader before it sends the signal */
    CHECK(n <= 0 && caught == SIGHUP);
    CHECK(read(m, buffer, 100) == 0);
    CHECK_ERRNO(write(m, "x", 1), EIO);
    CHECK_ERRNO(open("/dev/tty", O_RDWR), ENXIO);
}

static void leave_children(void)
{
    int s = m;
    pid_t child = fork();
    if (child == 0) {
        handle(SIGHUP, on_signal);
        setpgid(0, 0);
        dprintf(s, "child\n");
        pause();
        if (caught == SIGHUP && open("/dev/tty", O_RDWR) < 0 && errno == ENXIO)
            dprintf(s, "hung up\n");
        _exit(0);
    }
    setpgid(child, child);
    handle(SIGTTOU, SIG_IGN);
    CHECK(tcsetpgrp(s, child) == 0);
    usleep(50000);
}

static void vhangups(void)
{
    handle(SIGHUP, on_signal);
    caught = 0;
    if (geteuid() == 0) {
        CHECK(vhangup() == 0 && caught == SIGHUP);
        CHECK(read(m, buffer, 1) == 0);
        CHECK(setresuid(65534, 65534, 65534) == 0);
    }
    CHECK_ERRNO(vhangup(), EPERM);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGALRM, SIG_DFL);
    alarm(30);
    finish(leader(taking, 0), 0);
    use_keyboard();
    use_background();
    pid_t child = leader(wait_for_hang_up, 1);
    expect("waiting");
    close(m);
    finish(child, 0);
    child = leader(leave_children, 1);
    expect("hung up");
    finish(child, 0);
    finish(leader(vhangups, 1), 0);
    child = forkpty(&m, NULL, NULL, NULL);
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", "tty; test -t 0 && echo $((6*7))", (char *)NULL);
        _exit(127);
    }
    if (access("/bin/sh", X_OK) == 0)
        expect("42");
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    close(m);
    CHECK_DONE();
}
