/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Unix sockets: made, paired, shut down, polled, closed.
 *
 * See: unix(7), socketpair(2), shutdown(2), poll(2)
 */
#include "abi/linux/ioctl.h"
#include "abi/linux/poll.h"
#include "memory/page.h"
#include "net/unix_internal.h"

struct list unix_sockets = LIST_INIT(unix_sockets);
static const struct socket_operations unix_stream_operations, unix_datagram_operations,
    unix_sequenced_operations;

static const struct socket_operations *operations_of(u16 type)
{
    return type == SOCK_STREAM  ? &unix_stream_operations
           : type == SOCK_DGRAM ? &unix_datagram_operations : &unix_sequenced_operations;
}

struct unix_socket *unix_new(u16 type)
{
    struct unix_socket *u = heap_alloc_zeroed(sizeof(*u));
    if (!u)
        return NULL;
    socket_init(&u->socket, operations_of(type), AF_UNIX, type);
    u->references = 1;
    u->backlog = UNIX_QUEUE;
    u->peer_credentials = (struct linux_ucred){0, UINT32_MAX, UINT32_MAX};
    list_init(&u->followers);
    list_init(&u->follow);
    list_init(&u->packets);
    list_init(&u->arrivals);
    list_init(&u->arrival);
    list_init(&u->in_flight_link);
    list_init(&u->visit);
    wait_queue_init(&u->room);
    list_push_back(&unix_sockets, &u->link);
    return u;
}

void unix_hold(struct unix_socket *u)
{
    u->references++;
}

void unix_drop(struct unix_socket *u)
{
    if (--u->references)
        return;
    unix_name_drop(u->name);
    list_remove(&u->link);
    heap_free(u);
}

struct unix_socket *unix_socket_of(const struct file *f)
{
    struct socket *s = file_socket(f);
    return s && s->family == AF_UNIX ? unix_of(s) : NULL;
}

static int create(u32 type, int protocol, struct socket **out)
{
    if (protocol && protocol != AF_UNIX)
        return -EPROTONOSUPPORT;
    if (type == SOCK_RAW) /* as Linux, for old programs */
        type = SOCK_DGRAM;
    if (type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_SEQPACKET)
        return -ESOCKTNOSUPPORT;
    struct unix_socket *u = unix_new((u16)type);
    if (!u)
        return -ENOMEM;
    *out = &u->socket;
    return 0;
}

static int create_pair(u32 type, int protocol, struct socket *out[2])
{
    int error = create(type, protocol, &out[0]);
    if (error)
        return error;
    error = create(type, protocol, &out[1]);
    if (error) {
        unix_close(out[0]);
        return error;
    }
    for (unsigned n = 0; n < 2; n++) {
        struct unix_socket *u = unix_of(out[n]);
        unix_set_peer(u, unix_of(out[1 - n]));
        u->peer_credentials = credentials_of_caller();
        u->state = UNIX_CONNECTED;
    }
    return 0;
}

const struct socket_family unix_family = {
    .family = AF_UNIX, .create = create, .create_pair = create_pair,
};

/* --- peers --- */

void unix_set_peer(struct unix_socket *u, struct unix_socket *peer)
{
    struct unix_socket *old = u->peer;
    list_remove(&u->follow);
    u->peer = peer;
    if (peer) {
        unix_hold(peer);
        list_push_back(&peer->followers, &u->follow);
    }
    if (old)
        unix_drop(old);
}

bool unix_queue_full(const struct unix_socket *u)
{
    return u->queued > u->backlog;
}

void unix_wake_senders(struct unix_socket *u)
{
    wake_all(&u->room, POLLOUT | POLLWRNORM | POLLWRBAND);
    list_for_each(at, &u->followers) {
        struct unix_socket *sender = list_entry(at, struct unix_socket, follow);
        wake_all(&sender->socket.changed, POLLOUT | POLLWRNORM | POLLWRBAND);
    }
}

static int peer_credentials(struct socket *s, struct linux_ucred *out)
{
    *out = unix_of(s)->peer_credentials;
    return 0;
}

/* --- the end --- */

static int shut_down(struct socket *s, u32 what)
{
    struct unix_socket *u = unix_of(s), *peer = u->peer;
    s->shut |= what;
    wake_all(&s->changed, 0);
    if (!peer || !unix_is_connected_kind(u))
        return 0;
    peer->socket.shut |= (what & SHUT_READ ? SHUT_WRITE : 0) | (what & SHUT_WRITE ? SHUT_READ : 0);
    wake_all(&peer->socket.changed, 0);
    return 0;
}

