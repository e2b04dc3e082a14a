/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Unix sockets inside.
 *
 * Holds:    per socket its queue of packets, or (listening) of sockets that wait to be accepted;
 *           its name; its peer; what its own packets in other queues take of SO_SNDBUF.
 * Promises: a socket lives until its file, its peer, its packets in flight and those who wait at it
 *           have let go. A dead one has no file and no queue.
 * See:      unix(7)
 */
#pragma once

#include "abi/linux/errno.h"
#include "lib/list.h"
#include "lib/tree.h"
#include "net/socket.h"

#define UNIX_QUEUE 10u           /* net.unix.max_dgram_qlen: datagrams from strangers */

enum unix_state { UNIX_CLOSED, UNIX_LISTENING, UNIX_CONNECTED };

struct unix_name {
    u32 references;
    struct socket_address address; /* a path with its NUL */
};

struct unix_socket {
    struct socket socket;
    u32 references;
    enum unix_state state;
    bool dead;
    struct list link;            /* all sockets */
    struct unix_name *name;      /* shared with what it accepts; NULL: none */
    struct inode *inode;         /* held; bound to a path */
    struct tree_node bound;      /* in unix_name.c's trees */
    bool is_bound;
    struct unix_socket *peer;    /* held; where it sends */
    struct list followers, follow; /* datagram sockets that send to this one */
    struct list packets;
    u32 queued, backlog;         /* packets or arrivals; how many before senders wait */
    struct list arrivals, arrival; /* listening: sockets to accept, by their `arrival` */
    struct wait_queue room;      /* connect and sendto, when the queue is full */
    u64 charged;
    struct linux_ucred peer_credentials;
    u32 in_flight;               /* packets that carry its file */
    struct list in_flight_link;
    struct list visit;           /* unix_garbage.c's own, from here */
    u32 found;                   /* of in_flight, in queues of candidates */
    bool candidate, reachable;
};

struct packet {
    struct list link;
    struct unix_socket *from;    /* held, charged */
    u32 length, taken, charge;
    struct ancillary ancillary;
    u8 data[];
};

static inline struct unix_socket *unix_of(struct socket *s)
{
    return container_of(s, struct unix_socket, socket);
}
static inline bool unix_is_stream(const struct unix_socket *u)
{
    return u->socket.type == SOCK_STREAM;
}
static inline bool unix_is_connected_kind(const struct unix_socket *u)
{
    return u->socket.type != SOCK_DGRAM;
}
static inline bool unix_writable(const struct unix_socket *u)
{
    return u->charged * 4 <= u->socket.send_bytes;
}

/* unix.c */
extern struct list unix_sockets;
struct unix_socket *unix_socket_of(const struct file *f); /* NULL: another kind of file */
struct unix_socket *unix_new(u16 type);            /* reference 1; NULL: no memory */
void unix_hold(struct unix_socket *u);
void unix_drop(struct unix_socket *u);
void unix_close(struct socket *s);
void unix_set_peer(struct unix_socket *u, struct unix_socket *peer); /* holds; NULL: none */
bool unix_queue_full(const struct unix_socket *u);
/* A place in the queue became free. */
void unix_wake_senders(struct unix_socket *u);

/* unix_name.c */
int unix_bind(struct socket *s, const struct socket_address *a);
int unix_bind_any(struct unix_socket *u);          /* autobind; 0 when it has a name */
int unix_address_check(const struct socket_address *a);
int unix_find(const struct socket_address *a, u16 type, struct unix_socket **out); /* held */
void unix_forget_name(struct unix_socket *u);
void unix_name_drop(struct unix_name *n);
int unix_name_of(struct socket *s, bool of_peer, struct socket_address *out);

/* unix_connect.c */
int unix_connect(struct socket *s, const struct socket_address *a, bool may_wait);
int unix_listen(struct socket *s, u32 backlog);
int unix_accept(struct socket *s, bool may_wait, struct socket **out);

/* unix_packet.c */
/* A packet of the next `size` bytes of m's io, charged to `from`; takes m's ancillary. */
int packet_create(struct unix_socket *from, struct message *m, u32 size, struct packet **out);
/* Adds credentials when one of the two wants them. */
void packet_add_credentials(struct packet *p, const struct unix_socket *to);
void packet_free(struct packet *p);
void packet_push(struct unix_socket *to, struct packet *p);
/* What the packet carries, for the receiver; peek: it stays in the packet too. */
int packet_give(struct packet *p, struct message *m, bool peek);

/* unix_send.c, unix_receive.c */
long unix_send_stream(struct socket *s, struct message *m);
long unix_send_datagram(struct socket *s, struct message *m);
long unix_send_sequenced(struct socket *s, struct message *m);
long unix_receive_stream(struct socket *s, struct message *m);
long unix_receive_datagram(struct socket *s, struct message *m);

/* unix_proc.c */
struct text;
struct proc_subject;
void unix_show(struct text *t, const struct proc_subject *s);

/* unix_garbage.c */
void unix_note_flight(struct file *const *files, u32 count, int change);
u32 unix_files_in_flight(void);
void unix_collect(void);
