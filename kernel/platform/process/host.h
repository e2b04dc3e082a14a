/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of this platform share: the machine's state, host tasks and the baton.
 *
 * A host task is a process of the host with an address space of its own; it is what struct
 * platform_space names. The supervisor is the first host process and runs no guest code. All of
 * them see the kernel's memory (one memfd, MAP_SHARED) and share one table of host descriptors.
 * Exactly one host task runs the kernel or a program at any time: the holder of the baton.
 */
#pragma once

#include "abi/linux/futex.h"
#include "lib/types.h"
#include "platform/platform.h"
#include "platform/process/host_calls.h"
#include "arch/x86_64/hosted_layout.h"

/* --- link.lds --- */
extern char kernel_start[], kernel_text_end[], kernel_data[], kernel_file_end[], kernel_end[];

/* --- start.c --- */
struct host_machine {
    int memfd, boot_fd, image_fd, control_fd, log_fd; /* host descriptors; -1: not there */
    bool stdio_closed[3];          /* inherited closed; /dev/null holds the place */
    bool force_seccomp;            /* a test asked for the fallback of Syscall User Dispatch */
    u64 vdso;                      /* the host's, where it lies now; 0: none */
    u64 signal_stack_bytes;
    u64 memory_limit;              /* bytes */
    u64 image_bytes;
    bool image_in_memfd;           /* the image's file system forbids PROT_EXEC: copied */
    u64 frames_used;               /* bytes of paddr space taken at boot, from 0 */
};
extern struct host_machine host_machine;
/* Ends this host process with status 125 and a sentence on stderr. */
noreturn_fn void host_refuse(const char *what, long error);

/* --- leftovers.c: what execve(2) put into the address space --- */
void host_leftovers_find(void);   /* reads /proc/self/maps, moves the vDSO */
void host_leftovers_unmap(void);  /* in a host task: everything that is not the kernel's */

/* --- clock.c --- */
void host_clock_start(void);
/* The tick and one-shot timers of this host task: made after its fork, moved with the baton. */
void host_timers_create(void);
void host_timers_arm(void);
void host_timers_disarm(void);
/* The host's vDSO makes system calls (no usable clock source): call the host directly. */
void host_clock_distrust_vdso(void);

/* --- trap.c --- */
void host_trap_start(void);       /* signal handlers and the system call door, per host task */

/* --- task.c --- */
enum host_task_state { TASK_FREE, TASK_STARTING, TASK_READY, TASK_USED, TASK_DYING };
enum host_order { ORDER_NONE, ORDER_RUN, ORDER_CALL, ORDER_EXIT };

struct host_task {
    volatile u32 go;              /* futex: an order waits */
    volatile u32 state;           /* enum host_task_state */
    volatile s32 pid;             /* in the host */
    u32 order;                    /* enum host_order */
    u32 caller;                   /* ORDER_CALL: who gets the baton back */
    u64 call[7];                  /* ORDER_CALL: number and arguments */
    long result;
};
#define HOST_TASKS 1024           /* task 0 is the supervisor */
extern struct host_task host_tasks[HOST_TASKS];

/* Per host task, at the same address in each (HOST_PRIVATE_BASE). */
struct host_private {
    struct linux_robust_list_head robust;
    u32 index;                    /* into host_tasks */
    s32 tick_timer, once_timer;   /* POSIX timer ids; not inherited by a fork */
    bool seccomp_on;              /* inherited by a fork, unlike Syscall User Dispatch */
};
#define host_private ((struct host_private *)HOST_PRIVATE_BASE)
static inline u64 host_private_stack_top(void)
{
    return HOST_PRIVATE_BASE + PAGE_SIZE + PRIVATE_STACK_BYTES;
}
static inline u64 host_signal_stack(void) { return host_private_stack_top() + PAGE_SIZE; }

struct host_supervision {
    volatile u32 baton;           /* robust futex: pid of the holder; FUTEX_OWNER_DIED: dead */
    volatile u32 changes;         /* futex: bumped when a task's state changes */
    volatile u32 failures;        /* zygotes that could not be made */
    volatile s32 power_status;    /* -1: running */
    int request_fd;               /* eventfd: REQUEST_* are added to it */
    s32 pid;                      /* the supervisor's */
};
extern struct host_supervision host_supervision;

noreturn_fn void host_task_boot(void *unused);      /* the first one: goes on to on_start */
noreturn_fn void host_task_zygote(void *index);     /* an empty one: waits for orders */
/* A host call made by the task that owns `space`, which may be another one. */
long host_call_in(const struct platform_space *space, long number, u64 a, u64 b, u64 c, u64 d,
                  u64 e, u64 f);
u32 host_task_claim(enum host_task_state from, enum host_task_state to);
void host_task_set_state(struct host_task *t, enum host_task_state state);
static inline struct host_task *host_current(void) { return &host_tasks[host_private->index]; }

/* --- supervisor.c --- */
enum host_request { REQUEST_ZYGOTE = 1 };
noreturn_fn void host_supervise(int child_events_fd);
void host_supervisor_ask(enum host_request request);

/* --- arch/x86_64/hosted.S --- */
/* clone(2) without CLONE_VM onto a stack; the child calls entry(argument), which never returns. */
long hosted_clone(u64 flags, u64 stack_top, noreturn_fn void (*entry)(void *), void *argument);
/* Saves the callee-saved registers on the running stack and its sp in *sp, then calls
 * next(argument) on another stack; returns when someone enters that sp. */
void hosted_leave(u64 *sp, u64 stack_top, noreturn_fn void (*next)(void *), void *argument);
noreturn_fn void hosted_enter(u64 sp);
/* Host signal handlers and what rt_sigaction(2) wants as their restorer. */
void hosted_on_call(void);
void hosted_on_fault(void);
void hosted_on_tick(void);
void hosted_restorer(void);
