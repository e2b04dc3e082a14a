/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Socket options of level SOL_SOCKET.
 *
 * Promises: sizes are doubled when set, as socket(7) says, and bounded as Linux bounds them.
 * Refuses:  options of devices and of security modules: -ENOPROTOOPT.
 * See:      getsockopt(2), socket(7)
 */
#include "abi/linux/errno.h"
#include "abi/linux/time.h"
#include "net/socket.h"
#include "task/task.h"

#define SEND_LEAST 4608u         /* Linux's SOCK_MIN_SNDBUF */
#define RECEIVE_LEAST 2304u      /* SOCK_MIN_RCVBUF */
#define BUFFER_MOST 4194304u     /* net.core.wmem_max */

/* Options that are a switch, kept and read back. */
static bool is_switch(int name)
{
    switch (name) {
    case SO_REUSEADDR:
    case SO_DONTROUTE:
    case SO_BROADCAST:
    case SO_KEEPALIVE:
    case SO_OOBINLINE:
    case SO_NO_CHECK:
    case SO_REUSEPORT:
    case SO_TIMESTAMP:
    case SO_RXQ_OVFL:
        return true;
    default:
        return false;
    }
}

static bool is_administrator(void)
{
    return current_process()->credentials.euid == 0;
}

/* --- setting --- */

static u32 buffer_size(int wanted, u32 most, u32 least)
{
    u64 size = 2 * min_u64((u32)wanted, most); /* negative: the most */
    return (u32)max_u64(size, least);
}

static int set_buffer(struct socket *s, int name, int value)
{
    bool force = name == SO_SNDBUFFORCE || name == SO_RCVBUFFORCE;
    if (force && !is_administrator())
        return -EPERM;
    u32 most = force ? INT32_MAX / 2 : BUFFER_MOST;
    if (force && value < 0)
        value = 0;
    if (name == SO_SNDBUF || name == SO_SNDBUFFORCE) {
        s->send_bytes = buffer_size(value, most, SEND_LEAST);
        wake_all(&s->changed, 0);
    } else {
        s->receive_bytes = buffer_size(value, most, RECEIVE_LEAST);
    }
    return 0;
}

static int set_timeout(u64 *timeout_ns, struct user_ptr value, u32 length)
{
    struct linux_timeval v;
    if (length < sizeof(v))
        return -EINVAL;
    if (copy_from_program(&v, value, sizeof(v)))
        return -EFAULT;
    if (v.tv_usec < 0 || v.tv_usec >= 1000000)
        return -EDOM;
    if (v.tv_sec < 0)
        *timeout_ns = 0;
    else if ((!v.tv_sec && !v.tv_usec) || (u64)v.tv_sec >= NO_DEADLINE / NSEC_PER_SEC / 2)
        *timeout_ns = NO_DEADLINE;
    else
        *timeout_ns = (u64)v.tv_sec * NSEC_PER_SEC + (u64)v.tv_usec * 1000;
    return 0;
}

static int set_linger(struct socket *s, struct user_ptr value, u32 length)
{
    if (length < sizeof(s->linger))
        return -EINVAL;
    return copy_from_program(&s->linger, value, sizeof(s->linger));
}

static int set_number(struct socket *s, int name, int value)
{
    switch (name) {
    case SO_SNDBUF:
    case SO_SNDBUFFORCE:
    case SO_RCVBUF:
    case SO_RCVBUFFORCE:
        return set_buffer(s, name, value);
    case SO_PASSCRED:
        if (s->family != AF_UNIX)
            return -EOPNOTSUPP;
        s->pass_credentials = value;
        return 0;
    case SO_RCVLOWAT:
        s->receive_low = value < 0 ? INT32_MAX : value ? (u32)value : 1;
        return 0;
    case SO_PRIORITY:
        if ((value < 0 || value > 6) && !is_administrator())
            return -EPERM;
        s->priority = value;
        return 0;
    case SO_MARK:
        if (!is_administrator())
            return -EPERM;
        s->mark = value;
        return 0;
    case SO_PEEK_OFF:
        if (value < -1)
            return -EINVAL;
        s->peek_offset = value;
        return 0;
    default:
        return -ENOPROTOOPT; /* also SO_TYPE, SO_ERROR ...: they can only be read */
    }
}

