/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One split virtqueue; each buffer is one descriptor.
 * Locking: none. Refuses: chains, indirect descriptors, event indexes.
 */
#pragma once

#include "lib/types.h"

struct virtio_descriptor {
    u64 address;
    u32 length;
    u16 flags, next;
};

struct virtio_available {
    u16 flags, index;
    u16 ring[];
};

struct virtio_used_entry {
    u32 id, length;
};

struct virtio_used {
    u16 flags, index;
    struct virtio_used_entry ring[];
};

struct virtio_queue {
    struct virtio_descriptor *descriptors;
    volatile struct virtio_available *available;
    volatile struct virtio_used *used;
    u16 size, free_count, free_head, seen; /* seen: of used->index */
};

/* Bytes of memory, 16-aligned and zeroed, that a queue of `size` (a power of two) needs. */
size_t virtio_queue_bytes(u16 size);
void virtio_queue_init(struct virtio_queue *q, u16 size, void *memory);
/* Hands a buffer of kernel memory to the device. false: no descriptor is free. */
bool virtio_queue_put(struct virtio_queue *q, const void *data, u32 length, bool device_writes);
struct virtio_buffer {
    u8 *data;
    u32 length, written; /* as handed over; of it the device wrote */
};
/* The next buffer the device is done with. false: none. */
bool virtio_queue_take(struct virtio_queue *q, struct virtio_buffer *out);
static inline bool virtio_queue_has_used(const struct virtio_queue *q)
{
    return q->seen != q->used->index;
}
/* Does the device interrupt when it is done with a buffer? (It may do so anyway.) */
void virtio_queue_want_interrupt(struct virtio_queue *q, bool wanted);