/* The peer of a connection learns that this end is gone; with data that nobody will read, harshly. */
static void tell_peer(struct unix_socket *u)
{
    struct unix_socket *peer = u->peer;
    bool unread = !list_empty(&u->packets) || !u->socket.file;
    peer->socket.shut = SHUT_BOTH;
    if (unread)
        peer->socket.error = ECONNRESET;
    wake_all(&peer->socket.changed, 0);
}

static void drop_queue(struct unix_socket *u)
{
    for (struct list *l; (l = list_pop_front(&u->arrivals));)
        unix_close(&list_entry(l, struct unix_socket, arrival)->socket);
    for (struct list *l; (l = list_pop_front(&u->packets));)
        packet_free(list_entry(l, struct packet, link));
    u->queued = 0;
}

void unix_close(struct socket *s)
{
    struct unix_socket *u = unix_of(s);
    u->dead = true;
    u->state = UNIX_CLOSED;
    s->shut = SHUT_BOTH;
    unix_forget_name(u);
    if (u->peer && unix_is_connected_kind(u))
        tell_peer(u);
    s->file = NULL;
    unix_set_peer(u, NULL);
    drop_queue(u);
    unix_wake_senders(u);
    unix_drop(u);
    unix_collect();
}

/* --- as a file --- */

static u32 poll_common(struct socket *s, struct poll_wait *w)
{
    struct unix_socket *u = unix_of(s);
    u32 ready = 0;
    poll_enter(w, &s->changed, POLLIN | POLLPRI | POLLOUT | POLLRDNORM | POLLRDBAND | POLLWRNORM |
                                   POLLWRBAND | POLLRDHUP);
    if (s->error)
        ready |= POLLERR;
    if (s->shut == SHUT_BOTH)
        ready |= POLLHUP;
    if (s->shut & SHUT_READ)
        ready |= POLLRDHUP | POLLIN | POLLRDNORM;
    if (!list_empty(&u->packets) || !list_empty(&u->arrivals))
        ready |= POLLIN | POLLRDNORM;
    if (unix_is_connected_kind(u) && u->state == UNIX_CLOSED)
        ready |= POLLHUP;
    return ready;
}

#define WRITABLE (POLLOUT | POLLWRNORM | POLLWRBAND)

static u32 poll_stream(struct socket *s, struct poll_wait *w)
{
    struct unix_socket *u = unix_of(s);
    bool writable = u->state != UNIX_LISTENING && unix_writable(u);
    return poll_common(s, w) | (writable ? WRITABLE : 0u);
}

static u32 poll_datagram(struct socket *s, struct poll_wait *w)
{
    struct unix_socket *u = unix_of(s), *peer = u->peer;
    bool writable = u->state != UNIX_LISTENING && unix_writable(u);
    if (peer && peer->peer != u && unix_queue_full(peer))
        writable = false;
    return poll_common(s, w) | (writable ? WRITABLE : 0u);
}

/* Bytes to read: all of a stream, the next datagram. */
static u64 unread_bytes(const struct unix_socket *u)
{
    u64 bytes = 0;
    list_for_each(at, &u->packets) {
        const struct packet *p = list_entry(at, struct packet, link);
        bytes += p->length - p->taken;
        if (!unix_is_connected_kind(u))
            break;
    }
    return bytes;
}

static long control(struct socket *s, u32 request, struct user_ptr argument)
{
    struct unix_socket *u = unix_of(s);
    switch (request) {
    case SIOCINQ:
        if (u->state == UNIX_LISTENING)
            return -EINVAL;
        return write_program_u32(argument, (u32)unread_bytes(u));
    case SIOCOUTQ:
        return write_program_u32(argument, (u32)u->charged);
    default:
        return -ENOTTY;
    }
}

#define COMMON_OPERATIONS                                                                          \
    .bind = unix_bind, .connect = unix_connect, .listen = unix_listen, .accept = unix_accept,      \
    .name = unix_name_of, .shutdown = shut_down, .ioctl = control,                                 \
    .peer_credentials = peer_credentials, .close = unix_close

static const struct socket_operations unix_stream_operations = {
    COMMON_OPERATIONS, .send = unix_send_stream, .receive = unix_receive_stream,
    .poll = poll_stream,
};
static const struct socket_operations unix_datagram_operations = {
    COMMON_OPERATIONS, .send = unix_send_datagram, .receive = unix_receive_datagram,
    .poll = poll_datagram,
};
static const struct socket_operations unix_sequenced_operations = {
    COMMON_OPERATIONS, .send = unix_send_sequenced, .receive = unix_receive_datagram,
    .poll = poll_datagram,
};
