/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The supervisor: the first host process, parent of all host tasks.
 *
 * Holds:    the lives of host tasks; it makes empty ones (zygotes) and reaps them all.
 * Promises: it ends, with the guest's status, when the guest ends, and never before its children:
 *           nothing is left running. When the SDK dies (end of file on the control channel) it
 *           kills them and ends. A task killed from outside ends the run: 128 + signal when it ran
 *           the program, 125 when it held the kernel.
 * Locking:  it runs beside the baton's holder and writes only host_tasks[].state and the words of
 *           host_supervision that are its own.
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

static const char killed_in_kernel[] =
    "elfin: kernel panic: its host process was killed from outside, in kernel code\n";

void host_supervisor_ask(enum host_request request)
{
    u64 amount = request;
    while (host(HOST_write, host_supervision.request_fd, &amount, sizeof amount) == -EINTR)
        ;
}

static void kill_all(void)
{
    for (u32 i = 1; i < HOST_TASKS; i++)
        if (host_tasks[i].state != TASK_FREE && host_tasks[i].pid > 0)
            host(HOST_kill, host_tasks[i].pid, SIGKILL);
}

/* A fork that is under way may not be in the table yet: asked again until no child is left. */
static noreturn_fn void end(int status)
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
    for (u32 i = 1; i < HOST_TASKS; i++)
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
    long pid = hosted_clone(CLONE_FILES | SIGCHLD, 0, host_task_zygote, (void *)(u64)index);
    if (pid < 0)
        on_zygote_failed(t);
    else
        t->pid = (s32)pid;
}

/* A child is gone that nobody told to go. */
static void on_lost(struct host_task *t, int signal)
{
    u32 state = t->state;
    if (state == TASK_STARTING || state == TASK_READY) {
        on_zygote_failed(t);
        return;
    }
    if (host_supervision.baton & FUTEX_OWNER_DIED && this_cpu()->in_kernel) {
        host(HOST_write, 2, killed_in_kernel, sizeof killed_in_kernel - 1);
        end(125);
    }
    end(128 + signal);
}

static struct host_task *find_child(s32 pid)
{
    for (u32 i = 1; i < HOST_TASKS; i++)
        if (host_tasks[i].pid == pid && host_tasks[i].state != TASK_FREE)
            return &host_tasks[i];
    return NULL;
}

static void reap(void)
{
    int status = 0;
    for (s32 pid; (pid = (s32)host(HOST_wait4, -1, &status, WNOHANG, 0)) > 0;) {
        if (host_supervision.power_status >= 0)
            end(host_supervision.power_status);
        struct host_task *t = find_child(pid);
        if (!t)
            continue;
        if (t->state == TASK_DYING)
            t->state = TASK_FREE;
        else if ((status & 0x7f) == 0)
            end(status >> 8 & 0xff); /* refused to start: it said why */
        else
            on_lost(t, status & 0x7f);
    }
}

noreturn_fn void host_supervise(int child_events_fd)
{
    struct linux_pollfd watched[] = {
        {child_events_fd, POLLIN, 0},
        {host_supervision.request_fd, POLLIN, 0},
        {host_machine.control_fd, 0, 0}, /* POLLHUP needs no asking */
    };
    struct linux_timespec delay = {0, ZYGOTE_DELAY_NS};
    u8 drained[128];
    for (;;) {
        struct linux_timespec *limit = zygote_is_there() ? NULL : &delay;
        long n = host(HOST_ppoll, watched, ARRAY_SIZE(watched), limit, 0, 8);
        if (n == 0)
            make_zygote();
        if (n <= 0)
            continue;
        if (watched[2].revents & (POLLHUP | POLLERR | POLLNVAL))
            end(125);
        if (watched[1].revents) {
            host(HOST_read, watched[1].fd, drained, 8);
            if (!zygote_is_there())
                make_zygote();
        }
        if (watched[0].revents) {
            host(HOST_read, watched[0].fd, drained, sizeof drained);
            reap();
        }
    }
}
