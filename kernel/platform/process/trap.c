/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The program's ways into the kernel, the C part; arch/x86_64/hosted.S has the signal handlers.
 *
 * Holds:    the host's signal actions and the trap door: Syscall User Dispatch in exclusive mode,
 *           or seccomp by instruction pointer where the host has none.
 * Promises: only kernel text reaches the host; a program's `syscall` becomes SIGSYS. Vector state
 *           is the program's own again before any C line runs.
 * Locking:  the baton; handlers that find kernel code running only mark.
 * Refuses:  a host with neither door.
 * See:      prctl(2), seccomp(2), sigaction(2); DESIGN 3.2.
 */
#include "abi/linux/errno.h"
#include "abi/linux/mman.h"
#include "abi/linux/prctl.h"
#include "abi/linux/sigframe.h"
#include "abi/linux/signal.h"
#include "arch/cpu_block.h"
#include "arch/upcalls.h"
#include "arch/x86_64/faults.h"
#include "lib/log.h"
#include "platform/process/host.h"

static bool in_kernel_image(u64 pc)
{
    return pc >= (u64)kernel_start && pc < (u64)kernel_end;
}

/* From hosted_on_fault, on a kernel stack: `frame` is what was interrupted. */
void hosted_fault(struct trap_frame *frame, u64 signal_and_code, u64 trap, u64 error, u64 address);
void hosted_fault(struct trap_frame *frame, u64 signal_and_code, u64 trap, u64 error, u64 address)
{
    struct fault fault;
    fault_from_exception(&fault, trap, error, address);
    if (fault.kind == FAULT_PAGE && (signal_and_code & 0xff) == SIGBUS)
        fault.kind = FAULT_BUS; /* a page beyond the end of a host file */
    fault.from_kernel = in_kernel_image(frame->rip);
    on_fault(frame, &fault);
}

/* From hosted_on_tick, on the thread's kernel stack: `frame` is the interrupted program's. */
void hosted_interrupt(struct trap_frame *frame)
{
    __atomic_and_fetch(&this_cpu()->pending, ~(u32)PENDING_INTERRUPT, __ATOMIC_RELAXED);
    on_interrupt(frame);
}

/* From hosted_on_fault, on the thread's kernel stack: `frame` stands in a direct door. */
void hosted_door_step(struct trap_frame *frame);
void hosted_door_step(struct trap_frame *frame)
{
    if (!arch_door_settle(frame))
        panic("fault at %#llx in a direct door", (unsigned long long)frame->rip);
    on_syscall(frame);
}

/* From hosted_on_call, on the signal stack, when kernel code was trapped: the host's vDSO fell
 * back to a system call. Done in its place; the clock learns to avoid it. */
void hosted_call_in_kernel(struct linux_ucontext_x86_64 *uc);
void hosted_call_in_kernel(struct linux_ucontext_x86_64 *uc)
{
    struct linux_sigcontext_x86_64 *r = &uc->uc_mcontext;
    if (in_kernel_image(r->rip))
        panic("a host call at %#llx was trapped", (unsigned long long)r->rip);
    host_clock_distrust_vdso();
    r->rax = (u64)host_call((long)r->rax, r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9);
}

/* A fault where no kernel stack can be found: nothing can be told but this. */
noreturn_fn void hosted_lost(u64 pc, u64 address);
noreturn_fn void hosted_lost(u64 pc, u64 address)
{
    panic("fault at %#llx in the door (address %#llx)", (unsigned long long)pc,
          (unsigned long long)address);
}

static void set_handler(int signal, void (*handler)(void))
{
    struct linux_sigaction action = {
        .handler = (u64)handler,
        .flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTORER,
        .restorer = (u64)hosted_restorer,
    };
    long error = host(HOST_rt_sigaction, signal, &action, 0, 8);
    if (error)
        host_refuse("the host refuses a signal handler", error);
}

static long dispatch_by_user(void)
{
    return host(HOST_prctl, HOST_PR_SET_SYSCALL_USER_DISPATCH, HOST_PR_SYS_DISPATCH_ON,
                kernel_start, kernel_text_end - kernel_start, 0);
}

/* A classic BPF instruction; offsets are into struct seccomp_data. */
struct filter_step {
    u16 code;
    u8 if_true, if_false;
    u32 value;
};
#define BPF_LOAD 0x20
#define BPF_JUMP_EQUAL 0x15
#define BPF_JUMP_GREATER_EQUAL 0x35
#define BPF_RETURN 0x06
#define SECCOMP_IP_LOW 8
#define SECCOMP_IP_HIGH 12
#define SECCOMP_ALLOW 0x7fff0000
#define SECCOMP_TRAP 0x00030000

/* Calls from kernel text pass, all others trap. Inherited by forks, so it is made once. */
static long dispatch_by_seccomp(void)
{
    struct filter_step steps[] = {
        {BPF_LOAD, 0, 0, SECCOMP_IP_HIGH},
        {BPF_JUMP_EQUAL, 0, 4, (u32)((u64)kernel_start >> 32)},
        {BPF_LOAD, 0, 0, SECCOMP_IP_LOW},
        {BPF_JUMP_GREATER_EQUAL, 0, 2, (u32)(u64)kernel_start},
        {BPF_JUMP_GREATER_EQUAL, 1, 0, (u32)(u64)kernel_text_end},
        {BPF_RETURN, 0, 0, SECCOMP_ALLOW},
        {BPF_RETURN, 0, 0, SECCOMP_TRAP},
    };
    struct {
        u16 count;
        struct filter_step *steps;
    } program = {ARRAY_SIZE(steps), steps};
    if (host_private->seccomp_on)
        return 0;
    host_private->seccomp_on = true;
    host(HOST_prctl, PR_SET_NO_NEW_PRIVS, 1);
    return host(HOST_prctl, PR_SET_SECCOMP, HOST_SECCOMP_MODE_FILTER, &program);
}

void host_trap_start(void)
{
    struct linux_stack stack = {.ss_sp = host_signal_stack(),
                                .ss_size = host_machine.signal_stack_bytes};
    long error = host(HOST_sigaltstack, &stack, 0);
    if (error)
        host_refuse("the host refuses the signal stack", error);
    set_handler(SIGSYS, hosted_on_call);
    set_handler(SIGALRM, hosted_on_tick);
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
    u64 open = LINUX_SIGMASK(SIGSYS) | LINUX_SIGMASK(SIGALRM);
    for (unsigned i = 0; i < ARRAY_SIZE(faults); i++) {
        set_handler(faults[i], hosted_on_fault);
        open |= LINUX_SIGMASK(faults[i]);
    }
    u64 blocked = ~open;
    host(HOST_rt_sigprocmask, SIG_SETMASK, &blocked, 0, 8);
}

void host_trap_open(void)
{
    long error = host_machine.force_seccomp ? -EINVAL : dispatch_by_user();
    if (error)
        error = dispatch_by_seccomp();
    if (error)
        host_refuse("the host has neither Syscall User Dispatch (Linux 5.11) nor seccomp", error);
}
