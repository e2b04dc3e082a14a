/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sending on unix sockets.
 *
 * Promises: datagrams arrive whole or not at all; a blocking stream send sends all unless a signal,
 *           a timeout, a fault or the peer's end cuts it short.
 * Refuses:  MSG_OOB, as a Linux without CONFIG_AF_UNIX_OOB.
 * See:      send(2), unix(7)
 */
#include "net/unix_internal.h"
#include "task/task.h"

#define STREAM_MOST 36544u       /* Linux: what one of its buffers takes */

/* Room in the sender's own SO_SNDBUF. */
static bool may_send(void *argument)
{
    const struct unix_socket *u = argument;
    return u->charged < u->socket.send_bytes || u->socket.error || (u->socket.shut & SHUT_WRITE);
}

static int wait_for_room(struct unix_socket *u, u64 deadline_ns)
{
    int error = socket_take_error(&u->socket);
    if (error)
        return error;
    if (u->socket.shut & SHUT_WRITE)
        return -EPIPE;
    if (u->charged < u->socket.send_bytes)
        return 0;
    error = socket_wait(&u->socket.changed, may_send, u, deadline_ns);
    if (!error)
        error = socket_take_error(&u->socket);
    return !error && (u->socket.shut & SHUT_WRITE) ? -EPIPE : error;
}

/* --- streams --- */

static int send_part(struct unix_socket *u, struct unix_socket *peer, struct message *m,
                     u64 deadline_ns)
{
    struct packet *p;
    u32 most = u->socket.send_bytes / 2 - 64;
    u64 size = min_u64(min_u64(m->io->remaining, most), STREAM_MOST);
    int error = wait_for_room(u, deadline_ns);
    if (!error)
        error = packet_create(u, m, (u32)size, &p);
    if (error)
        return error;
    if (peer->dead || (peer->socket.shut & SHUT_READ)) {
        packet_free(p);
        return -EPIPE;
    }
    packet_add_credentials(p, peer);
    packet_push(peer, p);
    return 0;
}

static int stream_ready(struct unix_socket *u, struct message *m)
{
    if (m->flags & MSG_OOB)
        return -EOPNOTSUPP;
    if (m->address.length)
        return u->state == UNIX_CONNECTED ? -EISCONN : -EOPNOTSUPP;
    if (!u->peer)
        return -ENOTCONN;
    return u->socket.shut & SHUT_WRITE ? -EPIPE : 0;
}

long unix_send_stream(struct socket *s, struct message *m)
{
    struct unix_socket *u = unix_of(s), *peer = u->peer;
    u64 deadline_ns = socket_deadline(s->send_timeout_ns, m->flags);
    u64 sent = 0;
    if (s->pass_credentials && unix_bind_any(u))
        return -ENOMEM;
    int error = stream_ready(u, m);
    if (peer)
        unix_hold(peer);
    while (!error && m->io->remaining) {
        u64 before = m->io->remaining;
        error = send_part(u, peer, m, deadline_ns);
        if (!error)
            sent += before - m->io->remaining;
    }
    if (peer)
        unix_drop(peer);
    if (error == -EPIPE && !sent && !(m->flags & MSG_NOSIGNAL))
        signal_send_thread(current_thread(), SIGPIPE, NULL);
    return sent ? (long)sent : error;
}

/* --- datagrams --- */

/* Where it goes, held. */
static int find_target(struct unix_socket *u, const struct message *m, struct unix_socket **to)
{
    if (m->address.length)
        return unix_find(&m->address, u->socket.type, to);
    *to = u->peer;
    if (!*to)
        return -ENOTCONN;
    unix_hold(*to);
    return 0;
}

/* The one it was connected to is gone. */
static int target_died(struct unix_socket *u, struct unix_socket *to)
{
    if (unix_is_connected_kind(u))
        return -EPIPE;
    if (u->peer == to) {
        unix_set_peer(u, NULL);
        u->state = UNIX_CLOSED;
    }
    return -ECONNREFUSED;
}

static bool must_wait(const struct unix_socket *u, const struct unix_socket *to)
{
    return to != u && to->peer != u && unix_queue_full(to);
}

struct delivery {
    const struct unix_socket *from, *to;
};

static bool has_place(void *argument)
{
    const struct delivery *d = argument;
    return d->to->dead || (d->to->socket.shut & SHUT_READ) || !must_wait(d->from, d->to);
}

static int deliver(struct unix_socket *u, struct unix_socket *to, struct packet *p,
                   u64 deadline_ns)
{
    struct delivery d = {u, to};
    for (;;) {
        if (to->peer && to->peer != u)
            return -EPERM;
        if (to->dead)
            return target_died(u, to);
        if (to->socket.shut & SHUT_READ)
            return -EPIPE;
        if (!must_wait(u, to))
            break;
        int error = socket_wait(&to->room, has_place, &d, deadline_ns);
        if (error)
            return error;
    }
    packet_add_credentials(p, to);
    packet_push(to, p);
    return 0;
}

static int send_packet(struct unix_socket *u, struct message *m, u64 deadline_ns)
{
    struct unix_socket *to;
    struct packet *p;
    u32 size = (u32)m->io->remaining;
    if (m->io->remaining > u->socket.send_bytes - 32)
        return -EMSGSIZE;
    int error = wait_for_room(u, deadline_ns);
    if (!error)
        error = packet_create(u, m, size, &p);
    if (error)
        return error;
    error = find_target(u, m, &to);
    if (!error) {
        error = deliver(u, to, p, deadline_ns);
        unix_drop(to);
    }
    if (error)
        packet_free(p);
    return error;
}

long unix_send_datagram(struct socket *s, struct message *m)
{
    struct unix_socket *u = unix_of(s);
    u64 size = m->io->remaining;
    if (s->pass_credentials && unix_bind_any(u))
        return -ENOMEM;
    if (m->flags & MSG_OOB)
        return -EOPNOTSUPP;
    int error = m->address.length ? unix_address_check(&m->address) : u->peer ? 0 : -ENOTCONN;
    if (!error)
        error = send_packet(u, m, socket_deadline(s->send_timeout_ns, m->flags));
    return error ? error : (long)size;
}

long unix_send_sequenced(struct socket *s, struct message *m)
{
    int error = socket_take_error(s);
    if (error)
        return error;
    if (unix_of(s)->state != UNIX_CONNECTED)
        return -ENOTCONN;
    m->address.length = 0; /* ignored */
    return unix_send_datagram(s, m);
}
