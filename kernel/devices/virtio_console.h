/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The byte channels of the vm platform: one virtio-serial device with a port per channel
 * (ELFIN_PORT_* of abi/image/boot_info.h). virtio_console.c speaks the control protocol,
 * virtio_port.c is the stream of one port.
 * See: VIRTIO 1.1, 5.3
 */
#pragma once

#include "devices/driver.h"
#include "devices/stream.h"
#include "devices/virtio.h"

extern const struct driver virtio_console_driver;

struct port {
    struct stream stream;
    struct virtio_device *device;
    u32 number;
    bool announced, open, answered; /* the host added it; reads and writes; has said so once */
    bool has_input, has_output;     /* queues that are set up */

    struct virtio_queue input;      /* buffers the device fills */
    struct virtio_buffer current;   /* being read; length 0: none */
    u32 current_used;

    struct virtio_queue output;
    u8 *ring;                       /* made at the first write */
    u32 ring_bytes;
    u64 head, tail;                 /* bytes ever put in, and ever done with */
    bool full;                      /* a writer was turned away */
};

/* Queues of a port (VIRTIO 1.1, 5.3.2): port 0 has the first two, two are for control. */
static inline u32 port_input_index(u32 number) { return number ? 2 * number + 2 : 0; }

/* virtio_port.c. Sets queues up; input: whether the program side reads. false: out of memory. */
bool port_start(struct port *p, bool input, bool output);
void port_poll(struct port *p);
void port_set_open(struct port *p, bool open); /* the host said so */
extern const struct stream_operations port_stream_operations;

/* virtio_console.c: tells the host. */
void console_tell_open(struct port *p, bool open);
void console_poll(void);
