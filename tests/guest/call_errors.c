/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: libc=glibc compare=linux */
/*
 * Calls with good, odd and bad arguments, drawn from small pools, the same in every run. Each line
 * tells the call, which of the pools' members it got, and how it ended; Linux's lines are what the
 * platforms' must be. Only calls that change nothing outside the working directory.
 */
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#define PAGE 4096
#define ROUNDS 60 /* of every call */

/* --- the pools; an argument shows as its kind's letter and its place in the pool --- */

enum kind {
    FD = 'f', PATH = 'p', BUFFER = 'b', SIZE = 's', OFFSET = 'o', FLAG = 'g', TIME = 't', SET = 'm',
    DIRECTORY = 'd', REGION = 'r', COUNT = 'c', SIGNAL = 'n', ZERO = 'z', MODE = 'w', WORD = 'x',
    NUMBER = 'i', LEFT = 'l',
};

static long fds[10], buffers[6], regions[5], times[7], sets[4], words[4], paths[14];
static const long sizes[] = {0, 1, 8, 100, 4096, -1};
static const long offsets[] = {0, 1, 5000, -1};
static const long flags[] = {0, 1, 2, 4, 8, 0x10, 0x80, 0x100, 0x1000, 0x80000, -1};
static const long counts[] = {0, 1, 2, 1025, -1};
static const long signals[] = {0, 1, 9, 12, 19, 34, 64, 65, -1};
static const long zeros[] = {0};
static const long modes[] = {0, 0644, 0700, 0777};
static const long numbers[] = {-1, 0, 1, 2, 3, 5, 7, 11, 16, 99};
static const long lefts[] = {0, 16};
static long directories[4];

static const struct pool {
    enum kind kind;
    const long *members;
    unsigned size;
} pools[] = {
    {FD, fds, 10},           {PATH, paths, 14},     {BUFFER, buffers, 6}, {SIZE, sizes, 6},
    {OFFSET, offsets, 4},    {FLAG, flags, 11},     {TIME, times, 7},     {SET, sets, 4},
    {DIRECTORY, directories, 4}, {REGION, regions, 5}, {COUNT, counts, 5}, {SIGNAL, signals, 9},
    {ZERO, zeros, 1},        {MODE, modes, 4},      {WORD, words, 4},     {NUMBER, numbers, 10},
    {LEFT, lefts, 2},
};

/* How a result >= 0 is shown: as it is, or as "ok" where numbers may differ. */
struct call {
    const char *name;
    long number;
    const char *arguments;
    int exact;
};

