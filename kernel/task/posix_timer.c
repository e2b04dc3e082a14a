/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timers of a process.
 *
 * Holds:    per timer one queued signal, charged to the user when it is made: an expiry needs no
 *           memory.
 * Promises: a periodic timer rests from its expiry until its signal is taken; then the periods
 *           that passed are the overrun. So it costs nothing while nobody looks, however short its
 *           period. Setting or deleting a timer withdraws its pending signal.
 * See:      timer_create(2), timer_settime(2), timer_getoverrun(2); cpu_alarm.h
 */
#include "task/posix_timer.h"

#include "abi/linux/errno.h"
#include "abi/linux/time.h"
#include "memory/page.h"
#include "task/cpu_clock.h"
#include "task/credentials.h"
#include "task/signal_internal.h"

enum timer_state {
    TIMER_OFF,
    TIMER_ARMED,
    TIMER_RESTING,               /* expired; goes on when its signal has been taken */
};

struct posix_timer {
    struct list link;            /* in the process's timers */
    struct process *process;
    s32 id;
    int clock;
    s32 notify;                  /* SIGEV_* */
    s32 tid;                     /* SIGEV_THREAD_ID */
    enum timer_state state;
    u64 interval_ns, expires_ns;
    s64 overrun;                 /* counted since the last signal; -1: the expiry itself */
    s32 last_overrun;
    struct timer timer;
    struct cpu_alarm alarm;      /* instead, on a clock of CPU time */
    struct queued_signal entry;
    struct signal_queue *queue;  /* where the entry waits, when it does */
};

static struct posix_timer *timer_of(struct list *node)
{
    return list_entry(node, struct posix_timer, link);
}

static u64 now_on(const struct posix_timer *t)
{
    u64 now_ns = 0;

    if (clock_read(t->clock, &now_ns))
        (void)cpu_clock_read(t->clock, &now_ns); /* whose process is gone: stands still at 0 */
    return now_ns;
}

static void arm(struct posix_timer *t)
{
    struct process *watched;
    s32 tid;

    t->state = TIMER_ARMED;
    if (t->notify == SIGEV_NONE)
        return;
    if (!cpu_clock_target(t->clock, &watched, &tid))
        cpu_alarm_arm(&t->alarm, watched, tid, t->expires_ns);
    else
        timer_arm(&t->timer, clock_deadline(t->clock, t->expires_ns));
}

static void disarm(struct posix_timer *t)
{
    timer_cancel(&t->timer);
    cpu_alarm_cancel(&t->alarm);
    t->state = TIMER_OFF;
}

static struct thread *receiver(const struct posix_timer *t)
{
    return t->notify & SIGEV_THREAD_ID ? thread_find(t->tid) : NULL;
}

/* A signal that is ignored is sent when it no longer is. */
static void notify(struct posix_timer *t)
{
    struct thread *to = receiver(t);

    if ((t->notify & SIGEV_THREAD_ID) && (!to || to->process != t->process))
        return;
    t->queue = to ? &to->signals : &t->process->signals;
    (void)signal_send_prepared(t->process, to, &t->entry);
}

static void expire(struct posix_timer *t)
{
    t->state = t->interval_ns ? TIMER_RESTING : TIMER_OFF;
    notify(t);
}

static void time_due(struct timer *timer)
{
    struct posix_timer *t = container_of(timer, struct posix_timer, timer);

    if (now_on(t) < t->expires_ns)
        arm(t); /* somebody set the host's clock back */
    else
        expire(t);
}

static void cpu_time_due(struct cpu_alarm *alarm)
{
    expire(container_of(alarm, struct posix_timer, alarm));
}

static void count_periods(struct posix_timer *t)
{
    u64 passed = periods_pass(&t->expires_ns, t->interval_ns, now_on(t));

    t->overrun += (s64)max_u64(passed, t->state == TIMER_RESTING && t->overrun < 0);
}

static void signal_taken(struct queued_signal *entry, struct linux_siginfo *info)
{
    struct posix_timer *t = container_of(entry, struct posix_timer, entry);

    if (t->state != TIMER_RESTING)
        return;
    count_periods(t);
    t->last_overrun = (s32)min_u64((u64)t->overrun, INT32_MAX);
    t->overrun = -1;
    info->timer.si_overrun = t->last_overrun;
    arm(t);
}

void posix_timers_unignore(struct process *p, int signal)
{
    list_for_each(node, &p->timers) {
        struct posix_timer *t = timer_of(node);
        bool waits = t->state == TIMER_RESTING && list_empty(&t->entry.link);
        if (waits && t->entry.info.si_signo == signal)
            notify(t);
    }
}

struct timer_setting posix_timer_get(struct posix_timer *t)
{
    struct timer_setting s = {0, t->interval_ns};
    bool silent = t->notify == SIGEV_NONE;

