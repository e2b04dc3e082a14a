/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A kernel that is nothing but a test of the process platform: host tasks, the baton, the
 * supervisor. Built and run by test_hosted_tasks.py. The boot information is one word that says
 * what to do: "spaces" (the default) tests and ends with status 0; the others end where the test
 * wants them to be killed.
 */
#include "abi/linux/errno.h"
#include "arch/cpu_block.h"
#include "arch/upcalls.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "platform/platform.h"
#include "platform/process/host.h"

struct cpu_block cpu_block;
static u8 program_kernel_stack[65536] __attribute__((aligned(4096)));
static unsigned calls_seen;

#define SHARED_CODE 0x500000ul
#define DATA 0x600000ul

static void say(const char *format, u64 a, u64 b)
{
    char line[160];
    int n = format_text(line, sizeof(line), format, a, b);
    host(HOST_write, 1, line, n);
}

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            say("line %lu: " #condition " is false (host task %lu)\n", __LINE__,                   \
                host_private->index);                                                              \
            platform_power_off(1);                                                                 \
        }                                                                                          \
    } while (0)

static noreturn_fn void on_panic(const char *text)
{
    say("panic\n", 0, 0);
    platform_emergency_write(text, strlen(text));
    platform_power_off(125);
}

static volatile u64 *word(u64 address) { return (volatile u64 *)address; }

static s32 host_pid(void) { return (s32)host(HOST_getpid); }

static struct host_task *task_of(const struct platform_space *space)
{
    return &host_tasks[(u32)space->root];
}

/* --- spaces --- */

static void test_copy(struct platform_space *first)
{
    struct platform_space copy = {0};
    s32 pid = host_pid();
    *word(DATA) = 1;
    CHECK(platform_space_fork(&copy) == 0);
    CHECK(copy.root && copy.root != first->root);
    *word(DATA) = 2;
    platform_space_switch(&copy);
    CHECK(host_pid() != pid && host_private->index == (u32)copy.root);
    CHECK(*word(DATA) == 1); /* as it was when copied */
    *word(DATA) = 3;
    platform_space_switch(first);
    CHECK(host_pid() == pid && *word(DATA) == 2);
    /* Operations on a space that is not current. */
    CHECK(platform_map_anonymous(&copy, DATA, PAGE_SIZE, MAP_READ | MAP_WRITE) == 0);
    CHECK(platform_resident(&copy, DATA, PAGE_SIZE) == 0);
    CHECK(platform_resident(first, DATA, PAGE_SIZE) == PAGE_SIZE);
    platform_space_switch(&copy);
    CHECK(*word(DATA) == 0);
    platform_space_switch(first);
    platform_space_destroy(&copy);
    CHECK(copy.root == 0);
}

static void test_empty(struct platform_space *first)
{
    struct platform_space empty = {0};
    paddr_t frame = SPARSE_START;
    CHECK(platform_space_init(&empty) == 0);
    *(u64 *)paddr_to_pointer(frame) = 77;
    CHECK(platform_map_frames(&empty, DATA, frame, PAGE_SIZE, MAP_READ | MAP_WRITE,
                              SHARING_SHARED) == 0);
    CHECK(platform_map_frames(&empty, DATA + PAGE_SIZE, frame, PAGE_SIZE, MAP_READ | MAP_WRITE,
                              SHARING_PRIVATE) == 0);
    platform_space_switch(&empty);
    CHECK(*word(DATA) == 77 && *word(DATA + PAGE_SIZE) == 77);
    *word(DATA) = 78;
    *word(DATA + PAGE_SIZE) = 79;
    CHECK(*(u64 *)paddr_to_pointer(frame) == 78); /* shared, and the private page was copied */
    platform_space_switch(first);
    platform_space_destroy(&empty);
}