#define CALL(name, arguments, exact) {#name, SYS_##name, arguments, exact}
static const struct call calls[] = {
    CALL(read, "fbs", 1), CALL(pread64, "fbso", 1), CALL(pwrite64, "fbso", 1),
    CALL(write, "fbs", 1), CALL(lseek, "foi", 1), CALL(readv, "fbc", 1), CALL(writev, "fbc", 1),
    CALL(preadv, "fbcoz", 1), CALL(pwritev, "fbcoz", 1), CALL(dup, "f", 0), CALL(fcntl, "fig", 0),
    CALL(fstat, "fb", 1), CALL(newfstatat, "dpbg", 1), CALL(statx, "dpggb", 1),
    CALL(faccessat, "dpi", 1), CALL(faccessat2, "dpig", 1), CALL(readlinkat, "dpbs", 1),
    CALL(openat, "dpgw", 0), CALL(mkdirat, "dpw", 1), CALL(unlinkat, "dpg", 1),
    CALL(linkat, "dpdpg", 1), CALL(symlinkat, "pdp", 1), CALL(renameat2, "dpdpi", 1),
    CALL(fchmod, "fw", 1), CALL(fchmodat, "dpw", 1), CALL(utimensat, "dptg", 1),
    CALL(truncate, "po", 1), CALL(ftruncate, "fo", 1), CALL(fallocate, "fioo", 1),
    CALL(getdents64, "fbi", 0), CALL(getcwd, "bs", 0), CALL(fchdir, "i", 1),
    CALL(fsync, "f", 1), CALL(fdatasync, "f", 1), CALL(flock, "fi", 1), CALL(statfs, "pb", 1),
    CALL(fstatfs, "fb", 1), CALL(sendfile, "ffls", 1), CALL(copy_file_range, "flfls", 1),
    CALL(pipe2, "lg", 1), CALL(dup3, "ffi", 1), CALL(close_range, "cii", 1),
    CALL(mmap, "zsgifo", 0), CALL(mprotect, "rsi", 1), CALL(msync, "rsi", 1),
    CALL(madvise, "rsi", 1), CALL(mincore, "rsb", 1), CALL(mlock, "rs", 1), CALL(munlock, "rs", 1),
    CALL(munmap, "lzi", 1), CALL(mremap, "rssi", 0), CALL(memfd_create, "pg", 0),
    CALL(poll, "bcz", 1), CALL(ppoll, "bctmi", 1), CALL(select, "clllt", 1),
    CALL(pselect6, "clllt", 1), CALL(epoll_create1, "g", 0), CALL(epoll_ctl, "fifb", 1),
    CALL(epoll_wait, "fbcz", 1), CALL(epoll_pwait, "fbczm", 1), CALL(eventfd2, "ig", 0),
    CALL(rt_sigprocmask, "imlx", 1), CALL(rt_sigpending, "bx", 1), CALL(rt_sigaction, "nlbx", 1),
    CALL(rt_sigtimedwait, "mltx", 1), CALL(sigaltstack, "lb", 1), CALL(kill, "zi", 2),
    CALL(clock_gettime, "ib", 1), CALL(clock_getres, "ib", 1), CALL(nanosleep, "tl", 1),
    CALL(clock_nanosleep, "iitl", 1), CALL(gettimeofday, "bl", 1), CALL(time, "b", 0),
    CALL(times, "b", 0), CALL(getitimer, "ib", 1), CALL(getrusage, "ib", 1),
    CALL(getrlimit, "ib", 1), CALL(prlimit64, "zizb", 1), CALL(getpriority, "iz", 1),
    CALL(sched_getparam, "ib", 1), CALL(sched_getscheduler, "z", 1),
    CALL(sched_get_priority_max, "i", 1), CALL(sched_get_priority_min, "i", 1),
    CALL(sched_rr_get_interval, "zb", 1), CALL(sched_getaffinity, "zsb", 0),
    CALL(getgroups, "ib", 0), CALL(getresuid, "bbb", 1), CALL(getresgid, "bbb", 1),
    CALL(getpgid, "i", 2), CALL(getsid, "i", 2), CALL(uname, "b", 1), CALL(sysinfo, "b", 1),
    CALL(getcpu, "bbz", 1), CALL(getrandom, "bsi", 1), CALL(futex, "bizlz", 1),
    CALL(umask, "w", 1), CALL(capget, "bb", 1), CALL(prctl, "iizzz", 2),
    CALL(fadvise64, "fooi", 1), CALL(readahead, "fos", 1), CALL(sync_file_range, "fooi", 1),
    CALL(getxattr, "ppbs", 1), CALL(fgetxattr, "fpbs", 1), CALL(listxattr, "pbs", 0),
    CALL(set_robust_list, "xx", 1), CALL(ioctl, "fib", 1), CALL(mknodat, "dpwz", 1),
};

static uint64_t state = 1;
static unsigned any(unsigned below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 33) % below;
}

static const struct pool *pool_of(char kind)
{
    for (unsigned i = 0; i < sizeof(pools) / sizeof(pools[0]); i++)
        if ((char)pools[i].kind == kind)
            return &pools[i];
    abort();
}

static char *area, *long_name;

static void empty(const char *directory)
{
    char path[700];
    DIR *d = opendir(directory);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        snprintf(path, sizeof(path), "%s/%s", directory, e->d_name);
        if (e->d_type == DT_DIR) {
            chmod(path, 0700);
            empty(path);
            rmdir(path);
        } else {
            unlink(path);
        }
    }
    if (d)
        closedir(d);
}

