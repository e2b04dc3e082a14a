/* SPDX-License-Identifier: BSD-3-Clause */
/* What an ordinary user is refused, and priorities of input and output, which are kept and told. */
#include "check.h"

#include <grp.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define NOBODY 65533
#define PROCESS 1
#define OF(class, level) ((class) << 13 | (level))

static long get(int which, int who) { return syscall(SYS_ioprio_get, which, who); }
static long set(int which, int who, int value)
{
    return syscall(SYS_ioprio_set, which, who, value);
}

static int in_child(void (*what)(void))
{
    int status = -1;

    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        check_failures = 0;
        what();
        fflush(stdout);
        _exit(check_failures != 0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    return status;
}

static void inherited(void)
{
    CHECK(get(PROCESS, 0) == OF(2, 6));
    CHECK(set(PROCESS, 0, OF(3, 0)) == 0 && get(PROCESS, 0) == OF(3, 0));
}

/* Nothing set: the level follows from the nice value, where several are asked for. */
static void from_nice(void)
{
    CHECK(setpgid(0, 0) == 0 && set(PROCESS, 0, 0) == 0 && get(PROCESS, 0) == 0);
    CHECK(get(2, 0) == OF(2, 4));
    CHECK(setpriority(PRIO_PROCESS, 0, 10) == 0 && get(2, 0) == OF(2, 6));
    CHECK(set(PROCESS, 0, OF(3, 7)) == 0 && get(2, 0) == OF(3, 7));
}

static void io_priorities(void)
{
    CHECK(set(PROCESS, 0, OF(2, 6)) == 0 && get(PROCESS, 0) == OF(2, 6));
    CHECK(in_child(inherited) == 0);
    CHECK(in_child(from_nice) == 0);
    CHECK(get(PROCESS, getpid()) == OF(2, 6));
    CHECK_ERRNO(set(PROCESS, 0, OF(0, 5)), EINVAL);
    CHECK_ERRNO(set(PROCESS, 0, OF(4, 5)), EINVAL);
    CHECK_ERRNO(set(0, 0, OF(2, 4)), EINVAL);
    CHECK_ERRNO(get(4, 0), EINVAL);
    CHECK_ERRNO(get(PROCESS, 999999), ESRCH);
    CHECK_ERRNO(set(PROCESS, 999999, OF(2, 4)), ESRCH);
    CHECK_ERRNO(get(3, 54321), ESRCH);
}

static void refused(void)
{
    pid_t parent = getppid();

    if (geteuid() == 0)
        CHECK(setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
    CHECK_ERRNO(set(PROCESS, 0, OF(1, 4)), EPERM);
    CHECK(set(PROCESS, 0, OF(3, 0)) == 0);
    if (getuid() == NOBODY)
        CHECK_ERRNO(set(PROCESS, parent, OF(2, 4)), EPERM);
    CHECK_ERRNO(syscall(SYS_mount, "/tmp", "/tmp", "tmpfs", 0, NULL), EPERM);
    CHECK_ERRNO(syscall(SYS_umount2, "/proc", 0), EPERM);
    CHECK_ERRNO(syscall(SYS_pivot_root, "/tmp", "/tmp"), EPERM);
    CHECK_ERRNO(syscall(SYS_swapon, "/tmp", 0), EPERM);
    CHECK_ERRNO(syscall(SYS_swapoff, "/tmp"), EPERM);
    CHECK_ERRNO(syscall(SYS_reboot, 0xfee1dead, 672274793, 0, NULL), EPERM); /* CAD off */
    CHECK_ERRNO(syscall(SYS_acct, NULL), EPERM);
}

int main(void)
{
    io_priorities();
    CHECK(in_child(refused) == 0);
    CHECK_DONE();
}
