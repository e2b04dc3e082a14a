/* SPDX-License-Identifier: BSD-3-Clause */
/* read, write, pread, readv, lseek, truncate, fallocate, holes, sendfile, copy_file_range. */
#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>

#ifndef FALLOC_FL_KEEP_SIZE
#define FALLOC_FL_KEEP_SIZE 1
#define FALLOC_FL_PUNCH_HOLE 2
#endif

static struct stat st;
static char buffer[65536];

static void positions(void)
{
    int fd = open("p", O_RDWR | O_CREAT | O_TRUNC, 0644);
    CHECK(write(fd, "0123456789", 10) == 10);
    CHECK(lseek(fd, 0, SEEK_CUR) == 10 && lseek(fd, -3, SEEK_END) == 7 && lseek(fd, 2, SEEK_CUR) == 9);
    CHECK(read(fd, buffer, 8) == 1 && read(fd, buffer, 8) == 0);
    CHECK_ERRNO(lseek(fd, -1, SEEK_SET), EINVAL);
    CHECK_ERRNO(lseek(fd, 0, 99), EINVAL);
    CHECK_ERRNO(lseek(99, 0, SEEK_SET), EBADF);
    CHECK(lseek(fd, 20, SEEK_SET) == 20 && read(fd, buffer, 8) == 0);
    CHECK(pread(fd, buffer, 4, 3) == 4 && memcmp(buffer, "3456", 4) == 0 && lseek(fd, 0, 1) == 20);
    CHECK(pwrite(fd, "AB", 2, 4) == 2 && pread(fd, buffer, 20, 0) == 10);
    CHECK(memcmp(buffer, "0123AB6789", 10) == 0);
    CHECK_ERRNO(pread(fd, buffer, 1, -1), EINVAL);
    CHECK_ERRNO(pwrite(fd, buffer, 1, -1), EINVAL);
    CHECK(write(fd, "Z", 1) == 1 && fstat(fd, &st) == 0 && st.st_size == 21);
    CHECK(pread(fd, buffer, 30, 0) == 21 && buffer[15] == 0 && buffer[20] == 'Z');
    CHECK(syscall(SYS_read, fd, BAD_POINTER, 4) == 0); /* at the end nothing is stored */
    CHECK_ERRNO(syscall(SYS_read, fd, (void *)-16L, 4), EFAULT);
    CHECK(lseek(fd, 0, SEEK_SET) == 0);
    CHECK_ERRNO(syscall(SYS_read, fd, BAD_POINTER, 4), EFAULT);
    CHECK_ERRNO(syscall(SYS_write, fd, BAD_POINTER, 4), EFAULT);
    CHECK(syscall(SYS_read, fd, BAD_POINTER, 0) == 0);
    int copy = dup(fd);
    CHECK(lseek(copy, 5, SEEK_SET) == 5 && lseek(fd, 0, SEEK_CUR) == 5);
    close(copy);
    close(fd);
    fd = open("p", O_WRONLY | O_APPEND);
    CHECK(lseek(fd, 0, SEEK_SET) == 0 && write(fd, "end", 3) == 3 && lseek(fd, 0, SEEK_CUR) == 24);
    CHECK(pwrite(fd, "!", 1, 0) == 1 && fstat(fd, &st) == 0 && st.st_size == 25); /* BUGS in pwrite(2) */
    close(fd);
    fd = open(".", O_RDONLY);
    CHECK_ERRNO(read(fd, buffer, 10), EISDIR);
    CHECK_ERRNO(pread(fd, buffer, 10, 0), EISDIR);
    close(fd);
}