static int set_socket_option(struct socket *s, int name, struct user_ptr value, u32 length)
{
    u32 number;
    if (length < sizeof(number))
        return -EINVAL;
    if (read_program_u32(&number, value))
        return -EFAULT;
    switch (name) {
    case SO_RCVTIMEO:
        return set_timeout(&s->receive_timeout_ns, value, length);
    case SO_SNDTIMEO:
        return set_timeout(&s->send_timeout_ns, value, length);
    case SO_LINGER:
        return set_linger(s, value, length);
    default:
        break;
    }
    if (!is_switch(name))
        return set_number(s, name, (int)number);
    u64 bit = 1ull << name;
    s->switches = number ? s->switches | bit : s->switches & ~bit;
    return 0;
}

int socket_set_option(struct socket *s, int level, int name, struct user_ptr value, s32 length)
{
    if (length < 0)
        return -EINVAL;
    if (level == SOL_SOCKET)
        return set_socket_option(s, name, value, (u32)length);
    return s->operations->set_option
               ? s->operations->set_option(s, level, name, value, (u32)length) : -EOPNOTSUPP;
}

/* --- reading --- */

static struct linux_timeval as_timeval(u64 timeout_ns)
{
    if (timeout_ns == NO_DEADLINE)
        return (struct linux_timeval){0};
    return (struct linux_timeval){
        (s64)(timeout_ns / NSEC_PER_SEC), (s64)(timeout_ns % NSEC_PER_SEC / 1000),
    };
}

/* -ENOPROTOOPT: not a number. */
static int get_number(struct socket *s, int name, int *out)
{
    switch (name) {
    case SO_TYPE: *out = s->type; return 0;
    case SO_DOMAIN: *out = s->family; return 0;
    case SO_PROTOCOL: *out = s->protocol; return 0;
    case SO_ERROR: *out = -socket_take_error(s); return 0;
    case SO_SNDBUF: *out = (int)s->send_bytes; return 0;
    case SO_RCVBUF: *out = (int)s->receive_bytes; return 0;
    case SO_ACCEPTCONN: *out = s->listens; return 0;
    case SO_PASSCRED: *out = s->pass_credentials; return 0;
    case SO_RCVLOWAT: *out = (int)s->receive_low; return 0;
    case SO_SNDLOWAT: *out = 1; return 0;
    case SO_PRIORITY: *out = s->priority; return 0;
    case SO_MARK: *out = s->mark; return 0;
    case SO_PEEK_OFF: *out = s->peek_offset; return 0;
    default: break;
    }
    if (!is_switch(name))
        return -ENOPROTOOPT;
    *out = (s->switches >> name) & 1;
    return 0;
}

union option_value {
    int number;
    struct linux_timeval timeval;
    struct linux_linger linger;
    struct linux_ucred credentials;
    u8 bytes[64];
};

static int get_socket_option(struct socket *s, int name, union option_value *v, u32 *length)
{
    switch (name) {
    case SO_RCVTIMEO:
    case SO_SNDTIMEO:
        v->timeval = as_timeval(name == SO_RCVTIMEO ? s->receive_timeout_ns : s->send_timeout_ns);
        *length = sizeof(v->timeval);
        return 0;
    case SO_LINGER:
        v->linger = s->linger;
        *length = sizeof(v->linger);
        return 0;
    case SO_PEERCRED:
        *length = sizeof(v->credentials);
        v->credentials = (struct linux_ucred){0, UINT32_MAX, UINT32_MAX};
        return s->operations->peer_credentials
                   ? s->operations->peer_credentials(s, &v->credentials) : 0;
    default:
        *length = sizeof(v->number);
        return get_number(s, name, &v->number);
    }
}

int socket_get_option(struct socket *s, int level, int name, struct user_ptr value,
                      struct user_ptr length)
{
    union option_value v = {0};
    u32 room, size = sizeof(v);
    int error;
    if (level == SOL_SOCKET) {
        if (read_program_u32(&room, length))
            return -EFAULT;
        if ((s32)room < 0)
            return -EINVAL;
        error = get_socket_option(s, name, &v, &size);
    } else if (!s->operations->get_option) {
        return -EOPNOTSUPP;
    } else if (read_program_u32(&room, length)) {
        return -EFAULT;
    } else {
        error = s->operations->get_option(s, level, name, &v, &size);
    }
    if (error)
        return error;
    size = (u32)min_u64(size, room);
    return copy_to_program(value, &v, size) || write_program_u32(length, size) ? -EFAULT : 0;
}
