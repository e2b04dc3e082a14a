/* SPDX-License-Identifier: BSD-3-Clause */
/* What /proc says about a process agrees with what calls say and with what was just done. */
#include "check.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <time.h>

extern char **environ;
static char text[262144], initialised[16] = "data";

static const char *slurp(const char *path)
{
    int fd = open(path, O_RDONLY);
    size_t used = 0;
    ssize_t n;
    if (fd < 0) {
        printf("%s: errno %d\n", path, errno);
        check_failures++;
        return text[0] = 0, text;
    }
    while ((n = read(fd, text + used, sizeof(text) - 1 - used)) > 0)
        used += (size_t)n;
    CHECK(n == 0);
    close(fd);
    text[used] = 0;
    return text;
}

/* The value behind "Name:" in /proc/self/status. */
static const char *status_of(const char *name)
{
    char wanted[40];
    snprintf(wanted, sizeof(wanted), "\n%s:\t", name);
    const char *at = strstr(slurp("/proc/self/status"), wanted);
    CHECK(at != NULL);
    return at ? at + strlen(wanted) : "";
}

/* Field n of /proc/self/stat, as proc_pid_stat(5) counts them, n > 2. */
static long long stat_field(int n)
{
    const char *at = strrchr(slurp("/proc/self/stat"), ')');
    for (int i = 2; at && i < n; i++)
        at = strchr(at + 1, ' ');
    return at ? atoll(at + 1) : -1;
}

static void test_stat(void)
{
    int here;
    CHECK(prctl(PR_SET_NAME, "a (new) name") == 0);
    CHECK(strstr(slurp("/proc/self/stat"), " (a (new) name) R ") != NULL);
    CHECK(strcmp(slurp("/proc/self/comm"), "a (new) name\n") == 0);
    CHECK(strncmp(slurp("/proc/self/status"), "Name:\ta (new) name\n", 19) == 0);
    CHECK(atoi(slurp("/proc/self/stat")) == getpid());
    CHECK(stat_field(4) == getppid() && stat_field(5) == getpgrp() && stat_field(6) == getsid(0));
    CHECK(stat_field(18) == 20 && stat_field(19) == 0 && stat_field(20) == 1);
    CHECK(setpriority(PRIO_PROCESS, 0, 3) == 0 && stat_field(18) == 23 && stat_field(19) == 3);
    CHECK(stat_field(23) > 65536 && stat_field(24) >= 0);
    CHECK(stat_field(26) <= (long long)(uintptr_t)test_stat);
    CHECK(stat_field(27) > (long long)(uintptr_t)test_stat);
    CHECK(stat_field(28) > (long long)(uintptr_t)&here);
    CHECK(stat_field(45) <= (long long)(uintptr_t)initialised);
    CHECK(stat_field(46) > (long long)(uintptr_t)initialised);
    CHECK(stat_field(47) <= (long long)(uintptr_t)sbrk(0));
    CHECK(stat_field(48) > (long long)(uintptr_t)&here && stat_field(49) >= stat_field(48));
    CHECK(stat_field(50) == stat_field(49) && stat_field(51) > stat_field(50));
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    CHECK(stat_field(22) <= now.tv_sec * 100 + 100 && stat_field(22) >= now.tv_sec * 100 - 6000);
    volatile unsigned long spin = 0;
    while (stat_field(14) + stat_field(15) < 5 && spin < 10000000)
        spin++;
    CHECK(stat_field(14) + stat_field(15) >= 5);
}

static void test_name(void)
{
    int fd = open("/proc/self/comm", O_WRONLY);
    char name[16];
    CHECK(write(fd, "by-file", 7) == 7 && prctl(PR_GET_NAME, name) == 0);
    CHECK(strcmp(name, "by-file") == 0);
    close(fd);
}

static unsigned long mask_of(const char *name) { return strtoul(status_of(name), NULL, 16); }

static void test_status(void)
{
    sigset_t set;
    umask(027);
    CHECK(strncmp(status_of("Umask"), "0027\n", 5) == 0);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGUSR1);
    kill(getpid(), SIGUSR1);
    signal(SIGUSR2, SIG_IGN);
    signal(SIGTERM, (void (*)(int))(void *)test_status);
    unsigned long usr1 = 1ul << (SIGUSR1 - 1);
    CHECK(mask_of("SigBlk") == usr1 && mask_of("ShdPnd") == usr1 && mask_of("SigPnd") == usr1);
    CHECK(mask_of("SigIgn") & 1ul << (SIGUSR2 - 1) && mask_of("SigCgt") & 1ul << (SIGTERM - 1));
    signal(SIGTERM, SIG_DFL);
    signal(SIGUSR1, SIG_IGN);
    CHECK(mask_of("ShdPnd") == 0 && mask_of("SigPnd") == 0);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    CHECK(atoi(status_of("Threads")) == 1 && atoi(status_of("Tgid")) == getpid());
    CHECK(atoi(status_of("Pid")) == getpid() && atoi(status_of("PPid")) == getppid());
    CHECK(atoi(status_of("TracerPid")) == 0);
    CHECK((unsigned)atoi(status_of("Uid")) == getuid() && (unsigned)atoi(status_of("Gid")) == getgid());
    CHECK(atoi(status_of("NoNewPrivs")) == 0);
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && atoi(status_of("NoNewPrivs")) == 1);
}

