/* SPDX-License-Identifier: BSD-3-Clause */
/* What a pipe holds, page by page; packets; many writers; splice, tee, vmsplice, sendfile. */
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

static char buffer[1 << 20];

static int writable(int fd)
{
    struct pollfd f = {fd, POLLOUT, 0};
    return poll(&f, 1, 0) == 1 && (f.revents & POLLOUT);
}

static void filling(int flags)
{
    static const struct {
        int size, writes, bytes, packets, packet_bytes;
    } cases[] = {
        {1, 65536, 65536, 16, 1},         {100, 640, 64000, 16, 1600},
        {4095, 16, 65520, 16, 65520},     {4096, 16, 65536, 16, 65536},
        {4097, 11, 45066, 8, 32776},      {5000, 11, 54096, 8, 40000},
        {8192, 8, 65536, 8, 65536},       {10000, 7, 64096, 6, 54096},
    };
    for (unsigned n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        int p[2], writes = 0, bytes = 0;
        CHECK(pipe2(p, O_NONBLOCK | flags) == 0);
        ssize_t wrote;
        while ((wrote = write(p[1], buffer, cases[n].size)) > 0)
            writes++, bytes += wrote;
        CHECK(errno == EAGAIN && !writable(p[1]));
        int expected = flags ? cases[n].packets : cases[n].writes;
        if (writes != expected || (!flags && bytes != cases[n].bytes)) {
            printf("size %d, flags %x: %d writes, %d bytes\n", cases[n].size, flags, writes, bytes);
            check_failures++;
        }
        int count;
        CHECK(ioctl(p[0], FIONREAD, &count) == 0 && count == bytes);
        close(p[0]), close(p[1]);
    }
}

static void pages(void)
{
    int p[2];
    CHECK(pipe2(p, O_NONBLOCK) == 0);
    for (int n = 0; n < 16; n++)
        CHECK(write(p[1], buffer, 4096) == 4096);
    CHECK(read(p[0], buffer, 1) == 1 && !writable(p[1]));
    CHECK(read(p[0], buffer, 4094) == 4094 && !writable(p[1]));
    CHECK(read(p[0], buffer, 1) == 1 && writable(p[1]));
    CHECK_ERRNO(fcntl(p[0], F_SETPIPE_SZ, 4096), EBUSY);
    while (read(p[0], buffer, 65536) > 0)
        ;
    CHECK(fcntl(p[0], F_SETPIPE_SZ, 0) == 4096 && fcntl(p[0], F_SETPIPE_SZ, 5000) == 8192 &&
          fcntl(p[0], F_SETPIPE_SZ, 1 << 20) == 1 << 20 && fcntl(p[1], F_GETPIPE_SZ) == 1 << 20);
    CHECK(write(p[1], buffer, sizeof(buffer)) == sizeof(buffer));
    close(p[0]), close(p[1]);
    /* packets: what a short read leaves is lost */
    CHECK(pipe2(p, O_DIRECT) == 0 && write(p[1], "first", 5) == 5 && write(p[1], "second", 6) == 6);
    CHECK(read(p[0], buffer, 3) == 3 && read(p[0], buffer, 100) == 6 &&
          memcmp(buffer, "second", 6) == 0);
    close(p[0]), close(p[1]);
}

static void many_writers(void)
{
    enum { WRITERS = 4, ROUNDS = 200, SIZE = 3000 };
    int p[2], counts[WRITERS] = {0};
    CHECK(pipe(p) == 0);
    for (int w = 0; w < WRITERS; w++) {
        if (fork() == 0) {
            memset(buffer, 'a' + w, SIZE);
            for (int n = 0; n < ROUNDS; n++)
                if (write(p[1], buffer, SIZE) != SIZE)
                    _exit(1);
            _exit(0);
        }
    }
    close(p[1]);
    for (;;) {
        size_t have = 0;
        ssize_t n;
        while (have < SIZE && (n = read(p[0], buffer + have, SIZE - have)) > 0)
            have += n;
        if (!have)
            break;
        int whole = have == SIZE;
        for (size_t k = 1; k < have; k++)
            whole &= buffer[k] == buffer[0];
        CHECK(whole);
        counts[buffer[0] - 'a']++;
    }
    for (int w = 0; w < WRITERS; w++) {
        int status;
        CHECK(wait(&status) > 0 && status == 0 && counts[w] == ROUNDS);
    }
    close(p[0]);
}

static int file_with(const char *text)
{
    int fd = memfd_create("text", 0);
    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text) && lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

