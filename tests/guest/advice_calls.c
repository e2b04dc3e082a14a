/* SPDX-License-Identifier: BSD-3-Clause */
/* posix_fadvise(2): what is checked, though the advice itself shows nowhere. */
#include "check.h"

#include <fcntl.h>

static long advise(int fd, long offset, long length, int advice)
{
    return syscall(SYS_fadvise64, fd, offset, length, advice);
}

int main(void)
{
    char name[] = "/tmp/advice-XXXXXX";
    int ends[2], file = mkstemp(name), directory = open("/tmp", O_RDONLY), path = open(name, O_PATH);

    CHECK(file >= 0 && directory >= 0 && path >= 0 && pipe(ends) == 0);
    CHECK(write(file, "0123456789", 10) == 10);
    for (int advice = POSIX_FADV_NORMAL; advice <= POSIX_FADV_NOREUSE; advice++) {
        CHECK(advise(file, 0, 0, advice) == 0);
        CHECK(advise(file, 4, 2, advice) == 0);
        CHECK(advise(file, 4096, 1 << 20, advice) == 0);
        CHECK(advise(directory, 0, 0, advice) == 0);
    }
    CHECK_ERRNO(advise(file, 0, 0, POSIX_FADV_NOREUSE + 1), EINVAL);
    CHECK_ERRNO(advise(file, 0, 0, -1), EINVAL);
    CHECK_ERRNO(advise(file, 0, -1, POSIX_FADV_WILLNEED), EINVAL);
    CHECK_ERRNO(advise(ends[0], 0, 0, POSIX_FADV_WILLNEED), ESPIPE);
    CHECK_ERRNO(advise(ends[1], 0, -1, 99), ESPIPE);
    CHECK_ERRNO(advise(path, 0, 0, POSIX_FADV_WILLNEED), EBADF);
    CHECK_ERRNO(advise(99, 0, 0, POSIX_FADV_WILLNEED), EBADF);
    CHECK_ERRNO(advise(-1, 0, 0, POSIX_FADV_WILLNEED), EBADF);
    char text[11] = "";
    CHECK(pread(file, text, 10, 0) == 10 && strcmp(text, "0123456789") == 0);
    unlink(name);
    CHECK_DONE();
}