static void vectors(void)
{
    int fd = open("v", O_RDWR | O_CREAT | O_TRUNC, 0644);
    char a[4], b[4];
    struct iovec out[3] = {{"one", 3}, {"", 0}, {"three", 5}}, in[2] = {{a, 4}, {b, 4}};
    CHECK(writev(fd, out, 3) == 8);
    CHECK(preadv(fd, in, 2, 0) == 8 && memcmp(a, "onet", 4) == 0 && memcmp(b, "hree", 4) == 0);
    CHECK(readv(fd, in, 2) == 0);
    CHECK(lseek(fd, 0, SEEK_SET) == 0 && readv(fd, in, 2) == 8);
    CHECK(pwritev(fd, out, 1, 8) == 3);
    CHECK_ERRNO(syscall(SYS_readv, fd, in, -1L), EINVAL);
    CHECK_ERRNO(syscall(SYS_readv, fd, in, 1025L), EINVAL);
    CHECK(readv(fd, in, 0) == 0);
    CHECK_ERRNO(syscall(SYS_readv, fd, BAD_POINTER, 1), EFAULT);
    struct iovec huge[2] = {{a, SIZE_MAX / 2 + 1}, {b, 4}};
    CHECK_ERRNO(syscall(SYS_readv, fd, huge, 2), EINVAL);
    CHECK_ERRNO(preadv(fd, in, 1, -5), EINVAL);
    /* a fault in the second part: the first counts */
    struct iovec half[2] = {{a, 4}, {BAD_POINTER, 4}};
    CHECK(lseek(fd, 0, SEEK_SET) == 0 && syscall(SYS_readv, fd, half, 2) == 4);
    CHECK(syscall(SYS_preadv2, fd, in, 2, 0L, 0L, 0) == 8);
    CHECK_ERRNO(syscall(SYS_preadv2, fd, in, 2, 0L, 0L, 0x40000000), EOPNOTSUPP);
    close(fd);
}

static void sizes(void)
{
    int fd = open("s", O_RDWR | O_CREAT | O_TRUNC, 0644);
    memset(buffer, 'x', sizeof(buffer));
    CHECK(write(fd, buffer, 10000) == 10000);
    CHECK(ftruncate(fd, 5000) == 0 && ftruncate(fd, 9000) == 0);
    CHECK(pread(fd, buffer, 10000, 0) == 9000 && buffer[4999] == 'x' && buffer[5000] == 0 &&
          buffer[8999] == 0);
    CHECK_ERRNO(ftruncate(fd, -1), EINVAL);
    CHECK_ERRNO(truncate("no", 0), ENOENT);
    CHECK_ERRNO(truncate(".", 0), EISDIR);
    CHECK_ERRNO(truncate("s", -1), EINVAL);
    CHECK(truncate("s", 3) == 0 && fstat(fd, &st) == 0 && st.st_size == 3);
    int reader = open("s", O_RDONLY);
    CHECK_ERRNO(ftruncate(reader, 0), EINVAL);
    CHECK_ERRNO(fallocate(reader, 0, 0, 10), EBADF);
    close(reader);
    CHECK(fallocate(fd, 0, 0, 8192) == 0 && fstat(fd, &st) == 0 && st.st_size == 8192);
    CHECK(st.st_blocks >= 16);
    CHECK(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 16384) == 0 && fstat(fd, &st) == 0 &&
          st.st_size == 8192);
    CHECK_ERRNO(fallocate(fd, 0, 0, 0), EINVAL);
    CHECK_ERRNO(fallocate(fd, 0, -1, 5), EINVAL);
    CHECK_ERRNO(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 5), EOPNOTSUPP);
    CHECK(ftruncate(fd, 0) == 0 && ftruncate(fd, 65536) == 0);
    memset(buffer, 'y', 4096);
    CHECK(pwrite(fd, buffer, 4096, 16384) == 4096);
    CHECK(lseek(fd, 0, SEEK_DATA) == 16384 && lseek(fd, 16384, SEEK_HOLE) == 20480);
    CHECK(lseek(fd, 0, SEEK_HOLE) == 0);
    CHECK_ERRNO(lseek(fd, 20480, SEEK_DATA), ENXIO);
    CHECK_ERRNO(lseek(fd, 65536, SEEK_HOLE), ENXIO);
    CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 16384, 4096) == 0);
    CHECK(pread(fd, buffer, 4096, 16384) == 4096 && buffer[0] == 0 && buffer[4095] == 0);
    close(fd);
    struct rlimit limit = {100, RLIM_INFINITY};
    signal(SIGXFSZ, SIG_IGN);
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    fd = open("s", O_RDWR | O_TRUNC);
    CHECK(write(fd, buffer, 150) == 100);
    CHECK_ERRNO(write(fd, buffer, 1), EFBIG);
    CHECK_ERRNO(ftruncate(fd, 101), EFBIG);
    limit.rlim_cur = RLIM_INFINITY;
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    close(fd);
}

