/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * File locks.
 *
 * Holds:    per inode a list of ranges, each with its owner. Ranges of one owner never overlap:
 *           a new one cuts what it covers out of the old ones first.
 * Promises: a waiting request is tried again whenever any lock is released. A request that fails
 *           for want of memory changes nothing. fcntl's own locks belong to a descriptor table, as
 *           on Linux: processes that share it share them. A wait that would close a circle of such
 *           owners is EDEADLK.
 * See:      fcntl(2), flock(2)
 */
#include "files/lock.h"

#include "files/inode.h"
#include "memory/page.h"

struct lock_list {
    struct list ranges;
};

struct range {
    struct list link;
    enum lock_kind kind;
    const void *owner;           /* struct descriptor_table or struct file */
    s32 pid;
    bool exclusive;
    u64 start, end;
};

static struct wait_queue released = {{&released.waiters, &released.waiters}};

static const void *owner_of(const struct file *f, enum lock_kind kind)
{
    return kind == LOCK_KIND_PROCESS ? (const void *)current_process()->descriptors
                                     : (const void *)f;
}

/* fcntl's two kinds see each other, flock's is a world of its own. */
static bool same_world(enum lock_kind a, enum lock_kind b)
{
    return (a == LOCK_KIND_FLOCK) == (b == LOCK_KIND_FLOCK);
}

static struct range *conflict_of(const struct file *f, const struct lock_request *r,
                                 const void *owner)
{
    struct lock_list *l = f->inode->locks;
    if (!l)
        return NULL;
    list_for_each(at, &l->ranges) {
        struct range *o = list_entry(at, struct range, link);
        bool mine = o->kind == r->kind && o->owner == owner;
        if (!mine && same_world(o->kind, r->kind) && (o->exclusive || r->exclusive) &&
            o->start <= r->end && r->start <= o->end)
            return o;
    }
    return NULL;
}

static struct range *conflict(const struct file *f, const struct lock_request *r)
{
    return conflict_of(f, r, owner_of(f, r->kind));
}

static void add(struct lock_list *l, struct range *n)
{
    list_init(&n->link);
    list_push_back(&l->ranges, &n->link);
}

/* Cuts [start, end] out of the owner's ranges. One of them may become two: *spare is the second's
 * place then, and NULL afterwards. */
static void cut(struct lock_list *l, enum lock_kind kind, const void *owner, u64 start, u64 end,
                struct range **spare)
{
    list_for_each_safe(at, &l->ranges) {
        struct range *o = list_entry(at, struct range, link);
        if (o->kind != kind || o->owner != owner || o->start > end || start > o->end)
            continue;
        if (o->start < start && o->end > end) {
            struct range *tail = *spare;
            *spare = NULL;
            *tail = *o;
            tail->start = end + 1;
            add(l, tail);
            o->end = start - 1;
        } else if (o->start < start) {
            o->end = start - 1;
        } else if (o->end > end) {
            o->start = end + 1;
        } else {
            list_remove(&o->link);
            heap_free(o);
        }
    }
}

static int make_list(struct inode *i)
{
    if (i->locks)
        return 0;
    i->locks = heap_alloc(sizeof(*i->locks));
    if (!i->locks)
        return -ENOMEM;
    list_init(&i->locks->ranges);
    return 0;
}

static void drop_empty_list(struct inode *i)
{
    if (i->locks && list_empty(&i->locks->ranges)) {
        heap_free(i->locks);
        i->locks = NULL;
    }
}

/* The owner holds just this lock. */
static bool has_already(const struct file *f, const struct lock_request *r)
{
    list_for_each(at, &f->inode->locks->ranges) {
        const struct range *o = list_entry(at, struct range, link);
        if (o->kind == r->kind && o->owner == owner_of(f, r->kind) && o->start == r->start &&
            o->end == r->end)
            return o->exclusive == r->exclusive;
    }
    return false;
}

/* A request that waits, or is about to. */
struct attempt {
    struct list link;
    struct file *f;
    const struct lock_request *r;
    const void *owner;
};

static struct list attempts = LIST_INIT(attempts);

static const struct attempt *attempt_by(const void *owner)
{
    list_for_each(at, &attempts) {
        const struct attempt *a = list_entry(at, struct attempt, link);
        if (a->r->kind == LOCK_KIND_PROCESS && a->owner == owner)
            return a;
    }
    return NULL;
}

