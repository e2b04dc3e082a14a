/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Processes and threads. A process owns what its threads share; a thread owns a kernel stack, its
 * vector state and its signal mask. The current thread is this_cpu()->current.
 */
#pragma once

#include "abi/linux/signal.h"
#include "arch/arch.h"
#include "arch/cpu_block.h"
#include "lib/list.h"
#include "lib/tree.h"
#include "platform/platform.h"
#include "task/cpu_alarm.h"
#include "task/wait.h"
#include "time/timer.h"

struct space;
struct descriptor_table; /* files/ */
struct file;
struct file_context;     /* files/: root, cwd, umask */
struct tty;              /* files/: a terminal */

#define KERNEL_STACK_ORDER (PLATFORM_STACK_BYTES == 65536 ? 4 : 3)
#define KERNEL_STACK_BYTES (PAGE_SIZE << KERNEL_STACK_ORDER)

struct credentials {
    u32 uid, euid, suid, fsuid;
    u32 gid, egid, sgid, fsgid;
    u32 group_count;
    u32 groups[64];
    u32 secure_bits;             /* PR_SET_SECUREBITS */
    u64 dropped_capabilities;    /* of the bounding set */
    bool too_many;               /* RLIMIT_NPROC was exceeded by becoming this user */
};

struct rlimit_pair {
    u64 soft, hard;
};
#define RLIMIT_KINDS 16

struct signal_action {
    u64 handler, flags, restorer, mask;
};

struct signal_user;              /* signal_queue.c: who is charged for a queued signal */

struct queued_signal {
    struct list link;
    struct signal_user *user;
    struct linux_siginfo info;
    /* A timer's own entry, NULL: of the heap. Called when the signal has been taken. */
    void (*taken)(struct queued_signal *e, struct linux_siginfo *info);
};

struct signal_queue {
    u64 pending;                 /* bit n-1: signal n */
    u64 bare;                    /* of these, what lost its siginfo for want of room */
    struct list queued;          /* struct queued_signal, in order */
};

/* What handlers are: one object per process, unless CLONE_SIGHAND shares it. */
struct signal_actions {
    u32 references;
    struct signal_action of[64];
};

/* What ptrace calls a thread group. */
struct process {
    struct list link;            /* in all processes */
    u32 references;              /* not reaped yet: 1; and who else holds it (pidfds) */
    s32 pid, pgid, sid;
    struct process *parent;
    s32 parent_tid;              /* the parent's thread that made it: __WNOTHREAD, PR_SET_PDEATHSIG */
    struct list children, sibling, threads;
    unsigned thread_count;
    struct thread *survivor;     /* calls execve: the others end; else NULL */
    struct space *space;
    struct descriptor_table *descriptors;
    struct file_context *files;
    struct tty *terminal;        /* its controlling terminal; forgets itself when it goes */
    struct credentials credentials;
    struct rlimit_pair limits[RLIMIT_KINDS];
    struct signal_actions *shared_actions;
    struct signal_action *actions; /* those of shared_actions: [signal - 1] */
    struct signal_queue signals; /* process-directed */
    struct wait_queue signal_wait; /* woken with every signal: signalfd */
    struct wait_queue child_wait; /* woken when a child has something to report */
    struct wait_queue end_wait;  /* woken when a thread has ended, when it has become a zombie */
    s32 exit_signal;             /* to the parent when it ends; 0: none */
    s32 parent_death_signal;     /* PR_SET_PDEATHSIG */
    s32 stop_signal;             /* its threads stop, or have stopped; 0: they run */
    unsigned stopped_threads;
    s32 oom_adjustment, oom_adjustment_least; /* /proc/PID/oom_score_adj; what others may set */
    bool no_huge_pages;          /* PR_SET_THP_DISABLE */
    s32 stop_report;             /* the signal that stopped it, until a wait has told; 0: none */
    bool continue_report;        /* it went on, and no wait has told */
    bool subreaper;              /* PR_SET_CHILD_SUBREAPER */
    bool adopted;                /* an orphan at pid 1, which need not wait for it and does not hear */
    bool has_executed;           /* execve since fork: setpgid of it by the parent is EACCES */
    bool keep_capabilities;      /* PR_SET_KEEPCAPS */
    struct timer real_timer;     /* ITIMER_REAL, alarm */
    u64 real_interval_ns, real_deadline_ns;
    struct cpu_alarm virtual_alarm, prof_alarm;
    u64 virtual_interval_ns, prof_interval_ns;
    struct list cpu_alarms;      /* that watch this process */
    struct timer cpu_look;
    struct list timers;          /* struct posix_timer */
    s32 next_timer_id;
    int exit_status;             /* wait(2) form */
    bool exiting, dumpable, no_new_privileges, zombie;
    u32 personality;
    struct file *program;        /* files/: what it runs, held; cannot be written meanwhile */
    char command[16];            /* comm */
    u64 start_ns;                /* monotonic */
    u64 user_ns, system_ns, child_user_ns, child_system_ns;
    u64 waits, preemptions, child_waits, child_preemptions; /* of ended threads; of children */
    u64 min_faults, maj_faults, child_min_faults, child_maj_faults; /* of ended spaces, children */
    u64 peak_pages, child_peak_pages; /* ru_maxrss */
    u64 auxv[64];                /* for /proc/self/auxv */
    unsigned auxv_words;
};

