/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc, /sys and /dev as far as programs look. */
#include "check.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/stat.h>

static char text[65536];
static struct stat st;

static long slurp(const char *path)
{
    int fd = open(path, O_RDONLY);
    long done = 0, n;
    if (fd < 0) {
        printf("%s: errno %d\n", path, errno);
        check_failures++;
        return -1;
    }
    while ((n = read(fd, text + done, sizeof(text) - 1 - (size_t)done)) > 0)
        done += n;
    CHECK(n == 0);
    text[done] = 0;
    close(fd);
    return done;
}

static void process(const char *program)
{
    char path[300], link[300];
    const char *name = strrchr(program, '/') + 1; /* comm keeps 15 bytes of it */
    CHECK(readlink("/proc/self", path, sizeof(path)) > 0 && atoi(path) == getpid());
    snprintf(path, sizeof(path), "/proc/%d/stat", getpid());
    CHECK(slurp(path) > 0 && atoi(text) == getpid() && strchr(text, '('));
    int fields = 0;
    for (char *p = strrchr(text, ')'); *p; p++)
        fields += *p == ' ';
    CHECK(fields == 50);
    CHECK(slurp("/proc/self/cmdline") > 0 && strcmp(text, program) == 0);
    CHECK(slurp("/proc/self/comm") > 0 && strncmp(text, name, strnlen(name, 15)) == 0);
    CHECK(slurp("/proc/self/status") > 0 && strncmp(text, "Name:\t", 6) == 0 &&
          strncmp(text + 6, name, strnlen(name, 15)) == 0);
    CHECK(strstr(text, "\nUid:\t") && strstr(text, "\nVmRSS:\t") && strstr(text, "\nThreads:\t1\n"));
    CHECK(slurp("/proc/self/statm") > 0 && atoi(text) > 0);
    CHECK(slurp("/proc/self/maps") > 0 && strstr(text, "[stack]") && strstr(text, "[vdso]") &&
          strstr(text, name));
    unsigned long low, high;
    CHECK(sscanf(text, "%lx-%lx", &low, &high) == 2 && low < high);
    CHECK(slurp("/proc/self/auxv") >= 16 * 10 && ((unsigned long *)(void *)text)[0] != 0);
    CHECK(slurp("/proc/self/limits") > 0 && strstr(text, "Max open files "));
    CHECK(slurp("/proc/self/mounts") > 0 && strstr(text, " /proc proc "));
    CHECK(slurp("/proc/mounts") > 0 && strstr(text, " / "));
    CHECK(slurp("/proc/self/mountinfo") > 0 && strstr(text, " - proc "));
    CHECK(slurp("/proc/thread-self/comm") > 0);
    long n = readlink("/proc/self/exe", link, sizeof(link) - 1);
    CHECK(n > 0 && strcmp((link[n] = 0, strrchr(link, '/')) + 1, name) == 0);
    struct stat own;
    CHECK(stat("/proc/self/exe", &st) == 0 && stat(link, &own) == 0 && st.st_ino == own.st_ino);
    CHECK(slurp("/proc/self/exe") > 1000 && memcmp(text, "\177ELF", 4) == 0);
    CHECK(chdir("/proc") == 0 && readlink("/proc/self/cwd", link, sizeof(link)) == 5);
    CHECK(readlink("/proc/self/root", link, sizeof(link)) == 1 && link[0] == '/');
    CHECK(stat("/proc/self/cwd/version", &st) == 0);
    CHECK_ERRNO(open("/proc/999999/stat", O_RDONLY), ENOENT);
    CHECK_ERRNO(open("/proc/self/none", O_RDONLY), ENOENT);
    CHECK_ERRNO(open("/proc/none", O_RDWR | O_CREAT, 0600), ENOENT);
    CHECK_ERRNO(mkdir("/proc/none", 0700), ENOENT);
}