static void splices(void)
{
    int p[2], q[2], in = file_with("0123456789"), out = memfd_create("out", 0);
    off_t at = 4;
    CHECK(pipe2(p, O_NONBLOCK) == 0 && pipe2(q, O_NONBLOCK) == 0);
    CHECK(splice(in, NULL, p[1], NULL, 3, 0) == 3 && lseek(in, 0, SEEK_CUR) == 3);
    CHECK(splice(in, &at, p[1], NULL, 100, 0) == 6 && at == 10 && lseek(in, 0, SEEK_CUR) == 3);
    CHECK(splice(in, &at, p[1], NULL, 100, 0) == 0);
    CHECK(tee(p[0], q[1], 5, 0) == 5 && read(q[0], buffer, 100) == 5 &&
          memcmp(buffer, "01245", 5) == 0);
    CHECK(splice(p[0], NULL, q[1], NULL, 4, 0) == 4 && read(q[0], buffer, 100) == 4 &&
          memcmp(buffer, "0124", 4) == 0);
    at = 2;
    CHECK(splice(p[0], NULL, out, &at, 3, 0) == 3 && at == 5 && lseek(out, 0, SEEK_CUR) == 0);
    CHECK(pread(out, buffer, 100, 0) == 5 && memcmp(buffer, "\0\0" "567", 5) == 0);
    CHECK(splice(p[0], NULL, out, NULL, 100, 0) == 2 && lseek(out, 0, SEEK_CUR) == 2);
    CHECK_ERRNO(splice(p[0], NULL, out, NULL, 100, 0), EAGAIN);
    CHECK_ERRNO(tee(p[0], q[1], 5, 0), EAGAIN);
    CHECK(splice(p[0], NULL, out, NULL, 0, 0) == 0 && tee(p[0], q[1], 0, 0) == 0);
    /* what is refused */
    CHECK_ERRNO(splice(in, NULL, out, NULL, 5, 0), EINVAL);
    CHECK_ERRNO(splice(in, NULL, p[1], NULL, 5, 64), EINVAL);
    CHECK_ERRNO(splice(in, NULL, p[1], &at, 5, 0), ESPIPE);
    CHECK_ERRNO(splice(p[0], &at, out, NULL, 5, 0), ESPIPE);
    CHECK_ERRNO(splice(p[0], NULL, p[1], NULL, 5, 0), EINVAL);
    CHECK_ERRNO(splice(in, NULL, p[0], NULL, 5, 0), EBADF);
    CHECK_ERRNO(splice(99, NULL, p[1], NULL, 5, 0), EBADF);
    CHECK_ERRNO(splice(in, BAD_POINTER, p[1], NULL, 5, 0), EFAULT);
    CHECK_ERRNO(tee(in, p[1], 5, 0), EINVAL);
    CHECK_ERRNO(tee(p[0], p[1], 5, 0), EINVAL);
    CHECK_ERRNO(tee(p[0], q[1], 5, 64), EINVAL);
    CHECK_ERRNO(tee(99, q[1], 5, 0), EBADF);
    CHECK(write(p[1], "x", 1) == 1);
    fcntl(out, F_SETFL, O_APPEND);
    CHECK_ERRNO(splice(p[0], NULL, out, NULL, 5, 0), EINVAL);
    int event = eventfd(1, EFD_NONBLOCK);
    CHECK_ERRNO(splice(p[0], NULL, event, NULL, 5, 0), EINVAL);
    close(event);
    /* with memory */
    struct iovec parts[2] = {{"abc", 3}, {"defg", 4}};
    CHECK(read(p[0], buffer, 9) == 1 && vmsplice(p[1], parts, 2, 0) == 7);
    parts[0] = (struct iovec){buffer, 2};
    parts[1] = (struct iovec){buffer + 10, 10};
    CHECK(vmsplice(p[0], parts, 2, 0) == 7 && memcmp(buffer, "ab", 2) == 0 &&
          memcmp(buffer + 10, "cdefg", 5) == 0);
    CHECK_ERRNO(vmsplice(in, parts, 2, 0), EBADF);
    CHECK_ERRNO(vmsplice(p[1], parts, 2, 64), EINVAL);
    CHECK_ERRNO(vmsplice(p[1], BAD_POINTER, 2, 0), EFAULT);
    CHECK(vmsplice(p[1], parts, 0, 0) == 0);
    close(q[0]);
    signal(SIGPIPE, SIG_IGN);
    CHECK_ERRNO(splice(in, NULL, q[1], NULL, 5, 0), EPIPE);
    close(p[1]);
    CHECK_ERRNO(splice(p[0], NULL, q[1], NULL, 5, 0), EPIPE);
    close(q[1]);
    CHECK(pipe(q) == 0);
    CHECK(splice(p[0], NULL, q[1], NULL, 5, 0) == 0 && tee(p[0], q[1], 5, 0) == 0);
    close(p[0]), close(q[0]), close(q[1]), close(in), close(out);
}

static void sends(void)
{
    int s[2], p[2], in = memfd_create("in", 0), total = 0;
    off_t at = 100;
    memset(buffer, 'z', sizeof(buffer));
    CHECK(write(in, buffer, 200000) == 200000 && socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
    pid_t child = fork();
    if (child == 0) {
        close(s[1]);
        CHECK(sendfile(s[0], in, &at, 150000) == 150000 && at == 150100);
        _exit(check_failures);
    }
    close(s[0]);
    CHECK(pipe(p) == 0);
    ssize_t n;
    while ((n = splice(s[1], NULL, p[1], NULL, 65536, 0)) > 0) {
        total += n;
        while (n > 0)
            n -= read(p[0], buffer, n);
    }
    int status;
    CHECK(total == 150000 && waitpid(child, &status, 0) == child && status == 0);
    at = 0;
    CHECK(sendfile(p[1], in, &at, 5000) == 5000 && read(p[0], buffer, 10000) == 5000);
    close(s[1]), close(p[0]), close(p[1]), close(in);
}

int main(void)
{
    filling(0);
    filling(O_DIRECT);
    pages();
    many_writers();
    splices();
    sends();
    CHECK_DONE();
}
