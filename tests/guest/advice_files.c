/* SPDX-License-Identifier: BSD-3-Clause */
/* readahead(2), sync_file_range(2), sync(2), syncfs(2): what they check. */
#include "check.h"

#include <fcntl.h>

int main(void)
{
    char name[] = "adviceXXXXXX";
    int fd = mkstemp(name), ends[2], writer = open(name, O_WRONLY);
    CHECK(fd >= 0 && writer >= 0 && pipe(ends) == 0 && unlink(name) == 0);
    CHECK(syscall(SYS_readahead, fd, 0L, 100L) == 0);
    CHECK_ERRNO(syscall(SYS_readahead, writer, 0L, 100L), EBADF);
    CHECK_ERRNO(syscall(SYS_readahead, ends[0], 0L, 100L), EINVAL);
    CHECK_ERRNO(syscall(SYS_readahead, 99, 0L, 100L), EBADF);
    CHECK(syscall(SYS_sync_file_range, fd, 0L, 100L, 7) == 0);
    CHECK_ERRNO(syscall(SYS_sync_file_range, fd, -1L, 100L, 7), EINVAL);
    CHECK_ERRNO(syscall(SYS_sync_file_range, fd, 0L, 100L, 8), EINVAL);
    CHECK_ERRNO(syscall(SYS_sync_file_range, ends[0], 0L, 100L, 7), ESPIPE);
    CHECK_ERRNO(syscall(SYS_sync_file_range, 99, 0L, 100L, 7), EBADF);
    CHECK(syscall(SYS_syncfs, fd) == 0);
    CHECK_ERRNO(syscall(SYS_syncfs, 99), EBADF);
    sync();
    CHECK_DONE();
}
