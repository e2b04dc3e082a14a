// SPDX-License-Identifier: BSD-3-Clause
// What single system calls cost, on whatever kernel this runs: one static program without a libc, so
// that every rung of the ladder is measured on the very same bytes.
//
//     syscalls site|call|none MILLISECONDS [NAME...]      prints "NAME CALLS NANOSECONDS" lines
//
// site: calls are made as libc makes them, by a `syscall` instruction behind `mov $nr, %eax`.
// call: through the address that AT_SYSINFO gives; status 3 where there is none.
// none: nothing is called: the price of the loop.

typedef unsigned long u64;
typedef struct {
    long seconds, nanoseconds;
} timespec;

enum { WRITE = 1, PIPE = 22, CLONE = 56, EXIT = 60, CLOCK_GETTIME = 228, EXIT_GROUP = 231 };
enum { EPOLL_CTL = 233, OPENAT = 257, EVENTFD2 = 290, EPOLL_CREATE1 = 291 };
enum { AT_SYSINFO = 32, AT_SYSINFO_EHDR = 33 };

// The wrappers have libc's shapes. `bare_` returns the result as it is (getpid): whatever the flags
// are when it returns is the caller's. `checked_` compares it with -4095 first, as glibc does.
#define BARE(name, number)                                                                         \
    __asm__(".text\n.type site_" name ", @function\nsite_" name ":\n mov $" #number ", %eax\n"    \
            " syscall\n ret\n.size site_" name ", .-site_" name "\n"                               \
            ".type call_" name ", @function\ncall_" name ":\n mov $" #number ", %eax\n"            \
            " jmp *kernel_call(%rip)\n.size call_" name ", .-call_" name "\n")
#define CHECKED(name, number)                                                                      \
    __asm__(".text\n.type site_" name ", @function\nsite_" name ":\n mov $" #number ", %eax\n"    \
            " syscall\n cmp $-4096, %rax\n ja 1f\n ret\n1: or $-1, %rax\n ret\n"                   \
            ".size site_" name ", .-site_" name "\n"                                               \
            ".type call_" name ", @function\ncall_" name ":\n mov $" #number ", %eax\n"            \
            " jmp *kernel_call(%rip)\n.size call_" name ", .-call_" name "\n")

__attribute__((used)) u64 kernel_call;

typedef long enter(long, long, long, long);
#define HIDDEN __attribute__((visibility("hidden")))
#define DECLARE(name) HIDDEN enter site_##name, call_##name

BARE("getpid", 39);
CHECKED("getpid_checked", 39);
BARE("getppid", 110);
CHECKED("unknown", 9999);
CHECKED("read", 0);
CHECKED("write", 1);
CHECKED("futex", 202);
CHECKED("clock_gettime", 228);
CHECKED("munmap", 11);
DECLARE(getpid);
DECLARE(getpid_checked);
DECLARE(getppid);
DECLARE(unknown);
DECLARE(read);
DECLARE(write);
DECLARE(futex);
DECLARE(clock_gettime);
DECLARE(munmap);

// Calls with four and six arguments: r10, r8 and r9 are loaded here.
__asm__(".text\n.type site_four, @function\nsite_four:\n mov %rcx, %r10\n mov $232, %eax\n syscall\n"
        " cmp $-4096, %rax\n ja 1f\n ret\n1: or $-1, %rax\n ret\n.size site_four, .-site_four\n"
        ".type call_four, @function\ncall_four:\n mov %rcx, %r10\n mov $232, %eax\n"
        " jmp *kernel_call(%rip)\n.size call_four, .-call_four\n");
__asm__(".text\n.type site_map, @function\nsite_map:\n mov %rcx, %r10\n mov $-1, %r8\n"
        " xor %r9d, %r9d\n mov $9, %eax\n syscall\n cmp $-4096, %rax\n ja 1f\n ret\n"
        "1: or $-1, %rax\n ret\n.size site_map, .-site_map\n"
        ".type call_map, @function\ncall_map:\n mov %rcx, %r10\n mov $-1, %r8\n xor %r9d, %r9d\n"
        " mov $9, %eax\n jmp *kernel_call(%rip)\n.size call_map, .-call_map\n");
DECLARE(four);
DECLARE(map);

