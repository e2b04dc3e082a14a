/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Virtio over PCI, with one MSI-X message for everything.
 *
 * Promises: firmware has given the device its addresses (SeaBIOS does); they are used as found.
 * See:      VIRTIO 1.1, 4.1; PCI 3.0, 6.8.2 (MSI-X)
 */
#include "devices/virtio.h"
#include "platform/vm/vm.h"

#define VENDOR_VIRTIO 0x1af4
#define DEVICE_MODERN 0x1040
#define PCI_COMMAND 0x04
#define PCI_COMMAND_MEMORY 2u
#define PCI_COMMAND_MASTER 4u
#define PCI_BAR 0x10
#define PCI_CAPABILITIES 0x34
#define CAPABILITY_VENDOR 0x09
#define CAPABILITY_MSIX 0x11
#define MSIX_ENABLE 0x80000000u
#define FUNCTIONS 256 /* of bus 0 */

enum { PART_COMMON = 1, PART_NOTIFY = 2, PART_DEVICE = 4 };

/* The common configuration. */
enum {
    DEVICE_FEATURE_SELECT = 0, DEVICE_FEATURE = 4, DRIVER_FEATURE_SELECT = 8, DRIVER_FEATURE = 12,
    MSIX_CONFIG = 16, DEVICE_STATUS = 20, QUEUE_SELECT = 22, QUEUE_SIZE = 24, QUEUE_MSIX = 26,
    QUEUE_ENABLE = 28, QUEUE_NOTIFY_OFFSET = 30, QUEUE_DESCRIPTORS = 32, QUEUE_AVAILABLE = 40,
    QUEUE_USED = 48,
};

static u16 get16(const struct virtio_device *d, u32 offset)
{
    return *(volatile u16 *)(d->registers + offset);
}

static void put16(const struct virtio_device *d, u32 offset, u16 value)
{
    *(volatile u16 *)(d->registers + offset) = value;
}

static void put32(const struct virtio_device *d, u32 offset, u32 value)
{
    *(volatile u32 *)(d->registers + offset) = value;
}

static u32 pci_status(struct virtio_device *d)
{
    return d->registers[DEVICE_STATUS];
}

static void pci_set_status(struct virtio_device *d, u32 status)
{
    d->registers[DEVICE_STATUS] = (u8)status;
    while (!status && pci_status(d)) /* a reset takes effect when 0 reads back */
        arch_pause();
}

static u64 pci_features(struct virtio_device *d)
{
    put32(d, DEVICE_FEATURE_SELECT, 0);
    u64 features = *(volatile u32 *)(d->registers + DEVICE_FEATURE);
    put32(d, DEVICE_FEATURE_SELECT, 1);
    return features | (u64) * (volatile u32 *)(d->registers + DEVICE_FEATURE) << 32;
}

static void pci_accept(struct virtio_device *d, u64 features)
{
    put32(d, DRIVER_FEATURE_SELECT, 0);
    put32(d, DRIVER_FEATURE, (u32)features);
    put32(d, DRIVER_FEATURE_SELECT, 1);
    put32(d, DRIVER_FEATURE, (u32)(features >> 32));
}

static u32 pci_queue_size(struct virtio_device *d, u32 index)
{
    put16(d, QUEUE_SELECT, (u16)index);
    return get16(d, QUEUE_SIZE);
}

static void put_address(struct virtio_device *d, u32 offset, const volatile void *p)
{
    u64 address = pointer_to_paddr((const void *)p);
    put32(d, offset, (u32)address);
    put32(d, offset + 4, (u32)(address >> 32));
}

static void pci_queue_enable(struct virtio_device *d, u32 index, const struct virtio_queue *q)
{
    put16(d, QUEUE_SELECT, (u16)index);
    put16(d, QUEUE_SIZE, q->size);
    put16(d, QUEUE_MSIX, 0);
    put_address(d, QUEUE_DESCRIPTORS, q->descriptors);
    put_address(d, QUEUE_AVAILABLE, q->available);
    put_address(d, QUEUE_USED, q->used);
    put16(d, QUEUE_ENABLE, 1);
}

