/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The virtio-serial device and its control protocol.
 *
 * Holds:    the ports of boot_info.h's channels; the two control queues.
 * Promises: after the start every channel the host offers is registered and knows whether the
 *           host has it open, so that nothing written first is lost.
 * Locking:  none; polled in thread or idle context.
 * Refuses:  a device without ports (plain console).
 * See:      VIRTIO 1.1, 5.3.6.2
 */
#include "devices/virtio_console.h"

#include "abi/image/boot_info.h"
#include "lib/log.h"
#include "memory/page.h"

#define FEATURE_MULTIPORT (1ull << 1)
#define CONTROL_INPUT 2
#define CONTROL_OUTPUT 3
#define CONTROL_QUEUE_SIZE 32
#define CONTROL_BUFFER_BYTES 64u /* a message, and the start of a name nobody reads */
#define HANDSHAKE_NS 1000000000ull

enum {
    DEVICE_READY = 0, DEVICE_ADD = 1, DEVICE_REMOVE = 2, PORT_READY = 3, PORT_OPEN = 6,
};

struct control_message {
    u32 id;
    u16 event, value;
};

static struct virtio_device device;
static struct virtio_queue control_input, control_output;
static struct control_message *sent; /* [CONTROL_QUEUE_SIZE]: where the device can see them */
static struct port ports[ELFIN_PORT_COUNT];
static bool present;

static void tell(u32 id, u16 event, u16 value)
{
    static unsigned next;
    struct virtio_buffer done;

    while (virtio_queue_take(&control_output, &done))
        ;
    struct control_message *m = &sent[next++ % CONTROL_QUEUE_SIZE];
    *m = (struct control_message){.id = id, .event = event, .value = value};
    if (!virtio_queue_put(&control_output, m, sizeof(*m), false))
        panic("virtio-serial takes no control messages");
    device.transport->notify(&device, CONTROL_OUTPUT);
}

void console_tell_open(struct port *p, bool open)
{
    tell(p->number, PORT_OPEN, open);
}

static void obey(const struct control_message *m)
{
    struct port *p = m->id && m->id < ELFIN_PORT_COUNT ? &ports[m->id] : NULL;

    if (p && m->event == DEVICE_ADD)
        p->announced = true;
    else if (p && m->event == PORT_OPEN)
        port_set_open(p, m->value);
    else if (p && m->event == DEVICE_REMOVE)
        port_set_open(p, false);
}

static void read_control(void)
{
    struct virtio_buffer message;
    bool any = false;

    while (virtio_queue_take(&control_input, &message)) {
        if (message.written >= sizeof(struct control_message))
            obey((const struct control_message *)(const void *)message.data);
        virtio_queue_put(&control_input, message.data, message.length, true);
        any = true;
    }
    if (any)
        device.transport->notify(&device, CONTROL_INPUT);
}

void console_poll(void)
{
    if (!present)
        return;
    read_control();
    for (u32 i = 1; i < ELFIN_PORT_COUNT; i++)
        if (ports[i].announced)
            port_poll(&ports[i]);
}

static void console_flush(void)
{
    for (u32 i = 1; present && i < ELFIN_PORT_COUNT; i++)
        if (ports[i].announced)
            ports[i].stream.operations->flush(&ports[i].stream);
}

/* Control messages arrive at once under TCG, a little later where another thread is the device. */
static bool wait_for(const bool *flag)
{
    u64 end_ns = platform_monotonic_ns() + HANDSHAKE_NS;

    for (read_control(); !*flag && platform_monotonic_ns() < end_ns; read_control())
        arch_pause();
    return *flag;
}

static bool start_queues(void)
{
    u8 *buffers = heap_alloc(CONTROL_QUEUE_SIZE * CONTROL_BUFFER_BYTES);

    sent = heap_alloc(CONTROL_QUEUE_SIZE * sizeof(*sent));
    if (!buffers || !sent ||
        !virtio_queue_start(&device, CONTROL_INPUT, &control_input, CONTROL_QUEUE_SIZE) ||
        !virtio_queue_start(&device, CONTROL_OUTPUT, &control_output, CONTROL_QUEUE_SIZE))
        return false;
    virtio_queue_want_interrupt(&control_output, false);
    virtio_queue_want_interrupt(&control_input, false); /* looked at until all have answered */
    for (unsigned i = 0; i < CONTROL_QUEUE_SIZE; i++)
        virtio_queue_put(&control_input, buffers + i * CONTROL_BUFFER_BYTES, CONTROL_BUFFER_BYTES,
                         true);
    for (u32 i = 1; i < ELFIN_PORT_COUNT; i++) {
        ports[i].number = i;
        ports[i].device = &device;
        ports[i].stream.channel = (enum platform_channel)(i - ELFIN_PORT_STDIN);
        if (!port_start(&ports[i], i == ELFIN_PORT_STDIN || i == ELFIN_PORT_CONTROL,
                        i != ELFIN_PORT_STDIN))
            return false;
    }
    return true;
}

/* The host answers in order, so when the last port is open all others have been heard of. */
static void shake_hands(void)
{
    struct port *last = &ports[ELFIN_PORT_CONTROL];

    tell(0, DEVICE_READY, 1);
    if (!wait_for(&last->announced))
        return;
    for (u32 i = 1; i < ELFIN_PORT_COUNT; i++)
        if (ports[i].announced) {
            tell(i, PORT_READY, 1);
            tell(i, PORT_OPEN, 1);
        }
    wait_for(&last->answered);
}

static void console_start(void)
{
    if (!virtio_find(VIRTIO_TYPE_CONSOLE, &device) ||
        !virtio_negotiate(&device, VIRTIO_F_VERSION_1 | FEATURE_MULTIPORT))
        return;
    if (!start_queues())
        panic("no memory for the byte channels");
    if (!device.transport->interrupt(&device))
        panic("no interrupt for the byte channels");
    virtio_ready(&device);
    present = true;
    shake_hands();
    virtio_queue_want_interrupt(&control_input, true);
    read_control();
    for (u32 i = 1; i < ELFIN_PORT_COUNT; i++)
        if (ports[i].announced)
            stream_register(&ports[i].stream);
}

const struct driver virtio_console_driver = {
    .name = "virtio-console",
    .start = console_start,
    .poll = console_poll,
    .flush = console_flush,
};
