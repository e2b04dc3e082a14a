/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages: sending, receiving, being told that one has come.
 *
 * Holds:    threads that wait, in the order of their priorities and then of their coming.
 * Promises: who waits longest is served first: a message that comes goes to a waiting receiver
 *           directly, and the place that it leaves to a waiting sender. A notification is sent when
 *           a message comes into an empty queue and nobody waits for it; then it is over.
 * See:      mq_send(3), mq_receive(3), mq_notify(2)
 */
#include "abi/linux/poll.h"
#include "files/mqueue_internal.h"
#include "lib/printf.h"
#include "memory/page.h"

struct mqueue_message {
    struct list link;
    u32 priority;
    u64 length;
    u8 text[];
};

/* A thread that waits; on its stack. */
struct mqueue_turn {
    struct list link;
    struct thread *thread;
    struct mqueue_message *message; /* a sender's, or what a receiver was given */
    bool done;
};

/* --- turns --- */

static void line_up(struct list *line, struct mqueue_turn *turn)
{
    struct list *before = line->next;

    turn->thread = current_thread();
    while (before != line && list_entry(before, struct mqueue_turn, link)->thread->priority >=
                                 turn->thread->priority)
        before = before->next;
    list_insert_after(before->prev, &turn->link);
}

static void serve(struct mqueue_turn *turn, struct mqueue_message *message)
{
    turn->message = message;
    turn->done = true;
    thread_wake(turn->thread);
}

static struct mqueue_turn *next_turn(struct list *line)
{
    struct list *first = list_pop_front(line);

    return first ? list_entry(first, struct mqueue_turn, link) : NULL;
}

/* 0: served. */
static int wait_in_line(struct list *line, struct mqueue_turn *turn, u64 deadline_ns)
{
    enum sleep_result why = SLEEP_WOKEN;

    line_up(line, turn);
    while (!turn->done && why == SLEEP_WOKEN)
        why = thread_sleep(deadline_ns, true);
    current_thread()->woken = false;
    if (turn->done)
        return 0;
    list_remove(&turn->link);
    return why == SLEEP_TIMED_OUT ? -ETIMEDOUT : -ERESTARTSYS;
}

/* --- notification --- */

void mqueue_unlisten(struct mqueue *q)
{
    if (q->listener)
        process_drop(q->listener);
    q->listener = NULL;
}

static void tell_listener(struct mqueue *q)
{
    struct linux_siginfo info = {.si_signo = q->event.sigev_signo, .si_code = SI_MESGQ};

    if (!q->listener || q->count != 1)
        return;
    info.sent.si_pid = current_process()->pid;
    info.sent.si_uid = current_process()->credentials.uid;
    info.sent.si_value = q->event.sigev_value;
    if (q->event.sigev_notify == SIGEV_SIGNAL && q->event.sigev_signo)
        signal_send_process(q->listener, q->event.sigev_signo, &info);
    mqueue_unlisten(q);
}

int mqueue_notify(struct file *f, const struct linux_sigevent *event)
{
    struct mqueue *q = mqueue_of(f);

    if (!event) {
        if (q->listener == current_process())
            mqueue_unlisten(q);
        return 0;
    }
    if (q->listener)
        return -EBUSY;
    q->event = *event;
    q->listener = current_process();
    process_hold(q->listener);
    return 0;
}

/* --- messages --- */

static void insert(struct mqueue *q, struct mqueue_message *m)
{
    struct list *behind = q->messages.prev;

    while (behind != &q->messages &&
           list_entry(behind, struct mqueue_message, link)->priority < m->priority)
        behind = behind->prev;
    list_insert_after(behind, &m->link);
    q->count++;
    q->bytes += m->length;
}

static struct mqueue_message *take_first(struct mqueue *q)
{
    struct mqueue_message *m = list_entry(list_pop_front(&q->messages), struct mqueue_message, link);

    q->count--;
    q->bytes -= m->length;
    return m;
}

void mqueue_drop_messages(struct mqueue *q)
{
    while (q->count)
        heap_free(take_first(q));
}

static struct mqueue_message *fetch(struct user_ptr text, u64 length, u32 priority, int *error)
{
    struct mqueue_message *m = heap_alloc(sizeof(*m) + length);

    *error = m ? 0 : -ENOMEM;
    if (m && copy_from_program(m->text, text, length)) {
        heap_free(m);
        *error = -EFAULT;
        return NULL;
    }
    if (m) {
        m->length = length;
        m->priority = priority;
    }
    return m;
}

