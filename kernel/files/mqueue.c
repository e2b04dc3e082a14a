/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * POSIX message queues as files: their names, limits and attributes.
 *
 * Holds:    a file system with one directory, mounted on /dev/mqueue.
 * Promises: a queue lives until it has neither a name nor an open file. Names are those of the
 *           directory: what is made or removed there and by mq_open(2), mq_unlink(2) is the same.
 * See:      mq_overview(7), mq_open(2), mq_unlink(2)
 */
#include "abi/linux/resource.h"
#include "files/mqueue_internal.h"
#include "lib/string.h"
#include "memory/page.h"

/* The most there can be, with privilege. */
#define HARD_MESSAGES 65536
#define HARD_SIZE (16 * 1024 * 1024)
#define MQUEUE_MAGIC 0x19800202
#define SHOWN_BYTES 80 /* st_size */
/* What Linux charges besides the text: for a message, and for a priority in use. */
#define MESSAGE_BYTES 48
#define PRIORITY_BYTES 48

static struct file_system mqueue_fs;
static struct inode_operations directory_operations;
static struct list queues = LIST_INIT(queues);

/* --- limits --- */

static u64 charge_of(s64 most_messages, s64 message_size)
{
    u64 most = (u64)most_messages;

    return most * MESSAGE_BYTES + min_u64(most, MQ_PRIO_MAX) * PRIORITY_BYTES +
           most * (u64)message_size;
}

static bool may_pay(u32 uid, u64 charge)
{
    u64 limit = current_process()->limits[RLIMIT_MSGQUEUE].soft, used = 0;

    list_for_each(node, &queues) {
        const struct mqueue *q = list_entry(node, struct mqueue, all);
        if (q->payer == uid)
            used += charge_of(q->most_messages, q->message_size);
    }
    return charge <= limit && used <= limit - charge;
}

static int check_attributes(const struct linux_mq_attr *a)
{
    bool privileged = is_privileged();
    s64 most_messages = privileged ? HARD_MESSAGES : MQUEUE_MESSAGES;
    s64 largest = privileged ? HARD_SIZE : MQUEUE_SIZE;

    if (a->mq_maxmsg <= 0 || a->mq_msgsize <= 0)
        return -EINVAL;
    return a->mq_maxmsg > most_messages || a->mq_msgsize > largest ? -EINVAL : 0;
}

static u64 queue_count(void)
{
    u64 count = 0;

    list_for_each(node, &queues)
        count++;
    return count;
}

/* --- queues --- */

static void release(struct inode *i)
{
    struct mqueue *q = container_of(i, struct mqueue, inode);

    list_remove(&q->all);
    mqueue_drop_messages(q);
    mqueue_unlisten(q);
    heap_free(q);
}

static int open_queue(struct file *f)
{
    f->operations = &mqueue_file_operations;
    return 0;
}

static void stat_queue(unused_arg struct inode *i, struct statx_fields *out)
{
    out->size = SHOWN_BYTES;
}

static const struct inode_operations queue_operations = {
    .open = open_queue, .stat = stat_queue, .release = release,
};

static struct mqueue *create(u32 mode, const struct linux_mq_attr *a, int *error)
{
    u32 payer = current_process()->credentials.uid;

    *error = check_attributes(a);
    if (!*error && queue_count() >= MQUEUE_QUEUES_MAX && !is_privileged())
        *error = -ENOSPC;
    if (!*error && !may_pay(payer, charge_of(a->mq_maxmsg, a->mq_msgsize)))
        *error = -EMFILE;
    if (*error)
        return NULL;
    struct mqueue *q = heap_alloc_zeroed(sizeof(*q));
    *error = q ? 0 : -ENOMEM;
    if (!q)
        return NULL;
    inode_init(&q->inode, &queue_operations, &mqueue_fs, S_IFREG | (mode & 07777));
    q->payer = payer;
    q->most_messages = a->mq_maxmsg;
    q->message_size = a->mq_msgsize;
    list_init(&q->messages);
    list_init(&q->senders);
    list_init(&q->receivers);
    wait_queue_init(&q->changed);
    list_push_back(&queues, &q->all);
    return q;
}

