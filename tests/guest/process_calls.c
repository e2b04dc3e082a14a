/* SPDX-License-Identifier: BSD-3-Clause */
/* Identity, limits, scheduling, names, prctl, random: calls about the process itself. */
#include "check.h"

#include <sched.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/wait.h>

static void test_identity(void)
{
    uid_t r, e, s;
    gid_t groups[100];
    CHECK(getpid() == syscall(SYS_gettid));
    CHECK(getresuid(&r, &e, &s) == 0 && r == getuid() && e == geteuid());
    CHECK(getresgid(&r, &e, &s) == 0 && r == getgid() && e == getegid());
    CHECK(setresuid(-1, -1, -1) == 0);
    CHECK(getgroups(100, groups) == getgroups(0, NULL));
    CHECK_ERRNO(getgroups(-1, NULL), EINVAL);
    CHECK(getpgid(0) == getpgrp() && getsid(0) > 0);
    CHECK_ERRNO(getpgid(999999), ESRCH);
    CHECK_ERRNO(getsid(999999), ESRCH);
    CHECK_ERRNO(setpgid(0, -1), EINVAL);
    if (geteuid() == 0) {
        CHECK(setresuid(-1, 1234, -1) == 0 && geteuid() == 1234);
        CHECK_ERRNO(setresuid(77, 77, 77), EPERM);
        CHECK(setreuid(-1, 0) == 0 && geteuid() == 0);
    }
}

static void test_limits(void)
{
    struct rlimit l, now;
    CHECK(getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur >= 256);
    now = l;
    now.rlim_cur = 200;
    CHECK(setrlimit(RLIMIT_NOFILE, &now) == 0);
    CHECK(getrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_cur == 200);
    CHECK(setrlimit(RLIMIT_NOFILE, &l) == 0);
    CHECK_ERRNO(getrlimit(99, &l), EINVAL);
    CHECK_ERRNO(syscall(SYS_getrlimit, RLIMIT_CPU, BAD_POINTER), EFAULT);
    now.rlim_cur = 10;
    now.rlim_max = 5;
    CHECK_ERRNO(setrlimit(RLIMIT_NOFILE, &now), EINVAL);
    CHECK_ERRNO(syscall(SYS_prlimit64, 999999, RLIMIT_CPU, NULL, &l), ESRCH);
}

static void test_scheduling(void)
{
    cpu_set_t set;
    struct sched_param param;
    struct timespec t;
    CHECK(sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) >= 1);
    CHECK_ERRNO(syscall(SYS_sched_getaffinity, 0, 1, &set), EINVAL);
    CPU_ZERO(&set);
    CHECK_ERRNO(sched_setaffinity(0, sizeof(set), &set), EINVAL);
    CHECK(syscall(SYS_sched_getscheduler, 0) == SCHED_OTHER);
    CHECK(syscall(SYS_sched_getparam, 0, &param) == 0 && param.sched_priority == 0);
    CHECK(sched_get_priority_max(SCHED_FIFO) == 99 && sched_get_priority_min(SCHED_RR) == 1);
    CHECK_ERRNO(sched_get_priority_max(42), EINVAL);
    CHECK(sched_rr_get_interval(0, &t) == 0);
    CHECK(sched_yield() == 0);
    CHECK(getpriority(PRIO_PROCESS, 0) == 0);
    CHECK_ERRNO(getpriority(9, 0), EINVAL);
    CHECK(setpriority(PRIO_PROCESS, 0, 5) == 0 && getpriority(PRIO_PROCESS, 0) == 5);
    unsigned cpu;
    CHECK(syscall(SYS_getcpu, &cpu, NULL, NULL) == 0);
}

static void test_names(void)
{
    struct utsname u;
    char name[16];
    CHECK(uname(&u) == 0 && strcmp(u.sysname, "Linux") == 0 && u.release[0] >= '4');
    CHECK_ERRNO(syscall(SYS_uname, BAD_POINTER), EFAULT);
    CHECK(prctl(PR_SET_NAME, "a-name-that-is-too-long") == 0);
    CHECK(prctl(PR_GET_NAME, name) == 0 && strcmp(name, "a-name-that-is-") == 0);
    CHECK(prctl(PR_GET_DUMPABLE) >= 0);
    CHECK_ERRNO(prctl(PR_SET_DUMPABLE, 7), EINVAL);
    CHECK_ERRNO(prctl(12345), EINVAL);
    CHECK(personality(0xffffffff) >= 0);
}

static void test_random(void)
{
    unsigned char a[300] = {0}, b[300] = {0};
    CHECK(getrandom(a, sizeof(a), 0) == sizeof(a));
    CHECK(getrandom(b, sizeof(b), GRND_NONBLOCK) == sizeof(b));
    CHECK(memcmp(a, b, sizeof(a)) != 0);
    CHECK_ERRNO(getrandom(a, 1, 0x80), EINVAL);
    CHECK_ERRNO(getrandom(BAD_POINTER, 8, 0), EFAULT);
}

static void test_absent(void)
{
    struct sysinfo info;
    CHECK(sysinfo(&info) == 0 && info.totalram > info.freeram && info.uptime >= 0);
    CHECK_ERRNO(syscall(9999), ENOSYS);
    CHECK_ERRNO(syscall(-1), ENOSYS);
    CHECK_ERRNO(wait(NULL), ECHILD);
    CHECK_ERRNO(waitpid(-1, NULL, 0x1234), EINVAL);
    siginfo_t child;
    CHECK_ERRNO(waitid(P_ALL, 0, &child, WEXITED), ECHILD);
    CHECK_ERRNO(waitid(P_ALL, 0, &child, 0), EINVAL);
}

int main(void)
{
    test_identity();
    test_limits();
    test_scheduling();
    test_names();
    test_random();
    test_absent();
    CHECK_DONE();
}