struct restart_block {
    long (*again)(struct restart_block *b); /* what restart_syscall calls */
    u64 words[6];
};

enum thread_state { THREAD_RUNNABLE, THREAD_SLEEPING, THREAD_STOPPED, THREAD_DEAD };

struct thread {
    struct arch_context context; /* when not running */
    void *kernel_stack;          /* lowest address; the trap frame is at the top */
    void *vector_area;
    u64 thread_pointer, gs_base; /* when not running */
    struct process *process;
    struct list in_process, in_run_queue;
    s32 tid;
    enum thread_state state;
    bool switched;               /* another thread ran since it was in the program */
    bool woken;                  /* a waiter of this thread was woken since it entered its queue */
    bool interruptible;          /* sleeps so that a signal ends the sleep */
    struct timer sleep_timer;
    u64 blocked;                 /* signal mask */
    u64 saved_blocked;           /* rt_sigsuspend, ppoll: put back after the handler frame */
    bool restore_blocked;
    bool signalled;              /* it was told to look at its signals */
    u64 awaited;                 /* blocked signals that sigtimedwait waits for */
    struct signal_queue signals; /* thread-directed */
    u64 altstack_sp, altstack_size;
    u32 altstack_flags;          /* as the program gave them */
    u64 fault_address, fault_error_code, fault_trap_number; /* of the last fault: sigcontext */
    u64 timer_slack_ns;          /* PR_SET_TIMERSLACK; 0: the default */
    u64 clear_child_tid, robust_list, robust_list_length;
    struct list pi_states;       /* futex_pi.c: locks that it has and others wait for */
    struct futex_waiter *pi_wait; /* the one it waits for */
    struct vfork_tie *vfork_tie; /* clone.c: the parent waits in vfork */
    u64 rseq_address;
    u32 rseq_length, rseq_signature;
    struct restart_block restart;
    u64 user_ns, system_ns;
    u64 waits, preemptions;      /* voluntary and involuntary switches */
    s64 slice_left_ns;           /* of its turn */
    u32 policy;                  /* SCHED_* */
    bool reset_on_fork;          /* SCHED_RESET_ON_FORK */
    u8 own_priority;             /* 0, or 1 .. 99 with a real-time policy */
    u8 priority;                 /* the same, or what a waiter for its PI futex lends it */
    u8 level;                    /* where it waits in the run queue */
    s8 nice;
    u16 io_priority;             /* ioprio_set(2); 0: none was set */
    char name[16];
};

_Static_assert(KERNEL_STACK_BYTES == PLATFORM_STACK_BYTES, "what the platform relies on");

static inline struct thread *current_thread(void) { return this_cpu()->current; }
static inline struct process *current_process(void) { return this_cpu()->current->process; }
/* The program's registers: the top of the kernel stack. */
static inline struct trap_frame *thread_frame(const struct thread *t)
{
    return (struct trap_frame *)((char *)t->kernel_stack + KERNEL_STACK_BYTES -
                                 align_up(sizeof(struct trap_frame), 16));
}

/* Its process ends, or another thread of it calls execve. */
static inline bool thread_must_end(const struct thread *t)
{
    const struct process *p = t->process;
    return p->exiting || (p->survivor && p->survivor != t);
}

/* process.c */
struct process *process_create_first(void);         /* pid 1's structure, no thread yet */
struct process *process_find(s32 pid);              /* ids.c; a zombie, too */
struct list *process_all(void);
/* Where the threads of the space's program stand. */
void process_each_frame(struct space *s, void (*visit)(struct space *s, struct trap_frame *frame));
void process_hold(struct process *p);
void process_drop(struct process *p);               /* the structure goes with the last reference */
/* thread.c */
/* Not yet runnable. The entry runs on the new kernel stack and leaves by arch_resume. wanted_id 0:
 * any tid; the first thread of a process gets the pid. NULL: *error says why. */
struct thread *thread_create(struct process *p, s32 wanted_id, noreturn_fn void (*entry)(void *),
                             void *argument, int *error);