/* Everything back to how it was: the next call must not depend on how the last one ended. */
static void restore(void)
{
    static unsigned long none;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
    for (int fd = 3; fd < 64; fd++)
        close(fd);
    close(999);
    umask(022);
    empty(".");
    mkdir("dir", 0755);
    close(open("dir/inner", O_CREAT | O_WRONLY, 0644));
    int file = open("a", O_RDWR | O_CREAT | O_TRUNC, 0644), ends[2];
    if (write(file, "some words in a file\n", 21) != 21 || lseek(file, 5, SEEK_SET) != 5)
        abort();
    symlink("a", "link"), symlink("loop", "loop"), symlink("nowhere", "dangling");
    if (pipe2(ends, O_NONBLOCK) || write(ends[1], "abc", 3) != 3)
        abort();
    long made[] = {-1, file, open("a", O_RDONLY), open("dir", O_RDONLY | O_DIRECTORY), ends[0],
                   ends[1], epoll_create1(0), eventfd(3, EFD_NONBLOCK), open("a", O_PATH), 999};
    memcpy(fds, made, sizeof(made));
    directories[3] = fds[3];
    if (mmap(area, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
        area)
        abort();
    munmap(area + 2 * PAGE, PAGE);
    mprotect(area + 4 * PAGE, PAGE, PROT_READ);
    munmap(area + 6 * PAGE, 2 * PAGE);
}

static void fill_pools(void)
{
    static const char *const names[] = {"a", "missing", "dir", "dir/inner", "a/x", "", ".", "loop",
                                        "link", "dangling", "dir/"};
    static struct timespec valid[] = {{0, 0}, {0, 1000}, {0, 1000000000}, {-1, 0}, {0, -1},
                                      {0, 0}};
    static unsigned long masks[] = {0, 0x800};
    area = mmap(NULL, 8 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long_name = malloc(300);
    memset(long_name, 'n', 299);
    long_name[299] = 0;
    for (int i = 0; i < 11; i++)
        paths[i] = (long)names[i];
    paths[11] = (long)long_name, paths[12] = 0, paths[13] = 16;
    /* good, none, low, ending after 4 bytes, read-only, the upper half */
    long b[] = {(long)area, 0, 16, (long)area + 2 * PAGE - 4, (long)area + 4 * PAGE, -4096};
    memcpy(buffers, b, sizeof(b));
    /* aligned, odd, a hole, read-only, nowhere */
    long r[] = {(long)area, (long)area + 1, (long)area + 2 * PAGE, (long)area + 4 * PAGE, -4096};
    memcpy(regions, r, sizeof(r));
    for (int i = 0; i < 5; i++)
        times[i] = (long)&valid[i];
    times[5] = 0, times[6] = 16;
    sets[0] = (long)&masks[0], sets[1] = (long)&masks[1], sets[2] = 0, sets[3] = 16;
    words[0] = 8, words[1] = 4, words[2] = 0, words[3] = 24;
    directories[0] = AT_FDCWD, directories[1] = -1, directories[2] = 999;
}

/* A directory or name that no call takes. */
static int is_wrong(long a)
{
    return a == -1 || a == 999 || a == paths[11] || a == paths[12] || a == paths[13];
}

/* Wrong in two ways at once: which one a call tells is its own affair. */
static int two_wrong(long directory, long path, long other, long name)
{
    if (is_wrong(path) && name != paths[1])
        return 1;
    int first = is_wrong(directory) || path != paths[0] || directory != AT_FDCWD;
    return first ? is_wrong(other) || is_wrong(name) : is_wrong(other) && is_wrong(name);
}

/* Where Linux's releases differ, or file systems do. */
static int version_matters(const struct call *c, const long *a)
{
    switch (c->number) {
    case SYS_lseek: /* the ends of a directory */
        return a[0] == fds[3] && a[2] > 1;
    case SYS_newfstatat: /* AT_EMPTY_PATH has become quicker, and takes NULL */
        return a[3] == -1 || (a[3] == 0x1000 && a[1] == 0);
    case SYS_renameat2: /* whiteouts */
        return a[4] & 4 || two_wrong(a[0], a[1], a[2], a[3]);
    case SYS_linkat:
        return two_wrong(a[0], a[1], a[2], a[3]);
    case SYS_symlinkat:
        return two_wrong(AT_FDCWD, a[0], a[1], a[2]);
    case SYS_fallocate:
        return a[1] & ~3;
    case SYS_epoll_wait: /* which of two is told first */
    case SYS_epoll_pwait:
        return is_wrong(a[0]) || a[0] == fds[8];
    case SYS_getpriority: /* others of the same user */
        return a[0] == 2;
    case SYS_getpgid:
    case SYS_getsid:
    case SYS_sched_getparam: /* who is there */
        return a[0] > 1;
    case SYS_sched_get_priority_max: /* SCHED_EXT */
    case SYS_sched_get_priority_min:
        return a[0] == 7;
    case SYS_ioctl: /* FIBMAP, FIGETBSZ; epoll's own */
        return a[1] == 1 || a[1] == 2 || a[0] == fds[6];
    case SYS_fchmod: /* anonymous inodes have no mode any more */
        return a[0] == fds[6] || a[0] == fds[7];
    case SYS_flock: /* LOCK_MAND is accepted without effect */
        return a[1] & 32;
    case SYS_pipe2: /* watch queues */
        return a[1] & 0x80;
    case SYS_mmap: /* huge pages and all that */
        return a[3] == -1;
    case SYS_memfd_create:
        return a[1] & 4;
    }
    return 0;
}

/* Waits without an end, and what would end or change the run itself. */
static int must_not(const struct call *c, const long *a)
{
    switch (c->number) {
    case SYS_ppoll:
    case SYS_rt_sigtimedwait:
        return a[2] == 0;
    case SYS_select: /* carries microseconds over */
        return a[4] == 0 || a[4] == times[2];
    case SYS_pselect6:
        return a[4] == 0;
    case SYS_kill: /* the own group: only whether there is someone */
        return a[1] != 0 && a[1] != 99 && a[1] != -1;
    case SYS_futex: /* waking, but not by a page that nobody can write */
        return (a[1] & 0x7f) != 1 || a[0] == buffers[4];
    case SYS_close_range:
        return (unsigned)a[0] < 3;
    case SYS_dup3:
        return a[1] >= 0 && a[1] < 3;
    case SYS_rt_sigaction:
        return a[1] != 0 && a[1] != 16;
    case SYS_mremap: /* to address 0, where root may */
        return a[3] & 2;
    }
    return version_matters(c, a);
}

static void one(const struct call *c)
{
    long a[6] = {0};
    char shown[64];
    size_t used = 0;
    unsigned n = (unsigned)strlen(c->arguments);
    for (unsigned i = 0; i < n; i++) {
        const struct pool *p = pool_of(c->arguments[i]);
        unsigned place = any(p->size);
        a[i] = p->members[place];
        used += (size_t)snprintf(shown + used, sizeof(shown) - used, "%s%c%u", i ? "," : "",
                                 c->arguments[i], place);
    }
    if (must_not(c, a))
        return;
    long result = syscall(c->number, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (result == -1)
        printf("%s(%s): error %d\n", c->name, shown, errno);
    else if (c->exact == 1)
        printf("%s(%s): %ld\n", c->name, shown, result);
    else
        printf("%s(%s): ok\n", c->name, shown);
}

int main(int argc, char **argv)
{
    int rounds = argc > 2 ? atoi(argv[2]) : ROUNDS; /* for longer searches: SEED ROUNDS */
    state = argc > 1 ? strtoull(argv[1], NULL, 0) : state;
    if (mkdir("calls", 0700) || chdir("calls"))
        return 1;
    fill_pools();
    for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        for (int round = 0; round < rounds; round++) {
            restore();
            one(&calls[i]);
        }
    }
    return 0;
}