static void descriptors(void)
{
    char path[64], link[64] = {0};
    int ends[2], fd = open("/etc/passwd", O_RDONLY);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    CHECK(readlink(path, link, sizeof(link)) == 11 && strcmp(link, "/etc/passwd") == 0);
    CHECK(lstat(path, &st) == 0 && S_ISLNK(st.st_mode) && (st.st_mode & 0777) == 0500);
    int again = open(path, O_RDONLY);
    char a, b;
    CHECK(again >= 0 && read(fd, &a, 1) == 1 && read(again, &b, 1) == 1 && a == b);
    close(again);
    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
    CHECK(slurp(path) > 0 && strncmp(text, "pos:\t1\nflags:\t0", 15) == 0);
    DIR *d = opendir("/proc/self/fd");
    int seen = 0;
    for (struct dirent *e; (e = readdir(d));)
        seen += isdigit(e->d_name[0]) && (atoi(e->d_name) == fd || atoi(e->d_name) == 1);
    CHECK(seen == 2);
    closedir(d);
    close(fd);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    CHECK_ERRNO(open(path, O_RDONLY), ENOENT);
    CHECK(pipe(ends) == 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[1]);
    memset(link, 0, sizeof(link));
    CHECK(readlink(path, link, sizeof(link)) > 7 && strncmp(link, "pipe:[", 6) == 0);
    int writer = open(path, O_WRONLY);
    CHECK(writer >= 0 && write(writer, "via proc", 8) == 8 && read(ends[0], text, 20) == 8);
    close(ends[0]), close(ends[1]), close(writer);
    char name[] = "/tmp/goneXXXXXX";
    fd = mkstemp(name);
    CHECK(unlink(name) == 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    memset(link, 0, sizeof(link));
    CHECK(readlink(path, link, sizeof(link)) > 0 && strstr(link, " (deleted)"));
    CHECK(write(fd, "kept", 4) == 4 && slurp(path) == 4 && strcmp(text, "kept") == 0);
    close(fd);
}

static void machine(void)
{
    static const char *const readable[] = {
        "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/uptime", "/proc/loadavg",
        "/proc/version", "/proc/filesystems", "/proc/sys/kernel/osrelease",
        "/proc/sys/kernel/hostname", "/proc/sys/kernel/ostype", "/proc/sys/kernel/pid_max",
        "/proc/sys/kernel/cap_last_cap", "/proc/sys/kernel/overflowuid",
        "/proc/sys/vm/overcommit_memory", "/proc/sys/vm/max_map_count",
        "/proc/sys/vm/mmap_min_addr", "/proc/sys/kernel/random/boot_id",
        "/proc/sys/kernel/random/entropy_avail", "/sys/devices/system/cpu/online",
        "/sys/devices/system/cpu/possible", "/sys/devices/system/cpu/present",
    };
    for (size_t i = 0; i < sizeof(readable) / sizeof(readable[0]); i++) {
        CHECK(slurp(readable[i]) > 0);
        CHECK(text[strlen(text) - 1] == '\n');
    }
    CHECK(slurp("/proc/meminfo") > 0 && strncmp(text, "MemTotal:       ", 16) == 0);
    CHECK(slurp("/proc/cpuinfo") > 0 && strstr(text, "processor"));
    CHECK(slurp("/proc/sys/kernel/random/uuid") == 37 && text[14] == '4');
    char first[40];
    strcpy(first, text);
    CHECK(slurp("/proc/sys/kernel/random/uuid") == 37 && strcmp(first, text) != 0);
    CHECK(stat("/proc/version", &st) == 0 && st.st_size == 0 && S_ISREG(st.st_mode));
    CHECK(stat("/sys/devices/system/cpu/cpu0", &st) == 0 && S_ISDIR(st.st_mode));
    int fd = open("/proc/version", O_RDONLY);
    char head[6] = {0};
    CHECK(read(fd, head, 5) == 5 && strcmp(head, "Linux") == 0);
    CHECK(lseek(fd, 0, SEEK_SET) == 0 && read(fd, head, 3) == 3 && pread(fd, head, 5, 0) == 5);
    close(fd);
}

static void devices(void)
{
    static const struct {
        const char *path;
        unsigned rdev;
    } known[] = {{"/dev/null", 0x103}, {"/dev/zero", 0x105}, {"/dev/full", 0x107},
                 {"/dev/random", 0x108}, {"/dev/urandom", 0x109}, {"/dev/tty", 0x500}};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        CHECK(stat(known[i].path, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == known[i].rdev);
    CHECK(lstat("/dev/stdin", &st) == 0 && S_ISLNK(st.st_mode));
    CHECK(lstat("/dev/fd", &st) == 0 && S_ISLNK(st.st_mode));
    CHECK(stat("/dev/shm", &st) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & 07777) == 01777);
    int fd = open("/dev/stdout", O_WRONLY);
    CHECK(fd >= 0);
    close(fd);
}

int main(int argc, char **argv)
{
    (void)argc;
    process(argv[0]);
    descriptors();
    machine();
    devices();
    CHECK_DONE();
}
