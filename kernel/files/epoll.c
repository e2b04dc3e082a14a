/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * epoll.
 *
 * Holds:    per instance its registrations (watches) by (descriptor, open file), and the list of
 *           those that may be ready. A watch sits in the wait queues of its file for good; a wake
 *           puts it on the ready list.
 * Promises: level-triggered watches stay on the ready list while they are ready and take turns;
 *           edge-triggered ones come once per wake; one-shot ones are disarmed by delivery. A
 *           closed file's watches vanish.
 * Refuses:  instances that watch each other in a circle, and chains of more than five, from
 *           whichever end they are built.
 * See:      epoll(7), epoll_ctl(2), epoll_wait(2)
 */
#include "files/epoll.h"

#include "abi/linux/poll.h"
#include "files/inode.h"
#include "lib/printf.h"
#include "memory/page.h"

#define QUEUES_PER_FILE 2
#define DEPTH_MAX 5
#define ALWAYS (EPOLLERR | EPOLLHUP)
#define BEHAVIOUR (EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE)

struct epoll {
    struct file *file;           /* not held: the instance itself */
    struct tree watches;         /* by descriptor */
    struct list ready;
    struct wait_queue changed;
};

struct watch {
    struct tree_node node;       /* key: descriptor */
    struct file_watch of_file;
    struct list in_ready;        /* unlinked: not on the list */
    struct epoll *epoll;
    struct file *file;           /* not held: forget() comes first */
    struct linux_epoll_event event;
    struct poll_wait wait;
    struct entry {
        struct waiter waiter;
        struct watch *watch;
    } entries[QUEUES_PER_FILE];
};

static const struct file_operations epoll_operations;

static struct epoll *epoll_of(const struct file *f)
{
    return f->private_data;
}

bool file_is_epoll(const struct file *f)
{
    return f->operations == &epoll_operations;
}

static void mark_ready(struct watch *w)
{
    if (list_empty(&w->in_ready))
        list_push_back(&w->epoll->ready, &w->in_ready);
    wake_all(&w->epoll->changed, POLLIN | POLLRDNORM);
}

/* A wake that says what happened is for those who asked for that. 0: anything may have. */
static void on_wake(struct waiter *waiter, u32 events)
{
    struct watch *w = container_of(waiter, struct entry, waiter)->watch;
    u32 asked = w->event.events & ~BEHAVIOUR; /* 0: one-shot, and disarmed */
    if (asked && (!events || (events & asked)))
        mark_ready(w);
}

static void enter_queue(struct poll_wait *wait, struct wait_queue *q, unused_arg u32 events)
{
    if (wait->used == wait->capacity) {
        wait->overflowed = true;
        return;
    }
    struct watch *w = container_of(wait, struct watch, wait);
    struct entry *e = &w->entries[wait->used++];
    e->watch = w;
    e->waiter.on_wake = on_wake;
    wait_enter(q, &e->waiter);
}

static u32 look(struct watch *w, struct poll_wait *wait)
{
    u32 asked = w->event.events & ~BEHAVIOUR; /* 0: one-shot, and disarmed */
    return asked ? file_poll(w->file, wait) & asked : 0;
}

static void leave_queues(struct watch *w)
{
    for (unsigned n = 0; n < w->wait.used; n++)
        wait_leave(&w->entries[n].waiter);
    w->wait.used = 0;
}

static void free_watch(struct watch *w)
{
    leave_queues(w);
    list_remove(&w->in_ready);
    list_remove(&w->of_file.link);
    tree_remove(&w->epoll->watches, &w->node);
    heap_free(w);
}

static void forget(struct file_watch *of_file)
{
    free_watch(container_of(of_file, struct watch, of_file));
}

static struct watch *find(struct epoll *e, const struct file *target, int fd)
{
    struct tree_node *n = tree_find(&e->watches, (u64)fd);
    for (; n && n->key == (u64)fd; n = tree_next(n)) {
        struct watch *w = container_of(n, struct watch, node);
        if (w->file == target)
            return w;
    }
    return NULL;
}

