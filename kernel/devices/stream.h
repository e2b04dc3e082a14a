/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Byte channels between the kernel and the world: the program's stdin, stdout, stderr, the log and
 * the control channel. Drivers (vm: virtio_console.c, process: host_stream.c) implement
 * struct stream_operations and register each channel at their start; files/ wraps 0..2, boot and
 * lib/log use the others.
 *
 * Promises: never blocks; callers wait on `readable` / `writable`, woken by the driver from
 * devices_poll() (thread or idle context, never an interrupt stack).
 */
#pragma once

#include "platform/platform.h"
#include "task/wait.h"

struct stream;

struct stream_operations {
    /* > 0 bytes; 0 end of input; -EAGAIN nothing yet. Kernel memory. */
    long (*read)(struct stream *s, void *to, size_t n);
    /* > 0 bytes taken; -EAGAIN full; -EPIPE nobody reads any more. */
    long (*write)(struct stream *s, const void *from, size_t n);
    bool (*can_read)(struct stream *s);  /* data or end of input */
    bool (*can_write)(struct stream *s); /* room, or broken */
    bool (*broken)(struct stream *s);    /* the other side is gone */
    void (*flush)(struct stream *s);     /* wait until written bytes left the machine (exit path) */
    void (*shut)(struct stream *s);      /* the program closed its last descriptor */
};

struct stream {
    const struct stream_operations *operations;
    enum platform_channel channel;
    int stdio_kind;                      /* ELFIN_STDIO_* of boot_info.h, for 0..2 */
    struct wait_queue readable, writable;
    void *driver;
};

void stream_register(struct stream *s);
struct stream *stream_get(enum platform_channel channel); /* NULL: not there */
int stream_stdio_kind(enum platform_channel channel); /* ELFIN_STDIO_*, also of one that is not there */

/* devices.c: drivers are started once, in boot order; poll looks at every device for progress and
 * wakes waiters; called from on_interrupt and the idle loop. */
void devices_start(void);
void devices_poll(void);
/* Everything written to every stream has left the machine. */
void devices_flush(void);