static long raw(long number, long a, long b, long c, long d, long e) {
    register long r10 __asm__("r10") = d, r8 __asm__("r8") = e;
    __asm__ volatile("syscall"
                     : "+a"(number)
                     : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return number;
}

typedef struct {
    enter *getpid, *getpid_checked, *getppid, *unknown, *read, *write;
    enter *futex, *clock, *munmap, *wait, *map;
} doors;
#define ALL(way)                                                                                   \
    {way##_getpid, way##_getpid_checked, way##_getppid,       way##_unknown, way##_read,           \
     way##_write,  way##_futex,          way##_clock_gettime, way##_munmap,  way##_four, way##_map}
static const doors sites = ALL(site), calls = ALL(call);
static const doors *door = &sites;
static long (*vdso_clock)(long, timespec *);

static int zero, null, own_pipe[2], there[2], back[2], poll, word;
static char byte;

static long nothing(void) {
    __asm__ volatile("");
    return 0;
}

static long do_getpid(void) {
    return door->getpid(0, 0, 0, 0);
}

static long do_getpid_checked(void) {
    return door->getpid_checked(0, 0, 0, 0);
}

static long do_getppid(void) {
    return door->getppid(0, 0, 0, 0);
}

static long do_unknown(void) {
    return door->unknown(0, 0, 0, 0);
}

static long do_bad_read(void) {
    return door->read(-1, (long)&byte, 1, 0);
}

static long do_read(void) {
    return door->read(zero, (long)&byte, 1, 0);
}

static long do_write(void) {
    return door->write(null, (long)&byte, 1, 0);
}

static long do_futex(void) {
    return door->futex((long)&word, 1 | 128, 1, 0);  // FUTEX_WAKE_PRIVATE; nobody waits
}

static long do_clock(void) {
    timespec now;
    return door->clock(1, (long)&now, 0, 0);
}

static long do_vdso(void) {
    timespec now;
    return vdso_clock(1, &now);
}

static long do_pipe(void) {
    door->write(own_pipe[1], (long)&byte, 1, 0);
    return door->read(own_pipe[0], (long)&byte, 1, 0);
}

static long do_ping_pong(void) {
    door->write(there[1], (long)&byte, 1, 0);
    return door->read(back[0], (long)&byte, 1, 0);
}

static long do_epoll(void) {
    char events[12 * 8];
    return door->wait(poll, (long)events, 8, 0);
}

static long do_mmap(void) {
    return door->munmap(door->map(0, 65536, 3, 0x22), 65536, 0, 0);
}

static const struct operation {
    const char *name;
    long (*run)(void);
} OPERATIONS[] = {
    {"getpid", do_getpid},
    {"getpid-checked", do_getpid_checked},
    {"getppid", do_getppid},
    {"unknown", do_unknown},
    {"read-bad", do_bad_read},
    {"clock_gettime", do_vdso},
    {"clock_gettime-call", do_clock},
    {"read-zero", do_read},
    {"write-null", do_write},
    {"futex-wake", do_futex},
    {"epoll-8", do_epoll},
    {"pipe", do_pipe},
    {"ping-pong", do_ping_pong},
    {"mmap-munmap", do_mmap},
};

static int same(const char *a, const char *b) {
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

static u64 now_ns(void) {
    timespec now;
    raw(CLOCK_GETTIME, 1, (long)&now, 0, 0, 0);
    return (u64)now.seconds * 1000000000 + (u64)now.nanoseconds;
}

static char *number(char *out, u64 value) {
    char digits[24];
    int count = 0;
    do
        digits[count++] = (char)('0' + value % 10);
    while (value /= 10);
    while (count)
        *out++ = digits[--count];
    return out;
}

static void tell(const char *name, u64 count, u64 ns) {
    char line[96], *at = line;
    while (*name)
        *at++ = *name++;
    *at++ = ' ';
    at = number(at, count);
    *at++ = ' ';
    at = number(at, ns);
    *at++ = '\n';
    raw(WRITE, 1, (long)line, at - line, 0, 0);
}

// The other end of the ping-pong, a thread of its own: sends back what comes.
static void echo(void) {
    char got;
    while (door->read(there[0], (long)&got, 1, 0) == 1)
        door->write(back[1], (long)&got, 1, 0);
    raw(EXIT, 0, 0, 0, 0, 0);
}

__attribute__((used)) static void (*const volatile thread_body)(void) = echo;
static char thread_stack[32768] __attribute__((aligned(16)));

static void start_thread(void) {
    // VM FS FILES SIGHAND THREAD SYSVSEM: a thread without TLS
    register char *stack __asm__("rsi") = thread_stack + sizeof(thread_stack);
    register void (*body)(void) __asm__("r9") = thread_body;
    long number = CLONE;
    __asm__ volatile("syscall\n test %%eax, %%eax\n jnz 1f\n xor %%ebp, %%ebp\n call *%%r9\n ud2\n1:"
                     : "+a"(number)
                     : "D"(0x50f00L), "r"(stack), "d"(0L), "r"(body)
                     : "rcx", "r11", "memory");
}

static void prepare(void) {
    zero = (int)raw(OPENAT, -100, (long)"/dev/zero", 0, 0, 0);
    null = (int)raw(OPENAT, -100, (long)"/dev/null", 1, 0, 0);
    raw(PIPE, (long)own_pipe, 0, 0, 0, 0);
    raw(PIPE, (long)there, 0, 0, 0, 0);
    raw(PIPE, (long)back, 0, 0, 0, 0);
    poll = (int)raw(EPOLL_CREATE1, 0, 0, 0, 0, 0);
    for (int i = 0; i < 8; i++) {
        int event = (int)raw(EVENTFD2, 1, 0, 0, 0, 0);
        unsigned interest[3] = { 1, (unsigned)event, 0 };
        raw(EPOLL_CTL, poll, 1, event, (long)interest, 0);
    }
    start_thread();
}

static void measure(const struct operation *operation, u64 budget_ns) {
    u64 count = 16, took = 0;
    operation->run();
    for (;;) {
        u64 start = now_ns();
        for (u64 i = 0; i < count; i++)
            operation->run();
        took = now_ns() - start;
        if (took >= budget_ns / 2)
            break;
        u64 more = took ? count * budget_ns / took : count * 16;
        count = more > count * 16 ? count * 16 : more + 1;
    }
    tell(operation->name, count, took);
}

// The vDSO's symbol, by its dynamic section: symbol table, strings, SysV or GNU hash unneeded, since
// string and symbol tables stand behind one another.
static void *vdso_symbol(const char *base, const char *name) {
    const u64 *dynamic = 0;
    u64 load = 0, symbols = 0, strings = 0;
    const char *headers = base + *(const u64 *)(base + 32);
    for (int i = 0; i < *(const unsigned short *)(base + 56); i++, headers += 56) {
        if (*(const unsigned *)headers == 1 && !load)
            load = (u64)base + *(const u64 *)(headers + 8) - *(const u64 *)(headers + 16);
        if (*(const unsigned *)headers == 2)
            dynamic = (const u64 *)(base + *(const u64 *)(headers + 8));
    }
    for (; dynamic && *dynamic; dynamic += 2) {
        symbols = dynamic[0] == 6 ? load + dynamic[1] : symbols;
        strings = dynamic[0] == 5 ? load + dynamic[1] : strings;
    }
    for (u64 at = symbols; at && at < strings; at += 24)
        if (same((const char *)strings + *(const unsigned *)at, name))
            return (void *)(load + *(const u64 *)(at + 8));
    return 0;
}

static u64 parse(const char *text) {
    u64 value = 0;
    while (*text)
        value = value * 10 + (u64)(*text++ - '0');
    return value;
}

static int wanted(const char *name, char **names) {
    if (!*names)
        return 1;
    for (; *names; names++)
        if (same(*names, name))
            return 1;
    return 0;
}

__attribute__((used)) void start(long *stack) {
    char **argv = (char **)(stack + 1), **names = argv + 3;
    long *at = stack + 2 + stack[0];
    while (*at++)
        ;
    for (; *at; at += 2) {
        if (at[0] == AT_SYSINFO)
            kernel_call = (u64)at[1];
        if (at[0] == AT_SYSINFO_EHDR)
            vdso_clock = vdso_symbol((const char *)at[1], "__vdso_clock_gettime");
    }
    if (stack[0] < 3)
        raw(EXIT_GROUP, 2, 0, 0, 0, 0);
    if (same(argv[1], "call")) {
        if (!kernel_call)
            raw(EXIT_GROUP, 3, 0, 0, 0, 0);
        door = &calls;
    }
    u64 budget_ns = parse(argv[2]) * 1000000;
    prepare();
    static const struct operation loop = {"loop", nothing};
    measure(&loop, budget_ns);
    for (u64 i = 0; i < sizeof(OPERATIONS) / sizeof(*OPERATIONS) && !same(argv[1], "none"); i++)
        if (wanted(OPERATIONS[i].name, names) && (OPERATIONS[i].run != do_vdso || vdso_clock))
            measure(&OPERATIONS[i], budget_ns);
    raw(EXIT_GROUP, 0, 0, 0, 0, 0);
}

__asm__(".text\n.globl _start\n.type _start, @function\n_start:\n xor %ebp, %ebp\n"
        " mov %rsp, %rdi\n"
        " and $-16, %rsp\n call start\n ud2\n");