static void test_sizes(void)
{
    const size_t size = 4ul << 20;
    long before = atol(status_of("VmSize")), resident = atol(status_of("VmRSS"));
    long data = atol(status_of("VmData"));
    CHECK(stat_field(23) == before * 1024);
    CHECK(atol(slurp("/proc/self/statm")) == before / 4);
    char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(atol(status_of("VmSize")) == before + 4096 && atol(status_of("VmData")) == data + 4096);
    CHECK(atol(status_of("VmRSS")) < resident + 1024);
    memset(p, 1, size);
    CHECK(atol(status_of("VmRSS")) > resident + 3500);
    CHECK(mlock(p, 8192) == 0 && atol(status_of("VmLck")) == 8);
    CHECK(munmap(p, size) == 0);
    CHECK(atol(status_of("VmSize")) == before && atol(status_of("VmLck")) == 0);
    CHECK(atol(status_of("VmPeak")) >= before + 4096 && atol(status_of("VmHWM")) > resident + 3500);
    CHECK(atol(status_of("VmStk")) > 100 && atol(status_of("VmStk")) < 300);
}

/* The line of /proc/self/maps that holds an address. */
static const char *map_line(const void *address)
{
    static char line[600];
    unsigned long start, end;
    for (const char *at = slurp("/proc/self/maps"); *at; at = strchr(at, '\n') + 1) {
        snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
        if (sscanf(line, "%lx-%lx", &start, &end) == 2 && (uintptr_t)address >= start &&
            (uintptr_t)address < end)
            return line;
    }
    return "";
}

static void expect_line(const void *address, size_t length, const char *access, unsigned long offset,
                        int fd, const char *name)
{
    char wanted[600];
    struct stat st = {0};
    if (fd >= 0)
        CHECK(fstat(fd, &st) == 0);
    int n = snprintf(wanted, sizeof(wanted), "%08lx-%08lx %s %08lx %02x:%02x %lu ", (uintptr_t)address,
                     (uintptr_t)address + length, access, offset, major(st.st_dev),
                     minor(st.st_dev), (unsigned long)st.st_ino);
    if (name)
        snprintf(wanted + n, sizeof(wanted) - (size_t)n, "%*s%s", n < 73 ? 73 - n : 0, "", name);
    const char *line = map_line(address);
    if (strcmp(line, wanted) != 0) {
        printf("maps says '%s'\n   not    '%s'\n", line, wanted);
        check_failures++;
    }
}