/* What a change of page tables leaves in the CPU stays here too. */
static void test_registers(struct platform_space *first)
{
    struct platform_space other = {0};
    u64 out[2], in[2] = {0x1122334455667788, 0x99aabbccddeeff00};
    CHECK(platform_space_init(&other) == 0);
    arch_set_thread_pointer(0x12345000);
    arch_set_gs_base(0x54321000);
    __asm__ volatile("movups %0, %%xmm7" : : "m"(in));
    platform_space_switch(&other);
    CHECK(arch_thread_pointer() == 0x12345000 && arch_gs_base() == 0x54321000);
    __asm__ volatile("movups %%xmm7, %0" : "=m"(out));
    CHECK(out[0] == in[0] && out[1] == in[1]);
    platform_space_switch(first);
    CHECK(arch_thread_pointer() == 0x12345000);
    platform_space_destroy(&other);
}

static void test_many(struct platform_space *first)
{
    enum { MANY = 40 };
    struct platform_space spaces[MANY] = {0};
    for (unsigned i = 0; i < MANY; i++) {
        *word(DATA) = i;
        CHECK((i & 1 ? platform_space_init(&spaces[i]) : platform_space_fork(&spaces[i])) == 0);
    }
    for (unsigned i = 0; i < MANY; i++) {
        platform_space_switch(&spaces[i]);
        CHECK(i & 1 || *word(DATA) == i);
    }
    platform_space_switch(first);
    for (unsigned i = 0; i < MANY; i++)
        platform_space_destroy(&spaces[i]);
}

/* --- spaces whose process is killed --- */

static void kill_task(const struct platform_space *space)
{
    CHECK(host(HOST_kill, task_of(space)->pid, 9) == 0);
}

/* Told once, by the idle wait at the latest. */
static void wait_for_loss(const struct platform_space *space)
{
    u64 root = 0;
    while (!platform_space_lost(&root))
        platform_idle(NO_DEADLINE);
    CHECK(root == space->root);
    CHECK(!platform_space_lost(&root));
}

static void test_lost(struct platform_space *first)
{
    struct platform_space lost = {0}, copy = {0};
    s32 pid = host_pid();
    *word(DATA) = 5;
    CHECK(platform_space_fork(&lost) == 0 && platform_space_fork(&copy) == 0);
    kill_task(&lost);
    wait_for_loss(&lost);
    CHECK(platform_map_anonymous(&lost, DATA, PAGE_SIZE, MAP_READ) == -ESRCH);
    /* The kernel still runs in it; of the program's nothing is left. */
    platform_space_switch(&lost);
    CHECK(host_pid() != pid && host_private->index == (u32)lost.root);
    CHECK(platform_resident(&lost, DATA, PAGE_SIZE) == 0);
    CHECK(platform_map_anonymous(&lost, DATA, PAGE_SIZE, MAP_READ | MAP_WRITE) == 0);
    CHECK(*word(DATA) == 0);
    kill_task(&copy);
    wait_for_loss(&copy);
    platform_space_switch(first);
    kill_task(&lost); /* a second time, the first time told */
    wait_for_loss(&lost);
    platform_space_destroy(&lost);
    platform_space_destroy(&copy);
    CHECK(*word(DATA) == 5 && host_pid() == pid);
}

/* Killed and dropped before anybody hears of it; places in the table come back. */
static void test_lost_and_dropped(void)
{
    for (unsigned i = 0; i < 300; i++) {
        struct platform_space copy = {0};
        u64 root;
        CHECK(platform_space_fork(&copy) == 0);
        kill_task(&copy);
        if (i & 1)
            wait_for_loss(&copy);
        platform_space_destroy(&copy);
        while (platform_space_lost(&root))
            CHECK(!(i & 1));
    }
    CHECK(host_supervision.tasks_end < 100);
}

