/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System V message queues.
 *
 * Holds:    per queue its messages, in the order they came.
 * Promises: a receiver gets the first message that it asks for; a sender waits while the queue holds
 *           msg_qbytes.
 * See:      msgget(2), msgop(2), msgctl(2)
 */
#include "abi/linux/errno.h"
#include "ipc/ids.h"
#include "ipc/ipc.h"
#include "ipc/show.h"
#include "lib/list.h"
#include "memory/page.h"
#include "task/task.h"

struct queue {
    struct ipc_object object;
    struct list messages;
    u64 bytes, count, most_bytes;
    s64 sent, received, changed;
    s32 last_sender, last_receiver;
    struct wait_queue wake;
};

struct note {
    struct list link;
    s64 type;
    u64 size;
    u8 text[];
};

static struct queue *of(struct ipc_object *o)
{
    return container_of(o, struct queue, object);
}

static void release(struct ipc_object *o)
{
    for (struct list *l; (l = list_pop_front(&of(o)->messages));)
        heap_free(list_entry(l, struct note, link));
    heap_free(of(o));
}

static struct ipc_table queues = {.most = MSGMNI, .release = release};

static struct ipc_object *create(unused_arg const struct ipc_request *r, int *error)
{
    struct queue *q = heap_alloc_zeroed(sizeof(*q));
    *error = -ENOMEM;
    if (!q)
        return NULL;
    q->object.references = 1;
    q->most_bytes = MSGMNB;
    q->changed = ipc_now();
    list_init(&q->messages);
    wait_queue_init(&q->wake);
    return &q->object;
}

long msg_get(s32 key, u32 flags)
{
    struct ipc_request r = {.key = key, .flags = flags, .create = create};
    return ipc_get(&queues, &r);
}

/* --- sending --- */

struct sender {
    const struct queue *queue;
    u64 size;
};

static bool has_room(void *argument)
{
    const struct sender *s = argument;
    const struct queue *q = s->queue;
    bool fits = q->bytes + s->size <= q->most_bytes && q->count + 1 <= q->most_bytes;
    return fits || q->object.removed;
}

static long put(struct queue *q, struct note *n, u32 flags)
{
    struct sender s = {q, n->size};
    if (!has_room(&s)) {
        int error = flags & IPC_NOWAIT ? -EAGAIN : wait_until(&q->wake, has_room, &s, NO_DEADLINE);
        if (error)
            return error == -ERESTARTSYS ? -ERESTARTNOHAND : error;
    }
    if (q->object.removed)
        return -EIDRM;
    list_push_back(&q->messages, &n->link);
    q->bytes += n->size;
    q->count++;
    q->sent = ipc_now();
    q->last_sender = current_process()->pid;
    wake_all(&q->wake, 0);
    return 0;
}

static struct note *load(struct user_ptr message, u64 size, int *error)
{
    u64 type;
    *error = read_program_u64(&type, message);
    if (*error)
        return NULL;
    *error = -EINVAL;
    if ((s64)type < 1 || size > MSGMAX)
        return NULL;
    struct note *n = heap_alloc(sizeof(*n) + size);
    *error = n ? copy_from_program(n->text, user_at(message, sizeof(type)), size) : -ENOMEM;
    if (!*error) {
        n->type = (s64)type;
        n->size = size;
        list_init(&n->link);
        return n;
    }
    heap_free(n);
    return NULL;
}

long msg_send(s32 id, struct user_ptr message, u64 size, u32 flags)
{
    int error;
    struct note *n = id < 0 ? NULL : load(message, size, &error);
    if (!n)
        return id < 0 ? -EINVAL : error;
    struct ipc_object *o = ipc_find(&queues, id, IPC_MAY_WRITE, &error);
    long result = o ? put(of(o), n, flags) : error;
    ipc_drop(&queues, o);
    if (result)
        heap_free(n);
    return result;
}

/* --- receiving --- */

struct receiver {
    struct queue *queue;
    s64 type;
    u32 flags;
};

static bool is_wanted(const struct receiver *r, const struct note *n)
{
    if (r->type == 0)
        return true;
    if (r->type < 0)
        return n->type <= (r->type == INT64_MIN ? INT64_MAX : -r->type);
    return (n->type == r->type) != ((r->flags & MSG_EXCEPT) != 0);
}

/* The first that is wanted; of types up to a bound the lowest. */
static struct note *find(const struct receiver *r)
{
    struct note *best = NULL;
    s64 place = 0;
    list_for_each(at, &r->queue->messages) {
        struct note *n = list_entry(at, struct note, link);
        if (r->flags & MSG_COPY) {
            if (place++ == r->type)
                return n;
            continue;
        }
        if (!is_wanted(r, n))
            continue;
        if (r->type >= 0)
            return n;
        if (!best || n->type < best->type)
            best = n;
    }
    return best;
}

static bool has_message(void *argument)
{
    const struct receiver *r = argument;
    return find(r) || r->queue->object.removed;
}

static void take(struct queue *q, struct note *n)
{
    list_remove(&n->link);
    q->bytes -= n->size;
    q->count--;
    q->received = ipc_now();
    q->last_receiver = current_process()->pid;
    wake_all(&q->wake, 0);
}

static long store(const struct note *n, struct user_ptr message, u64 size)
{
    u64 copied = min_u64(n->size, size);
    if (write_program_u64(message, (u64)n->type) ||
        copy_to_program(user_at(message, sizeof(u64)), n->text, copied))
        return -EFAULT;
    return (long)copied;
}

