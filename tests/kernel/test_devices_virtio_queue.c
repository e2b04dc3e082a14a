/* SPDX-License-Identifier: BSD-3-Clause */
/* The driver's side of a split virtqueue, against a device made of a few lines. */
#include "harness.h"

#include "devices/virtio_queue.c"

#define SIZE 8

static u16 device_seen;

static void device_start(struct virtio_queue *q)
{
    static u8 memory[1024] __attribute__((aligned(16)));
    CHECK(virtio_queue_bytes(SIZE) <= sizeof(memory));
    for (size_t i = 0; i < sizeof(memory); i++)
        memory[i] = 0;
    virtio_queue_init(q, SIZE, memory);
    device_seen = 0;
}

/* Takes the next buffer the driver offered and says it wrote `written` bytes. */
static bool device_answers(struct virtio_queue *q, u32 written)
{
    if (device_seen == q->available->index)
        return false;
    u16 id = q->available->ring[device_seen++ % SIZE];
    volatile struct virtio_used_entry *e = &q->used->ring[q->used->index % SIZE];
    e->id = id;
    e->length = written;
    q->used->index++;
    return true;
}

TEST(buffers_come_back_in_order_past_the_index_wrap)
{
    static u8 bytes[SIZE];
    struct virtio_queue q;
    struct virtio_buffer done;

    device_start(&q);
    for (u32 round = 0; round < 70000; round++) {
        u8 *data = &bytes[round % SIZE];
        CHECK(virtio_queue_put(&q, data, 1, true));
        CHECK(!virtio_queue_take(&q, &done));
        CHECK(device_answers(&q, 1));
        CHECK(virtio_queue_has_used(&q));
        CHECK(virtio_queue_take(&q, &done));
        CHECK(done.data == data && done.length == 1 && done.written == 1);
    }
}

TEST(a_full_queue_refuses)
{
    static u8 bytes[SIZE + 1];
    struct virtio_queue q;
    struct virtio_buffer done;

    device_start(&q);
    for (unsigned i = 0; i < SIZE; i++)
        CHECK(virtio_queue_put(&q, &bytes[i], 1, false));
    CHECK(!virtio_queue_put(&q, &bytes[SIZE], 1, false));
    CHECK(device_answers(&q, 0));
    CHECK(virtio_queue_take(&q, &done));
    CHECK(virtio_queue_put(&q, &bytes[SIZE], 1, false));
}

TEST(a_device_that_lies_about_lengths_and_ids_stays_in_bounds)
{
    static u8 bytes[4];
    struct virtio_queue q;
    struct virtio_buffer done;

    device_start(&q);
    CHECK(virtio_queue_put(&q, bytes, sizeof(bytes), true));
    CHECK(device_answers(&q, 4000));
    q.used->ring[0].id = 0xffff0000u;
    CHECK(virtio_queue_take(&q, &done));
    CHECK_EQ(done.written, sizeof(bytes));
}
