/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The supervisor: the first host process, parent of all host tasks.
 *
 * Holds:    the lives of host tasks; it makes empty ones (zygotes) and reaps them all.
 * Promises: it ends, with the guest's status, when the guest ends, and never before its children:
 *           nothing is left running. When the SDK dies (end of file on the control channel) it
 *           kills them and ends. Tasks that somebody else killed: lost.c.
 * Locking:  it runs beside the baton's holder and writes only host_tasks[].state and the words of
 *           host_supervision that are its own; the holder's things when the holder is dead.
 * Refuses:  running guest or kernel code.
 * See:      signalfd(2), wait4(2), prctl(2) PR_SET_PDEATHSIG.
 */
#include "abi/linux/errno.h"
#include "abi/linux/poll.h"
#include "abi/linux/sched.h"
#include "abi/linux/signal.h"
#include "abi/linux/time.h"
#include "arch/cpu_block.h"
#include "platform/process/host.h"

/* A program that runs this long may well make another process: one is kept ready from then on. */
#define ZYGOTE_DELAY_NS 20000000
/* How soon an empty space that the host refused is asked for again. */
#define RETRY_NS 1000000
/* Ends of children come in crowds. After one the next are looked for this much later, all at once:
 * to be woken by each costs a program that forks a twentieth. Who cannot wait asks. */
#define REST_NS 1000000
/* Empty tasks that were killed in a row before one was ready: the host will have none. */
#define KILLED_IS_REFUSED 16

void host_supervisor_ask(void)
{
    u64 one = 1;
    while (host(HOST_write, host_supervision.request_fd, &one, sizeof one) == -EINTR)
        ;
}

static void kill_all(void)
{
    for (u32 i = 1; i < host_supervision.tasks_end; i++)
        if (host_tasks[i].state != TASK_FREE && host_tasks[i].pid > 0)
            host(HOST_kill, host_tasks[i].pid, SIGKILL);
}

/* A fork that is under way may not be in the table yet: asked again until no child is left. */
noreturn_fn void host_supervisor_end(int status)
{
    struct linux_timespec pause = {0, 1000000};
    long pid;
    while ((pid = host(HOST_wait4, -1, 0, WNOHANG, 0)) != -ECHILD) {
        if (pid != 0)
            continue;
        kill_all();
        pid = host(HOST_wait4, -1, 0, WNOHANG, 0);
        if (pid == 0)
            host(HOST_ppoll, 0, 0, &pause, 0, 8);
    }
    for (;;)
        host(HOST_exit_group, status);
}

static bool zygote_is_there(void)
{
    for (u32 i = 1; i < host_supervision.tasks_end; i++)
        if (host_tasks[i].state == TASK_READY || host_tasks[i].state == TASK_STARTING)
            return true;
    return false;
}

static void on_zygote_failed(struct host_task *t)
{
    __atomic_add_fetch(&host_supervision.failures, 1, __ATOMIC_RELEASE);
    host_task_set_state(t, TASK_FREE);
}

static void make_zygote(void)
{
    u32 index = host_task_claim(TASK_FREE, TASK_STARTING);
    struct host_task *t = &host_tasks[index];
    if (!index) {
        on_zygote_failed(t);
        return;
    }
    long pid = hosted_clone(CLONE_FILES | CLONE_PARENT_SETTID | SIGCHLD, 0, host_task_zygote,
                            (void *)(u64)index, &t->pid);
    if (pid < 0)
        on_zygote_failed(t);
}

/* A process that goes on in another's place may not have left its own yet. */
static struct host_task *find_child(s32 pid)
{
    struct host_task *found = NULL;
    for (u32 i = 1; i < host_supervision.tasks_end; i++) {
        struct host_task *t = &host_tasks[i];
        if (t->pid != pid || t->state == TASK_FREE)
            continue;
        if (t->state == TASK_MOVING)
            host_task_set_state(t, TASK_FREE);
        else
            found = t;
    }
    return found;
}

