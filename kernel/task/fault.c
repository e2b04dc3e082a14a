/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exceptions: page faults that memory can resolve, faults of the kernel's own program accesses,
 * and all others, which become signals. See sigaction(2) for si_code and si_addr.
 */
#include "arch/upcalls.h"
#include "lib/log.h"
#include "memory/space.h"
#include "task/oom.h"
#include "task/task.h"

struct fault_signal {
    int signal, code;
};

static struct fault_signal page_fault_signal(enum fault_answer answer)
{
    switch (answer) {
    case FAULT_NO_ACCESS:
        return (struct fault_signal){SIGSEGV, SEGV_ACCERR};
    case FAULT_BEYOND_END:
        return (struct fault_signal){SIGBUS, BUS_ADRERR};
    default:
        return (struct fault_signal){SIGSEGV, SEGV_MAPERR};
    }
}

static struct fault_signal exception_signal(const struct fault *fault)
{
    switch (fault->kind) {
    case FAULT_INVALID:
        return (struct fault_signal){SIGILL, fault->signal_code};
    case FAULT_DIVIDE:
        return (struct fault_signal){SIGFPE, FPE_INTDIV};
    case FAULT_FLOAT:
        return (struct fault_signal){SIGFPE, fault->signal_code};
    case FAULT_BREAKPOINT:
        return (struct fault_signal){SIGTRAP, fault->signal_code};
    case FAULT_DEBUG:
        return (struct fault_signal){SIGTRAP, TRAP_TRACE};
    case FAULT_ALIGNMENT:
        return (struct fault_signal){SIGBUS, BUS_ADRALN};
    case FAULT_BUS:
        return (struct fault_signal){SIGBUS, BUS_ADRERR};
    default:
        return (struct fault_signal){SIGSEGV, SI_KERNEL};
    }
}

/* Which address siginfo shows: the data's for memory faults, the instruction's for the others;
 * none where Linux only says that it comes from the kernel (#GP, int3). */
static u64 shown_address(const struct fault *fault, const struct trap_frame *frame)
{
    switch (fault->kind) {
    case FAULT_PAGE:
    case FAULT_BUS:
    case FAULT_ALIGNMENT:
        return fault->address;
    case FAULT_GENERAL:
    case FAULT_PRIVILEGED:
        return 0;
    default:
        return fault->signal_code == SI_KERNEL ? 0 : frame_pc(frame);
    }
}

static void raise(struct trap_frame *frame, const struct fault *fault, struct fault_signal what)
{
    struct thread *t = current_thread();
    struct linux_siginfo info = {.si_signo = what.signal, .si_code = what.code};

    info.fault.si_addr = shown_address(fault, frame);
    if (t->process->actions[what.signal - 1].handler == SIG_DFL) /* what dmesg would say */
        log_line("%s[%d]: fault %d (access %u) at %#lx pc %#lx sp %#lx error %#lx", t->name, t->tid,
                 fault->kind, fault->access, fault->address, frame_pc(frame), frame_sp(frame),
                 fault->error_code);
    t->fault_address = fault->kind == FAULT_PAGE ? fault->address : t->fault_address;
    t->fault_error_code = fault->error_code;
    t->fault_trap_number = fault->trap_number;
    signal_force(what.signal, &info);
}

static noreturn_fn void panic_on_fault(struct trap_frame *frame, const struct fault *fault)
{
    static char text[1024];

    arch_describe_frame(frame, text, sizeof(text));
    panic("kernel fault %d at address %#llx, access %u\n%s", fault->kind,
          (unsigned long long)fault->address, fault->access, text);
}

/* FAULT_OUT_OF_MEMORY: the process is being killed. */
static enum fault_answer resolve(struct trap_frame *frame, const struct fault *fault)
{
    const struct trap_frame *program = fault->from_kernel ? thread_frame(current_thread()) : frame;
    enum fault_answer answer;

    do
        answer = space_fault(space_current(), fault->address, fault->access, frame_sp(program));
    while (answer == FAULT_OUT_OF_MEMORY && oom_make_room());
    return answer;
}

/* A fault in a stub is one at the site it stands for. true: a single step that no program sees. */
static bool in_stub(struct trap_frame *frame, const struct fault *fault)
{
    enum rewrite_step step = fault->kind == FAULT_DEBUG ? rewrite_step(frame) : STEP_ORDINARY;

    if (step == STEP_UNSEEN)
        return true;
    rewrite_settle(frame);
    if (step != STEP_CALL)
        return step == STEP_BACK;
    frame_begin_call(frame);
    on_syscall(frame);
    return true;
}

void on_fault(struct trap_frame *frame, const struct fault *fault)
{
    enum fault_answer answer = FAULT_NO_MAPPING;

    if (!fault->from_kernel && space_current() && in_stub(frame, fault))
        return;
    if (fault->kind == FAULT_PAGE && current_thread() && space_current())
        answer = resolve(frame, fault);
    if (answer == FAULT_DONE) {
        if (!fault->from_kernel)
            task_before_return(frame);
        return;
    }
    if (fault->from_kernel) {
        if (!arch_fixup(frame))
            panic_on_fault(frame, fault);
        return;
    }
    if (answer == FAULT_OUT_OF_MEMORY) {
        task_before_return(frame); /* ends this process */
        return;
    }
    raise(frame, fault, fault->kind == FAULT_PAGE ? page_fault_signal(answer)
                                                  : exception_signal(fault));
    task_before_return(frame);
}