static void time_switches(struct platform_space *first)
{
    struct platform_space other = {0};
    CHECK(platform_space_init(&other) == 0);
    u64 before = platform_monotonic_ns();
    for (unsigned i = 0; i < 1000; i++) {
        platform_space_switch(&other);
        platform_space_switch(first);
    }
    say("a switch takes %lu ns\n", (platform_monotonic_ns() - before) / 2000, 0);
    before = platform_monotonic_ns();
    for (unsigned i = 0; i < 100; i++) {
        struct platform_space copy;
        CHECK(platform_space_fork(&copy) == 0);
        platform_space_destroy(&copy);
    }
    say("a fork takes %lu ns\n", (platform_monotonic_ns() - before) / 100, 0);
    platform_space_destroy(&other);
}

/* --- programs: machine code put down by hand --- */

static noreturn_fn void run_program(struct platform_space *space, const u8 *code, size_t length)
{
    paddr_t frame = SPARSE_START + PAGE_SIZE;
    memcpy(paddr_to_pointer(frame), code, length);
    CHECK(platform_map_frames(space, SHARED_CODE, frame, PAGE_SIZE, MAP_READ | MAP_EXECUTE,
                              SHARING_SHARED) == 0);
    cpu_block.kernel_sp = (u64)program_kernel_stack + sizeof(program_kernel_stack) - 8;
    struct trap_frame *frame_at = (struct trap_frame *)cpu_block.kernel_sp - 1;
    frame_init_program(frame_at, SHARED_CODE, DATA + PAGE_SIZE);
    arch_resume(frame_at);
}

static const u8 spin[] = {0xeb, 0xfe};
static const u8 call_then_spin[] = {
    0xb8, 0x11, 0, 0, 0, /* mov $17, %eax */
    0x0f, 0x05,          /* syscall */
    0xeb, 0xf7,          /* jmp to the mov */
};

bool on_syscall(struct trap_frame *frame)
{
    CHECK(frame_call_number(frame) == 17);
    if (++calls_seen == 100000)
        platform_power_off(0);
    frame_set_result(frame, 0);
    return calls_seen & 1; /* both exits */
}

bool on_direct_call(u64 a0, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5)
{
    (void)a0, (void)a1, (void)a2, (void)a3, (void)a4, (void)a5;
    return true;
}

bool on_direct_jump(u64 a0, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5)
{
    return on_direct_call(a0, a1, a2, a3, a4, a5);
}

bool on_direct_finish(struct trap_frame *frame)
{
    (void)frame;
    return false;
}

void on_fault(struct trap_frame *frame, const struct fault *fault)
{
    say("fault at pc %#lx, address %#lx\n", frame_pc(frame), fault->address);
    platform_power_off(3);
}

void on_interrupt(struct trap_frame *frame)
{
    u64 root;
    if (frame && platform_space_lost(&root))
        platform_power_off(137);
}

static bool told(const char *what)
{
    const struct platform_blob *info = platform_boot_info();
    return info->size == strlen(what) && !memcmp(info->data, what, info->size);
}

noreturn_fn void on_start(void)
{
    struct platform_space first = {0};
    panic_set_hook(on_panic);
    CHECK(platform_space_init(&first) == 0);
    CHECK(platform_map_anonymous(&first, DATA, PAGE_SIZE, MAP_READ | MAP_WRITE) == 0);
    platform_tick(true);
    if (told("kernel")) {
        say("up\n", 0, 0);
        for (;;)
            __asm__ volatile("pause");
    }
    if (told("program")) {
        say("up\n", 0, 0);
        run_program(&first, spin, sizeof(spin));
    }
    if (told("calls"))
        run_program(&first, call_then_spin, sizeof(call_then_spin));
    if (told("fault"))
        run_program(&first, (const u8[]){0xf4}, 1); /* hlt */
    test_copy(&first);
    test_empty(&first);
    test_registers(&first);
    test_many(&first);
    test_lost(&first);
    test_lost_and_dropped();
    time_switches(&first);
    say("done\n", 0, 0);
    platform_power_off(0);
}