/* An empty one that somebody killed is no refusal of the host's: who waits asks again. When the host
 * kills every one of them (its memory limit, a seccomp filter), it is. */
static void on_zygote_end(struct host_task *t, int status)
{
    bool killed = status & 0x7f;
    u32 in_a_row = killed ? __atomic_add_fetch(&host_supervision.zygotes_killed, 1, __ATOMIC_SEQ_CST)
                          : KILLED_IS_REFUSED;
    if (in_a_row < KILLED_IS_REFUSED) {
        host_task_set_state(t, TASK_FREE);
        return;
    }
    host_supervision.zygotes_killed = 0;
    on_zygote_failed(t);
}

/* A child is gone. */
static void on_end(struct host_task *t, int status)
{
    switch (t->state) {
    case TASK_DYING: host_task_set_state(t, TASK_FREE); break;
    case TASK_STARTING:
    case TASK_READY:
        if (!host_task_try(t, TASK_READY, TASK_STARTING) && t->state == TASK_USED)
            host_lost_task(t); /* taken while we looked */
        else
            on_zygote_end(t, status);
        break;
    case TASK_USED:
        if (!host_machine.booted)
            host_supervisor_end(status & 0x7f ? 128 + (status & 0x7f) : status >> 8 & 0xff);
        host_lost_task(t);
        break;
    default: break;
    }
}

/* It may have passed the baton, or changed a state, and been killed before it woke who waits. */
static void wake_whom_it_left(void)
{
    host_rouse(&host_tasks[host_baton_holder()]);
    host_task_tell_change();
}

/* true: some had ended. */
static bool reap(void)
{
    bool any = false;
    int status = 0;
    for (s32 pid; (pid = (s32)host(HOST_wait4, -1, &status, WNOHANG, 0)) > 0; any = true) {
        if (host_supervision.power_status >= 0)
            host_supervisor_end(host_supervision.power_status);
        struct host_task *t = find_child(pid);
        if (t)
            on_end(t, status);
        if (status & 0x7f)
            wake_whom_it_left();
    }
    return any;
}

static void make_zygote_if_none(void)
{
    if (!zygote_is_there())
        make_zygote();
}

/* NULL: until something happens. */
static const struct linux_timespec *wait_limit(bool rests)
{
    static const struct linux_timespec delay = {0, ZYGOTE_DELAY_NS}, soon = {0, RETRY_NS};
    static const struct linux_timespec rest = {0, REST_NS};
    if (host_supervision.wants_zygote)
        return &soon;
    if (rests)
        return &rest;
    return zygote_is_there() ? NULL : &delay;
}

static void drain(int fd)
{
    u8 drained[128];
    host(HOST_read, fd, drained, sizeof drained);
}

noreturn_fn void host_supervise(int child_events_fd)
{
    struct linux_pollfd watched[] = {
        {child_events_fd, POLLIN, 0},
        {host_supervision.request_fd, POLLIN, 0},
        {host_machine.control_fd, 0, 0}, /* POLLHUP needs no asking */
    };
    bool rests = false;
    for (;;) {
        watched[0].fd = rests ? -1 : child_events_fd;
        long n = host(HOST_ppoll, watched, ARRAY_SIZE(watched), wait_limit(rests), 0, 8);
        if (n > 0 && watched[2].revents & (POLLHUP | POLLERR | POLLNVAL))
            host_supervisor_end(125);
        if (n > 0 && watched[1].revents)
            drain(host_supervision.request_fd);
        if (n > 0 && !rests && watched[0].revents)
            drain(child_events_fd);
        if (n < 0)
            continue;
        bool asked = n > 0 && watched[1].revents, idle = n == 0 && !rests;
        bool over = host_supervision.power_status >= 0; /* who said so is about to exit */
        rests = reap() && !over;
        if (asked || host_supervision.wants_zygote)
            host_lost_look();
        if (!over && (asked || idle || host_supervision.wants_zygote))
            make_zygote_if_none();
    }
}