static void test_maps(void)
{
    char path[300] = "";
    int fd = open("mapped file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(ftruncate(fd, 5 * 4096) == 0 && getcwd(path, 200) != NULL);
    strcat(path, path[1] ? "/mapped file" : "mapped file");
    char *none = mmap(NULL, 8 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    expect_line(none, 8 * 4096, "---p", 0, -1, NULL);
    char *p = mmap(none + 4096, 8192, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 4096);
    expect_line(p, 8192, "r--p", 4096, fd, path);
    CHECK(mprotect(p, 4096, PROT_READ | PROT_WRITE) == 0);
    expect_line(p, 4096, "rw-p", 4096, fd, path);
    expect_line(p + 4096, 4096, "r--p", 8192, fd, path);
    CHECK(mprotect(p, 4096, PROT_READ) == 0); /* not one with its neighbour any more */
    expect_line(p, 4096, "r--p", 4096, fd, path);
    char *shared = mmap(none + 4 * 4096, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
    expect_line(shared, 4096, "rw-s", 0, fd, path);
    expect_line(none, 4096, "---p", 0, -1, NULL);
    CHECK(unlink("mapped file") == 0);
    strcat(path, " (deleted)");
    expect_line(p + 4096, 4096, "r--p", 8192, fd, path);
    CHECK(munmap(none, 8 * 4096) == 0 && strlen(map_line(none)) == 0);
    close(fd);
    char *heap = (char *)syscall(SYS_brk, 0); /* musl's sbrk does not grow it */
    CHECK((char *)syscall(SYS_brk, heap + 8192) == heap + 8192);
    CHECK(strstr(map_line(heap), "[heap]") != NULL);
    CHECK(strstr(map_line(path), "[stack]") != NULL && strstr(map_line(path), " rw-p ") != NULL);
    CHECK(strstr(map_line((void *)(uintptr_t)test_maps), " r-xp ") != NULL);
}

static void test_arguments(char **argv)
{
    size_t length = strlen(argv[0]);
    CHECK(strcmp(slurp("/proc/self/cmdline"), argv[0]) == 0);
    argv[0][length - 1] = '!';
    CHECK(slurp("/proc/self/cmdline")[length - 1] == '!');
    int found = 0;
    slurp("/proc/self/environ");
    for (char *at = text; *at; at += strlen(at) + 1)
        found += strncmp(at, "GUEST_TEST=", 11) == 0;
    CHECK(found == 1);
    char **e = environ;
    while (*e)
        e++;
    const Elf64_auxv_t *a = (void *)(e + 1);
    size_t count = 0;
    while (a[count++].a_type != AT_NULL)
        continue;
    slurp("/proc/self/auxv");
    CHECK(memcmp(text, a, count * sizeof(*a)) == 0);
}

static long from(const char *name)
{
    const char *at = strstr(text, name);
    return at ? atol(at + strlen(name)) : -1;
}

static void test_machine(void)
{
    struct sysinfo info;
    struct timespec up, now;
    CHECK(sysinfo(&info) == 0);
    slurp("/proc/meminfo");
    CHECK(from("MemTotal:") * 1024 == (long)(info.totalram * info.mem_unit));
    CHECK(from("MemFree:") > 0 && from("MemFree:") <= from("MemTotal:"));
    CHECK(from("MemAvailable:") > 0 && from("SwapTotal:") >= 0 && from("Cached:") >= 0);
    double seconds = atof(slurp("/proc/uptime"));
    clock_gettime(CLOCK_BOOTTIME, &up);
    clock_gettime(CLOCK_REALTIME, &now);
    CHECK(seconds <= (double)up.tv_sec + 1.1 && seconds >= (double)up.tv_sec - 5);
    CHECK(labs((long)info.uptime - up.tv_sec) <= 5);
    slurp("/proc/stat");
    CHECK(strncmp(text, "cpu  ", 5) == 0 && strstr(text, "\ncpu0 ") != NULL);
    CHECK(labs(from("\nbtime ") - (now.tv_sec - up.tv_sec)) <= 2);
    slurp("/proc/cpuinfo");
    int processors = 0;
    for (char *at = text; (at = strstr(at, "processor\t: ")) != NULL; at++)
        processors++;
    CHECK(processors == sysconf(_SC_NPROCESSORS_ONLN));
#if defined(__x86_64__)
    CHECK(strstr(text, "\nflags\t\t: ") && strstr(text, " sse2 ") && strstr(text, " syscall "));
    CHECK(strstr(text, "\nmodel name\t: ") && strstr(text, "\ncpu MHz\t\t: "));
    CHECK(strstr(text, "\nvendor_id\t: ") && strstr(text, "\ncache_alignment\t: "));
#endif
    double load = -1;
    CHECK(sscanf(slurp("/proc/loadavg"), "%lf", &load) == 1 && load >= 0);
}

static void test_task(void)
{
    DIR *d = opendir("/proc/self/task");
    int seen = 0;
    char path[64];
    for (struct dirent *e; d && (e = readdir(d));)
        seen += atoi(e->d_name) == getpid();
    CHECK(seen == 1);
    closedir(d);
    snprintf(path, sizeof(path), "/proc/self/task/%d/status", getpid());
    CHECK(strstr(slurp(path), "\nPid:\t") != NULL);
    snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", getpid(), getpid());
    CHECK(strlen(slurp(path)) > 1);
}

static void test_settings(void)
{
    static const char *const known[] = {
        "/proc/sys/fs/file-max", "/proc/sys/fs/nr_open", "/proc/sys/fs/pipe-max-size",
        "/proc/sys/kernel/ngroups_max", "/proc/sys/kernel/threads-max",
        "/proc/sys/kernel/randomize_va_space", "/proc/sys/kernel/core_pattern",
        "/proc/sys/kernel/version", "/proc/sys/kernel/domainname", "/proc/self/oom_score_adj",
        "/proc/self/cgroup", "/proc/sys/vm/swappiness", "/proc/sys/vm/overcommit_ratio",
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        CHECK(strlen(slurp(known[i])) > 1);
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    test_arguments(argv);
    test_stat();
    test_name();
    test_status();
    test_sizes();
    test_maps();
    test_machine();
    test_task();
    test_settings();
    CHECK_DONE();
}
