/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Receiving on unix sockets.
 *
 * Promises: a stream read never crosses a message that carried descriptors, nor, with SO_PASSCRED,
 *           one of other credentials.
 * See:      recv(2), unix(7)
 */
#include "abi/linux/poll.h"
#include "lib/string.h"
#include "net/unix_internal.h"

static struct packet *first(const struct unix_socket *u)
{
    return list_empty(&u->packets) ? NULL : list_entry(u->packets.next, struct packet, link);
}

static struct packet *next(const struct unix_socket *u, const struct packet *p)
{
    return p->link.next == &u->packets ? NULL : list_entry(p->link.next, struct packet, link);
}

static void unlink_packet(struct unix_socket *u, struct packet *p)
{
    list_remove(&p->link);
    u->queued--;
    unix_wake_senders(u);
}

static u32 left(const struct packet *p)
{
    return p->length - p->taken;
}

static void take_address(struct message *m, const struct packet *p)
{
    const struct unix_name *n = p->from->name;
    m->address.length = 0;
    if (n)
        m->address = n->address;
}

/* --- streams --- */

struct stream_read {
    struct unix_socket *u;
    struct message *m;
    u64 copied, target, deadline_ns;
    bool peek, has_first;
    struct packet *at;           /* peek: where it goes on */
    u64 skip;                    /* of at */
};

/* The packet at which a read goes on: a peek goes past what it, or SO_PEEK_OFF, has seen. */
static struct packet *locate(struct stream_read *r)
{
    if (r->peek && r->at)
        return r->at;
    struct packet *p = first(r->u);
    r->skip = r->peek && r->u->socket.peek_offset > 0 ? (u32)r->u->socket.peek_offset : 0;
    while (p && r->skip && r->skip >= left(p)) {
        r->skip -= left(p);
        p = next(r->u, p);
    }
    return p;
}

static bool can_go_on(void *argument)
{
    struct stream_read *r = argument;
    return locate(r) || r->u->socket.error || (r->u->socket.shut & SHUT_READ);
}

/* Waits for bytes; 1: the read is over, with what was copied. */
static int wait_for_more(struct stream_read *r)
{
    struct socket *s = &r->u->socket;
    if (r->copied >= r->target)
        return 1;
    int error = socket_take_error(s);
    if (error)
        return error;
    if (s->shut & SHUT_READ)
        return 1;
    return socket_wait(&s->changed, can_go_on, r, r->deadline_ns);
}

static bool same_credentials(const struct packet *p, const struct message *m)
{
    const struct ancillary *a = &p->ancillary, *b = &m->ancillary;
    return a->has_credentials == b->has_credentials &&
           (!a->has_credentials ||
            memcmp(&a->credentials, &b->credentials, sizeof(a->credentials)) == 0);
}

static void move_peek_offset(struct socket *s, bool peek, u64 n)
{
    if (s->peek_offset < 0)
        return;
    if (peek)
        s->peek_offset += (s32)n;
    else
        s->peek_offset = s->peek_offset > (s32)n ? s->peek_offset - (s32)n : 0;
}

/* One packet's bytes. 0: go on; 1: over; -errno. */
static int read_from(struct stream_read *r, struct packet *p)
{
    struct message *m = r->m;
    if (!r->has_first)
        take_address(m, p);
    else if (r->u->socket.pass_credentials && !same_credentials(p, m))
        return 1;
    r->has_first = true;
    u32 n = (u32)min_u64(left(p) - r->skip, m->io->remaining);
    if (io_put(m->io, p->data + p->taken + r->skip, n) != n)
        return r->copied ? 1 : -EFAULT;
    r->copied += n;
    move_peek_offset(&r->u->socket, r->peek, n);
    bool carries = p->ancillary.file_count;
    int error = packet_give(p, m, r->peek);
    if (error)
        return error;
    if (r->peek) {
        r->at = next(r->u, p);
        r->skip = 0;
        return carries || !r->at;
    }
    p->taken += n;
    if (left(p))
        return 1;
    unlink_packet(r->u, p);
    packet_free(p);
    return carries;
}

