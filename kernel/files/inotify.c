/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * inotify.
 *
 * Holds:    per instance its watches by number and by inode, and the events that wait to be read.
 * Promises: an event that is like the one before it is not queued twice. When MOST_EVENTS wait, one
 *           IN_Q_OVERFLOW is queued and further events are lost. A watch that ends leaves an
 *           IN_IGNORED behind.
 * See:      inotify(7), inotify_add_watch(2), inotify_rm_watch(2)
 */
#include "files/inotify.h"

#include "abi/linux/ioctl.h"
#include "abi/linux/poll.h"
#include "files/watch.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "memory/page.h"
#include "task/task.h"

#define MOST_EVENTS 16384u       /* fs.inotify.max_queued_events */
#define MOST_INSTANCES 128u      /* fs.inotify.max_user_instances */
#define MOST_WATCHES 65536u      /* fs.inotify.max_user_watches */
#define READABLE (POLLIN | POLLRDNORM)

struct inotify {
    struct tree watches;         /* by number */
    struct list events;
    u32 event_count;
    u64 event_bytes;             /* as read(2) shows them */
    s32 last_number;
    struct wait_queue changed;
};

struct watch {
    struct inode_watch of_inode;
    struct tree_node node;       /* key: number */
    struct inotify *instance;
    u32 mask;
};

struct event {
    struct list link;
    s32 number;
    u32 mask, cookie;
    u32 name_room;               /* with NULs: a multiple of the header; 0: no name */
    char name[];
};

static u32 instances, watches;
static const struct file_operations inotify_operations;

static struct inotify *inotify_of(const struct file *f)
{
    return f->private_data;
}

bool file_is_inotify(const struct file *f)
{
    return f->operations == &inotify_operations;
}

/* --- events --- */

static bool is_repeated(const struct inotify *n, s32 number, u32 mask, u32 cookie,
                        const struct name *name)
{
    if (list_empty(&n->events))
        return false;
    const struct event *last = list_entry(n->events.prev, struct event, link);
    size_t length = name ? name->length : 0;
    bool same_name = last->name_room ? name && strlen(last->name) == length &&
                                           memcmp(last->name, name->text, length) == 0
                                     : !length;
    return last->number == number && last->mask == mask && last->cookie == cookie && same_name;
}

static void queue(struct inotify *n, s32 number, u32 mask, u32 cookie, const struct name *name)
{
    size_t header = sizeof(struct linux_inotify_event);
    if (n->event_count >= MOST_EVENTS) {
        number = -1;
        mask = IN_Q_OVERFLOW;
        cookie = 0;
        name = NULL;
    }
    if (is_repeated(n, number, mask, cookie, name))
        return;
    size_t room = name && name->length ? align_up(name->length + 1, header) : 0;
    struct event *e = heap_alloc_zeroed(sizeof(*e) + room);
    if (!e)
        return; /* as lost as on a full queue */
    e->number = number;
    e->mask = mask;
    e->cookie = cookie;
    e->name_room = (u32)room;
    if (room)
        memcpy(e->name, name->text, name->length);
    list_push_back(&n->events, &e->link);
    n->event_count++;
    n->event_bytes += header + room;
    wake_all(&n->changed, READABLE);
}

static void drop_event(struct inotify *n, struct event *e)
{
    list_remove(&e->link);
    n->event_count--;
    n->event_bytes -= sizeof(struct linux_inotify_event) + e->name_room;
    heap_free(e);
}

/* --- watches --- */

static void remove_watch(struct watch *w, bool tell)
{
    struct inotify *n = w->instance;
    s32 number = (s32)w->node.key;
    tree_remove(&n->watches, &w->node);
    unwatch_inode(&w->of_inode);
    heap_free(w);
    watches--;
    if (tell)
        queue(n, number, IN_IGNORED, 0, NULL);
}

static void tell(struct inode_watch *of_inode, u32 mask, u32 cookie, const struct name *name,
                 bool gone)
{
    struct watch *w = container_of(of_inode, struct watch, of_inode);
    if (!(mask & w->mask & LINUX_IN_EVENTS) || (name && gone && (w->mask & IN_EXCL_UNLINK)))
        return;
    queue(w->instance, (s32)w->node.key, mask, cookie, name);
    if (w->mask & IN_ONESHOT)
        remove_watch(w, true);
}

static void end(struct inode_watch *of_inode)
{
    remove_watch(container_of(of_inode, struct watch, of_inode), true);
}

static struct watch *find_watch(struct inotify *n, const struct inode *i)
{
    for (struct tree_node *t = tree_first(&n->watches); t; t = tree_next(t)) {
        struct watch *w = container_of(t, struct watch, node);
        if (w->of_inode.inode == i)
            return w;
    }
    return NULL;
}

static long change_watch(struct watch *w, u32 mask)
{
    if (mask & IN_MASK_CREATE)
        return -EEXIST;
    u32 kept = mask & (LINUX_IN_EVENTS | IN_EXCL_UNLINK | IN_ONESHOT);
    w->mask = mask & IN_MASK_ADD ? w->mask | kept : kept;
    return (long)w->node.key;
}

