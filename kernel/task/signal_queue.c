/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Queues of pending signals.
 *
 * Holds:    how many signals each user has queued.
 * Promises: a standard signal is pending at most once in a queue (but a timer's own entry always
 *           finds a place); real-time signals keep their order. What a queue has no room for loses
 *           its siginfo, never the signal, unless the sender can be told.
 * See:      signal(7), getrlimit(2) RLIMIT_SIGPENDING, sigqueue(3)
 */
#include "abi/linux/errno.h"
#include "abi/linux/resource.h"
#include "memory/page.h"
#include "task/signal_internal.h"

struct signal_user {
    struct list link;
    u32 uid;
    u32 count;
};

static struct list users = LIST_INIT(users);

static struct signal_user *find_user(u32 uid)
{
    list_for_each(node, &users) {
        struct signal_user *u = list_entry(node, struct signal_user, link);
        if (u->uid == uid)
            return u;
    }
    return NULL;
}

u32 signals_queued_by(u32 uid)
{
    const struct signal_user *u = find_user(uid);

    return u ? u->count : 0;
}

static struct signal_user *user_of(u32 uid)
{
    struct signal_user *u = find_user(uid);

    if (u)
        return u;
    u = heap_alloc_zeroed(sizeof(*u));
    if (!u)
        return NULL;
    u->uid = uid;
    list_push_back(&users, &u->link);
    return u;
}

static void release_user(struct signal_user *u)
{
    if (u->count)
        return;
    list_remove(&u->link);
    heap_free(u);
}

bool queued_signal_charge(struct queued_signal *entry, const struct process *p, bool over_limit)
{
    struct signal_user *u = user_of(p->credentials.uid);

    if (!u)
        return false;
    if (!over_limit && u->count >= p->limits[RLIMIT_SIGPENDING].soft) {
        release_user(u);
        return false;
    }
    u->count++;
    entry->user = u;
    list_init(&entry->link);
    return true;
}

void queued_signal_uncharge(struct queued_signal *entry)
{
    entry->user->count--;
    release_user(entry->user);
}

void signal_queue_init(struct signal_queue *q)
{
    *q = (struct signal_queue){0};
    list_init(&q->queued);
}

static void drop(struct queued_signal *entry)
{
    list_remove(&entry->link);
    if (entry->taken)
        return;
    queued_signal_uncharge(entry);
    heap_free(entry);
}

static struct queued_signal *new_entry(const struct process *p, bool over_limit)
{
    struct queued_signal *entry = heap_alloc_zeroed(sizeof(*entry));

    if (entry && !queued_signal_charge(entry, p, over_limit)) {
        heap_free(entry);
        return NULL;
    }
    return entry;
}

/* As Linux: what the kernel or kill(2) sends is not bounded by the limit when it is standard. */
int signal_queue_put(struct process *p, struct signal_queue *q, int signal,
                     const struct linux_siginfo *info)
{
    bool realtime = signal >= LINUX_SIGRTMIN;

    if (!realtime && (q->pending & LINUX_SIGMASK(signal)))
        return 0;
    struct queued_signal *entry = new_entry(p, !realtime && info->si_code >= 0);
    if (!entry && realtime && info->si_code != SI_USER)
        return -EAGAIN;
    q->pending |= LINUX_SIGMASK(signal);
    if (!entry) {
        q->bare |= LINUX_SIGMASK(signal);
        return 0;
    }
    entry->info = *info;
    entry->info.si_signo = signal;
    list_push_back(&q->queued, &entry->link);
    return 0;
}

void signal_queue_put_prepared(struct signal_queue *q, struct queued_signal *entry)
{
    q->pending |= LINUX_SIGMASK(entry->info.si_signo);
    list_push_back(&q->queued, &entry->link);
}

static struct queued_signal *first_of(const struct signal_queue *q, int signal)
{
    list_for_each(node, &q->queued) {
        struct queued_signal *entry = list_entry(node, struct queued_signal, link);
        if (entry->info.si_signo == signal)
            return entry;
    }
    return NULL;
}

static void settle_pending(struct signal_queue *q, int signal)
{
    if (!(q->bare & LINUX_SIGMASK(signal)) && !first_of(q, signal))
        q->pending &= ~LINUX_SIGMASK(signal);
}

void signal_queue_withdraw(struct signal_queue *q, struct queued_signal *entry)
{
    list_remove(&entry->link);
    settle_pending(q, entry->info.si_signo);
}

/* A signal that lost its siginfo reports SI_USER from nobody. */
void signal_queue_take(struct signal_queue *q, int signal, struct linux_siginfo *info)
{
    struct queued_signal *entry = first_of(q, signal);

    if (entry) {
        *info = entry->info;
        void (*taken)(struct queued_signal *e, struct linux_siginfo *i) = entry->taken;
        drop(entry);
        if (taken)
            taken(entry, info);
    } else {
        *info = (struct linux_siginfo){.si_signo = signal, .si_code = SI_USER};
    }
    q->bare &= ~LINUX_SIGMASK(signal); /* as Linux: it counts only where nothing else is left */
    settle_pending(q, signal);
}

void signal_queue_forget(struct signal_queue *q, u64 set)
{
    if (!(q->pending & set))
        return;
    q->pending &= ~set;
    q->bare &= ~set;
    list_for_each_safe(node, &q->queued) {
        struct queued_signal *entry = list_entry(node, struct queued_signal, link);
        if (LINUX_SIGMASK(entry->info.si_signo) & set)
            drop(entry);
    }
}