static void mappings(void)
{
    int fd = open("m", O_RDWR | O_CREAT | O_TRUNC, 0644);
    CHECK(write(fd, "mapped", 6) == 6 && ftruncate(fd, 8192) == 0);
    char *shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *private = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    CHECK(shared != MAP_FAILED && private != MAP_FAILED);
    CHECK(memcmp(shared, "mapped", 6) == 0);
    CHECK(pwrite(fd, "M", 1, 0) == 1 && shared[0] == 'M');
    shared[1] = 'A';
    CHECK(pread(fd, buffer, 2, 0) == 2 && memcmp(buffer, "MA", 2) == 0);
    private[2] = 'Q';
    CHECK(pread(fd, buffer, 3, 0) == 3 && buffer[2] == 'p');
    shared[5000] = 'z';
    CHECK(pread(fd, buffer, 1, 5000) == 1 && buffer[0] == 'z');
    CHECK(ftruncate(fd, 4096) == 0 && ftruncate(fd, 8192) == 0 && shared[5000] == 0);
    munmap(shared, 8192);
    munmap(private, 8192);
    close(fd);
}

static void copies(void)
{
    int from = open("from", O_RDWR | O_CREAT | O_TRUNC, 0644);
    int to = open("to", O_RDWR | O_CREAT | O_TRUNC, 0644);
    memset(buffer, 'c', 3000);
    CHECK(write(from, buffer, 3000) == 3000 && lseek(from, 0, SEEK_SET) == 0);
    CHECK(sendfile(to, from, NULL, 1000) == 1000 && lseek(from, 0, SEEK_CUR) == 1000);
    off_t at = 2500;
    CHECK(sendfile(to, from, &at, 1000) == 500 && at == 3000 && lseek(from, 0, SEEK_CUR) == 1000);
    CHECK(fstat(to, &st) == 0 && st.st_size == 1500);
    int reader = open("to", O_RDONLY), appender = open("to", O_WRONLY | O_APPEND);
    CHECK_ERRNO(sendfile(reader, from, NULL, 1), EBADF);
    CHECK_ERRNO(sendfile(to, appender, NULL, 1), EBADF);
    CHECK_ERRNO(sendfile(appender, from, NULL, 1), EINVAL);
    CHECK_ERRNO(sendfile(to, 99, NULL, 1), EBADF);
    loff_t in = 0, out = 100;
    CHECK(syscall(SYS_copy_file_range, from, &in, to, &out, 200L, 0) == 200 && in == 200 && out == 300);
    CHECK_ERRNO(syscall(SYS_copy_file_range, from, &in, to, &out, 200L, 1), EINVAL);
    CHECK_ERRNO(syscall(SYS_copy_file_range, from, &in, reader, &out, 200L, 0), EBADF);
    in = 0, out = 10;
    CHECK_ERRNO(syscall(SYS_copy_file_range, from, &in, from, &out, 200L, 0), EINVAL);
    in = 5000;
    CHECK(syscall(SYS_copy_file_range, from, &in, to, NULL, 200L, 0) == 0);
    CHECK(fsync(from) == 0 && fdatasync(from) == 0);
    CHECK_ERRNO(fsync(99), EBADF);
    close(reader), close(appender), close(from), close(to);
}

int main(void)
{
    char place[] = "files_dataXXXXXX";
    CHECK(mkdtemp(place) && chdir(place) == 0);
    positions();
    vectors();
    sizes();
    mappings();
    copies();
    CHECK_DONE();
}
