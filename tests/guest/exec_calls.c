/* SPDX-License-Identifier: BSD-3-Clause */
/* execve and execveat: what the new program gets, what of the old one is kept, what is refused.
 * The program runs itself with a first argument that says what to look at. */
#include "check.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static char self[4096];
static volatile int forever = 1;

/* --- in the new program --- */

static int count(char **list)
{
    int n = 0;
    while (list[n])
        n++;
    return n;
}

static int look_arguments(int argc, char **argv)
{
    CHECK(argc == 4 && count(argv) == 4 && !strcmp(argv[0], "zero") && !argv[2][0]);
    CHECK(!strcmp(argv[3], "a b\nc"));
    CHECK(count(environ) == 2 && !strcmp(environ[0], "A=1") && !strcmp(environ[1], "B="));
    CHECK(!strcmp(getenv("A"), "1"));
    CHECK_DONE();
}

static int look_kept(char **argv)
{
    sigset_t set;
    struct sigaction action;
    char text[64] = {0}, name[16];
    struct itimerval timer;
    stack_t stack;
    timer_t id = 0;
    struct itimerspec spec;
    CHECK(getpid() == atoi(argv[2]) && syscall(SYS_gettid) == getpid());
    CHECK(sigaction(SIGUSR1, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
    CHECK(action.sa_flags == 0 || action.sa_flags == 0x04000000);
    CHECK(sigaction(SIGUSR2, NULL, &action) == 0 && action.sa_handler == SIG_IGN);
    CHECK(sigprocmask(SIG_BLOCK, NULL, &set) == 0 && sigismember(&set, SIGHUP) == 1);
    CHECK(sigpending(&set) == 0 && sigismember(&set, SIGHUP) == 1);
    CHECK(sigaltstack(NULL, &stack) == 0 && stack.ss_flags == SS_DISABLE);
    CHECK(getitimer(ITIMER_REAL, &timer) == 0 && timer.it_value.tv_sec > 100);
    CHECK(umask(0) == 051);
    CHECK(read(5, text, 7) == 7 && !strcmp(text, "content"));
    CHECK_ERRNO(fcntl(6, F_GETFD), EBADF);
    CHECK(prctl(PR_GET_NAME, name) == 0 && !strncmp(name, "exec_calls", 10));
    CHECK_ERRNO(syscall(SYS_timer_gettime, id, &spec), EINVAL);
    CHECK_DONE();
}

static int look(int argc, char **argv)
{
    if (!strcmp(argv[1], "arguments"))
        return look_arguments(argc, argv);
    if (!strcmp(argv[1], "kept"))
        return look_kept(argv);
    if (!strcmp(argv[1], "count")) /* the arguments behind, as a number */
        return argc - 2;
    if (!strcmp(argv[1], "length"))
        return strlen(argv[2]) == strtoul(argv[3], NULL, 10) ? 0 : 1;
    if (!strcmp(argv[1], "thread"))
        return getpid() == atoi(argv[2]) && syscall(SYS_gettid) == getpid() ? 0 : 1;
    if (!strcmp(argv[1], "word") && argc > 2)
        return atoi(argv[2]);
    return 99;
}

/* --- in the old one --- */

static int status_of(pid_t child)
{
    int status = -1;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    return status;
}

/* Runs `body`, which does not return, in a child: its status as wait tells it. */
#define CHILD_STATUS(body)                                                                         \
    ({                                                                                             \
        fflush(stdout);                                                                            \
        pid_t child_ = fork();                                                                     \
        if (!child_) {                                                                             \
            body;                                                                                  \
            _exit(98);                                                                             \
        }                                                                                          \
        status_of(child_);                                                                         \
    })

static void test_arguments(void)
{
    char *argv[] = {"zero", "arguments", "", "a b\nc", NULL}, *envp[] = {"A=1", "B=", NULL};
    CHECK(CHILD_STATUS(execve(self, argv, envp)) == 0);
    CHECK(CHILD_STATUS(execve("/proc/self/exe", argv, envp)) == 0);
}

static void prepare_kept(void)
{
    sigset_t set;
    char stack[16384];
    struct itimerval timer = {.it_value.tv_sec = 1000};
    struct itimerspec spec = {.it_value.tv_sec = 1000};
    int id;
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
    struct sigaction action = {.sa_handler = (void (*)(int))prepare_kept, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
    signal(SIGUSR2, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGHUP);
    sigaltstack(&alternate, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
    umask(051);
    int fd = open("kept", O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (write(fd, "content", 7) != 7 || lseek(fd, 0, SEEK_SET))
        _exit(97);
    dup2(fd, 5);
    dup3(fd, 6, O_CLOEXEC);
    prctl(PR_SET_NAME, "another");
    syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id);
    syscall(SYS_timer_settime, id, 0, &spec, NULL);
}

static void test_kept(void)
{
    char pid[16];
    char *argv[] = {"x", "kept", pid, NULL};
    CHECK(CHILD_STATUS({
        prepare_kept();
        snprintf(pid, sizeof(pid), "%d", getpid());
        execv(self, argv);
    }) == 0);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0700);
    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fchmod(fd, mode) == 0);
    close(fd);
}

static void test_errors(void)
{
    char *argv[] = {"x", NULL};
    CHECK_ERRNO(execve("nowhere", argv, environ), ENOENT);
    CHECK_ERRNO(execve("", argv, environ), ENOENT);
    CHECK_ERRNO(execve("/", argv, environ), EACCES);
    CHECK_ERRNO(execve("/dev/null", argv, environ), EACCES);
    CHECK_ERRNO(execve("/proc/self/exe/x", argv, environ), ENOTDIR);
    CHECK_ERRNO(execve(BAD_POINTER, argv, environ), EFAULT);
    CHECK_ERRNO(execve(self, BAD_POINTER, environ), EFAULT);
    CHECK_ERRNO(execve(self, argv, BAD_POINTER), EFAULT);
    char *bad[] = {"x", BAD_POINTER, NULL};
    CHECK_ERRNO(execve(self, bad, environ), EFAULT);
    write_file("text", "no program\n", 0755);
    CHECK_ERRNO(execve("text", argv, environ), ENOEXEC);
    write_file("empty", "", 0755);
    CHECK_ERRNO(execve("empty", argv, environ), ENOEXEC);
    write_file("plain", "#!/bin/sh\n", 0644);
    CHECK_ERRNO(execve("plain", argv, environ), EACCES);
    write_file("lost", "#!/nowhere/at/all\n", 0755);
    CHECK_ERRNO(execve("lost", argv, environ), ENOENT);
    write_file("round", "#!round\n", 0755);
    CHECK_ERRNO(execve("round", argv, environ), ELOOP);
    CHECK(symlink("circle", "circle") == 0);
    CHECK_ERRNO(execve("circle", argv, environ), ELOOP);
    char *longest = malloc(6000);
    memset(longest, 'l', 5999);
    longest[5999] = 0;
    CHECK_ERRNO(execve(longest, argv, environ), ENAMETOOLONG);
    free(longest);
    CHECK_ERRNO(syscall(SYS_execveat, AT_FDCWD, self, argv, environ, 0x4000), EINVAL);
    CHECK_ERRNO(syscall(SYS_execveat, 77, "x", argv, environ, 0), EBADF);
    CHECK_ERRNO(syscall(SYS_execveat, AT_FDCWD, "", argv, environ, 0), ENOENT);
    CHECK_ERRNO(syscall(SYS_execveat, AT_FDCWD, "circle", argv, environ, AT_SYMLINK_NOFOLLOW), ELOOP);
}

static void test_sizes(void)
{
    enum { STRING = 131072 };
    char *text = malloc(STRING + 1), *argv[] = {"x", "length", text, NULL, NULL}, number[16];
    memset(text, 'y', STRING);
    text[STRING] = 0;
    CHECK_ERRNO(execv(self, argv), E2BIG);
    text[STRING - 1] = 0;
    snprintf(number, sizeof(number), "%d", STRING - 1);
    argv[3] = number;
    CHECK(CHILD_STATUS(execv(self, argv)) == 0);
    /* A quarter of the stack's limit for all strings and pointers. */
    text[100000] = 0;
    char *many[64] = {"x", "count"};
    for (int n = 2; n < 20; n++)
        many[n] = text;
    CHECK(CHILD_STATUS(execv(self, many)) == 18 << 8);
    many[20] = many[21] = many[22] = text;
    CHECK_ERRNO(execv(self, many), E2BIG);
    struct rlimit limit;
    getrlimit(RLIMIT_STACK, &limit);
    struct rlimit larger = {16 << 20, limit.rlim_max};
    CHECK(setrlimit(RLIMIT_STACK, &larger) == 0);
    CHECK(CHILD_STATUS(execv(self, many)) == 21 << 8);
    setrlimit(RLIMIT_STACK, &limit);
    free(text);
}

static void test_scripts(void)
{
    char text[5000], *argv[] = {"ignored", "7", NULL};
    snprintf(text, sizeof(text), "#!%s word\nrest\n", self);
    write_file("script", text, 0755);
    /* interpreter word script 7: the number is the script's name, which is none */
    CHECK(CHILD_STATUS(execv("./script", argv)) == 0);
    write_file("23", text, 0755);
    CHECK(CHILD_STATUS(execv("23", argv)) == 23 << 8);
    write_file("outer", "#!23\n", 0755); /* interpreter word 23 outer 7 */
    CHECK(CHILD_STATUS(execv("outer", argv)) == 23 << 8);
}

static void test_descriptors(void)
{
    char *argv[] = {"x", "word", "5", NULL};
    int fd = open(self, O_RDONLY | O_CLOEXEC), path = open(self, O_PATH), directory = open(".", O_PATH);
    CHECK(CHILD_STATUS(fexecve(fd, argv, environ)) == 5 << 8);
    CHECK(CHILD_STATUS(syscall(SYS_execveat, path, "", argv, environ, AT_EMPTY_PATH)) == 5 << 8);
    CHECK(CHILD_STATUS(syscall(SYS_execveat, directory, "outer", argv, environ, 0)) == 23 << 8);
    int closing = open("script", O_RDONLY | O_CLOEXEC);
    CHECK_ERRNO(syscall(SYS_execveat, closing, "", argv, environ, AT_EMPTY_PATH), ENOENT);
    int memory = memfd_create("program", 0);
    struct stat s;
    CHECK(fstat(fd, &s) == 0);
    char *image = mmap(NULL, s.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    CHECK(write(memory, image, s.st_size) == s.st_size && fchmod(memory, 0700) == 0);
    int again = open("/proc/self/fd/0", O_RDONLY);
    char name[64];
    snprintf(name, sizeof(name), "/proc/self/fd/%d", memory);
    int readable = open(name, O_RDONLY | O_CLOEXEC);
    close(memory); /* else it is open for writing: ETXTBSY */
    CHECK(CHILD_STATUS(syscall(SYS_execveat, readable, "", argv, environ, AT_EMPTY_PATH)) == 5 << 8);
    close(again);
    munmap(image, s.st_size);
}

static void test_busy(void)
{
    char *argv[] = {"x", "word", "5", NULL};
    char text[5000];
    snprintf(text, sizeof(text), "cp %s copy", self);
    int from = open(self, O_RDONLY), to = open("copy", O_WRONLY | O_CREAT | O_TRUNC, 0755);
    char buffer[65536];
    for (ssize_t n; (n = read(from, buffer, sizeof(buffer))) > 0;)
        CHECK(write(to, buffer, n) == n);
    CHECK_ERRNO(execv("./copy", argv), ETXTBSY);
    close(to);
    CHECK(CHILD_STATUS(execv("./copy", argv)) == 5 << 8);
    CHECK_ERRNO(open(self, O_WRONLY), ETXTBSY);
    CHECK_ERRNO(open(self, O_RDWR), ETXTBSY);
    CHECK_ERRNO(truncate(self, 10), ETXTBSY);
    to = open("copy", O_WRONLY);
    CHECK(to >= 0);
    close(to);
    close(from);
}

static void *run_from_thread(void *argument)
{
    char pid[16], *argv[] = {"x", "thread", pid, NULL};
    (void)argument;
    snprintf(pid, sizeof(pid), "%d", getpid());
    execv(self, argv);
    return NULL;
}

static void *sleep_forever(void *argument)
{
    (void)argument;
    while (forever)
        pause();
    return NULL;
}

static void *spin(void *argument)
{
    (void)argument;
    while (forever)
        ;
    return NULL;
}

static void test_threads(void)
{
    pthread_t a, b, c;
    CHECK(CHILD_STATUS({
        pthread_create(&a, NULL, sleep_forever, NULL);
        pthread_create(&b, NULL, spin, NULL);
        pthread_create(&c, NULL, run_from_thread, NULL);
        pthread_join(c, NULL);
    }) == 0);
    CHECK(CHILD_STATUS({
        pthread_create(&a, NULL, sleep_forever, NULL);
        pthread_create(&b, NULL, spin, NULL);
        run_from_thread(NULL);
    }) == 0);
    CHECK(CHILD_STATUS({ /* the first thread is gone already */
        pthread_create(&c, NULL, run_from_thread, NULL);
        syscall(SYS_exit, 3);
    }) == 0);
}

static void test_spawn(void)
{
    char *argv[] = {"x", "word", "12", NULL};
    pid_t child;
    int volatile seen = 0;
    CHECK(posix_spawn(&child, self, NULL, NULL, argv, environ) == 0);
    CHECK(status_of(child) == 12 << 8);
    CHECK(posix_spawn(&child, "/nowhere", NULL, NULL, argv, environ) == ENOENT);
    child = vfork();
    if (!child) {
        seen = 1; /* the parent's memory */
        execv(self, argv);
        _exit(98);
    }
    CHECK(seen == 1 && status_of(child) == 12 << 8);
    child = vfork();
    if (!child) {
        seen = 2;
        _exit(13);
    }
    CHECK(seen == 2 && status_of(child) == 13 << 8);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return look(argc, argv);
    CHECK(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
    test_arguments();
    test_kept();
    test_errors();
    test_sizes();
    test_scripts();
    test_descriptors();
    test_busy();
    test_threads();
    test_spawn();
    CHECK_DONE();
}
