/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets that only messages hold.
 *
 * Holds:    every unix socket whose file travels in a packet, and how many packets carry it.
 * Promises: sockets that can be reached only through each other's queues are emptied, so that
 *           their files are closed. They are looked for when a unix socket is closed; with many in
 *           flight not at each, so that a close costs a bounded time.
 * See:      unix(7) SCM_RIGHTS, "BUGS"
 */
#include "net/unix_internal.h"

#define VISITS_PER_CLOSE 256u

static struct list in_flight = LIST_INIT(in_flight);
static u32 files_in_flight, sockets_in_flight;

u32 unix_files_in_flight(void)
{
    return files_in_flight;
}

void unix_note_flight(struct file *const *files, u32 count, int change)
{
    files_in_flight += (u32)((int)count * change);
    for (u32 n = 0; n < count; n++) {
        struct unix_socket *u = unix_socket_of(files[n]);
        if (!u)
            continue;
        sockets_in_flight -= u->in_flight != 0;
        u->in_flight += (u32)change;
        sockets_in_flight += u->in_flight != 0;
        list_remove(&u->in_flight_link);
        if (u->in_flight)
            list_push_back(&in_flight, &u->in_flight_link);
    }
}

static void visit_packets(struct unix_socket *u, void (*visit)(struct unix_socket *found))
{
    list_for_each(at, &u->packets) {
        const struct ancillary *a = &list_entry(at, struct packet, link)->ancillary;
        for (u32 n = 0; n < a->file_count; n++) {
            struct unix_socket *found = unix_socket_of(a->files[n]);
            if (found && found->candidate)
                visit(found);
        }
    }
}

/* What a socket's queue holds: packets, and the queues of those that wait to be accepted. */
static void visit_queue(struct unix_socket *u, void (*visit)(struct unix_socket *found))
{
    visit_packets(u, visit);
    list_for_each(at, &u->arrivals)
        visit_packets(list_entry(at, struct unix_socket, arrival), visit);
}

static void count(struct unix_socket *u)
{
    u->found++;
}

static struct list to_visit = LIST_INIT(to_visit);

static void reach(struct unix_socket *u)
{
    if (u->reachable)
        return;
    u->reachable = true;
    list_push_back(&to_visit, &u->visit);
}

/* Candidates: held by packets alone. Reachable: held by a packet outside of candidates' queues. */
static void mark(void)
{
    list_for_each(at, &in_flight) {
        struct unix_socket *u = list_entry(at, struct unix_socket, in_flight_link);
        u->candidate = u->socket.file && u->socket.file->references == u->in_flight;
        u->found = 0;
    }
    list_for_each(at, &in_flight) {
        struct unix_socket *u = list_entry(at, struct unix_socket, in_flight_link);
        if (u->candidate)
            visit_queue(u, count);
    }
    list_for_each(at, &in_flight) {
        struct unix_socket *u = list_entry(at, struct unix_socket, in_flight_link);
        u->reachable = false;
        if (u->candidate && u->found < u->in_flight)
            reach(u);
    }
    for (struct list *l; (l = list_pop_front(&to_visit));)
        visit_queue(list_entry(l, struct unix_socket, visit), reach);
}

static void take_packets(struct unix_socket *u, struct list *garbage)
{
    for (struct list *l; (l = list_pop_front(&u->packets));)
        list_push_back(garbage, l);
    u->queued = 0;
    list_for_each(at, &u->arrivals)
        take_packets(list_entry(at, struct unix_socket, arrival), garbage);
}

void unix_collect(void)
{
    static bool busy;
    static u32 credit;
    struct list garbage = LIST_INIT(garbage);
    credit = sockets_in_flight ? credit + VISITS_PER_CLOSE : 0;
    if (busy || !credit || credit < sockets_in_flight)
        return;
    credit = 0;
    busy = true;
    mark();
    list_for_each(at, &in_flight) {
        struct unix_socket *u = list_entry(at, struct unix_socket, in_flight_link);
        if (u->candidate && !u->reachable)
            take_packets(u, &garbage);
        u->candidate = false;
    }
    for (struct list *l; (l = list_pop_front(&garbage));)
        packet_free(list_entry(l, struct packet, link));
    busy = false;
}
