/* SPDX-License-Identifier: BSD-3-Clause */
/* What memory a forked child has: copies on write, shared mappings, what madvise says of fork. */
#include "check.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define PAGE 4096ul

/* Runs `body` in a child; its failures come back as its status. */
#define IN_CHILD(body)                                                                             \
    do {                                                                                           \
        fflush(stdout);                                                                            \
        pid_t child_ = fork();                                                                     \
        if (child_ == 0) {                                                                         \
            check_failures = 0;                                                                    \
            body;                                                                                  \
            fflush(stdout);                                                                        \
            _exit(check_failures ? 1 : 0);                                                         \
        }                                                                                          \
        int status_;                                                                               \
        CHECK(child_ > 0 && waitpid(child_, &status_, 0) == child_ && status_ == 0);               \
    } while (0)

static char data[3 * PAGE] = "data", zeros[3 * PAGE];

static char *map(size_t pages, int flags, int fd)
{
    char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);
    CHECK(p != MAP_FAILED);
    return p;
}

static void test_private(void)
{
    char stack[2 * PAGE], *heap = malloc(100000), *anonymous = map(4, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    memset(stack, 's', sizeof(stack));
    memset(heap, 'h', 100000);
    anonymous[0] = 'a';
    IN_CHILD({
        CHECK(!strcmp(data, "data") && stack[5000] == 's' && heap[99999] == 'h');
        CHECK(anonymous[0] == 'a' && anonymous[PAGE] == 0);
        strcpy(data, "child");
        stack[5000] = heap[99999] = anonymous[0] = anonymous[PAGE] = zeros[PAGE] = 'c';
        CHECK(!strcmp(data, "child") && stack[5000] == 'c' && anonymous[PAGE] == 'c');
    });
    CHECK(!strcmp(data, "data") && stack[5000] == 's' && heap[99999] == 'h' && !zeros[PAGE]);
    CHECK(anonymous[0] == 'a' && anonymous[PAGE] == 0);
    munmap(anonymous, 4 * PAGE);
    free(heap);
}

static void test_parent_writes(void)
{
    int go[2];
    char *p = map(2, MAP_PRIVATE | MAP_ANONYMOUS, -1), byte;
    p[0] = 1;
    CHECK(pipe(go) == 0);
    pid_t child = fork();
    if (child == 0) {
        close(go[1]);
        _exit(read(go[0], &byte, 1) == 0 && p[0] == 1 && p[PAGE] == 0 && !strcmp(data, "data") ? 0 : 1);
    }
    p[0] = p[PAGE] = 2;
    strcpy(data, "parent");
    close(go[1]);
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(p[0] == 2 && p[PAGE] == 2);
    strcpy(data, "data");
    close(go[0]);
    munmap(p, 2 * PAGE);
}

static void test_shared(void)
{
    int fd = open("shared", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0 && ftruncate(fd, 2 * PAGE) == 0);
    char *file = map(2, MAP_SHARED, fd), *anonymous = map(2, MAP_SHARED | MAP_ANONYMOUS, -1);
    char *copy = map(2, MAP_PRIVATE, fd);
    copy[PAGE] = 'p';
    IN_CHILD({
        file[0] = 'f';
        anonymous[PAGE] = 'a';
        copy[0] = 'x';
        CHECK(copy[PAGE] == 'p');
    });
    CHECK(file[0] == 'f' && anonymous[PAGE] == 'a' && copy[0] == 'f' && copy[PAGE] == 'p');
    IN_CHILD({
        CHECK(file[0] == 'f' && anonymous[PAGE] == 'a');
        CHECK(munmap(anonymous, 2 * PAGE) == 0 && munmap(file, PAGE) == 0);
    });
    anonymous[0] = file[0] = 'z';
    close(fd);
    munmap(file, 2 * PAGE);
    munmap(copy, 2 * PAGE);
    munmap(anonymous, 2 * PAGE);
}

static void test_advice(void)
{
    char *left = map(3, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    char *wiped = map(3, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    unsigned char there;
    memset(left, 1, 3 * PAGE);
    memset(wiped, 1, 3 * PAGE);
    CHECK(madvise(left + PAGE, PAGE, MADV_DONTFORK) == 0);
    CHECK(madvise(wiped + PAGE, PAGE, 18 /* MADV_WIPEONFORK */) == 0);
    IN_CHILD({
        CHECK(left[0] == 1 && left[2 * PAGE] == 1);
        CHECK_ERRNO(mincore(left + PAGE, PAGE, &there), ENOMEM);
        CHECK(wiped[0] == 1 && wiped[PAGE] == 0 && wiped[2 * PAGE] == 1);
        wiped[PAGE] = 3;
        void *back = mmap(left + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        CHECK(back == left + PAGE && left[PAGE] == 0);
    });
    CHECK(left[PAGE] == 1 && wiped[PAGE] == 1);
    munmap(left, 3 * PAGE);
    munmap(wiped, 3 * PAGE);
}

static long locked_kib(void)
{
    char line[256];
    long value = -1;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "VmLck: %ld", &value) == 1)
            break;
    if (f)
        fclose(f);
    return value;
}

static void test_locks(void)
{
    char *p = map(2, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    CHECK(mlock(p, 2 * PAGE) == 0 && locked_kib() == 8);
    IN_CHILD(CHECK(locked_kib() == 0));
    CHECK(locked_kib() == 8);
    munmap(p, 2 * PAGE);
}

/* The child's space is its own: what it maps, moves and protects changes nothing for the parent. */
static void test_layout(void)
{
    char *p = map(8, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    char *end = (char *)syscall(SYS_brk, 0);
    memset(p, 7, 8 * PAGE);
    IN_CHILD({
        CHECK(mprotect(p, PAGE, PROT_NONE) == 0);
        char *moved = mremap(p + 2 * PAGE, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE);
        CHECK(moved != MAP_FAILED && moved[PAGE] == 7 && moved[3 * PAGE] == 0);
        CHECK(munmap(p + 6 * PAGE, 2 * PAGE) == 0);
        CHECK(syscall(SYS_brk, end + 5 * PAGE) == (long)end + 5 * (long)PAGE);
        end[4 * PAGE] = 1;
        CHECK(mprotect(p, PAGE, PROT_READ | PROT_WRITE) == 0 && p[10] == 7);
        p[10] = 8;
    });
    for (int n = 0; n < 8; n++)
        CHECK(p[n * PAGE + 10] == 7);
    CHECK((char *)syscall(SYS_brk, 0) == end);
    munmap(p, 8 * PAGE);
}

static void test_generations(void)
{
    char *p = map(1, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    for (int depth = 0; depth < 8; depth++) {
        fflush(stdout);
        pid_t child = fork();
        if (child) {
            int status;
            CHECK(waitpid(child, &status, 0) == child && status == 0 && *p == depth);
            if (depth)
                _exit(check_failures ? 1 : 0);
            munmap(p, PAGE);
            return;
        }
        CHECK(*p == depth);
        *p += 1;
    }
    _exit(check_failures ? 1 : 0);
}

int main(void)
{
    test_private();
    test_parent_writes();
    test_shared();
    test_advice();
    test_locks();
    test_layout();
    test_generations();
    CHECK_DONE();
}