static long get(struct receiver *r, struct user_ptr message, u64 size)
{
    struct note *n = find(r);
    if (!n && !r->queue->object.removed) {
        int error = r->flags & IPC_NOWAIT
                        ? -ENOMSG : wait_until(&r->queue->wake, has_message, r, NO_DEADLINE);
        if (error)
            return error == -ERESTARTSYS ? -ERESTARTNOHAND : error;
        n = find(r);
    }
    if (r->queue->object.removed)
        return -EIDRM;
    if (n->size > size && !(r->flags & MSG_NOERROR))
        return -E2BIG;
    if (r->flags & MSG_COPY)
        return store(n, message, size);
    take(r->queue, n);
    long result = store(n, message, size);
    heap_free(n);
    return result;
}

long msg_receive(s32 id, struct user_ptr message, u64 size, s64 type, u32 flags)
{
    int error;
    if (id < 0 || (s64)size < 0)
        return -EINVAL;
    if ((flags & MSG_COPY) && ((flags & MSG_EXCEPT) || !(flags & IPC_NOWAIT)))
        return -EINVAL;
    struct ipc_object *o = ipc_find(&queues, id, IPC_MAY_READ, &error);
    if (!o)
        return error;
    struct receiver r = {of(o), type, flags};
    long result = get(&r, message, size);
    ipc_drop(&queues, o);
    return result;
}

/* --- msgctl --- */

static int store_status(const struct queue *q, struct user_ptr to)
{
    struct linux_msqid_ds out = {
        .msg_perm = q->object.perm, .msg_stime = q->sent, .msg_rtime = q->received,
        .msg_ctime = q->changed, .msg_cbytes = q->bytes, .msg_qnum = q->count,
        .msg_qbytes = q->most_bytes, .msg_lspid = q->last_sender, .msg_lrpid = q->last_receiver,
    };
    return copy_to_program(to, &out, sizeof(out));
}

static long tell_limits(int command, struct user_ptr buffer)
{
    struct linux_msginfo out = {
        .msgpool = MSGMNI * MSGMNB / 1024, .msgmap = MSGMNB, .msgmax = MSGMAX, .msgmnb = MSGMNB,
        .msgmni = MSGMNI, .msgssz = 16, .msgtql = MSGMNB, .msgseg = 0xffff,
    };
    s32 highest = ipc_highest(&queues);
    if (command == MSG_INFO) {
        out.msgpool = (s32)queues.used;
        out.msgmap = out.msgtql = 0;
        for (s32 n = 0; n <= highest; n++) {
            if (!queues.slots[n])
                continue;
            out.msgmap += (s32)of(queues.slots[n])->count;
            out.msgtql += (s32)of(queues.slots[n])->bytes;
        }
    }
    int error = copy_to_program(buffer, &out, sizeof(out));
    return error ? error : highest < 0 ? 0 : highest;
}

static long status(s32 id, int command, struct user_ptr buffer)
{
    int error;
    bool by_index = command == MSG_STAT || command == MSG_STAT_ANY;
    u32 rights = command == MSG_STAT_ANY ? 0 : IPC_MAY_READ;
    struct ipc_object *o = by_index ? ipc_at(&queues, id, rights, &error)
                                    : ipc_find(&queues, id, rights, &error);
    if (!o)
        return error;
    long result = store_status(of(o), buffer);
    if (!result && by_index)
        result = o->id;
    ipc_drop(&queues, o);
    return result;
}

static int change(struct queue *q, int command, struct user_ptr buffer)
{
    struct linux_msqid_ds in;
    if (command == IPC_SET && copy_from_program(&in, buffer, sizeof(in)))
        return -EFAULT;
    int error = ipc_check_owner(&q->object);
    if (error)
        return error;
    if (command == IPC_RMID) {
        ipc_remove(&queues, &q->object);
    } else {
        if (in.msg_qbytes > MSGMNB && current_process()->credentials.euid)
            return -EPERM;
        ipc_set_perm(&q->object, &in.msg_perm);
        q->most_bytes = in.msg_qbytes;
        q->changed = ipc_now();
    }
    wake_all(&q->wake, 0);
    return 0;
}

long msg_control(s32 id, int command, struct user_ptr buffer)
{
    int error;
    if (id < 0 || command < 0)
        return -EINVAL;
    switch (command) {
    case IPC_INFO: case MSG_INFO:
        return tell_limits(command, buffer);
    case IPC_STAT: case MSG_STAT: case MSG_STAT_ANY:
        return status(id, command, buffer);
    case IPC_SET: case IPC_RMID:
        break;
    default:
        return -EINVAL;
    }
    struct ipc_object *o = ipc_find(&queues, id, 0, &error);
    if (!o)
        return error;
    error = change(of(o), command, buffer);
    ipc_drop(&queues, o);
    return error;
}

/* --- /proc/sysvipc/msg --- */

static void show_one(struct text *t, struct ipc_object *o)
{
    const struct queue *q = of(o);
    const struct linux_ipc_perm *p = &o->perm;

    text_add(t, "%10d %10d  %4o  %10lu %10lu %5d %5d %5u %5u %5u %5u %10ld %10ld %10ld\n", p->key,
             o->id, p->mode, q->bytes, q->count, q->last_sender, q->last_receiver, p->uid, p->gid,
             p->cuid, p->cgid, q->sent, q->received, q->changed);
}

void msg_show(struct text *t, unused_arg const struct proc_subject *unused)
{
    ipc_show_all(t, &queues,
                 "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid "
                 " cgid      stime      rtime      ctime",
                 show_one);
}
