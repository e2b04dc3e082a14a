/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls whose memory ends in the middle: what could be moved was moved, what could not is EFAULT,
 * and nothing is half done that must be whole. */
#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>

#define PAGE 4096

static char *edge; /* the first byte that is not there */

static void test_file(void)
{
    char check[200];
    int fd = open("partial", O_RDWR | O_CREAT | O_TRUNC, 0600);
    memset(edge - 100, 'x', 100);
    CHECK(write(fd, edge - 100, 100) == 100);
    CHECK(lseek(fd, 0, SEEK_SET) == 0);
    ssize_t n = read(fd, edge - 60, 100);
    CHECK(n == 60 || (n == -1 && errno == EFAULT));
    CHECK(lseek(fd, 0, SEEK_CUR) == (n > 0 ? n : 0));
    CHECK_ERRNO(pread(fd, edge, 10, 0), EFAULT);
    CHECK(pread(fd, edge, 10, 1000) == 0); /* nothing to move */
    CHECK(lseek(fd, 0, SEEK_END) == 100);
    n = write(fd, edge - 60, 100);
    CHECK(n == 60 || (n == -1 && errno == EFAULT));
    CHECK(lseek(fd, 0, SEEK_END) == 100 + (n > 0 ? n : 0));
    CHECK_ERRNO(write(fd, edge, 1), EFAULT);
    CHECK(write(fd, edge, 0) == 0);
    struct iovec parts[2] = {{check, 50}, {edge, 50}};
    CHECK(preadv(fd, parts, 2, 0) == 50);
    parts[0].iov_base = edge;
    CHECK_ERRNO(preadv(fd, parts, 2, 0), EFAULT);
    CHECK_ERRNO(readv(fd, (struct iovec *)(edge - 8), 2), EFAULT);
    close(fd);
    unlink("partial");
}

static void test_pipe(void)
{
    int ends[2];
    char byte[200];
    CHECK(pipe(ends) == 0 && write(ends[1], edge - 100, 100) == 100);
    ssize_t n = read(ends[0], edge - 60, 100);
    CHECK(n == 60 || (n == -1 && errno == EFAULT));
    CHECK_ERRNO(read(ends[0], edge, 1), EFAULT);
    CHECK(read(ends[0], byte, 200) == (n > 0 ? 40 : 100)); /* nothing was lost */
    CHECK_ERRNO(write(ends[1], edge, 1), EFAULT);
    n = write(ends[1], edge - 60, 100);
    CHECK(n == 60 || (n == -1 && errno == EFAULT));
    close(ends[0]);
    close(ends[1]);
}

/* Results that do not fit: EFAULT, and never a byte beyond. */
static void test_structures(void)
{
    struct utsname *u = (struct utsname *)(edge - sizeof(struct utsname) + 1);
    CHECK_ERRNO(uname(u), EFAULT);
    CHECK_ERRNO(syscall(SYS_clock_gettime, CLOCK_REALTIME, edge - 8), EFAULT);
    CHECK_ERRNO(syscall(SYS_fstat, 0, edge - 8), EFAULT);
    CHECK_ERRNO(syscall(SYS_getcwd, edge - 1, 100), EFAULT);
    CHECK_ERRNO(syscall(SYS_pipe2, edge - 4, 0), EFAULT);
    CHECK_ERRNO(syscall(SYS_rt_sigaction, SIGUSR1, edge - 8, NULL, 8), EFAULT);
    CHECK_ERRNO(syscall(SYS_readlink, "/proc/self/exe", edge, 10), EFAULT);
    /* The pipe's numbers could not be told: no descriptor was left open. */
    int fd = dup(0);
    CHECK(fd >= 0 && close(fd) == 0);
    CHECK_ERRNO(syscall(SYS_pipe2, edge - 4, 0), EFAULT);
    CHECK(dup(0) == fd && close(fd) == 0);
}

/* A name that ends where the page does. */
static void test_names(void)
{
    strcpy(edge - 5, "/tmp");
    CHECK(access(edge - 5, F_OK) == 0);
    memcpy(edge - 4, "/tmp", 4);
    CHECK_ERRNO(access(edge - 4, F_OK), EFAULT);
    CHECK_ERRNO(open(edge - 4, O_RDONLY), EFAULT);
    CHECK_ERRNO(access(edge, F_OK), EFAULT);
    CHECK_ERRNO(syscall(SYS_mkdir, edge, 0700), EFAULT);
    CHECK_ERRNO(syscall(SYS_rename, "/tmp", edge), EFAULT);
}

/* Memory that may not be written, and memory that may not be read. */
static void test_rights(void)
{
    char *only_read = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *nothing = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int zero = open("/dev/zero", O_RDWR), null = open("/dev/null", O_RDWR);
    CHECK_ERRNO(read(zero, only_read, 10), EFAULT);
    CHECK_ERRNO(read(zero, nothing, 10), EFAULT);
    CHECK_ERRNO(syscall(SYS_clock_gettime, CLOCK_REALTIME, only_read), EFAULT);
    CHECK(write(null, nothing, 10) == 10); /* nobody looks */
    int fd = open("partial", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(write(fd, only_read, 10) == 10);
    CHECK_ERRNO(write(fd, nothing, 10), EFAULT);
    CHECK_ERRNO(open(nothing, O_RDONLY), EFAULT);
    close(fd);
    unlink("partial");
    close(zero);
    close(null);
    CHECK(mprotect(nothing, PAGE, PROT_READ | PROT_WRITE) == 0 && nothing[9] == 0);
    /* Never touched before, filled by a call: the page comes into being. */
    char *fresh = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int random = open("/dev/urandom", O_RDONLY);
    CHECK(read(random, fresh + 100, 3 * PAGE) == 3 * PAGE);
    close(random);
}

int main(void)
{
    char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(munmap(p + PAGE, PAGE) == 0);
    edge = p + PAGE;
    test_file();
    test_pipe();
    test_structures();
    test_names();
    test_rights();
    CHECK_DONE();
}
