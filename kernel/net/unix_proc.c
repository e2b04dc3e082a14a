/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /proc/net/unix.
 *
 * Promises: the columns of Linux; the address of the kernel's object is zero, as an ordinary user
 *           sees it there.
 * See:      proc_pid_net(5), unix(7)
 */
#include "files/proc_net.h"
#include "net/unix_internal.h"

#define ACCEPTS 0x10000u         /* Linux's __SO_ACCEPTCON */

/* Linux's socket_state: free, unconnected, connecting, connected, disconnecting. */
static u32 state_of(const struct unix_socket *u)
{
    bool connected = u->state == UNIX_CONNECTED;
    if (u->socket.file)
        return connected ? 3 : 1;
    return connected ? 2 : 4;
}

static void show_name(struct text *t, const struct socket_address *a)
{
    const u8 *path = a->bytes + offsetof(struct linux_sockaddr_un, sun_path);
    u32 length = a->length - (u32)offsetof(struct linux_sockaddr_un, sun_path);
    bool abstract = length && !path[0];
    text_add(t, " ");
    if (!abstract)
        length--; /* the NUL */
    for (u32 n = 0; n < length; n++)
        text_add(t, "%c", path[n] ? path[n] : '@');
}

void unix_show(struct text *t, unused_arg const struct proc_subject *s)
{
    text_add(t, "Num       RefCount Protocol Flags    Type St Inode Path\n");
    list_for_each(at, &unix_sockets) {
        const struct unix_socket *u = list_entry(at, struct unix_socket, link);
        struct statx_fields fields = {0};
        if (u->dead)
            continue;
        if (u->socket.file)
            file_stat(u->socket.file, &fields);
        text_add(t, "%016lx: %08X %08X %08X %04X %02X %5lu", 0ul, u->references + 1, 0,
                 u->socket.listens ? ACCEPTS : 0, u->socket.type, state_of(u),
                 (unsigned long)fields.inode);
        if (u->name)
            show_name(t, &u->name->address);
        text_add(t, "\n");
    }
}
