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

#include "lib/types.h"
#include "platform/platform.h"
#include "platform/process/host_calls.h"
#include "arch/x86_64/hosted_layout.h"

/* --- link.lds --- */
extern char kernel_start[], kernel_text_end[], kernel_rodata_end[], kernel_data[], kernel_file_end[],
    kernel_end[];

/* --- start.c --- */
struct host_machine {
    int memfd, boot_fd, image_fd, control_fd, log_fd; /* host descriptors; -1: not there */
    bool stdio_closed[3];          /* inherited closed; /dev/null holds the place */
    bool booted;                   /* a task that cannot start is no longer the machine's end */
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

/* --- shadow.c: what the address sanitizer knows about memory; nothing without CONFIG_SANITIZE --- */
void host_shadow_start(void);

/* --- leftovers.c: what execve(2) put into the address space --- */
void host_leftovers_find(void);   /* reads /proc/self/maps, moves the vDSO */
void host_leftovers_unmap(void);  /* in a host task: everything that is not the kernel's */
long host_program_unmap(void);    /* all that a program may have: an empty space. 0 or -errno */

/* --- clock.c --- */
void host_clock_start(void);
/* The timer of this host task, which serves tick and deadline. A fork does not inherit it; a task
 * that waits lets it fire once, to no effect. */
void host_timer_forget(void);
void host_timer_arm(void);
/* The host's vDSO makes system calls (no usable clock source): call the host directly. */
void host_clock_distrust_vdso(void);

/* --- trap.c --- */
void host_trap_start(void);       /* signal handlers: a fork inherits them */
void host_trap_open(void);        /* the system call door, per host task */
/* A timer struck the program, or is made to believe so: on the thread's kernel stack. */
void hosted_interrupt(struct trap_frame *frame);

/* --- task.c: the table, and lives --- */
/* FREE -> STARTING (a zygote is being made) -> READY (an empty space waits) -> USED -> DYING (told
 * to go) -> FREE; USED -> LOST when the host killed it: the space lives on without its memory;
 * USED -> MOVING (an empty one goes on in a lost one's place) -> FREE. */
enum host_task_state {
    TASK_FREE, TASK_STARTING, TASK_READY, TASK_USED, TASK_LOST, TASK_DYING, TASK_MOVING
};
enum host_order { ORDER_NONE, ORDER_RUN, ORDER_CALL };

struct host_task {
    volatile u32 go;              /* futex: counts the calls to look at one's orders */
    union {                       /* FREE is 0, and so is its pid: left by one store */
        struct {
            volatile u32 state;   /* enum host_task_state */
            volatile s32 pid;     /* in the host */
        };
        volatile u64 state_and_pid;
    };
    volatile u32 become;          /* MOVING: go on as that task, whose process was lost */
    u32 generation;               /* of uses of this place: no old name means a new task */
    u32 order;                    /* enum host_order, for when it gets the baton */
    u32 caller;                   /* ORDER_CALL: who gets the baton back */
    volatile u32 loss_untold;     /* the kernel does not know yet that its memory is gone */
    volatile u32 hollow;          /* its memory is gone */
    struct platform_space *space; /* whose task it is: it holds its name */
    u64 call[7];                  /* ORDER_CALL: number and arguments */
    long result;
};
#define HOST_TASKS 8192           /* task 0 is the supervisor */
extern struct host_task host_tasks[HOST_TASKS];

/* Per host task, at the same address in each. */
struct host_private {
    volatile u32 waiting;         /* hosted.S: a timer signal finds a task without the baton */
    u32 index;                    /* into host_tasks */
    bool seccomp_on;              /* inherited by a fork, unlike Syscall User Dispatch */
    u64 fires_ns;                 /* when this process's timer fires, or did */
};
_Static_assert(offsetof(struct host_private, waiting) == HOST_PRIVATE_WAITING, "asm offset");
_Static_assert(sizeof(struct host_private) <= HOST_PRIVATE_BYTES, "it ends with its page");
#define host_private ((struct host_private *)HOST_PRIVATE_AT)
static inline u64 host_private_stack_top(void) { return HOST_PRIVATE_AT; }
static inline u64 host_signal_stack(void)
{
    return HOST_PRIVATE_BASE + PRIVATE_STACK_BYTES + PAGE_SIZE;
}
static inline struct host_task *host_current(void) { return &host_tasks[host_private->index]; }
static inline u32 host_index(const struct host_task *t) { return (u32)(t - host_tasks); }

struct host_supervision {
    volatile u32 changes;         /* futex: bumped when a task's state changes */
    volatile u32 failures;        /* zygotes that could not be made */
    volatile u32 zygotes_killed;  /* in a row: none became ready */
    volatile u32 losses;          /* tasks whose loss_untold is set */
    volatile u32 tasks_end;       /* no task at or above it was ever used */
    volatile s32 power_status;    /* -1: running */
    volatile u32 wants_zygote;    /* the supervisor itself waits for one */
    volatile u32 to_mend;         /* this lost task is about to run; 0 is never lost */
    int request_fd;               /* eventfd: wakes the supervisor */
    int idle_fd;                  /* eventfd: ends an idle wait of the baton's holder */
    s32 pid;                      /* the supervisor's */
};
extern struct host_supervision host_supervision;

noreturn_fn void host_task_boot(void *unused);      /* the first one: goes on to on_start */
noreturn_fn void host_task_zygote(void *index);     /* an empty one: waits for orders */
u32 host_task_claim(enum host_task_state from, enum host_task_state to); /* 0: there is none */
bool host_task_try(struct host_task *t, enum host_task_state from, enum host_task_state to);
void host_task_set_state(struct host_task *t, enum host_task_state state);
struct host_task *host_task_of(const struct platform_space *space); /* NULL: gone for good */
u32 host_task_take_empty(void);                     /* USED from here on; 0: the host gives none */
void host_task_retire(struct host_task *me);        /* it was told to go; returns when it may stay */
void host_task_drop_nameless(void);                 /* after an undo */
u32 host_task_changes(void);                        /* how many there were, of states */
void host_task_wait_for_change(u32 seen);           /* until there were more */
bool host_task_adopt(struct host_task *lost, struct host_task *zygote); /* false: it was let go */
void host_task_tell_change(void);                   /* to who waits for one */

/* --- baton.c: who runs --- */
void host_baton_start(void);
u32 host_baton_holder(void);                        /* index */
void host_baton_take(u32 index);                    /* nobody has it: boot, or a dead task */
void host_baton_pass(struct host_task *to);         /* to->order says what for */
void host_rouse(struct host_task *t);               /* look at your orders, or at the baton */
noreturn_fn void host_wait_for_orders(void *unused);
/* The next ORDER_RUN goes on at sp, with the vector state and bases of a fresh program. */
void host_baton_resume_at(u64 sp);
/* A host call made by the task that is `space`, which may be another one. */
long host_call_in(const struct platform_space *space, long number, u64 a, u64 b, u64 c, u64 d,
                  u64 e, u64 f);

/* --- supervisor.c --- */
noreturn_fn void host_supervise(int child_events_fd);
void host_supervisor_ask(void);                     /* look at the zygotes and the baton */
noreturn_fn void host_supervisor_end(int status);

/* --- lost.c: what becomes of spaces whose process the host killed --- */
void host_lost_task(struct host_task *t);           /* supervisor: it was USED and is reaped */
void host_lost_look(void);                          /* supervisor: who needs an empty process */
void host_lost_mend(struct host_task *t);           /* it shall run: an empty process in its place */
void host_lost_forget(struct host_task *t);         /* the kernel drops it without having heard */

/* --- undo.c: kernel code that was killed --- */
void host_undo_boot(void);                          /* the boot cannot be undone */
/* Kernel memory as it was at the last checkpoint. *sp: hosted_enter goes on there, in the task whose
 * index is in *task; 0: the program was about to enter the kernel. false: it cannot be undone. */
bool host_undo(u64 *sp, u32 *task);
/* A checkpoint for a stack that is about to go on in another host task. */
void host_checkpoint_for(u64 sp, u32 task);

/* --- arch/x86_64/hosted.S --- */
/* If the host kills this process later, the kernel may return from here a second time. */
void hosted_checkpoint(void);
void hosted_checkpoint_at(u64 sp);                  /* the same for a stack that is not running */
/* clone(2) without CLONE_VM onto a stack; the child calls entry(argument), which never returns. Its
 * id is in *pid before it or anybody else can run. */
long hosted_clone(u64 flags, u64 stack_top, noreturn_fn void (*entry)(void *), void *argument,
                  volatile s32 *pid);
/* Saves the callee-saved registers on the running stack and its sp in *sp, then calls
 * next(argument) on another stack; returns when someone enters that sp. */
void hosted_leave(u64 *sp, u64 stack_top, noreturn_fn void (*next)(void *), void *argument);
noreturn_fn void hosted_enter(u64 sp);
/* Host signal handlers and what rt_sigaction(2) wants as their restorer. */
void hosted_on_call(void);
void hosted_on_fault(void);
void hosted_on_tick(void);
void hosted_restorer(void);
