/* SPDX-License-Identifier: BSD-3-Clause */
/* Finding a device and agreeing with it. See virtio.h; VIRTIO 1.1, 3.1. */
#include "devices/virtio.h"
#include "lib/log.h"
#include "memory/page.h"

bool virtio_find(u32 type, struct virtio_device *out)
{
    return virtio_mmio_find(type, out) || virtio_pci_find(type, out);
}

bool virtio_negotiate(struct virtio_device *d, u64 wanted)
{
    const struct virtio_transport *t = d->transport;
    u32 status = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER;

    if (t->status(d)) /* what has just been powered on is reset; each status costs QEMU dear */
        t->set_status(d, 0);
    t->set_status(d, status);
    if ((t->features(d) & wanted) != wanted) {
        t->set_status(d, VIRTIO_STATUS_FAILED);
        return false;
    }
    t->accept(d, wanted);
    status |= VIRTIO_STATUS_FEATURES_OK;
    t->set_status(d, status);
    return t->status(d) & VIRTIO_STATUS_FEATURES_OK;
}

bool virtio_queue_start(struct virtio_device *d, u32 index, struct virtio_queue *q, u16 size)
{
    void *memory;

    if (d->transport->queue_size(d, index) < size)
        return false;
    memory = heap_alloc_zeroed(virtio_queue_bytes(size));
    if (!memory)
        return false;
    virtio_queue_init(q, size, memory);
    d->transport->queue_enable(d, index, q);
    return true;
}

void virtio_ready(struct virtio_device *d)
{
    d->transport->set_status(d, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER |
                                    VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_DRIVER_OK);
}
