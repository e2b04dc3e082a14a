/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside arch/aarch64: what the device tree says of the machine (Devicetree Specification 0.4). */
#pragma once

#include "arch/bare.h"

struct bare_devices {
    paddr_t interrupt_controller, interrupt_cpu; /* GICv2 distributor and CPU interface; 0: none */
    paddr_t serial;                /* PL011 */
    paddr_t clock;                 /* PL031 */
    paddr_t config;                /* fw_cfg */
    paddr_t virtio_first, virtio_last; /* virtio-mmio, lowest and highest address */
    unsigned virtio_count;
    u32 virtio_line;               /* shared peripheral interrupt of the lowest */
};

extern struct bare_devices bare_devices;

/* false: no device tree there. Fills ram, module and command line too. */
bool device_tree_read(const void *tree, struct bare_machine *machine);
