/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets of unix sockets.
 *
 * Promises: a packet counts against its sender's SO_SNDBUF until it is wholly read, by the size
 *           that Linux's buffers would have: programs that fill a socket see the same counts.
 *           Freeing a chain of sockets that carry sockets needs no deep stack.
 * See:      unix(7), socket(7) SO_SNDBUF
 */
#include "abi/linux/poll.h"
#include "abi/linux/resource.h"
#include "lib/string.h"
#include "memory/page.h"
#include "net/unix_internal.h"
#include "task/task.h"

/* Linux keeps the first bytes in one block with a descriptor of 320 bytes behind them, the rest in
 * pages, and a header of 256. */
#define HEADER_BYTES 256u
#define TAIL_BYTES 320u
#define BLOCK_LEAST 512u
#define STREAM_BLOCK (PAGE_SIZE - TAIL_BYTES)
#define DATAGRAM_BLOCK (4 * PAGE_SIZE - TAIL_BYTES)

static u32 charge_of(u16 type, u32 size)
{
    u64 most = type == SOCK_STREAM ? STREAM_BLOCK : DATAGRAM_BLOCK;
    u64 paged = size > most ? align_up(size - most, PAGE_SIZE) : 0;
    paged = min_u64(paged, size);
    u64 block = BLOCK_LEAST;
    while (block < align_up(size - paged, 64) + TAIL_BYTES)
        block *= 2;
    return (u32)(HEADER_BYTES + block + paged);
}

static void uncharge(struct packet *p)
{
    struct unix_socket *from = p->from;
    from->charged -= p->charge;
    if (unix_writable(from))
        wake_all(&from->socket.changed, POLLOUT | POLLWRNORM | POLLWRBAND);
    unix_drop(from);
}

/* unix(7) ETOOMANYREFS: an ordinary user's descriptors in flight are bounded like open ones. */
static bool too_many_in_flight(void)
{
    const struct process *p = current_process();
    return p->credentials.euid && unix_files_in_flight() > p->limits[RLIMIT_NOFILE].soft;
}

int packet_create(struct unix_socket *from, struct message *m, u32 size, struct packet **out)
{
    if (m->ancillary.file_count && too_many_in_flight())
        return -ETOOMANYREFS;
    struct packet *p = heap_alloc(sizeof(*p) + size);
    if (!p)
        return -ENOBUFS;
    *p = (struct packet){.from = from, .length = size};
    list_init(&p->link);
    if (io_take(m->io, p->data, size) != size) {
        heap_free(p);
        return -EFAULT;
    }
    p->charge = charge_of(from->socket.type, size);
    from->charged += p->charge;
    unix_hold(from);
    p->ancillary = m->ancillary;
    m->ancillary.files = NULL; /* credentials go with every packet of a stream */
    m->ancillary.file_count = 0;
    unix_note_flight(p->ancillary.files, p->ancillary.file_count, 1);
    *out = p;
    return 0;
}

void packet_add_credentials(struct packet *p, const struct unix_socket *to)
{
    bool wanted = p->from->socket.pass_credentials || to->socket.pass_credentials ||
                  !to->socket.file;
    if (p->ancillary.has_credentials || !wanted)
        return;
    const struct credentials *c = &current_process()->credentials;
    p->ancillary.has_credentials = true;
    p->ancillary.credentials = (struct linux_ucred){current_process()->pid, c->uid, c->gid};
}

/* Files of packets are dropped one after the other: the last reference of a socket frees packets
 * that carry files of sockets, and so on. */
static void drop_files(struct packet *p)
{
    static struct list doomed = LIST_INIT(doomed);
    static bool busy;
    list_push_back(&doomed, &p->link);
    if (busy)
        return;
    busy = true;
    for (struct list *l; (l = list_pop_front(&doomed));) {
        struct packet *next = list_entry(l, struct packet, link);
        ancillary_drop(&next->ancillary);
        heap_free(next);
    }
    busy = false;
}

void packet_free(struct packet *p)
{
    list_remove(&p->link);
    uncharge(p);
    unix_note_flight(p->ancillary.files, p->ancillary.file_count, -1);
    if (p->ancillary.files)
        drop_files(p);
    else
        heap_free(p);
}

void packet_push(struct unix_socket *to, struct packet *p)
{
    list_push_back(&to->packets, &p->link);
    to->queued++;
    wake_all(&to->socket.changed, POLLIN | POLLPRI | POLLRDNORM | POLLRDBAND);
}

static int copy_files(struct ancillary *to, const struct ancillary *from)
{
    u64 bytes = from->file_count * sizeof(struct file *);
    if (!bytes)
        return 0;
    to->files = heap_alloc(bytes);
    if (!to->files)
        return -ENOMEM;
    memcpy(to->files, from->files, bytes);
    to->file_count = from->file_count;
    for (u32 n = 0; n < to->file_count; n++)
        file_hold(to->files[n]);
    return 0;
}

int packet_give(struct packet *p, struct message *m, bool peek)
{
    struct ancillary *a = &m->ancillary;
    a->has_credentials = p->ancillary.has_credentials;
    a->credentials = p->ancillary.credentials;
    if (peek)
        return copy_files(a, &p->ancillary);
    unix_note_flight(p->ancillary.files, p->ancillary.file_count, -1);
    a->files = p->ancillary.files;
    a->file_count = p->ancillary.file_count;
    p->ancillary.files = NULL;
    p->ancillary.file_count = 0;
    return 0;
}
