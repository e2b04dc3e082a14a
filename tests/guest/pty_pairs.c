/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: libc=glibc */
/* Pseudo-terminals: opening, modes, the line discipline, flow, packet mode, closing. */
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <termios.h>

static int m, s;
static char buffer[70000];

static int events_of(int fd)
{
    struct pollfd f = {fd, POLLIN | POLLPRI | POLLOUT, 0};
    CHECK(poll(&f, 1, 0) >= 0);
    return f.revents;
}

/* Linux moves bytes between the sides a little later: wait until they are there. */
static void settle(void)
{
    usleep(20000);
}

static void modes(int i, int o, int l)
{
    struct termios t;
    CHECK(tcgetattr(s, &t) == 0);
    t.c_iflag = i;
    t.c_oflag = o;
    t.c_lflag = l;
    CHECK(tcsetattr(s, TCSANOW, &t) == 0);
}

static void character(int which, int value)
{
    struct termios t;
    CHECK(tcgetattr(s, &t) == 0);
    t.c_cc[which] = value;
    CHECK(tcsetattr(s, TCSANOW, &t) == 0);
}

static void pair(int i, int o, int l)
{
    CHECK(openpty(&m, &s, NULL, NULL, NULL) == 0);
    fcntl(m, F_SETFL, O_NONBLOCK), fcntl(s, F_SETFL, O_NONBLOCK);
    modes(i, o, l);
}

static void unpair(void)
{
    close(s), close(m);
}

static void shown(const char *what, const char *bytes, ssize_t n, const char *expected, ssize_t size,
                  int line)
{
    if (n == size && memcmp(bytes, expected, n > 0 ? n : 0) == 0)
        return;
    printf("line %d: %s gave %zd bytes:", line, what, n);
    for (ssize_t k = 0; k < n; k++)
        printf(bytes[k] >= ' ' && bytes[k] < 127 ? "%c" : "\\%03o", bytes[k] & 255);
    printf(", errno %d\n", errno);
    check_failures++;
}

static void type(const char *text, ssize_t size)
{
    CHECK(write(m, text, size) == size);
    settle();
}