/* --- control --- */

/* Instances below f, f included; > DEPTH_MAX when too deep or when `top` is among them. */
static unsigned depth_below(const struct file *f, const struct file *top, unsigned depth)
{
    unsigned deepest = depth;
    if (f == top || depth > DEPTH_MAX)
        return DEPTH_MAX + 1;
    for (struct tree_node *n = tree_first(&epoll_of(f)->watches); n; n = tree_next(n)) {
        const struct watch *w = container_of(n, struct watch, node);
        if (!file_is_epoll(w->file))
            continue;
        unsigned here = depth_below(w->file, top, depth + 1);
        deepest = here > deepest ? here : deepest;
    }
    return deepest;
}

/* Instances above f, f included: those that watch it, and so on. */
static unsigned depth_above(const struct file *f, unsigned depth)
{
    unsigned deepest = depth;
    if (depth > DEPTH_MAX)
        return depth;
    list_for_each(at, &f->watches) {
        const struct file_watch *of_file = list_entry(at, struct file_watch, link);
        if (of_file->forget != forget)
            continue;
        const struct watch *w = container_of(of_file, struct watch, of_file);
        unsigned here = depth_above(w->epoll->file, depth + 1);
        deepest = here > deepest ? here : deepest;
    }
    return deepest;
}

/* A wake runs up the whole chain on one kernel stack: its length counts from end to end. */
static bool too_deep(const struct file *epoll, const struct file *target)
{
    unsigned below = depth_below(target, epoll, 1);
    return below > DEPTH_MAX || below + depth_above(epoll, 1) > DEPTH_MAX;
}

static int check_add(struct file *epoll, const struct file *target, u32 events)
{
    if (!target->operations->poll)
        return -EPERM;
    if ((events & EPOLLEXCLUSIVE) && (file_is_epoll(target) || (events & EPOLLONESHOT)))
        return -EINVAL;
    if (file_is_epoll(target) && too_deep(epoll, target))
        return -ELOOP;
    return 0;
}

int epoll_add(struct file *epoll, struct file *target, int fd, const struct linux_epoll_event *e)
{
    struct epoll *ep = epoll_of(epoll);
    if (find(ep, target, fd))
        return -EEXIST;
    int error = check_add(epoll, target, e->events);
    if (error)
        return error;
    struct watch *w = heap_alloc_zeroed(sizeof(*w));
    if (!w)
        return -ENOMEM;
    w->epoll = ep;
    w->file = target;
    w->event = *e;
    w->event.events |= ALWAYS;
    w->of_file.forget = forget;
    list_init(&w->in_ready);
    w->wait = (struct poll_wait){.capacity = QUEUES_PER_FILE, .enter = enter_queue};
    list_push_back(&target->watches, &w->of_file.link);
    tree_insert(&ep->watches, &w->node, (u64)fd);
    u32 ready = look(w, &w->wait);
    if (w->wait.overflowed) {
        free_watch(w);
        return -ENOMEM;
    }
    if (ready)
        mark_ready(w);
    return 0;
}

int epoll_change(struct file *epoll, struct file *target, int fd,
                 const struct linux_epoll_event *e)
{
    struct watch *w = find(epoll_of(epoll), target, fd);
    if (!w)
        return -ENOENT;
    if ((e->events & EPOLLEXCLUSIVE) || (w->event.events & EPOLLEXCLUSIVE))
        return -EINVAL;
    w->event = *e;
    w->event.events |= ALWAYS;
    if (look(w, NULL))
        mark_ready(w);
    return 0;
}

int epoll_remove(struct file *epoll, struct file *target, int fd)
{
    struct watch *w = find(epoll_of(epoll), target, fd);
    if (!w)
        return -ENOENT;
    free_watch(w);
    return 0;
}

/* --- waiting --- */

