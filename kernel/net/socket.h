/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets: what every family shares, and the table of what a family does itself.
 *
 * Holds:    a socket is what an open file of socket(2) leads to. Families embed it.
 * Promises: calls above this line (syscalls/) never ask which family a socket has.
 * Locking:  none (one CPU, no preemption in the kernel); whoever sleeps holds what it comes back to.
 * See:      socket(2), socket(7)
 */
#pragma once

#include "abi/linux/socket.h"
#include "files/file.h"
#include "memory/user_memory.h"
#include "task/wait.h"

struct socket;

struct socket_address {
    u32 length;                  /* 0: none */
    union {
        u16 family;
        u8 bytes[LINUX_SOCKADDR_MAX];
    };
};

/* Files and credentials that travel with a message. */
struct ancillary {
    struct file **files;         /* held, of the heap; NULL: none */
    u32 file_count;
    bool has_credentials;
    struct linux_ucred credentials;
};

/* One message to send, or the room for one to receive. */
struct message {
    struct io *io;
    u32 flags;                   /* MSG_*; MSG_DONTWAIT also for an O_NONBLOCK file */
    struct socket_address address; /* to, or (received) from */
    struct ancillary ancillary;
    u32 result_flags;            /* received: MSG_TRUNC, MSG_CTRUNC ... */
};

/* NULL entries answer -EOPNOTSUPP. Results are >= 0 or -errno. */
struct socket_operations {
    int (*bind)(struct socket *s, const struct socket_address *a);
    int (*connect)(struct socket *s, const struct socket_address *a, bool may_wait);
    int (*listen)(struct socket *s, u32 backlog);
    int (*accept)(struct socket *s, bool may_wait, struct socket **out); /* no file yet */
    int (*name)(struct socket *s, bool of_peer, struct socket_address *out);
    long (*send)(struct socket *s, struct message *m);
    long (*receive)(struct socket *s, struct message *m);
    int (*shutdown)(struct socket *s, u32 what); /* SHUT_READ | SHUT_WRITE */
    u32 (*poll)(struct socket *s, struct poll_wait *w);
    long (*ioctl)(struct socket *s, u32 request, struct user_ptr argument); /* -ENOTTY */
    int (*peer_credentials)(struct socket *s, struct linux_ucred *out);
    /* Options of levels other than SOL_SOCKET. */
    int (*set_option)(struct socket *s, int level, int name, struct user_ptr value, u32 length);
    int (*get_option)(struct socket *s, int level, int name, void *value, u32 *length);
    void (*close)(struct socket *s); /* the file is gone; frees it when nobody holds it */
};

#define SHUT_READ 1u
#define SHUT_WRITE 2u
#define SHUT_BOTH 3u

struct socket {
    const struct socket_operations *operations;
    struct file *file;           /* not held; NULL: not accepted yet, or closed */
    u16 family, type;
    int protocol;
    struct wait_queue changed;
    u64 send_timeout_ns, receive_timeout_ns; /* NO_DEADLINE: none */
    u32 send_bytes, receive_bytes; /* SO_SNDBUF, SO_RCVBUF as getsockopt shows them */
    u32 receive_low;             /* SO_RCVLOWAT */
    s32 peek_offset;             /* SO_PEEK_OFF; -1: off */
    int error;                   /* SO_ERROR, positive; told once */
    u32 shut;                    /* SHUT_* */
    bool listens;
    bool pass_credentials;
    u64 switches;                /* options that are kept and read back: bit SO_* */
    s32 priority, mark;
    struct linux_linger linger;
};

/* What socket(2) and socketpair(2) make. `type` has no flags. 0 or -errno. */
struct socket_family {
    int family;
    int (*create)(u32 type, int protocol, struct socket **out);
    int (*create_pair)(u32 type, int protocol, struct socket *out[2]); /* NULL: -EOPNOTSUPP */
};
extern const struct socket_family unix_family;

/* socket.c */
void socket_init(struct socket *s, const struct socket_operations *operations, u16 family,
                 u16 type);
/* Makes an open file of a socket. Takes s also on failure. */
struct file *socket_file(struct socket *s, u32 flags);
struct socket *file_socket(const struct file *f); /* NULL: ENOTSOCK */
/* The socket of a descriptor; *f is held for the caller. NULL: *error. */
struct socket *socket_of(int fd, struct file **f, int *error);
/* Makes sockets of a family: socket(2), socketpair(2). 0 or -errno. */
int socket_create(int family, u32 type, int protocol, struct socket **out);
int socket_pair(int family, u32 type, int protocol, struct socket *out[2]);
long socket_send(struct file *f, struct message *m);
long socket_receive(struct file *f, struct message *m);
int socket_take_error(struct socket *s); /* 0 or -errno; forgets it */
/* When a call of now gives up. A call that may not wait has deadline 0. */
u64 socket_deadline(u64 timeout_ns, u32 flags);
/* Until the condition holds: 0, -EAGAIN at the deadline, -ERESTARTSYS; -EINTR with a timeout, since
 * such a call is not restarted (signal(7)). */
int socket_wait(struct wait_queue *q, bool (*condition)(void *argument), void *argument,
                u64 deadline_ns);

/* options.c: SOL_SOCKET */
int socket_set_option(struct socket *s, int level, int name, struct user_ptr value, s32 length);
int socket_get_option(struct socket *s, int level, int name, struct user_ptr value,
                      struct user_ptr length);

/* message.c: sendmsg and recvmsg with the struct msghdr at `header` */
long message_send(struct file *f, struct user_ptr header, u32 flags);
long message_receive(struct file *f, struct user_ptr header, u32 flags);

/* address.c, ancillary.c: between program memory and the kernel */
int address_load(struct socket_address *out, struct user_ptr from, s32 length);
/* As getsockname(2) stores it: cut to *length, which becomes the real length. */
int address_store(const struct socket_address *a, struct user_ptr to, struct user_ptr length);
/* Control data to send: files and credentials. -EINVAL, -EBADF, -EPERM ... */
int ancillary_load(struct ancillary *a, struct user_ptr control, u64 length);
/* What was received, as control data into at most `length` bytes; installs the files. Bytes stored;
 * MSG_CTRUNC in m->result_flags when not all fitted. */
u64 ancillary_store(struct socket *s, struct message *m, struct user_ptr control, u64 length);
void ancillary_drop(struct ancillary *a); /* lets go of the files */
struct linux_ucred credentials_of_caller(void);
