/* SPDX-License-Identifier: BSD-3-Clause */
/* Positions near the largest number there is: sums with them are refused, not wrapped. */
#include "check.h"

#include <fcntl.h>

static void test_directory(void)
{
    int fd = open("/dev/shm", O_RDONLY | O_DIRECTORY);
    CHECK(fd >= 0);
    CHECK(lseek(fd, INT64_MAX, SEEK_SET) == INT64_MAX);
    CHECK_ERRNO(lseek(fd, 5, SEEK_CUR), EINVAL);
    CHECK_ERRNO(lseek(fd, INT64_MAX, SEEK_CUR), EINVAL);
    CHECK(lseek(fd, 0, SEEK_CUR) == INT64_MAX);
    CHECK(lseek(fd, 0, SEEK_SET) == 0);
    close(fd);
}

static void test_file(void)
{
    char name[] = "/dev/shm/extremeXXXXXX";
    int fd = mkstemp(name);
    CHECK(fd >= 0 && unlink(name) == 0 && write(fd, "text", 4) == 4);
    CHECK(lseek(fd, INT64_MAX, SEEK_SET) == INT64_MAX);
    CHECK_ERRNO(lseek(fd, 1, SEEK_CUR), EINVAL);
    CHECK_ERRNO(lseek(fd, INT64_MAX, SEEK_END), EINVAL);
    CHECK(lseek(fd, 0, SEEK_CUR) == INT64_MAX);
    char byte;
    CHECK(read(fd, &byte, 1) == 0 || errno == EINVAL || errno == EOVERFLOW);
    CHECK_ERRNO(pread(fd, &byte, 1, -1), EINVAL);
    CHECK_ERRNO(ftruncate(fd, -1), EINVAL);
    close(fd);
}

int main(void)
{
    test_directory();
    test_file();
    CHECK_DONE();
}