/* What one watch on the ready list has to say; takes it off, or to the end of `again`. */
static u32 harvest(struct watch *w, struct list *again)
{
    list_remove(&w->in_ready);
    u32 ready = look(w, NULL);
    if (!ready)
        return 0;
    if (w->event.events & EPOLLONESHOT)
        w->event.events &= BEHAVIOUR;
    else if (!(w->event.events & EPOLLET))
        list_push_back(again, &w->in_ready);
    return ready;
}

static void put_back(struct epoll *e, struct list *again)
{
    for (struct list *l; (l = list_pop_front(again));)
        list_push_back(&e->ready, l);
}

static long harvest_all(struct epoll *e, struct user_ptr events, u32 most)
{
    struct list again = LIST_INIT(again);
    u32 count = 0;
    bool fault = false;
    while (count < most && !list_empty(&e->ready) && !fault) {
        struct watch *w = list_entry(e->ready.next, struct watch, in_ready);
        struct linux_epoll_event out = {.data = w->event.data};
        out.events = harvest(w, &again);
        if (!out.events)
            continue;
        struct user_ptr to = user_at(events, count * sizeof(out));
        fault = copy_to_program(to, &out, sizeof(out)) != 0;
        if (fault && list_empty(&w->in_ready))
            list_push_back(&again, &w->in_ready);
        count += !fault;
    }
    put_back(e, &again);
    return count ? (long)count : fault ? -EFAULT : 0;
}

static bool may_be_ready(void *arg)
{
    return !list_empty(&((struct epoll *)arg)->ready);
}

long epoll_collect(struct file *epoll, struct user_ptr events, u32 most, u64 deadline_ns)
{
    struct epoll *e = epoll_of(epoll);
    for (;;) {
        long count = harvest_all(e, events, most);
        if (count || deadline_ns == 0)
            return count;
        int error = wait_until(&e->changed, may_be_ready, e, deadline_ns);
        if (error)
            return error == -ETIMEDOUT ? 0 : -EINTR;
    }
}

/* --- as a file --- */

/* An instance is readable while one of its watches is really ready. */
static u32 epoll_poll(struct file *f, struct poll_wait *wait)
{
    struct epoll *e = epoll_of(f);
    poll_enter(wait, &e->changed, POLLIN | POLLRDNORM);
    list_for_each_safe(at, &e->ready) {
        struct watch *w = list_entry(at, struct watch, in_ready);
        if (look(w, NULL))
            return POLLIN | POLLRDNORM;
        list_remove(&w->in_ready);
    }
    return 0;
}

static void epoll_close(struct file *f)
{
    struct epoll *e = epoll_of(f);
    for (struct tree_node *n; (n = tree_first(&e->watches));)
        free_watch(container_of(n, struct watch, node));
    heap_free(e);
}

static size_t describe(struct file *f, char *out, size_t size)
{
    size_t used = 0;
    for (struct tree_node *n = tree_first(&epoll_of(f)->watches); n; n = tree_next(n)) {
        const struct watch *w = container_of(n, struct watch, node);
        int length = format_text(out + used, size - used,
                                 "tfd: %8d events: %8x data: %16llx  pos:%lu ino:%lx sdev:%x\n",
                                 (int)n->key, w->event.events, (unsigned long long)w->event.data,
                                 (unsigned long)w->file->offset,
                                 (unsigned long)w->file->inode->number, w->file->inode->fs->minor);
        if ((size_t)length >= size - used)
            break;
        used += (size_t)length;
    }
    return used;
}

static const struct file_operations epoll_operations = {
    .poll = epoll_poll, .close = epoll_close, .describe = describe, .seek = file_seek_nowhere,
    .is_stream = true, .kind = "[eventpoll]",
};

int epoll_open(struct file **out)
{
    struct epoll *e = heap_alloc_zeroed(sizeof(*e));
    if (!e)
        return -ENOMEM;
    list_init(&e->ready);
    wait_queue_init(&e->changed);
    *out = anonymous_file(&epoll_operations, O_RDWR, e);
    if (!*out) {
        heap_free(e);
        return -ENOMEM;
    }
    e->file = *out;
    return 0;
}