void thread_reap_dead(void);                        /* frees stacks of threads that have ended */
void thread_check_stack(const struct thread *t);    /* panics when it overflowed */
struct thread *thread_find(s32 tid);                /* ids.c; a zombie, too */
/* schedule.c */
void scheduler_start(void);
void schedule(void);                                /* another thread, if one should run */
void thread_make_runnable(struct thread *t);
void scheduler_reconsider(void);                    /* priorities have changed */
void scheduler_interrupted(void);                   /* charges time; marks the turn's end */
noreturn_fn void scheduler_run(void);               /* boot's last call: the first switch */
u64 thread_run_ns(const struct thread *t);          /* CPU time it used */
void thread_yield(void);
/* exit.c */
noreturn_fn void process_exit(int wait_status);     /* whole group */
/* thread_end.c. The last thread ends the process. */
noreturn_fn void thread_exit(int code);
/* What a thread that ends leaves behind in program memory and for a parent in vfork. For the
 * current thread, in its own address space; the second time it does nothing. */
void thread_let_go(void);
void task_set_power_off(noreturn_fn void (*hook)(int wait_status)); /* when pid 1 is gone */
/* oom.c: who hears that a program was killed for want of memory (one sentence). */
void task_set_tell_out_of_memory(void (*tell)(const char *text));
/* What files/ does for processes (task may not include files). */
struct task_file_hooks {
    /* The child's program, descriptors and directories: the parent's (CLONE_FILES, CLONE_FS) or copies. 0 or
     * -ENOMEM, then drop is called. */
    int (*fork)(struct process *child, const struct process *parent, u64 clone_flags);
    void (*drop)(struct process *p); /* closes and lets go; by the process itself, or it never ran */
};
void task_set_file_hooks(const struct task_file_hooks *hooks);
/* exit.c: what ipc/ does when a process ends, before its memory goes. */
void task_set_end_hook(void (*hook)(struct process *p));
/* return.c: pending work before a program resumes (signals, reschedule, interrupts). true: the
 * frame was changed and must be left by arch_resume. */
bool task_before_return(struct trap_frame *frame);
/* on_interrupt's second half: timers; with a frame also preemption and signals. */
void task_after_interrupt(struct trap_frame *frame);
/* signal_actions.c */
struct signal_actions *signal_actions_copy(const struct signal_action *from); /* NULL: no memory */
void signal_actions_replace(struct process *p, struct signal_actions *a);     /* takes a */
void signal_actions_drop(struct process *p);
void signal_actions_reset(struct process *p);        /* execve: handlers of the old program go */
/* signal.c */
void signal_init_process(struct process *p);         /* pending signals and timers: none */
void signal_end_process(struct process *p);          /* the same for one that ends */
void signal_thread_ends(struct thread *t);           /* it takes none from here on */
void process_note_stopped(struct process *p);        /* signal_stop.c: are all threads, now? */
/* signal_send.c. 0, or -EAGAIN when a queueing sender must hear that there is no room. info NULL:
 * the current process brought it upon itself. */
int signal_send_process(struct process *p, int signal, const struct linux_siginfo *info);
int signal_send_thread(struct thread *t, int signal, const struct linux_siginfo *info);
/* A fault's signal: cannot be blocked or ignored; kills when it is. */
void signal_force(int signal, const struct linux_siginfo *info);
/* signal_target.c: by number, with permission. signal 0 sends nothing. 0, -ESRCH, -EINVAL, -EPERM,
 * -EAGAIN */
int signal_to_process(struct process *p, int signal, const struct linux_siginfo *info);
int signal_to_pid(s32 pid, int signal, const struct linux_siginfo *info);
int signal_to_thread(s32 tgid, s32 tid, int signal, const struct linux_siginfo *info); /* tgid 0: any */
int signal_to_group(s32 pgid, int signal, const struct linux_siginfo *info);
int signal_to_all(int signal, const struct linux_siginfo *info);
bool signal_is_permitted(const struct process *p, int signal);
/* Forgets a pending signal everywhere in the process (sigaction to SIG_IGN). */
void signal_flush(struct process *p, int signal);
void signal_forget_thread(struct thread *t);         /* all that waits for this thread alone */
/* Takes one pending signal of `allowed` (sigtimedwait); 0: none. */
int signal_take(struct thread *t, u64 allowed, struct linux_siginfo *info);
/* sigtimedwait: waits for one of them. 0: the deadline, -EINTR. */
int signal_wait_for(u64 wanted, u64 deadline_ns, struct linux_siginfo *info);
bool signal_pending(const struct thread *t);        /* it has to look, stop or end */
u32 signals_queued_by(u32 uid);                     /* against RLIMIT_SIGPENDING */
void signal_set_blocked(u64 mask);
/* signal_deliver.c: rt_sigreturn; the result is what the frame's result register must hold */
long signal_return(struct trap_frame *frame);
