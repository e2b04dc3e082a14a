/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: status=141 */
/* SIGPIPE: handled, ignored, blocked, and at last not handled: 128 + 13. */
#include "check.h"

#include <signal.h>
#include <sys/uio.h>

static volatile int count;
static void handler(int signal) { count += signal == SIGPIPE; }

int main(void)
{
    int ends[2];
    sigset_t set, pending;
    siginfo_t info;
    struct iovec part = {(void *)"x", 1};
    CHECK(pipe(ends) == 0 && close(ends[0]) == 0);
    signal(SIGPIPE, handler);
    CHECK_ERRNO(write(ends[1], "x", 1), EPIPE);
    CHECK_ERRNO(writev(ends[1], &part, 1), EPIPE);
    CHECK(count == 2);
    signal(SIGPIPE, SIG_IGN);
    CHECK_ERRNO(write(ends[1], "x", 1), EPIPE);
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, handler);
    count = 0;
    CHECK_ERRNO(write(ends[1], "x", 1), EPIPE);
    CHECK(count == 0 && sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE));
    CHECK(sigwaitinfo(&set, &info) == SIGPIPE && info.si_code == SI_USER);
    CHECK(info.si_pid == getpid());
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    signal(SIGPIPE, SIG_DFL);
    if (check_failures)
        return 1;
    return (int)write(ends[1], "x", 1);
}