#define TYPE(text) type(text, sizeof(text) - 1)
#define READS(fd, size, text)                                                                      \
    shown("read(" #fd ")", buffer, read(fd, buffer, size), text, sizeof(text) - 1, __LINE__)
#define NOTHING(fd) CHECK_ERRNO(read(fd, buffer, 100), EAGAIN)

#define COOKED (ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN)

static void opening(void)
{
    char name[64], path[64];
    int number, on = 1;
    struct stat st;
    m = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    CHECK(m >= 0 && fstat(m, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == 0x502);
    CHECK(ioctl(m, TIOCGPTN, &number) == 0 && ioctl(m, TIOCGPTLCK, &on) == 0 && on == 1);
    snprintf(path, sizeof(path), "/dev/pts/%d", number);
    CHECK_ERRNO(open(path, O_RDWR | O_NOCTTY), EIO);
    CHECK(grantpt(m) == 0 && unlockpt(m) == 0 && strcmp(ptsname(m), path) == 0);
    s = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
    CHECK(s >= 0 && isatty(s) && isatty(m) && fstat(s, &st) == 0 && S_ISCHR(st.st_mode) &&
          st.st_rdev == 0x8800u + number && st.st_uid == getuid());
    CHECK(ttyname_r(s, name, sizeof(name)) == 0 && strcmp(name, path) == 0);
    int t = ioctl(m, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    CHECK(t >= 0 && ttyname_r(t, name, sizeof(name)) == 0 && strcmp(name, path) == 0 &&
          fcntl(t, F_GETFD) == FD_CLOEXEC);
    close(t);
    CHECK_ERRNO(lseek(m, 0, SEEK_SET), ESPIPE);
    CHECK_ERRNO(pread(s, buffer, 1, 0), ESPIPE);
    CHECK_ERRNO(ftruncate(s, 0), EINVAL);
    struct termios t0;
    CHECK(tcgetattr(m, &t0) == 0 && t0.c_iflag == (ICRNL | IXON) && t0.c_oflag == (OPOST | ONLCR) &&
          t0.c_cflag == (B38400 | CS8 | CREAD) && t0.c_lflag == COOKED);
    static const unsigned char cc[] = {3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0};
    CHECK(memcmp(t0.c_cc, cc, sizeof(cc)) == 0 && cfgetospeed(&t0) == B38400);
    struct winsize w = {30, 100, 5, 6}, seen;
    CHECK(ioctl(s, TIOCGWINSZ, &seen) == 0 && seen.ws_row == 0);
    CHECK(ioctl(m, TIOCSWINSZ, &w) == 0 && ioctl(s, TIOCGWINSZ, &seen) == 0 &&
          memcmp(&w, &seen, sizeof(w)) == 0);
    cfsetspeed(&t0, B115200);
    CHECK(tcsetattr(s, TCSANOW, &t0) == 0 && tcgetattr(s, &t0) == 0 && cfgetospeed(&t0) == B115200);
    CHECK(ioctl(s, TIOCGETD, &number) == 0 && number == 0);
    CHECK(ioctl(s, TIOCOUTQ, &number) == 0 && number == 0);
    CHECK_ERRNO(ioctl(s, TIOCGPTN, &number), ENOTTY);
    CHECK_ERRNO(ioctl(s, 0x5499, &number), ENOTTY);
    CHECK_ERRNO(ioctl(s, TCGETS, BAD_POINTER), EFAULT);
    CHECK_ERRNO(ioctl(s, TCSETS, BAD_POINTER), EFAULT);
    CHECK_ERRNO(ioctl(s, TIOCGPGRP, &number), ENOTTY);
    CHECK_ERRNO(ioctl(s, TIOCGSID, &number), ENOTTY);
    CHECK_ERRNO(ioctl(m, TIOCGSID, &number), ENOTTY);
    CHECK_ERRNO(ioctl(s, TIOCNOTTY), ENOTTY);
    CHECK_ERRNO(tcflush(s, 9), EINVAL);
    CHECK_ERRNO(tcflow(s, 9), EINVAL);
    CHECK_ERRNO(read(s, buffer, 1), EAGAIN);
    CHECK_ERRNO(read(m, buffer, 1), EAGAIN);
    CHECK(events_of(m) == POLLOUT && events_of(s) == POLLOUT);
    unpair();
    CHECK_ERRNO(open(path, O_RDWR), ENOENT);
}

static void lines(void)
{
    pair(ICRNL, OPOST | ONLCR, COOKED);
    TYPE("hello");
    READS(m, 100, "hello");
    NOTHING(s);
    CHECK(events_of(s) == POLLOUT);
    int count;
    CHECK(ioctl(s, FIONREAD, &count) == 0 && count == 0);
    TYPE("\rnext\nrest");
    CHECK(events_of(s) == (POLLIN | POLLOUT) && ioctl(s, FIONREAD, &count) == 0 && count == 11);
    READS(s, 3, "hel");
    READS(s, 100, "lo\n");
    READS(s, 100, "next\n");
    NOTHING(s);
    READS(m, 100, "\r\nnext\r\nrest");
    /* end of file: alone, behind bytes, behind as many as are asked for */
    TYPE("\4");
    READS(s, 100, "rest");
    TYPE("\4");
    READS(s, 100, "");
    NOTHING(s);
    TYPE("abc\4");
    READS(s, 3, "abc");
    NOTHING(s);
    TYPE("abc\4\4");
    READS(s, 100, "abc");
    READS(s, 100, "");
    READS(m, 100, "abcabc");
    /* other ends of lines */
    character(VEOL, ';');
    TYPE("one;two;");
    READS(s, 100, "one;");
    READS(s, 100, "two;");
    character(VEOL, 0);
    read(m, buffer, 100);
    /* erasing */
    TYPE("ab\177\177\177c\n");
    READS(s, 100, "c\n");
    READS(m, 100, "ab\b \b\b \bc\r\n");
    TYPE("x\1\177\tb\177\177y\n");
    READS(s, 100, "xy\n");
    READS(m, 100, "x^A\b \b\b \b\tb\b \b\b\b\b\b\b\b\by\r\n");
    TYPE("one two  \27three\25z\n");
    READS(s, 100, "z\n");
    READS(m, 100, "one two  \b \b\b \b\b \b\b \b\b \bthree\b \b\b \b\b \b\b \b\b \b\b \b\b \b\b \b\b \bz\r\n");
    /* literally, and again */
    TYPE("a\26\177b\22c\n");
    READS(s, 100, "a\177bc\n");
    READS(m, 100, "a^\b^?b^R\r\na^?bc\r\n");
    /* bytes of UTF-8 go together */
    modes(ICRNL | IUTF8, OPOST | ONLCR, COOKED);
    TYPE("\303\244\177b\n");
    READS(s, 100, "b\n");
    READS(m, 100, "\303\244\b \bb\r\n");
    /* on paper */
    modes(ICRNL, OPOST | ONLCR, COOKED | ECHOPRT);
    TYPE("abc\177\177d\n");
    READS(s, 100, "ad\n");
    READS(m, 100, "abc\\cb/d\r\n");
    modes(ICRNL, OPOST | ONLCR, ICANON | ECHO | ECHOK | IEXTEN);
    TYPE("ab\177c\25d\n");
    READS(s, 100, "d\n");
    READS(m, 100, "ab\177c\25\r\nd\r\n");
    /* no echo but of the newline */
    modes(ICRNL, OPOST | ONLCR, ICANON | ECHONL);
    TYPE("secret\n");
    READS(s, 100, "secret\n");
    READS(m, 100, "\r\n");
    unpair();
}

static void long_lines(void)
{
    pair(ICRNL, 0, ICANON);
    memset(buffer, 'x', 5000);
    for (int n = 0; n < 50; n++)
        CHECK(write(m, buffer, 100) == 100);
    settle();
    CHECK(!(events_of(s) & POLLIN));
    TYPE("\n");
    CHECK(read(s, buffer, 5000) == 4096 && buffer[4095] == '\n' && buffer[4094] == 'x');
    unpair();
}

static void translations(void)
{
    pair(IGNCR | INLCR | ISTRIP, 0, 0);
    TYPE("a\rb\n\301");
    READS(s, 100, "ab\rA");
    modes(IUCLC, 0, IEXTEN);
    TYPE("aBC");
    READS(s, 100, "abc");
    modes(PARMRK, 0, 0);
    TYPE("a\377b");
    READS(s, 100, "a\377\377b");
    CHECK(write(s, "a\r\n\t", 4) == 4);
    settle();
    READS(m, 100, "a\r\n\t");
    modes(0, OPOST | OCRNL | XTABS | OLCUC, 0);
    CHECK(write(s, "ab\rc\td\bx\ty", 10) == 10);
    settle();
    READS(m, 100, "AB\nC     D\bX       Y");
    modes(0, OPOST | ONOCR | ONLRET, 0);
    CHECK(write(s, "\n\r\rab\r\rc", 8) == 8);
    settle();
    READS(m, 100, "\nab\rc");
    unpair();
}

static long ms_between(const struct timespec *a, const struct timespec *b)
{
    return (b->tv_sec - a->tv_sec) * 1000 + (b->tv_nsec - a->tv_nsec) / 1000000;
}

static void raw_reads(void)
{
    struct timespec before, after;
    pair(0, 0, 0);
    TYPE("abc\3\4\n");
    READS(s, 100, "abc\3\4\n");
    character(VMIN, 4);
    TYPE("ab");
    CHECK(!(events_of(s) & POLLIN));
    fcntl(s, F_SETFL, O_NONBLOCK);
    READS(s, 100, "ab");
    TYPE("abcd");
    CHECK(events_of(s) & POLLIN);
    fcntl(s, F_SETFL, 0);
    READS(s, 100, "abcd");
    /* between bytes */
    character(VTIME, 2);
    TYPE("xy");
    clock_gettime(CLOCK_MONOTONIC, &before);
    READS(s, 100, "xy");
    clock_gettime(CLOCK_MONOTONIC, &after);
    CHECK(ms_between(&before, &after) >= 150);
    /* the whole read */
    character(VMIN, 0);
    clock_gettime(CLOCK_MONOTONIC, &before);
    READS(s, 100, "");
    clock_gettime(CLOCK_MONOTONIC, &after);
    CHECK(ms_between(&before, &after) >= 150);
    TYPE("q");
    READS(s, 100, "q");
    character(VTIME, 0);
    READS(s, 100, "");
    fcntl(s, F_SETFL, O_NONBLOCK);
    READS(s, 100, "");
    TYPE("z");
    CHECK_ERRNO(read(s, BAD_POINTER, 10), EFAULT);
    /* what was typed before a change of mode */
    tcflush(s, TCIFLUSH);
    character(VMIN, 1);
    TYPE("typed");
    modes(0, 0, ICANON);
    READS(s, 100, "typed");
    TYPE("half");
    NOTHING(s);
    modes(0, 0, 0);
    READS(s, 100, "half");
    TYPE("gone");
    CHECK(tcflush(s, TCIFLUSH) == 0);
    NOTHING(s);
    CHECK(write(s, "out", 3) == 3 && tcflush(s, TCOFLUSH) == 0 && tcdrain(s) == 0);
    struct termios t;
    TYPE("lost");
    CHECK(tcgetattr(s, &t) == 0 && tcsetattr(s, TCSAFLUSH, &t) == 0);
    NOTHING(s);
    unpair();
}

static void flow(void)
{
    pair(IXON, 0, 0);
    TYPE("\23");
    CHECK_ERRNO(write(s, "x", 1), EAGAIN);
    CHECK(!(events_of(s) & POLLOUT));
    TYPE("\21");
    CHECK(events_of(s) & POLLOUT);
    CHECK(write(s, "x", 1) == 1);
    settle();
    READS(m, 100, "x");
    NOTHING(s);
    TYPE("\23");
    modes(0, 0, 0); /* without IXON it may go on */
    CHECK(write(s, "y", 1) == 1);
    CHECK(tcflow(s, TCOOFF) == 0);
    CHECK_ERRNO(write(s, "x", 1), EAGAIN);
    CHECK(tcflow(s, TCOON) == 0 && write(s, "z", 1) == 1);
    settle();
    READS(m, 100, "yz");
    CHECK(tcflow(s, TCIOFF) == 0 && tcflow(s, TCION) == 0);
    settle();
    READS(m, 100, "\23\21");
    unpair();
}

static void packets(void)
{
    int on = 1;
    pair(IXON, 0, 0);
    CHECK(ioctl(m, TIOCPKT, &on) == 0 && write(s, "data", 4) == 4);
    settle();
    READS(m, 100, "\0data");
    TYPE("\23");
    CHECK(events_of(m) & POLLPRI);
    READS(m, 100, "\4");
    CHECK(!(events_of(m) & POLLPRI));
    TYPE("\21");
    READS(m, 100, "\10");
    CHECK(tcflush(s, TCIOFLUSH) == 0);
    READS(m, 100, "\3");
    modes(0, 0, 0);
    READS(m, 100, "\20");
    modes(IXON, 0, 0);
    READS(m, 100, "\40");
    on = 0;
    CHECK(ioctl(m, TIOCPKT, &on) == 0 && write(s, "data", 4) == 4);
    settle();
    READS(m, 100, "data");
    unpair();
}

static void *read_slave(void *result)
{
    char byte;
    long n = read(s, &byte, 1);
    *(long *)result = n < 0 ? -errno : n;
    return NULL;
}

static void closing(void)
{
    char path[64];
    long result = 77;
    pair(ICRNL, 0, ICANON);
    strcpy(path, ptsname(m));
    CHECK(write(s, "bye", 3) == 3);
    close(s);
    settle();
    CHECK(events_of(m) == (POLLIN | POLLOUT | POLLHUP));
    READS(m, 100, "bye");
    CHECK_ERRNO(read(m, buffer, 1), EIO);
    CHECK(events_of(m) == (POLLOUT | POLLHUP));
    TYPE("kept\n");
    s = open(path, O_RDWR | O_NOCTTY);
    READS(s, 100, "kept\n");
    CHECK_ERRNO(read(m, buffer, 1), EAGAIN);
    CHECK(ioctl(s, TIOCEXCL) == 0);
    int t = open(path, O_RDWR | O_NOCTTY);
    CHECK(geteuid() == 0 ? t >= 0 : t < 0 && errno == EBUSY);
    close(t);
    pthread_t reader;
    CHECK(pthread_create(&reader, NULL, read_slave, &result) == 0);
    settle();
    close(m);
    CHECK(pthread_join(reader, NULL) == 0 && result == -EIO);
    CHECK(read(s, buffer, 1) == 0);
    CHECK_ERRNO(write(s, "x", 1), EIO);
    CHECK(events_of(s) == (POLLIN | POLLOUT | POLLERR | POLLHUP));
    struct termios modes_now;
    CHECK_ERRNO(tcgetattr(s, &modes_now), EIO);
    int group = 1;
    CHECK_ERRNO(ioctl(s, TIOCSPGRP, &group), ENOTTY);
    close(s);
}

static void filling(void)
{
    pair(0, 0, 0);
    long total = 0, got = 0;
    ssize_t n;
    for (int tries = 0; tries < 100 && (n = write(s, buffer, sizeof(buffer))) > 0; tries++)
        total += n, settle();
    CHECK(total >= 4096 && total < 70000 && !(events_of(s) & POLLOUT));
    while ((n = read(m, buffer, sizeof(buffer))) > 0)
        got += n, settle();
    CHECK(got == total && (events_of(s) & POLLOUT));
    for (total = got = 0; (n = write(m, buffer, sizeof(buffer))) > 0; total += n)
        settle();
    CHECK(total >= 4096 && total < 70000);
    while ((n = read(s, buffer, sizeof(buffer))) > 0)
        got += n, settle();
    CHECK(got == total);
    unpair();
}

/* A device number's minor part has more than eight bits. */
static void test_many(void)
{
    static int masters[300];
    int slave, number = 0, locked = 0;
    char name[64];
    struct stat st;

    for (int n = 0; n < 300; n++)
        CHECK((masters[n] = open("/dev/ptmx", O_RDWR | O_NOCTTY)) >= 0);
    CHECK(ioctl(masters[299], TIOCGPTN, &number) == 0 && number >= 299);
    CHECK(ioctl(masters[299], TIOCSPTLCK, &locked) == 0);
    snprintf(name, sizeof(name), "/dev/pts/%d", number);
    CHECK((slave = open(name, O_RDWR | O_NOCTTY)) >= 0);
    CHECK(fstat(slave, &st) == 0 && major(st.st_rdev) == 136 && minor(st.st_rdev) == (unsigned)number);
    CHECK(isatty(slave) == 1);
    close(slave);
    for (int n = 0; n < 300; n++)
        close(masters[n]);
}

int main(void)
{
    test_many();
    opening();
    lines();
    long_lines();
    translations();
    raw_reads();
    flow();
    packets();
    closing();
    filling();
    CHECK_DONE();
}
