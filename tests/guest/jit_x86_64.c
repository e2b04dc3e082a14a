/* SPDX-License-Identifier: BSD-3-Clause */
/* A program that makes code: maps, writes, protects and runs it; changes it and runs it again; with
 * writable and executable pages, with two views of one memfd, and with a system call in it. */
#include "check.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

typedef int function(int);

/* lea n(%rdi), %eax; ret */
static void emit_add(unsigned char *to, int n)
{
    memcpy(to, "\x8d\x87", 2);
    memcpy(to + 2, &n, 4);
    to[6] = 0xc3;
}

static void test_protect(void)
{
    unsigned char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    for (int i = 0; i < 300; i++) {
        CHECK(mprotect(page, 4096, PROT_READ | PROT_WRITE) == 0);
        emit_add(page + i * 8 % 4088, i);
        CHECK(mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0);
        CHECK(((function *)(page + i * 8 % 4088))(1000) == 1000 + i);
    }
    CHECK(munmap(page, 4096) == 0);
}

static void test_writable(void)
{
    unsigned char *page = mmap(NULL, 65536, PROT_READ | PROT_WRITE | PROT_EXEC,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    for (int i = 0; i < 5000; i++) {
        unsigned char *at = page + i * 61 % 65000;
        emit_add(at, i);
        CHECK(((function *)at)(-i) == 0);
    }
    munmap(page, 65536);
}

/* As runtimes that never have a page writable and executable at once. */
static void test_two_views(void)
{
    int fd = memfd_create("code", 0);
    CHECK(fd >= 0 && ftruncate(fd, 8192) == 0);
    unsigned char *writable = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    unsigned char *code = mmap(NULL, 8192, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    CHECK(writable != MAP_FAILED && code != MAP_FAILED);
    for (int i = 0; i < 1000; i++) {
        emit_add(writable + i * 7 % 8000, i * 3);
        CHECK(((function *)(code + i * 7 % 8000))(5) == 5 + i * 3);
    }
    munmap(writable, 8192);
    CHECK(((function *)(code + 999 * 7 % 8000))(5) == 5 + 999 * 3);
    munmap(code, 8192);
    close(fd);
}

/* mov $39, %eax; syscall; ret: getpid */
static void test_call(void)
{
    static const unsigned char getpid_code[] = {0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3};
    unsigned char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(page + 100, getpid_code, sizeof(getpid_code));
    CHECK(mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0);
    for (int i = 0; i < 1000; i++)
        CHECK(((int (*)(void))(page + 100))() == getpid());
    CHECK(memcmp(page + 100, getpid_code, sizeof(getpid_code)) == 0);
    munmap(page, 4096);
}

static sigjmp_buf out;
static volatile int code;
static void *volatile address;

static void handler(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    code = info->si_code;
    address = info->si_addr;
    siglongjmp(out, 1);
}

/* Pages that may not be run, or not be written, say so. */
static void test_refused(void)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO};
    action.sa_sigaction = handler;
    CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
    unsigned char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    emit_add(page, 1);
    if (!sigsetjmp(out, 1)) {
        ((function *)page)(1);
        CHECK(!"reached");
    }
    CHECK(code == SEGV_ACCERR && address == page);
    code = 0;
    CHECK(mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0);
    if (!sigsetjmp(out, 1)) {
        *(volatile unsigned char *)page = 0;
        CHECK(!"reached");
    }
    CHECK(code == SEGV_ACCERR && address == page && ((function *)page)(1) == 2);
    munmap(page, 4096);
}

int main(void)
{
    test_protect();
    test_writable();
    test_two_views();
    test_call();
    test_refused();
    CHECK_DONE();
}