long unix_receive_stream(struct socket *s, struct message *m)
{
    u64 size = m->io->remaining;
    u64 target = m->flags & MSG_WAITALL ? size : min_u64(size, s->receive_low);
    struct stream_read r = {
        .u = unix_of(s), .m = m, .target = target ? target : 1, .peek = m->flags & MSG_PEEK,
        .deadline_ns = socket_deadline(s->receive_timeout_ns, m->flags),
    };
    if (r.u->state != UNIX_CONNECTED)
        return -EINVAL;
    if (m->flags & MSG_OOB)
        return -EOPNOTSUPP;
    int result;
    do {
        struct packet *p = locate(&r);
        result = p ? read_from(&r, p) : wait_for_more(&r);
    } while (!result && m->io->remaining);
    return r.copied || result > 0 ? (long)r.copied : result;
}

/* --- datagrams --- */

/* The packet that is due: a peek with an offset goes past what it has seen. */
static struct packet *find_datagram(const struct unix_socket *u, bool peek, u64 *skip)
{
    struct packet *p = first(u);
    *skip = peek && u->socket.peek_offset > 0 ? (u32)u->socket.peek_offset : 0;
    while (p && *skip && *skip >= p->length) {
        *skip -= p->length;
        p = next(u, p);
    }
    return p;
}

struct datagram_read {
    const struct unix_socket *u;
    bool peek;
};

static bool has_datagram(void *argument)
{
    const struct datagram_read *r = argument;
    u64 skip;
    return find_datagram(r->u, r->peek, &skip) || r->u->socket.error ||
           (r->u->socket.shut & SHUT_READ);
}

/* 0, 1 for the end, -errno. */
static int wait_for_datagram(struct unix_socket *u, bool peek, u64 deadline_ns)
{
    struct socket *s = &u->socket;
    struct datagram_read r = {u, peek};
    u64 skip;
    for (;;) {
        int error = socket_take_error(s);
        if (error)
            return error;
        if (find_datagram(u, peek, &skip))
            return 0;
        bool ended = s->shut & SHUT_READ;
        if (!deadline_ns)
            return ended && unix_is_connected_kind(u) ? 1 : -EAGAIN;
        if (ended)
            return 1;
        error = socket_wait(&s->changed, has_datagram, &r, deadline_ns);
        if (error)
            return error;
    }
}

static long take_datagram(struct unix_socket *u, struct message *m, struct packet *p, u64 skip)
{
    bool peek = m->flags & MSG_PEEK;
    u64 length = p->length - skip, n = min_u64(length, m->io->remaining);
    take_address(m, p);
    if (!peek)
        unlink_packet(u, p);
    bool fault = io_put(m->io, p->data + skip, n) != n;
    int error = fault ? -EFAULT : packet_give(p, m, peek);
    if (n < length)
        m->result_flags |= MSG_TRUNC;
    move_peek_offset(&u->socket, peek, peek ? n : p->length);
    if (!peek)
        packet_free(p);
    if (error)
        return error;
    return (long)(m->flags & MSG_TRUNC ? length : n);
}

long unix_receive_datagram(struct socket *s, struct message *m)
{
    struct unix_socket *u = unix_of(s);
    u64 skip;
    if (unix_is_connected_kind(u) && u->state != UNIX_CONNECTED)
        return -ENOTCONN;
    if (m->flags & MSG_OOB)
        return -EOPNOTSUPP;
    bool peek = m->flags & MSG_PEEK;
    int result = wait_for_datagram(u, peek, socket_deadline(s->receive_timeout_ns, m->flags));
    if (result)
        return result > 0 ? 0 : result;
    return take_datagram(u, m, find_datagram(u, peek, &skip), skip);
}