/* Attached, not held. */
static struct path_node *create_named(struct name name, u32 mode, const struct linux_mq_attr *a,
                                      int *error)
{
    struct mqueue *q = create(mode, a, error);
    struct path_node *n;

    if (!q)
        return NULL;
    n = node_create(mqueue_fs.root, name, &q->inode, &mqueue_fs);
    inode_drop(&q->inode);
    if (!n) {
        *error = -ENOSPC;
        return NULL;
    }
    node_attach(n);
    return n;
}

/* --- the directory --- */

static const struct linux_mq_attr usual = {.mq_maxmsg = MQUEUE_MESSAGES, .mq_msgsize = MQUEUE_SIZE};

static int make(struct path_node *directory unused_arg, struct name name,
                const struct make_request *request, struct path_node **out)
{
    int error;

    if ((request->mode & S_IFMT) != S_IFREG)
        return -EPERM;
    struct path_node *n = create_named(name, request->mode, &usual, &error);
    if (!n)
        return error;
    if (out) {
        node_hold(n);
        *out = n;
    }
    return 0;
}

int mqueue_mount(void)
{
    int error = tmpfs_init(&mqueue_fs, "mqueue", 01777);

    if (error)
        return error;
    mqueue_fs.magic = MQUEUE_MAGIC;
    mqueue_fs.flags = ST_NOSUID | ST_NODEV | ST_NOEXEC;
    directory_operations = tmpfs_operations;
    directory_operations.make = make;
    directory_operations.make_unnamed = NULL;
    directory_operations.link = NULL;
    directory_operations.rename = NULL;
    mqueue_fs.root->inode->operations = &directory_operations;
    return mount_at(&mqueue_fs, "/dev/mqueue");
}

/* --- by name --- */

/* What Linux finds wrong with a name. */
static int check_name(const char *text, struct name *name)
{
    *name = (struct name){text, strlen(text)};
    if (!name->length)
        return -ENOENT;
    if (name->length > NAME_MAX)
        return -ENAMETOOLONG;
    if (!strcmp(text, ".") || !strcmp(text, ".."))
        return -EACCES;
    for (size_t i = 0; i < name->length; i++)
        if (text[i] == '/')
            return -EACCES;
    return 0;
}

static int may_open(const struct inode *i, u32 flags)
{
    static const u32 access[] = {MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE};
    u32 mode = flags & O_ACCMODE;

    return mode == O_ACCMODE ? -EINVAL : inode_may(i, access[mode]);
}

static struct path_node *find_or_make(struct name name, u32 flags, u32 mode,
                                      const struct linux_mq_attr *attributes, int *error)
{
    struct path_node *n = node_find(mqueue_fs.root, name);

    *error = 0;
    if (n && (flags & O_CREAT) && (flags & O_EXCL))
        *error = -EEXIST;
    else if (n)
        *error = may_open(n->inode, flags);
    else if (flags & O_CREAT)
        return create_named(name, mode & ~current_process()->files->umask,
                            attributes ? attributes : &usual, error);
    else
        *error = -ENOENT;
    return n;
}

int mqueue_open(const char *text, u32 flags, u32 mode, const struct linux_mq_attr *attributes,
                struct file **out)
{
    struct name name;
    int error = check_name(text, &name);

    if (error)
        return error;
    struct path_node *n = find_or_make(name, flags, mode, attributes, &error);
    if (error)
        return error;
    *out = file_create(&mqueue_file_operations, n->inode, flags & (O_ACCMODE | O_NONBLOCK));
    if (!*out)
        return -ENOMEM;
    node_hold(n);
    (*out)->path = n;
    return 0;
}

int mqueue_unlink(const char *text)
{
    struct name name;
    int error = check_name(text, &name);
    struct path_node *n = error ? NULL : node_find(mqueue_fs.root, name);

    if (!n)
        return error ? error : -ENOENT;
    if (!inode_owned(n->inode) && !inode_owned(mqueue_fs.root->inode)) /* the sticky bit's rule */
        return -EPERM;
    return directory_operations.remove(n);
}

bool file_is_mqueue(const struct file *f)
{
    return f->operations == &mqueue_file_operations;
}

struct linux_mq_attr mqueue_attributes(const struct file *f)
{
    const struct mqueue *q = mqueue_of(f);

    return (struct linux_mq_attr){
        .mq_flags = f->flags & O_NONBLOCK,
        .mq_maxmsg = q->most_messages,
        .mq_msgsize = q->message_size,
        .mq_curmsgs = q->count,
    };
}