static void note_change(struct mqueue *q)
{
    q->inode.accessed = q->inode.modified = q->inode.changed = time_now();
}

/* Takes the message when it succeeds. */
static int put(struct mqueue *q, bool may_wait, struct mqueue_message *m, u64 deadline_ns)
{
    struct mqueue_turn own = {.message = m}, *receiver;

    if (q->count == q->most_messages)
        return may_wait ? wait_in_line(&q->senders, &own, deadline_ns) : -EAGAIN;
    receiver = next_turn(&q->receivers);
    if (receiver) {
        serve(receiver, m);
    } else {
        insert(q, m);
        tell_listener(q);
        wake_all(&q->changed, POLLIN | POLLRDNORM);
    }
    note_change(q);
    return 0;
}

long mqueue_send(struct file *f, struct user_ptr text, u64 length, u32 priority, u64 deadline_ns)
{
    struct mqueue *q = mqueue_of(f);
    int error;

    if ((f->flags & O_ACCMODE) == O_RDONLY)
        return -EBADF;
    if (length > (u64)q->message_size)
        return -EMSGSIZE;
    struct mqueue_message *m = fetch(text, length, priority, &error);
    if (!error)
        error = put(q, !(f->flags & O_NONBLOCK), m, deadline_ns);
    if (error)
        heap_free(m);
    return error;
}

static int get(struct mqueue *q, bool may_wait, struct mqueue_message **out, u64 deadline_ns)
{
    struct mqueue_turn own = {0}, *sender;
    int error = 0;

    if (!q->count) {
        error = may_wait ? wait_in_line(&q->receivers, &own, deadline_ns) : -EAGAIN;
        *out = own.message;
        return error;
    }
    *out = take_first(q);
    sender = next_turn(&q->senders);
    if (sender) {
        insert(q, sender->message);
        serve(sender, NULL);
    } else {
        wake_all(&q->changed, POLLOUT | POLLWRNORM);
    }
    note_change(q);
    return 0;
}

long mqueue_receive(struct file *f, struct user_ptr text, u64 size, struct user_ptr priority,
                    u64 deadline_ns)
{
    struct mqueue *q = mqueue_of(f);
    struct mqueue_message *m;

    if ((f->flags & O_ACCMODE) == O_WRONLY)
        return -EBADF;
    if (size < (u64)q->message_size)
        return -EMSGSIZE;
    int error = get(q, !(f->flags & O_NONBLOCK), &m, deadline_ns);
    if (error)
        return error;
    long length = (long)m->length;
    if (!user_is_null(priority))
        error = write_program_u32(priority, m->priority);
    if (!error)
        error = copy_to_program(text, m->text, m->length);
    heap_free(m);
    return error ? error : length;
}

/* --- as a file --- */

/* What mq_overview(7) shows of /dev/mqueue/NAME. */
static long read_state(struct file *f, struct io *io, u64 *offset)
{
    const struct mqueue *q = mqueue_of(f);
    const struct process *p = q->listener;
    char text[80];
    int length = format_text(text, sizeof(text),
                             "QSIZE:%-10llu NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n",
                             (unsigned long long)q->bytes, p ? q->event.sigev_notify : 0,
                             p && q->event.sigev_notify == SIGEV_SIGNAL ? q->event.sigev_signo : 0,
                             p ? p->pid : 0);
    u64 from = min_u64(*offset, (u64)length), left = (u64)length - from;
    size_t done = io_put(io, text + from, min_u64(left, io->remaining));

    *offset += done;
    return left && io->remaining && !done ? -EFAULT : (long)done;
}

static u32 poll_queue(struct file *f, struct poll_wait *w)
{
    struct mqueue *q = mqueue_of(f);

    poll_enter(w, &q->changed, POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM);
    return (q->count ? POLLIN | POLLRDNORM : 0u) |
           (q->count < q->most_messages ? POLLOUT | POLLWRNORM : 0u);
}

static long seek(struct file *f, s64 offset, int whence)
{
    return file_seek_plain(f, offset, whence, 0);
}

/* A descriptor of the listener's goes: its registration with it. */
static void flush(struct file *f)
{
    struct mqueue *q = mqueue_of(f);

    if (q->listener == current_process())
        mqueue_unlisten(q);
}

const struct file_operations mqueue_file_operations = {
    .read = read_state, .seek = seek, .poll = poll_queue, .flush = flush,
};