    if (t->state == TIMER_OFF)
        return s;
    if (t->interval_ns && (t->state == TIMER_RESTING || silent))
        count_periods(t);
    u64 now_ns = now_on(t);
    if (t->expires_ns > now_ns)
        s.value_ns = t->expires_ns - now_ns;
    else if (!silent)
        s.value_ns = 1; /* not 0: its signal is on its way */
    return s;
}

static void withdraw_signal(struct posix_timer *t)
{
    if (!list_empty(&t->entry.link))
        signal_queue_withdraw(t->queue, &t->entry);
}

void posix_timer_set(struct posix_timer *t, struct timer_setting wanted, bool absolute)
{
    disarm(t);
    withdraw_signal(t);
    t->last_overrun = 0;
    t->overrun = -1;
    t->interval_ns = wanted.value_ns ? wanted.interval_ns : 0;
    if (!wanted.value_ns)
        return;
    u64 now_ns = now_on(t);
    t->expires_ns = absolute ? wanted.value_ns : now_ns + wanted.value_ns;
    if (t->expires_ns <= now_ns && t->notify != SIGEV_NONE)
        expire(t);
    else
        arm(t);
}

s32 posix_timer_overrun(const struct posix_timer *t) { return t->last_overrun; }
s32 posix_timer_id(const struct posix_timer *t) { return t->id; }

struct posix_timer *posix_timer_find(s32 id)
{
    list_for_each(node, &current_process()->timers) {
        if (timer_of(node)->id == id)
            return timer_of(node);
    }
    return NULL;
}

static int check_clock(int clock)
{
    struct process *watched;
    u64 now_ns;
    s32 tid;

    if (clock_is_alarm(clock) && !credentials_privileged())
        return -EPERM;
    if (!clock_read(clock, &now_ns))
        return clock_can_wait(clock) ? 0 : -EOPNOTSUPP;
    return cpu_clock_target(clock, &watched, &tid);
}

static int check_event(const struct linux_sigevent *event)
{
    const struct thread *t;

    switch (event->sigev_notify) {
    case SIGEV_SIGNAL | SIGEV_THREAD_ID:
        t = thread_find(event->sigev_tid);
        if (!t || t->process != current_process())
            return -EINVAL;
        break;
    case SIGEV_SIGNAL:
    case SIGEV_THREAD:
        break;
    default:
        return event->sigev_notify == SIGEV_NONE ? 0 : -EINVAL;
    }
    return event->sigev_signo > 0 && event->sigev_signo <= LINUX_NSIG ? 0 : -EINVAL;
}

static void fill(struct posix_timer *t, int clock, const struct linux_sigevent *event)
{
    struct linux_siginfo *info = &t->entry.info;

    t->clock = clock;
    t->notify = event->sigev_notify;
    t->tid = event->sigev_tid;
    t->overrun = -1;
    timer_init(&t->timer, time_due);
    cpu_alarm_init(&t->alarm, cpu_time_due);
    t->entry.taken = signal_taken;
    info->si_signo = event->sigev_signo;
    info->si_code = SI_TIMER;
    info->timer.si_tid = t->id;
    info->timer.si_value = event->sigev_value;
}

static struct posix_timer *new_timer(struct process *p)
{
    struct posix_timer *t = heap_alloc_zeroed(sizeof(*t));

    if (t && !queued_signal_charge(&t->entry, p, false)) {
        heap_free(t);
        return NULL;
    }
    if (!t)
        return NULL;
    t->process = p;
    do {
        t->id = p->next_timer_id;
        p->next_timer_id = p->next_timer_id == INT32_MAX ? 0 : p->next_timer_id + 1;
    } while (posix_timer_find(t->id));
    list_push_back(&p->timers, &t->link);
    return t;
}

/* In the order in which Linux finds errors. */
int posix_timer_create(int clock, const struct linux_sigevent *event, struct posix_timer **out)
{
    struct linux_sigevent usual = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    int error = check_clock(clock);

    if (error)
        return error;
    struct posix_timer *t = new_timer(current_process());
    if (!t)
        return -EAGAIN;
    usual.sigev_value.sival_int = t->id;
    fill(t, clock, event ? event : &usual);
    error = event ? check_event(event) : 0;
    if (error)
        posix_timer_delete(t);
    else
        *out = t;
    return error;
}

void posix_timer_delete(struct posix_timer *t)
{
    disarm(t);
    withdraw_signal(t);
    list_remove(&t->link);
    queued_signal_uncharge(&t->entry);
    heap_free(t);
}

void posix_timers_init(struct process *p)
{
    list_init(&p->timers);
    p->next_timer_id = 0;
}

void posix_timers_drop(struct process *p)
{
    while (!list_empty(&p->timers))
        posix_timer_delete(timer_of(p->timers.next));
    p->next_timer_id = 0;
}
