/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: elf=static,dynamic flags=-fnon-call-exceptions */
/* C++ exceptions: through deep frames, across threads, out of a signal handler that stands on a
 * fault, on the thread's stack and on an alternate one; the unwinder finds its way through the
 * signal frame. */
#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>
#include <vector>

static int failures;

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            std::printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);                            \
            failures++;                                                                            \
        }                                                                                          \
    } while (0)

static int destroyed;

struct Guard {
    ~Guard() { destroyed++; }
};

static int dive(int depth)
{
    Guard guard;
    std::string kept(static_cast<std::size_t>(depth) % 50, 'x');
    if (depth == 0)
        throw std::runtime_error("bottom");
    return dive(depth - 1) + static_cast<int>(kept.size());
}

static void test_depth()
{
    for (int round = 0; round < 20; round++) {
        destroyed = 0;
        try {
            dive(200);
            EXPECT(false);
        } catch (const std::exception &e) {
            EXPECT(std::string(e.what()) == "bottom");
        }
        EXPECT(destroyed == 201);
    }
}

static void test_rethrow()
{
    std::exception_ptr kept;
    try {
        try {
            throw 7;
        } catch (int) {
            throw;
        }
    } catch (...) {
        kept = std::current_exception();
    }
    try {
        std::rethrow_exception(kept);
    } catch (int n) {
        EXPECT(n == 7);
    }
    try {
        std::vector<int>().at(3);
        EXPECT(false);
    } catch (const std::out_of_range &) {
    }
    try {
        throw std::bad_alloc();
    } catch (const std::bad_alloc &) {
    }
}

static void test_threads()
{
    std::exception_ptr passed[4];
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
        threads.emplace_back([i, &passed] {
            try {
                dive(20 + i);
            } catch (...) {
                passed[i] = std::current_exception();
            }
        });
    for (auto &t : threads)
        t.join();
    for (auto &p : passed)
        EXPECT(p != nullptr);
}

struct Fault {
    int signal;
    void *address;
};

static void throw_fault(int signal, siginfo_t *info, void *)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    sigprocmask(SIG_UNBLOCK, &set, nullptr); /* no sigreturn does it */
    throw Fault{signal, info->si_addr};
}

static void handle(int signal, int flags)
{
    struct sigaction action = {};
    action.sa_sigaction = throw_fault;
    action.sa_flags = SA_SIGINFO | flags;
    EXPECT(sigaction(signal, &action, nullptr) == 0);
}

static volatile int *null_pointer = reinterpret_cast<volatile int *>(16);
static volatile int zero, sink;

static int read_it(volatile int *where)
{
    Guard guard;
    return *where;
}

static int divide(int a)
{
    Guard guard;
    return a / zero;
}

static void test_faults(int flags)
{
    handle(SIGSEGV, flags);
    handle(SIGFPE, flags);
    handle(SIGBUS, flags);
    for (int round = 0; round < 50; round++) {
        destroyed = 0;
        try {
            sink = read_it(null_pointer);
            EXPECT(false);
        } catch (const Fault &f) {
            EXPECT(f.signal == SIGSEGV && f.address == reinterpret_cast<void *>(16));
        }
        try {
            sink = divide(round);
            EXPECT(false);
        } catch (const Fault &f) {
            EXPECT(f.signal == SIGFPE);
        }
        EXPECT(destroyed == 2);
    }
}

static void test_fault_in_thread()
{
    std::thread t([] {
        stack_t stack = {};
        stack.ss_size = 65536;
        stack.ss_sp = std::malloc(stack.ss_size);
        sigaltstack(&stack, nullptr);
        test_faults(SA_ONSTACK);
        stack.ss_flags = SS_DISABLE;
        sigaltstack(&stack, nullptr);
    });
    t.join();
}

/* A call that a signal interrupts, out of which the handler throws. */
static void test_interrupted_call()
{
    handle(SIGALRM, 0);
    destroyed = 0;
    try {
        Guard guard;
        alarm(1);
        for (;;)
            pause();
    } catch (const Fault &f) {
        EXPECT(f.signal == SIGALRM && destroyed == 1);
    }
}

int main()
{
    test_depth();
    test_rethrow();
    test_threads();
    test_faults(0);
    static char stack_bytes[65536];
    stack_t stack = {};
    stack.ss_sp = stack_bytes;
    stack.ss_size = sizeof(stack_bytes);
    sigaltstack(&stack, nullptr);
    test_faults(SA_ONSTACK);
    test_fault_in_thread();
    test_interrupted_call();
    return failures ? 1 : 0;
}
