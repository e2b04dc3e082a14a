/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One port of the virtio-serial device as a stream.
 *
 * Holds:    a ring of bytes for output, cut into buffers as they are written (so a write costs one
 *           copy and one notification, whatever its size), and page buffers for input.
 * Promises: bytes leave in order; under QEMU's TCG they have left the machine when write returns.
 * Refuses:  to keep bytes for a host that has closed: -EPIPE, and what was queued is dropped.
 */
#include "abi/linux/errno.h"
#include "abi/linux/poll.h"
#include "devices/virtio_console.h"
#include "lib/string.h"
#include "memory/page.h"

#define QUEUE_SIZE 16
#define INPUT_BUFFERS 4
#define PROGRAM_INPUT_BYTES 4096u /* each */
#define KERNEL_INPUT_BYTES 256u
#define PROGRAM_RING_BYTES 32768u
#define KERNEL_RING_BYTES 4096u /* log, control */
#define FLUSH_LOOK_NS 10000000ull

static struct port *port_of(struct stream *s)
{
    return container_of(s, struct port, stream);
}

static bool is_program_stream(const struct port *p)
{
    return p->stream.channel <= CHANNEL_STDERR;
}

static bool start_input(struct port *p)
{
    if (!virtio_queue_start(p->device, port_input_index(p->number), &p->input, QUEUE_SIZE))
        return false;
    u32 bytes = is_program_stream(p) ? PROGRAM_INPUT_BYTES : KERNEL_INPUT_BYTES;
    u8 *buffers = heap_alloc(INPUT_BUFFERS * bytes);
    if (!buffers)
        return false;
    for (unsigned i = 0; i < INPUT_BUFFERS; i++)
        virtio_queue_put(&p->input, buffers + i * bytes, bytes, true);
    return p->has_input = true;
}

bool port_start(struct port *p, bool input, bool output)
{
    /* The host may close a port before its stream is registered. */
    wait_queue_init(&p->stream.readable);
    wait_queue_init(&p->stream.writable);
    if (input && !start_input(p))
        return false;
    if (output) {
        if (!virtio_queue_start(p->device, port_input_index(p->number) + 1, &p->output,
                                QUEUE_SIZE))
            return false;
        virtio_queue_want_interrupt(&p->output, false);
        p->has_output = true;
    }
    p->stream.operations = &port_stream_operations;
    return true;
}

/* --- output --- */

static bool make_ring(struct port *p)
{
    p->ring_bytes = is_program_stream(p) ? PROGRAM_RING_BYTES : KERNEL_RING_BYTES;
    p->ring = heap_alloc(p->ring_bytes);
    if (!p->ring && p->ring_bytes > KERNEL_RING_BYTES) {
        p->ring_bytes = KERNEL_RING_BYTES; /* a very small machine */
        p->ring = heap_alloc(p->ring_bytes);
    }
    return p->ring != NULL;
}

static void reap(struct port *p)
{
    struct virtio_buffer done;
    while (p->has_output && virtio_queue_take(&p->output, &done))
        p->tail += done.length;
}

/* Queues as much as there is room for, in at most two pieces (the ring's end). */
static size_t queue_bytes(struct port *p, const u8 *from, size_t n)
{
    size_t done = 0;

    while (done < n) {
        u64 at = p->head % p->ring_bytes;
        u64 chunk = min_u64(n - done, p->ring_bytes - (p->head - p->tail));
        chunk = min_u64(chunk, p->ring_bytes - at);
        if (!chunk || !p->output.free_count)
            break;
        memcpy(p->ring + at, from + done, chunk);
        virtio_queue_put(&p->output, p->ring + at, (u32)chunk, false);
        p->head += chunk;
        done += chunk;
    }
    if (done)
        p->device->transport->notify(p->device, port_input_index(p->number) + 1);
    return done;
}

static long port_write(struct stream *s, const void *from, size_t n)
{
    struct port *p = port_of(s);

    if (!p->open || !p->has_output)
        return -EPIPE;
    if (!p->ring && !make_ring(p))
        return -ENOMEM;
    reap(p);
    size_t done = queue_bytes(p, from, n);
    if (!done && n) { /* ask for an interrupt, then look once more: the answer may have come */
        virtio_queue_want_interrupt(&p->output, true);
        reap(p);
        done = queue_bytes(p, from, n);
        p->full = done == 0;
    }
    return done || !n ? (long)done : -EAGAIN;
}

static bool port_can_write(struct stream *s)
{
    struct port *p = port_of(s);

    if (!p->open || !p->ring)
        return true;
    reap(p);
    bool room = p->head - p->tail < p->ring_bytes && p->output.free_count;
    if (!room) {
        p->full = true;
        virtio_queue_want_interrupt(&p->output, true);
    }
    return room;
}

static bool port_broken(struct stream *s)
{
    return !port_of(s)->open;
}

static void port_flush(struct stream *s)
{
    struct port *p = port_of(s);

    for (reap(p); p->open && p->head != p->tail; reap(p)) {
        virtio_queue_want_interrupt(&p->output, true);
        reap(p);
        if (p->head != p->tail)
            platform_idle(platform_monotonic_ns() + FLUSH_LOOK_NS);
        console_poll(); /* the host may have closed */
    }
}

/* --- input --- */

static bool fill_current(struct port *p)
{
    if (p->current_used < p->current.written)
        return true;
    if (p->current.length) {
        virtio_queue_put(&p->input, p->current.data, p->current.length, true);
        p->current = (struct virtio_buffer){0};
        p->device->transport->notify(p->device, port_input_index(p->number));
    }
    p->current_used = 0;
    while (p->has_input && virtio_queue_take(&p->input, &p->current)) {
        if (p->current.written)
            return true;
        virtio_queue_put(&p->input, p->current.data, p->current.length, true);
    }
    p->current = (struct virtio_buffer){0};
    return false;
}

static long port_read(struct stream *s, void *to, size_t n)
{
    struct port *p = port_of(s);
    size_t done = 0;

    while (done < n && fill_current(p)) {
        u64 chunk = min_u64(n - done, p->current.written - p->current_used);
        memcpy((u8 *)to + done, p->current.data + p->current_used, chunk);
        p->current_used += (u32)chunk;
        done += chunk;
    }
    if (done || !n)
        return (long)done;
    return p->open ? -EAGAIN : 0;
}

static bool port_can_read(struct stream *s)
{
    struct port *p = port_of(s);
    return fill_current(p) || !p->open;
}

/* --- both --- */

static void port_shut(struct stream *s)
{
    struct port *p = port_of(s);
    port_flush(s);
    console_tell_open(p, false);
}

void port_set_open(struct port *p, bool open)
{
    p->open = open;
    p->answered = true;
    if (!open) {
        wake_all(&p->stream.readable, POLLIN | POLLHUP);
        wake_all(&p->stream.writable, POLLOUT | POLLERR);
    }
}

void port_poll(struct port *p)
{
    if (p->has_input && virtio_queue_has_used(&p->input))
        wake_all(&p->stream.readable, POLLIN);
    if (!p->full)
        return;
    reap(p);
    if (p->head - p->tail < p->ring_bytes) {
        p->full = false;
        virtio_queue_want_interrupt(&p->output, false);
        wake_all(&p->stream.writable, POLLOUT);
    }
}

const struct stream_operations port_stream_operations = {
    .read = port_read,
    .write = port_write,
    .can_read = port_can_read,
    .can_write = port_can_write,
    .broken = port_broken,
    .flush = port_flush,
    .shut = port_shut,
};
