/* SPDX-License-Identifier: BSD-3-Clause */
/* See virtio_queue.h; VIRTIO 1.1, 2.6. */
#include "devices/virtio_queue.h"

#include "platform/platform.h"

#define DESCRIPTOR_WRITE 2
#define AVAILABLE_NO_INTERRUPT 1

static size_t available_bytes(u16 size)
{
    return align_up(sizeof(struct virtio_available) + sizeof(u16) * size + sizeof(u16), 16);
}

size_t virtio_queue_bytes(u16 size)
{
    return sizeof(struct virtio_descriptor) * size + available_bytes(size) +
           align_up(sizeof(struct virtio_used) + sizeof(struct virtio_used_entry) * size + 2, 16);
}

void virtio_queue_init(struct virtio_queue *q, u16 size, void *memory)
{
    u8 *at = memory;

    q->descriptors = memory;
    at += sizeof(struct virtio_descriptor) * size;
    q->available = (void *)at;
    q->used = (void *)(at + available_bytes(size));
    q->size = q->free_count = size;
    q->free_head = q->seen = 0;
    for (u16 i = 0; i < size; i++)
        q->descriptors[i].next = (u16)(i + 1);
}

bool virtio_queue_put(struct virtio_queue *q, const void *data, u32 length, bool device_writes)
{
    if (!q->free_count)
        return false;
    u16 id = q->free_head;
    struct virtio_descriptor *d = &q->descriptors[id];
    q->free_head = d->next;
    q->free_count--;
    d->address = pointer_to_paddr(data);
    d->length = length;
    d->flags = device_writes ? DESCRIPTOR_WRITE : 0;
    u16 index = q->available->index;
    q->available->ring[index & (q->size - 1)] = id;
    __atomic_thread_fence(__ATOMIC_RELEASE);
    q->available->index = (u16)(index + 1);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* before a notification */
    return true;
}

bool virtio_queue_take(struct virtio_queue *q, struct virtio_buffer *out)
{
    if (!virtio_queue_has_used(q))
        return false;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    const volatile struct virtio_used_entry *e = &q->used->ring[q->seen & (q->size - 1)];
    u16 id = (u16)(e->id & (q->size - 1u)); /* a device that lies hurts only its own bytes */
    struct virtio_descriptor *d = &q->descriptors[id];
    *out = (struct virtio_buffer){.data = paddr_to_pointer(d->address),
                                  .length = d->length,
                                  .written = (u32)min_u64(e->length, d->length)};
    d->next = q->free_head;
    q->free_head = id;
    q->free_count++;
    q->seen++;
    return true;
}

void virtio_queue_want_interrupt(struct virtio_queue *q, bool wanted)
{
    q->available->flags = wanted ? 0 : AVAILABLE_NO_INTERRUPT;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
