/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Virtio devices of version 1, over memory-mapped registers (microvm, Firecracker) or PCI (q35).
 * A driver asks for a device by type, negotiates, sets up queues, and says it is ready.
 *
 * Refuses: legacy devices; more than one device of a type.
 * See:     Virtual I/O Device (VIRTIO) version 1.1
 */
#pragma once

#include "devices/virtio_queue.h"
#include "lib/types.h"

#define VIRTIO_TYPE_CONSOLE 3u

#define VIRTIO_F_VERSION_1 (1ull << 32)

#define VIRTIO_STATUS_ACKNOWLEDGE 1u
#define VIRTIO_STATUS_DRIVER 2u
#define VIRTIO_STATUS_DRIVER_OK 4u
#define VIRTIO_STATUS_FEATURES_OK 8u
#define VIRTIO_STATUS_FAILED 128u

struct virtio_device;

struct virtio_transport {
    u32 (*status)(struct virtio_device *d);
    void (*set_status)(struct virtio_device *d, u32 status);
    u64 (*features)(struct virtio_device *d);
    void (*accept)(struct virtio_device *d, u64 features);
    u32 (*queue_size)(struct virtio_device *d, u32 index); /* largest; 0: no such queue */
    void (*queue_enable)(struct virtio_device *d, u32 index, const struct virtio_queue *q);
    void (*notify)(struct virtio_device *d, u32 index);
    bool (*interrupt)(struct virtio_device *d);            /* routed to this CPU */
};

struct virtio_device {
    const struct virtio_transport *transport;
    volatile u8 *registers;          /* mmio: all of them; PCI: the common configuration */
    volatile u8 *configuration;      /* of the device type */
    u32 line;                        /* mmio */
    volatile u8 *notifications;      /* PCI */
    u32 notify_multiplier, function;
};

/* virtio_mmio.c, virtio_pci.c. false: not on this machine. */
bool virtio_mmio_find(u32 type, struct virtio_device *out);
bool virtio_pci_find(u32 type, struct virtio_device *out);

/* virtio.c */
bool virtio_find(u32 type, struct virtio_device *out);
/* Resets, then agrees on `wanted` features, all of which must be there. false: refused. */
bool virtio_negotiate(struct virtio_device *d, u64 wanted);
bool virtio_queue_start(struct virtio_device *d, u32 index, struct virtio_queue *q, u16 size);
void virtio_ready(struct virtio_device *d);