#define LONGEST_CIRCLE 10 /* Linux's MAX_DEADLK_ITERATIONS: longer ones are not looked for */

/* Whether who stands in the way waits, through others, for this owner. */
static bool closes_circle(const struct attempt *own)
{
    const struct attempt *a = own;
    for (unsigned steps = 0; a && steps < LONGEST_CIRCLE; steps++) {
        const struct range *o = conflict_of(a->f, a->r, a->owner);
        if (!o || o->kind != LOCK_KIND_PROCESS)
            return false;
        if (o->owner == own->owner)
            return true;
        a = attempt_by(o->owner);
    }
    return false;
}

static bool is_free(void *arg)
{
    struct attempt *a = arg;
    return !conflict(a->f, a->r);
}

static int wait_for(struct attempt *a)
{
    if (a->r->kind == LOCK_KIND_PROCESS && closes_circle(a))
        return -EDEADLK;
    list_push_back(&attempts, &a->link);
    int error = wait_until(&released, is_free, a, NO_DEADLINE);
    list_remove(&a->link);
    return error;
}

/* flock(2): a change of kind first gives the old lock away, and it is lost when the new one cannot
 * be had. fcntl's locks are kept. */
static void give_up_other_kind(struct file *f, const struct lock_request *r)
{
    if (r->kind == LOCK_KIND_FLOCK && f->inode->locks && !has_already(f, r))
        lock_release(f, r);
}

/* The lock takes the place of the owner's older ones. All memory is had before anything changes. */
static int place(struct file *f, const struct lock_request *r)
{
    struct range *range = heap_alloc(sizeof(*range)), *spare = heap_alloc(sizeof(*spare));
    int error = range && spare ? make_list(f->inode) : -ENOMEM;
    if (!error) {
        *range = (struct range){
            .kind = r->kind, .owner = owner_of(f, r->kind), .exclusive = r->exclusive,
            .start = r->start, .end = r->end,
            .pid = r->kind == LOCK_KIND_PROCESS ? current_process()->pid : -1,
        };
        cut(f->inode->locks, r->kind, range->owner, r->start, r->end, &spare);
        add(f->inode->locks, range);
        range = NULL;
        wake_all(&released, 0); /* exclusive may have become shared */
    }
    heap_free(range);
    heap_free(spare);
    return error;
}

int lock_acquire(struct file *f, const struct lock_request *r)
{
    struct attempt attempt = {.f = f, .r = r, .owner = owner_of(f, r->kind)};
    give_up_other_kind(f, r);
    if (conflict(f, r)) {
        int error = r->waits ? wait_for(&attempt) : -EAGAIN;
        if (error)
            return error;
    }
    return place(f, r);
}

int lock_release(struct file *f, const struct lock_request *r)
{
    struct range *spare = f->inode->locks ? heap_alloc(sizeof(*spare)) : NULL;
    if (!f->inode->locks)
        return 0;
    if (!spare)
        return -ENOMEM;
    cut(f->inode->locks, r->kind, owner_of(f, r->kind), r->start, r->end, &spare);
    heap_free(spare);
    drop_empty_list(f->inode);
    wake_all(&released, 0);
    return 0;
}

bool lock_find_conflict(struct file *f, const struct lock_request *r, struct lock_request *out,
                        s32 *pid)
{
    struct range *o = conflict(f, r);
    if (!o)
        return false;
    *out = (struct lock_request){
        .kind = o->kind, .exclusive = o->exclusive, .start = o->start, .end = o->end,
    };
    *pid = o->pid;
    return true;
}

static void forget(struct inode *i, enum lock_kind kind, const void *owner)
{
    struct range *unused = NULL; /* whole ranges go */
    cut(i->locks, kind, owner, 0, UINT64_MAX, &unused);
    wake_all(&released, 0);
}

void lock_forget_file(struct file *f)
{
    if (!f->inode->locks)
        return;
    forget(f->inode, LOCK_KIND_FILE, f);
    forget(f->inode, LOCK_KIND_FLOCK, f);
    drop_empty_list(f->inode);
}

void lock_forget_table(struct file *f, const struct descriptor_table *t)
{
    if (!f->inode->locks)
        return;
    forget(f->inode, LOCK_KIND_PROCESS, t);
    drop_empty_list(f->inode);
}
