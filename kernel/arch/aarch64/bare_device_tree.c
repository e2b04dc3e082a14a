/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    one pass over the flattened device tree, node by node.
 * Promises: nothing beyond the tree's own size is read.
 * Refuses:  more than two levels of buses: every device we know hangs below the root.
 * See:      Devicetree Specification 0.4, chapter 5
 */
#include "arch/aarch64/bare_device_tree.h"

#include "lib/string.h"

#define TREE_MAGIC 0xd00dfeed
#define TOKEN_BEGIN 1
#define TOKEN_END 2
#define TOKEN_PROPERTY 3
#define TOKEN_NOP 4
#define TREE_BYTES_MAX 0x200000u

struct header {
    u32 magic, size, structure, strings, reserve_map, version, last_compatible, boot_cpu,
        strings_size, structure_size;
};

/* The properties of the node being read. */
struct node {
    const char *compatible, *device_type;
    const u8 *registers, *interrupts;
    u32 register_bytes, interrupt_bytes;
};

struct bare_devices bare_devices;

static u32 big32(const void *p)
{
    u32 v;
    memcpy(&v, p, sizeof(v));
    return __builtin_bswap32(v);
}

static u64 big64(const void *p)
{
    return (u64)big32(p) << 32 | big32((const u8 *)p + 4);
}

/* A number of one or two cells, as linux,initrd-start is. */
static u64 cells(const u8 *value, u32 length)
{
    return length >= 8 ? big64(value) : length >= 4 ? big32(value) : 0;
}

static void add_ram(const struct node *n, struct bare_machine *m)
{
    for (u32 at = 0; at + 16 <= n->register_bytes && m->ram_count < BARE_RAM_RANGES; at += 16)
        m->ram[m->ram_count++] =
            (struct bare_range){big64(n->registers + at), big64(n->registers + at + 8)};
}

static void add_virtio(paddr_t at, const struct node *n)
{
    struct bare_devices *d = &bare_devices;
    u32 line = n->interrupt_bytes >= 12 ? big32(n->interrupts + 4) : 0;

    if (!d->virtio_count || at < d->virtio_first) {
        d->virtio_first = at;
        d->virtio_line = line;
    }
    d->virtio_last = max_u64(d->virtio_last, at);
    d->virtio_count++;
}

static bool is(const struct node *n, const char *compatible)
{
    return n->compatible && strcmp(n->compatible, compatible) == 0;
}

static void take_node(const struct node *n, struct bare_machine *m)
{
    if (n->register_bytes < 16)
        return;
    paddr_t at = big64(n->registers);
    if (n->device_type && strcmp(n->device_type, "memory") == 0)
        add_ram(n, m);
    else if (is(n, "arm,cortex-a15-gic") && n->register_bytes >= 32) {
        bare_devices.interrupt_controller = at;
        bare_devices.interrupt_cpu = big64(n->registers + 16);
    } else if (is(n, "arm,pl011"))
        bare_devices.serial = at;
    else if (is(n, "arm,pl031"))
        bare_devices.clock = at;
    else if (is(n, "qemu,fw-cfg-mmio"))
        bare_devices.config = at;
    else if (is(n, "virtio,mmio"))
        add_virtio(at, n);
}

static void take_property(const char *name, const u8 *value, u32 length, struct node *n,
                          struct bare_machine *m)
{
    bool text = length && value[length - 1] == 0;

    if (strcmp(name, "compatible") == 0 && text)
        n->compatible = (const char *)value;
    else if (strcmp(name, "device_type") == 0 && text)
        n->device_type = (const char *)value;
    else if (strcmp(name, "reg") == 0) {
        n->registers = value;
        n->register_bytes = length;
    } else if (strcmp(name, "interrupts") == 0) {
        n->interrupts = value;
        n->interrupt_bytes = length;
    } else if (strcmp(name, "linux,initrd-start") == 0)
        m->root_image.start = cells(value, length);
    else if (strcmp(name, "linux,initrd-end") == 0)
        m->root_image.length = cells(value, length); /* the end, until the tree is read */
    else if (strcmp(name, "bootargs") == 0 && text)
        memcpy(m->command_line, value, min_u64(length, BARE_COMMAND_LINE_BYTES - 1));
}

/* The property at p; returns what lies behind it, NULL at a broken one. */
static const u8 *read_property(const u8 *p, const u8 *end, const char *strings, u32 strings_size,
                               struct node *n, struct bare_machine *m)
{
    if (end - p < 8)
        return NULL;
    u32 length = big32(p), name = big32(p + 4);
    p += 8;
    if (length > (u64)(end - p) || name >= strings_size)
        return NULL;
    take_property(strings + name, p, length, n, m);
    return p + align_up(length, 4);
}

static void walk(const u8 *p, const u8 *end, const char *strings, u32 strings_size,
                 struct bare_machine *m)
{
    struct node n = {0};

    while (p && end - p >= 4) {
        u32 token = big32(p);
        p += 4;
        if (token == TOKEN_BEGIN) {
            take_node(&n, m); /* the parent's properties come before its children */
            n = (struct node){0};
            p += align_up(strnlen((const char *)p, (size_t)(end - p)) + 1, 4);
        } else if (token == TOKEN_END) {
            take_node(&n, m);
            n = (struct node){0};
        } else if (token == TOKEN_PROPERTY)
            p = read_property(p, end, strings, strings_size, &n, m);
        else if (token != TOKEN_NOP)
            return;
    }
}

bool device_tree_read(const void *tree, struct bare_machine *machine)
{
    const struct header *h = tree;
    u32 size = __builtin_bswap32(h->size);
    u32 structure = __builtin_bswap32(h->structure), strings = __builtin_bswap32(h->strings);
    u32 structure_size = __builtin_bswap32(h->structure_size);
    u32 strings_size = __builtin_bswap32(h->strings_size);

    if (__builtin_bswap32(h->magic) != TREE_MAGIC || size > TREE_BYTES_MAX)
        return false;
    if (structure > size || structure_size > size - structure || strings > size ||
        strings_size > size - strings)
        return false;
    const u8 *base = tree;
    walk(base + structure, base + structure + structure_size, (const char *)base + strings,
         strings_size, machine);
    if (machine->root_image.length > machine->root_image.start)
        machine->root_image.length -= machine->root_image.start;
    else
        machine->root_image = (struct bare_range){0};
    return true;
}