static long add_watch(struct inotify *n, struct inode *i, u32 mask)
{
    struct watch *w = i->watches ? find_watch(n, i) : NULL;
    if (w)
        return change_watch(w, mask);
    if (watches >= MOST_WATCHES)
        return -ENOSPC;
    w = heap_alloc_zeroed(sizeof(*w));
    if (!w)
        return -ENOMEM;
    w->instance = n;
    w->mask = mask & (LINUX_IN_EVENTS | IN_EXCL_UNLINK | IN_ONESHOT);
    w->of_inode.tell = tell;
    w->of_inode.end = end;
    if (watch_inode(i, &w->of_inode)) {
        heap_free(w);
        return -ENOMEM;
    }
    tree_insert(&n->watches, &w->node, (u64)++n->last_number);
    watches++;
    return n->last_number;
}

long inotify_watch_path(struct file *f, const char *path, u32 mask)
{
    struct walk_request r = {
        .directory = AT_FDCWD, .path = path, .flags = mask & IN_DONT_FOLLOW ? 0 : WALK_FOLLOW,
    };
    struct path_found found;
    long result = path_walk(&r, &found);
    if (result)
        return result;
    struct inode *i = found.node->inode;
    if ((mask & IN_ONLYDIR) && !inode_is_directory(i))
        result = -ENOTDIR;
    if (!result)
        result = inode_may(i, MAY_READ);
    if (!result)
        result = add_watch(inotify_of(f), i, mask);
    path_found_drop(&found);
    return result;
}

int inotify_unwatch(struct file *f, s32 number)
{
    struct tree_node *t = number > 0 ? tree_find(&inotify_of(f)->watches, (u64)number) : NULL;
    if (!t)
        return -EINVAL;
    remove_watch(container_of(t, struct watch, node), true);
    return 0;
}

/* --- as a file --- */

static bool has_event(void *argument)
{
    return !list_empty(&((struct inotify *)argument)->events);
}

static size_t size_of(const struct event *e)
{
    return sizeof(struct linux_inotify_event) + e->name_room;
}

static bool put_event(struct io *io, const struct event *e)
{
    struct linux_inotify_event out = {e->number, e->mask, e->cookie, e->name_room};
    return io_put(io, &out, sizeof(out)) == sizeof(out) &&
           io_put(io, e->name, e->name_room) == e->name_room;
}

static long inotify_read(struct file *f, struct io *io, unused_arg u64 *offset)
{
    struct inotify *n = inotify_of(f);
    u64 done = 0;
    if (!has_event(n)) {
        if (f->flags & O_NONBLOCK)
            return -EAGAIN;
        int error = wait_until(&n->changed, has_event, n, NO_DEADLINE);
        if (error)
            return error;
    }
    while (has_event(n)) {
        struct event *e = list_entry(n->events.next, struct event, link);
        size_t size = size_of(e);
        if (size > io->remaining)
            return done ? (long)done : -EINVAL;
        bool stored = put_event(io, e);
        drop_event(n, e);
        if (!stored)
            return -EFAULT;
        done += size;
    }
    return (long)done;
}

static u32 inotify_poll(struct file *f, struct poll_wait *w)
{
    struct inotify *n = inotify_of(f);
    poll_enter(w, &n->changed, READABLE);
    return has_event(n) ? READABLE : 0;
}

static long inotify_ioctl(struct file *f, u32 request, struct user_ptr argument,
                          unused_arg u64 value)
{
    if (request != FIONREAD)
        return -ENOTTY;
    return write_program_u32(argument, (u32)inotify_of(f)->event_bytes);
}

static void inotify_close(struct file *f)
{
    struct inotify *n = inotify_of(f);
    for (struct tree_node *t; (t = tree_first(&n->watches));)
        remove_watch(container_of(t, struct watch, node), false);
    while (has_event(n))
        drop_event(n, list_entry(n->events.next, struct event, link));
    heap_free(n);
    instances--;
}

static size_t describe(struct file *f, char *out, size_t size)
{
    size_t used = 0;
    for (struct tree_node *t = tree_first(&inotify_of(f)->watches); t; t = tree_next(t)) {
        const struct watch *w = container_of(t, struct watch, node);
        const struct inode *i = w->of_inode.inode;
        int length = format_text(out + used, size - used,
                                 "inotify wd:%x ino:%lx sdev:%x mask:%x ignored_mask:0\n",
                                 (u32)t->key, (unsigned long)i->number, i->fs->minor, w->mask);
        if ((size_t)length >= size - used)
            break;
        used += (size_t)length;
    }
    return used;
}

static const struct file_operations inotify_operations = {
    .read = inotify_read, .poll = inotify_poll, .ioctl = inotify_ioctl, .close = inotify_close,
    .seek = file_seek_nowhere, .is_stream = true, .kind = "inotify", .describe = describe,
};

int inotify_open(u32 flags, struct file **out)
{
    if (instances >= MOST_INSTANCES)
        return -EMFILE;
    struct inotify *n = heap_alloc_zeroed(sizeof(*n));
    if (!n)
        return -ENOMEM;
    list_init(&n->events);
    wait_queue_init(&n->changed);
    *out = anonymous_file(&inotify_operations, O_RDONLY | (flags & O_NONBLOCK), n);
    if (!*out) {
        heap_free(n);
        return -ENOMEM;
    }
    instances++;
    return 0;
}