static void pci_notify(struct virtio_device *d, u32 index)
{
    put16(d, QUEUE_SELECT, (u16)index);
    u32 offset = get16(d, QUEUE_NOTIFY_OFFSET) * d->notify_multiplier;
    *(volatile u16 *)(d->notifications + offset) = (u16)index;
}

static paddr_t bar_address(u32 function, u32 bar)
{
    u32 low = bare_pci_read(function, PCI_BAR + bar * 4);
    paddr_t address = low & ~0xfu;
    if ((low & 6) == 4) /* 64 bits wide */
        address |= (u64)bare_pci_read(function, PCI_BAR + bar * 4 + 4) << 32;
    return address;
}

/* The first capability of this kind after `at` (0: from the start); 0: none. */
static u32 next_capability(u32 function, u32 at, u32 kind)
{
    u32 next = at ? bare_pci_read(function, at) >> 8 & 0xfc
                  : bare_pci_read(function, PCI_CAPABILITIES) & 0xfc;
    for (int i = 0; next && i < 48; i++) {
        u32 head = bare_pci_read(function, next);
        if ((head & 0xff) == kind)
            return next;
        next = head >> 8 & 0xfc;
    }
    return 0;
}

static void no_acknowledge(unused_arg void *device)
{
}

static bool pci_interrupt(struct virtio_device *d)
{
    struct bare_message message;
    u32 at = next_capability(d->function, 0, CAPABILITY_MSIX);

    if (!at || !bare_interrupt_message(&message, no_acknowledge, d))
        return false;
    u32 table = bare_pci_read(d->function, at + 4);
    volatile u32 *entry = mmu_map_device(bar_address(d->function, table & 7) + (table & ~7u), 16);
    if (!entry)
        return false;
    bare_pci_write(d->function, at, bare_pci_read(d->function, at) | MSIX_ENABLE);
    entry[0] = (u32)message.address;
    entry[1] = (u32)(message.address >> 32);
    entry[2] = message.data;
    entry[3] = 0;
    put16(d, MSIX_CONFIG, 0);
    return true;
}

static const struct virtio_transport pci_transport = {
    .status = pci_status,
    .set_status = pci_set_status,
    .features = pci_features,
    .accept = pci_accept,
    .queue_size = pci_queue_size,
    .queue_enable = pci_queue_enable,
    .notify = pci_notify,
    .interrupt = pci_interrupt,
};

/* One virtio capability: where in which BAR a part of the registers lies. */
static void take_part(struct virtio_device *d, u32 at)
{
    u32 kind = bare_pci_read(d->function, at) >> 24;
    u32 bar = bare_pci_read(d->function, at + 4) & 0xff;
    u32 offset = bare_pci_read(d->function, at + 8);
    u32 length = bare_pci_read(d->function, at + 12);

    if (kind != PART_COMMON && kind != PART_NOTIFY && kind != PART_DEVICE)
        return;
    volatile u8 *part = mmu_map_device(bar_address(d->function, bar) + offset, length);
    if (kind == PART_COMMON)
        d->registers = part;
    else if (kind == PART_DEVICE)
        d->configuration = part;
    else {
        d->notifications = part;
        d->notify_multiplier = bare_pci_read(d->function, at + 16);
    }
}

static bool open_function(u32 function, struct virtio_device *out)
{
    u32 command = bare_pci_read(function, PCI_COMMAND);

    *out = (struct virtio_device){.transport = &pci_transport, .function = function};
    bare_pci_write(function, PCI_COMMAND, command | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    for (u32 at = 0; (at = next_capability(function, at, CAPABILITY_VENDOR));)
        take_part(out, at);
    return out->registers && out->notifications;
}

bool virtio_pci_find(u32 type, struct virtio_device *out)
{
    if (!bare_pci_present())
        return false;
    for (u32 function = 0; function < FUNCTIONS; function += 8)
        if (bare_pci_read(function, 0) == ((DEVICE_MODERN + type) << 16 | VENDOR_VIRTIO) &&
            open_function(function, out))
            return true;
    return false;
}
