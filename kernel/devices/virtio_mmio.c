/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Virtio over memory-mapped registers.
 *
 * Holds: the search: the places the command line names (virtio_mmio.device=SIZE@ADDRESS:LINE, as
 *        QEMU and Firecracker write it), or the machine's slots.
 * See:   VIRTIO 1.1, 4.2
 */
#include "devices/virtio.h"
#include "lib/string.h"
#include "platform/vm/vm.h"

#define MAGIC 0x74726976u
#define REGISTER_BYTES 512

enum {
    MAGIC_VALUE = 0x000, VERSION = 0x004, DEVICE_ID = 0x008,
    DEVICE_FEATURES = 0x010, DEVICE_FEATURES_SELECT = 0x014,
    DRIVER_FEATURES = 0x020, DRIVER_FEATURES_SELECT = 0x024,
    QUEUE_SELECT = 0x030, QUEUE_SIZE_MAX = 0x034, QUEUE_SIZE = 0x038, QUEUE_READY = 0x044,
    QUEUE_NOTIFY = 0x050, INTERRUPT_STATUS = 0x060, INTERRUPT_ACKNOWLEDGE = 0x064,
    STATUS = 0x070, QUEUE_DESCRIPTORS = 0x080, QUEUE_AVAILABLE = 0x090, QUEUE_USED = 0x0a0,
    CONFIGURATION = 0x100,
};

static u32 get(const struct virtio_device *d, u32 offset)
{
    return *(volatile u32 *)(d->registers + offset);
}

static void put(const struct virtio_device *d, u32 offset, u32 value)
{
    *(volatile u32 *)(d->registers + offset) = value;
}

static u32 mmio_status(struct virtio_device *d)
{
    return get(d, STATUS);
}

static void mmio_set_status(struct virtio_device *d, u32 status)
{
    put(d, STATUS, status);
}

static u64 mmio_features(struct virtio_device *d)
{
    put(d, DEVICE_FEATURES_SELECT, 0);
    u64 features = get(d, DEVICE_FEATURES);
    put(d, DEVICE_FEATURES_SELECT, 1);
    return features | (u64)get(d, DEVICE_FEATURES) << 32;
}

static void mmio_accept(struct virtio_device *d, u64 features)
{
    put(d, DRIVER_FEATURES_SELECT, 0);
    put(d, DRIVER_FEATURES, (u32)features);
    put(d, DRIVER_FEATURES_SELECT, 1);
    put(d, DRIVER_FEATURES, (u32)(features >> 32));
}

static u32 mmio_queue_size(struct virtio_device *d, u32 index)
{
    put(d, QUEUE_SELECT, index);
    return get(d, QUEUE_SIZE_MAX);
}

static void put_address(struct virtio_device *d, u32 offset, const volatile void *p)
{
    u64 address = pointer_to_paddr((const void *)p);
    put(d, offset, (u32)address);
    put(d, offset + 4, (u32)(address >> 32));
}

static void mmio_queue_enable(struct virtio_device *d, u32 index, const struct virtio_queue *q)
{
    put(d, QUEUE_SELECT, index);
    put(d, QUEUE_SIZE, q->size);
    put_address(d, QUEUE_DESCRIPTORS, q->descriptors);
    put_address(d, QUEUE_AVAILABLE, q->available);
    put_address(d, QUEUE_USED, q->used);
    put(d, QUEUE_READY, 1);
}

static void mmio_notify(struct virtio_device *d, u32 index)
{
    put(d, QUEUE_NOTIFY, index);
}

/* On an interrupt stack. */
static void acknowledge(void *device)
{
    put(device, INTERRUPT_ACKNOWLEDGE, get(device, INTERRUPT_STATUS));
}

static bool mmio_interrupt(struct virtio_device *d)
{
    return bare_interrupt_line(d->line, acknowledge, d);
}

static const struct virtio_transport mmio_transport = {
    .status = mmio_status,
    .set_status = mmio_set_status,
    .features = mmio_features,
    .accept = mmio_accept,
    .queue_size = mmio_queue_size,
    .queue_enable = mmio_queue_enable,
    .notify = mmio_notify,
    .interrupt = mmio_interrupt,
};

static bool probe(paddr_t at, u32 line, u32 type, struct virtio_device *out)
{
    *out = (struct virtio_device){.transport = &mmio_transport, .line = line};
    out->registers = mmu_map_device(at, REGISTER_BYTES);
    if (!out->registers || get(out, MAGIC_VALUE) != MAGIC || get(out, DEVICE_ID) != type ||
        get(out, VERSION) < 2)
        return false;
    out->configuration = out->registers + CONFIGURATION;
    return true;
}

static u64 parse_number(const char **text)
{
    const char *s = *text;
    u64 value = 0, base = 10;

    if (s[0] == '0' && s[1] == 'x') {
        base = 16;
        s += 2;
    }
    for (;; s++) {
        u64 digit = *s >= '0' && *s <= '9'   ? (u64)(*s - '0')
                    : *s >= 'a' && *s <= 'f' ? (u64)(*s - 'a') + 10
                                             : base;
        if (digit >= base)
            break;
        value = value * base + digit;
    }
    *text = s;
    return value;
}

/* The next device the command line names, from *text on. */
static bool next_named(const char **text, paddr_t *at, u32 *line)
{
    static const char key[] = "virtio_mmio.device=";
    const char *s = *text;

    while ((s = strchr(s, 'v')) && strncmp(s, key, sizeof(key) - 1) != 0)
        s++;
    if (!s || !(s = strchr(s, '@')))
        return false;
    s++;
    *at = parse_number(&s);
    *line = 0;
    if (*s == ':') {
        s++;
        *line = (u32)parse_number(&s);
    }
    *text = s;
    return true;
}

bool virtio_mmio_find(u32 type, struct virtio_device *out)
{
    const char *text = vm_machine->command_line;
    struct bare_mmio_slots slots = bare_mmio_slots();
    paddr_t at;
    u32 line;
    bool named = false;

    while (next_named(&text, &at, &line)) {
        named = true;
        if (probe(at, line, type, out))
            return true;
    }
    for (unsigned i = 0; !named && i < slots.count; i++)
        if (probe(slots.first + i * slots.stride, slots.first_line + i, type, out))
            return true;
    return false;
}
