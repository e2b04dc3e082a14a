/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Connecting unix sockets.
 *
 * Promises: connect makes both ends at once; accept only gives the other one a file. A full
 *           backlog makes connect wait, or answer -EAGAIN.
 * See:      connect(2), listen(2), accept(2), unix(7)
 */
#include "abi/linux/poll.h"
#include "net/unix_internal.h"

/* --- datagrams --- */

/* What others sent to it is lost, and its partner hears of it. */
static void leave_old_peer(struct unix_socket *u)
{
    struct unix_socket *old = u->peer;
    if (!list_empty(&u->packets)) {
        for (struct list *l; (l = list_pop_front(&u->packets));)
            packet_free(list_entry(l, struct packet, link));
        u->queued = 0;
        unix_wake_senders(u);
        if (old->peer == u && !old->dead) {
            old->socket.error = ECONNRESET;
            wake_all(&old->socket.changed, POLLERR);
        }
    }
}

static void set_datagram_peer(struct unix_socket *u, struct unix_socket *to)
{
    if (u->peer && u->peer != to)
        leave_old_peer(u);
    unix_set_peer(u, to);
    u->state = to ? UNIX_CONNECTED : UNIX_CLOSED;
}

static int connect_datagram(struct unix_socket *u, const struct socket_address *a)
{
    struct unix_socket *to;
    if (a->length < sizeof(a->family))
        return -EINVAL;
    if (a->family == AF_UNSPEC) {
        set_datagram_peer(u, NULL);
        return 0;
    }
    int error = unix_address_check(a);
    if (!error && u->socket.pass_credentials)
        error = unix_bind_any(u);
    if (!error)
        error = unix_find(a, u->socket.type, &to);
    if (error)
        return error;
    if (to->peer && to->peer != u)
        error = -EPERM;
    else
        set_datagram_peer(u, to);
    unix_drop(to);
    return error;
}

/* --- streams --- */

static bool has_room(void *argument)
{
    const struct unix_socket *to = argument;
    return to->dead || to->state != UNIX_LISTENING || (to->socket.shut & SHUT_READ) ||
           !unix_queue_full(to);
}

static int check_listener(const struct unix_socket *to)
{
    bool listens = to->state == UNIX_LISTENING && !(to->socket.shut & SHUT_READ);
    return listens ? 0 : -ECONNREFUSED;
}

/* The listener, with room in its queue, held. */
static int find_listener(struct unix_socket *u, const struct socket_address *a, u64 deadline_ns,
                         struct unix_socket **out)
{
    for (;;) {
        int error = unix_find(a, u->socket.type, out);
        if (error)
            return error;
        error = check_listener(*out);
        if (!error && !unix_queue_full(*out))
            return 0;
        if (!error)
            error = socket_wait(&(*out)->room, has_room, *out, deadline_ns);
        unix_drop(*out);
        if (error)
            return error;
    }
}

static void join(struct unix_socket *u, struct unix_socket *to, struct unix_socket *fresh)
{
    fresh->peer_credentials = credentials_of_caller();
    fresh->state = UNIX_CONNECTED;
    fresh->name = to->name;
    if (fresh->name)
        fresh->name->references++;
    unix_set_peer(fresh, u);
    u->peer_credentials = to->peer_credentials;
    u->state = UNIX_CONNECTED;
    unix_set_peer(u, fresh);
    list_push_back(&to->arrivals, &fresh->arrival);
    to->queued++;
    wake_all(&to->socket.changed, POLLIN | POLLPRI | POLLRDNORM | POLLRDBAND);
}

static int connect_stream(struct unix_socket *u, const struct socket_address *a, bool may_wait)
{
    struct unix_socket *to;
    u64 deadline_ns = socket_deadline(u->socket.send_timeout_ns, may_wait ? 0 : MSG_DONTWAIT);
    int error = unix_address_check(a);
    if (!error && u->socket.pass_credentials)
        error = unix_bind_any(u);
    if (!error)
        error = find_listener(u, a, deadline_ns, &to);
    if (error)
        return error;
    if (u->state != UNIX_CLOSED)
        error = u->state == UNIX_CONNECTED ? -EISCONN : -EINVAL;
    struct unix_socket *fresh = error ? NULL : unix_new(u->socket.type);
    if (!error && !fresh)
        error = -ENOMEM;
    if (!error) {
        fresh->socket.pass_credentials = to->socket.pass_credentials;
        join(u, to, fresh);
    }
    unix_drop(to);
    return error;
}

int unix_connect(struct socket *s, const struct socket_address *a, bool may_wait)
{
    struct unix_socket *u = unix_of(s);
    return unix_is_connected_kind(u) ? connect_stream(u, a, may_wait) : connect_datagram(u, a);
}

/* --- listening --- */

int unix_listen(struct socket *s, u32 backlog)
{
    struct unix_socket *u = unix_of(s);
    if (!unix_is_connected_kind(u))
        return -EOPNOTSUPP;
    if (!u->name || u->state == UNIX_CONNECTED)
        return -EINVAL;
    u->backlog = backlog;
    u->state = UNIX_LISTENING;
    s->listens = true;
    u->peer_credentials = credentials_of_caller();
    wake_all(&u->room, 0);
    return 0;
}

static bool has_arrival(void *argument)
{
    const struct unix_socket *u = argument;
    return !list_empty(&u->arrivals) || u->socket.error || (u->socket.shut & SHUT_READ);
}

int unix_accept(struct socket *s, bool may_wait, struct socket **out)
{
    struct unix_socket *u = unix_of(s);
    if (!unix_is_connected_kind(u))
        return -EOPNOTSUPP;
    if (u->state != UNIX_LISTENING)
        return -EINVAL;
    u64 deadline_ns = socket_deadline(s->receive_timeout_ns, may_wait ? 0 : MSG_DONTWAIT);
    int error = socket_wait(&s->changed, has_arrival, u, deadline_ns);
    if (!error)
        error = socket_take_error(s);
    if (error)
        return error;
    if (list_empty(&u->arrivals))
        return -EINVAL; /* shut down */
    struct unix_socket *fresh = list_entry(list_pop_front(&u->arrivals), struct unix_socket,
                                           arrival);
    u->queued--;
    unix_wake_senders(u);
    *out = &fresh->socket;
    return 0;
}
