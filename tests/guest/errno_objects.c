/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: user=root */
/* What is refused because of what an object is: sealed or full files, terminals that are gone,
 * pipes without readers, broken programs, other users' processes. */
#include "check.h"

#include <elf.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pty.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#ifndef SYS_pkey_mprotect
#define SYS_pkey_mprotect 329
#endif
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#ifndef SYS_futex_wait
#define SYS_futex_wake 454
#define SYS_futex_wait 455
#endif
#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif
#ifndef CLOCK_REALTIME_ALARM
#define CLOCK_REALTIME_ALARM 8
#endif
#define NOBODY 65533
#define RESOLVE_CACHED 0x20
#define NO_SEALS_YET (MFD_ALLOW_SEALING | MFD_CLOEXEC)
#define PRIVATE_U32 (2 | 128) /* FUTEX2_SIZE_U32 | FUTEX2_PRIVATE */

static char text[64] = "text";
static struct iovec v = {text, 4};

static void in_child(void (*what)(void))
{
    int status;

    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        check_failures = 0;
        what();
        fflush(stdout);
        _exit(check_failures != 0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static int file_with(const char *name, const void *content, size_t length, mode_t mode)
{
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, mode);
    CHECK(fd >= 0 && write(fd, content, length) == (long)length);
    return fd;
}

static void sealed_files(void)
{
    char path[32];
    loff_t at = 0;
    int from = file_with("from", text, 64, 0600), to = memfd_create("sealed", NO_SEALS_YET);

    CHECK(write(to, text, 64) == 64);
    CHECK(fcntl(to, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", to);
    CHECK_ERRNO(syscall(SYS_truncate, path, 1), EPERM);
    CHECK_ERRNO(syscall(SYS_truncate, path, 100), EPERM);
    CHECK_ERRNO(syscall(SYS_writev, to, &v, 1), EPERM);
    CHECK_ERRNO(syscall(SYS_pwritev, to, &v, 1, 0, 0), EPERM);
    CHECK_ERRNO(syscall(SYS_pwritev2, to, &v, 1, 0, 0, 0), EPERM);
    CHECK_ERRNO(syscall(SYS_sendfile, to, from, &at, 4), EPERM);
    close(to), close(from), unlink("from");
}

static void full_and_strange_files(void)
{
    int full = open("/dev/full", O_RDWR), ends[2];
    int from = file_with("from", text, 64, 0600), to = file_with("to", text, 4, 0600);
    loff_t at = 20, other_at = 0;

    CHECK_ERRNO(syscall(SYS_writev, full, &v, 1), ENOSPC);
    CHECK_ERRNO(syscall(SYS_pwrite64, full, text, 4, 0), ENOSPC);
    CHECK_ERRNO(syscall(SYS_pwritev, full, &v, 1, 0, 0), ENOSPC);
    CHECK_ERRNO(syscall(SYS_pwritev2, full, &v, 1, 0, 0, 0), ENOSPC);
    CHECK_ERRNO(syscall(SYS_copy_file_range, from, &at, to, &other_at, -10ul, 0), EOVERFLOW);
    CHECK_ERRNO(syscall(SYS_copy_file_range, from, &other_at, to, &at, -10ul, 0), EOVERFLOW);
    close(full), close(to), close(from);
    signal(SIGPIPE, SIG_IGN);
    int other[2], source = open("from", O_RDONLY);
    CHECK(pipe(ends) == 0 && pipe(other) == 0 && write(other[1], text, 4) == 4);
    close(ends[0]);
    CHECK_ERRNO(syscall(SYS_splice, source, NULL, ends[1], NULL, 4, 0), EPIPE);
    CHECK_ERRNO(syscall(SYS_tee, other[0], ends[1], 4, 0), EPIPE);
    CHECK_ERRNO(syscall(SYS_vmsplice, ends[1], &v, 1, 0), EPIPE);
    CHECK_ERRNO(syscall(SYS_sendfile, ends[1], source, NULL, 4), EPIPE);
    close(ends[1]), close(other[0]), close(other[1]), close(source);
    unlink("from"), unlink("to");
}

static void terminals_gone(void)
{
    int master, slave;

    signal(SIGHUP, SIG_IGN);
    CHECK(openpty(&master, &slave, NULL, NULL, NULL) == 0);
    close(slave);
    CHECK_ERRNO(syscall(SYS_readv, master, &v, 1), EIO);
    close(master);
    CHECK(openpty(&master, &slave, NULL, NULL, NULL) == 0);
    close(master);
    CHECK_ERRNO(syscall(SYS_writev, slave, &v, 1), EIO);
    close(slave);
}

static long open_how(const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
    uint64_t how[3] = {flags, mode, resolve};
    return syscall(SYS_openat2, AT_FDCWD, path, how, sizeof(how));
}

static void opens(void)
{
    close(file_with("file", text, 4, 0600));
    CHECK(mkfifo("fifo", 0600) == 0);
    CHECK_ERRNO(open_how("new", O_CREAT | O_WRONLY, 0600, RESOLVE_CACHED), EAGAIN);
    CHECK_ERRNO(open_how("file", O_CREAT | O_EXCL | O_WRONLY, 0600, 0), EEXIST);
    CHECK_ERRNO(open_how(".", O_WRONLY, 0, 0), EISDIR);
    CHECK_ERRNO(open_how("fifo", O_WRONLY | O_NONBLOCK, 0, 0), ENXIO);
    CHECK_ERRNO(open_how("/proc/self/exe", O_WRONLY, 0, 0), ETXTBSY);
    unlink("file"), unlink("fifo");
}

/* Directories in which nothing can be made, a mount, a symbolic link's mode. */
static void places(void)
{
    CHECK_ERRNO(syscall(SYS_mkdir, "/dev/pts/x", 0700), EPERM);
    CHECK_ERRNO(syscall(SYS_mkdirat, AT_FDCWD, "/dev/pts/x", 0700), EPERM);
    CHECK_ERRNO(syscall(SYS_symlink, "x", "/dev/pts/x"), EPERM);
    CHECK_ERRNO(syscall(SYS_symlinkat, "x", AT_FDCWD, "/dev/pts/x"), EPERM);
    CHECK_ERRNO(syscall(SYS_unlinkat, AT_FDCWD, "/proc", AT_REMOVEDIR), EBUSY);
    CHECK(symlink("x", "link") == 0);
    long result = syscall(SYS_fchmodat2, AT_FDCWD, "link", 0600, AT_SYMLINK_NOFOLLOW);
    CHECK(result == -1 && (errno == EOPNOTSUPP || errno == ENOSYS)); /* Linux before 6.6 */
    unlink("link");
}

static const struct {
    Elf64_Ehdr head;
    Elf64_Phdr interpreter, text;
    char name[8];
} program = {
    {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_DYN,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_phoff = sizeof(Elf64_Ehdr),
        .e_ehsize = sizeof(Elf64_Ehdr),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = 2,
    },
    {.p_type = PT_INTERP, .p_offset = sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Phdr), .p_filesz = 7},
    {.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_filesz = 4096, .p_memsz = 4096, .p_align = 4096},
    "interp",
};

static void executions(void)
{
    static char interpreter[4096] = "this is no program\n";
    char *arguments[] = {"program", NULL};
    size_t huge = 32 << 20;
    char *longest = malloc(huge);
    char *too_long[] = {longest, NULL};

    close(file_with("program", &program, sizeof(program), 0700));
    close(file_with("interp", interpreter, sizeof(interpreter), 0700));
    CHECK_ERRNO(syscall(SYS_execve, "program", arguments, NULL), ELIBBAD);
    CHECK_ERRNO(syscall(SYS_execveat, AT_FDCWD, "program", arguments, NULL, 0), ELIBBAD);
    memset(longest, 'x', huge - 1);
    longest[huge - 1] = 0;
    CHECK_ERRNO(syscall(SYS_execveat, AT_FDCWD, "program", too_long, NULL, 0), E2BIG);
    int writer = open("program", O_WRONLY);
    CHECK_ERRNO(syscall(SYS_execveat, AT_FDCWD, "program", arguments, NULL, 0), ETXTBSY);
    close(writer), unlink("program"), unlink("interp"), free(longest);
}

static void ids_and_waits(void)
{
    siginfo_t info;
    int gate[2];

    CHECK_ERRNO(syscall(SYS_setuid, -1), EINVAL);
    CHECK_ERRNO(syscall(SYS_setgid, -1), EINVAL);
    CHECK_ERRNO(syscall(SYS_wait4, INT_MIN, NULL, 0, NULL), ESRCH);
    CHECK(pipe(gate) == 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        close(gate[1]);
        _exit((int)read(gate[0], text, 1));
    }
    int fd = (int)syscall(SYS_pidfd_open, child, O_NONBLOCK);
    CHECK_ERRNO(syscall(SYS_waitid, 3 /* P_PIDFD */, fd, &info, WEXITED, NULL), EAGAIN);
    close(gate[0]), close(gate[1]), close(fd);
    CHECK(waitpid(child, NULL, 0) == child);
}

static void read_only_memory(void)
{
    close(file_with("file", text, 64, 0600));
    int fd = open("file", O_RDONLY);
    void *memory = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);

    CHECK(memory != MAP_FAILED);
    CHECK_ERRNO(syscall(SYS_pkey_mprotect, memory, 4096, PROT_WRITE, -1), EACCES);
    munmap(memory, 4096), close(fd), unlink("file");
}

static void ring(int number)
{
    (void)number;
}

static void interrupted_futexes(void)
{
    static uint32_t word;
    struct { uint64_t value, address; uint32_t flags, reserved; } one = {
        0, (uint64_t)&word, PRIVATE_U32, 0};
    struct sigaction action = {.sa_handler = ring};
    struct itimerval soon = {{0, 20000}, {0, 20000}}, never = {{0, 0}, {0, 0}};

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &soon, NULL);
    CHECK_ERRNO(syscall(SYS_futex_waitv, &one, 1, 0, NULL, CLOCK_MONOTONIC), EINTR);
    if (syscall(SYS_futex_wake, &word, 1, 1, PRIVATE_U32) != -1 || errno != ENOSYS)
        CHECK_ERRNO(syscall(SYS_futex_wait, &word, 0, ~0u, PRIVATE_U32, NULL, 0), EINTR);
    setitimer(ITIMER_REAL, &never, NULL);
}

static void as_nobody(void)
{
    int roots = (int)syscall(SYS_pidfd_open, getppid(), 0);

    close(file_with("roots", text, 4, 0644));
    CHECK(setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
    CHECK_ERRNO(syscall(SYS_pidfd_getfd, roots, 1, 0), EPERM);
    CHECK_ERRNO(open_how("roots", O_RDONLY | O_NOATIME, 0, 0), EPERM);
    CHECK_ERRNO(syscall(SYS_timerfd_create, CLOCK_REALTIME_ALARM, 0), EPERM);
}

int main(void)
{
    sealed_files();
    full_and_strange_files();
    terminals_gone();
    opens();
    places();
    executions();
    ids_and_waits();
    read_only_memory();
    interrupted_futexes();
    if (geteuid() == 0) {
        CHECK(chmod(".", 0755) == 0);
        in_child(as_nobody);
        unlink("roots");
    }
    CHECK_DONE();
}
