/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The few machine parts: power (PSCI), emergency output (PL011), fw_cfg, virtio slots. No PCI.
 *
 * See: Arm Power State Coordination Interface (SYSTEM_OFF); QEMU's specification of fw_cfg
 */
#include "arch/aarch64/bare_device_tree.h"
#include "arch/aarch64/bare_layout.h"
#include "arch/bare.h"
#include "lib/string.h"

#define PSCI_SYSTEM_OFF 0x84000008
#define SERIAL_DATA 0x00
#define SERIAL_FLAGS 0x18
#define SERIAL_FULL 0x20
#define CONFIG_DMA 0x10

#define CONFIG_DIRECTORY 0x19
#define CONFIG_DMA_ERROR 1u
#define CONFIG_DMA_READ 2u
#define CONFIG_DMA_SELECT 8u

/* The status went over the control channel; QEMU's own is 0 here. */
noreturn_fn void bare_power_off(unused_arg u32 status)
{
    register u64 function __asm__("x0") = PSCI_SYSTEM_OFF;

    __asm__ volatile("hvc #0" : "+r"(function) : : "memory");
    for (;;)
        __asm__ volatile("wfi");
}

void bare_emergency_write(const char *text, size_t length)
{
    volatile u8 *serial = bare_devices.serial ? mmu_map_device(bare_devices.serial, 0x1000) : NULL;

    for (size_t i = 0; serial && i < length; i++) {
        while (*(volatile u32 *)(serial + SERIAL_FLAGS) & SERIAL_FULL)
            arch_pause();
        *(volatile u32 *)(serial + SERIAL_DATA) = (u8)text[i];
    }
}

/* --- fw_cfg: big-endian numbers --- */

struct config_dma {
    u32 control, length;
    u64 address;
};

struct config_file {
    u32 size;
    u16 select, reserved;
    char name[56];
};

static bool config_read(volatile u8 *config, u32 control, void *to, u32 length)
{
    static volatile struct config_dma request __attribute__((aligned(16)));
    u64 address = (u64)&request - KERNEL_BASE;

    request.control = __builtin_bswap32(control | CONFIG_DMA_READ);
    request.length = __builtin_bswap32(length);
    request.address = __builtin_bswap64((u64)to - DIRECT_MAP);
    __asm__ volatile("dsb sy" : : : "memory");
    *(volatile u64 *)(config + CONFIG_DMA) = __builtin_bswap64(address);
    u32 left;
    while ((left = __builtin_bswap32(request.control)) & ~CONFIG_DMA_ERROR)
        arch_pause();
    __asm__ volatile("dsb sy" : : : "memory");
    return !(left & CONFIG_DMA_ERROR);
}

static u32 selecting(u32 file)
{
    return file << 16 | CONFIG_DMA_SELECT;
}

bool bare_firmware_file(const char *name, const u8 **data, u64 *length)
{
    volatile u8 *config = bare_devices.config ? mmu_map_device(bare_devices.config, 0x1000) : NULL;
    /* The directory goes through a page that becomes the start of the file's own pages. */
    struct config_file *entry = config ? bare_early_pages(1) : NULL;
    u32 count;

    if (!entry || !config_read(config, selecting(CONFIG_DIRECTORY), entry, sizeof(count)))
        return false;
    memcpy(&count, entry, sizeof(count));
    count = __builtin_bswap32(count);
    for (u32 i = 0; i < count; i++) {
        if (!config_read(config, 0, entry, sizeof(*entry)))
            return false;
        if (strncmp(entry->name, name, sizeof(entry->name)) != 0)
            continue;
        u32 size = __builtin_bswap32(entry->size);
        u16 select = (u16)(entry->select << 8 | entry->select >> 8);
        if (size > PAGE_SIZE && !bare_early_pages((size - 1) / PAGE_SIZE))
            return false;
        *data = (u8 *)entry;
        *length = size;
        return config_read(config, selecting(select), entry, size);
    }
    return false;
}

bool bare_pci_present(void) { return false; }
u32 bare_pci_read(unused_arg u32 function, unused_arg u32 offset) { return UINT32_MAX; }
void bare_pci_write(unused_arg u32 function, unused_arg u32 offset, unused_arg u32 value) {}

struct bare_mmio_slots bare_mmio_slots(void)
{
    const struct bare_devices *d = &bare_devices;
    u64 stride = d->virtio_count > 1
                     ? (d->virtio_last - d->virtio_first) / (d->virtio_count - 1) : 0;

    return (struct bare_mmio_slots){.first = d->virtio_first, .stride = stride,
                                    .count = d->virtio_count, .first_line = d->virtio_line};
}
