/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The few machine parts behind port numbers: power, emergency output, fw_cfg, PCI configuration.
 *
 * See: QEMU's specifications of isa-debug-exit, isa-debugcon and fw_cfg; PCI 3.0, 3.2.2.3.2
 */
#include "arch/bare.h"
#include "arch/x86_64/bare_cpu.h"
#include "arch/x86_64/bare_layout.h"
#include "lib/string.h"

#define PORT_DEBUG_EXIT 0xf4
#define PORT_DEBUG_CONSOLE 0xe9
#define PORT_SERIAL 0x3f8
#define PORT_RESET 0xcf9
#define PORT_KEYBOARD 0x64
#define PORT_PCI_ADDRESS 0xcf8
#define PORT_PCI_DATA 0xcfc
#define PORT_CONFIG_SELECT 0x510
#define PORT_CONFIG_DATA 0x511
#define PORT_CONFIG_DMA 0x514

#define CONFIG_SIGNATURE 0x00
#define CONFIG_ID 0x01
#define CONFIG_DIRECTORY 0x19
#define CONFIG_HAS_DMA 2
#define CONFIG_DMA_ERROR 1u
#define CONFIG_DMA_READ 2u
#define CONFIG_DMA_SELECT 8u

noreturn_fn void bare_power_off(u32 status)
{
    struct {
        u16 limit;
        u64 base;
    } __attribute__((packed)) no_gates = {0, 0};

    bare_interrupts_off();
    out32(PORT_DEBUG_EXIT, status);
    out8(PORT_RESET, 6);
    out8(PORT_KEYBOARD, 0xfe);
    /* Nothing of that is there: a triple fault resets every machine. */
    __asm__ volatile("lidt %0\n\tint3" : : "m"(no_gates));
    for (;;)
        __asm__ volatile("cli\n\thlt");
}

void bare_emergency_write(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        out8(PORT_DEBUG_CONSOLE, (u8)text[i]);
        out8(PORT_SERIAL, (u8)text[i]);
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

/* Reads from a selected file; without `select` goes on where the last read ended. */
static bool config_read(u16 select, bool selecting, void *to, u32 length)
{
    static volatile struct config_dma request __attribute__((aligned(16)));
    u64 address = (u64)&request - KERNEL_BASE;
    u32 control = CONFIG_DMA_READ | (selecting ? (u32)select << 16 | CONFIG_DMA_SELECT : 0);

    request.control = __builtin_bswap32(control);
    request.length = __builtin_bswap32(length);
    request.address = __builtin_bswap64((u64)to - DIRECT_MAP);
    __asm__ volatile("" : : : "memory");
    out32(PORT_CONFIG_DMA, __builtin_bswap32((u32)(address >> 32)));
    out32(PORT_CONFIG_DMA + 4, __builtin_bswap32((u32)address));
    u32 left;
    while ((left = __builtin_bswap32(request.control)) & ~CONFIG_DMA_ERROR)
        ;
    __asm__ volatile("" : : : "memory");
    return !(left & CONFIG_DMA_ERROR);
}

static bool config_present(void)
{
    char signature[4];

    out16(PORT_CONFIG_SELECT, CONFIG_SIGNATURE);
    for (unsigned i = 0; i < sizeof(signature); i++)
        signature[i] = (char)in8(PORT_CONFIG_DATA);
    if (memcmp(signature, "QEMU", 4) != 0)
        return false;
    out16(PORT_CONFIG_SELECT, CONFIG_ID);
    return in8(PORT_CONFIG_DATA) & CONFIG_HAS_DMA;
}

bool bare_firmware_file(const char *name, const u8 **data, u64 *length)
{
    /* The directory goes through a page that becomes the start of the file's own pages. */
    struct config_file *entry = bare_early_pages(1);
    u32 count;

    if (!entry || !config_present() ||
        !config_read(CONFIG_DIRECTORY, true, entry, sizeof(count)))
        return false;
    memcpy(&count, entry, sizeof(count));
    count = __builtin_bswap32(count);
    for (u32 i = 0; i < count; i++) {
        if (!config_read(0, false, entry, sizeof(*entry)))
            return false;
        if (strncmp(entry->name, name, sizeof(entry->name)) != 0)
            continue;
        u32 size = __builtin_bswap32(entry->size);
        u16 select = (u16)(entry->select << 8 | entry->select >> 8);
        if (size > PAGE_SIZE && !bare_early_pages((size - 1) / PAGE_SIZE))
            return false;
        *data = (u8 *)entry;
        *length = size;
        return config_read(select, true, entry, size);
    }
    return false;
}

/* --- PCI --- */

static u32 pci_address(u32 function, u32 offset)
{
    return 0x80000000u | function << 8 | (offset & 0xfc);
}

bool bare_pci_present(void)
{
    out32(PORT_PCI_ADDRESS, 0x80000000u);
    return in32(PORT_PCI_ADDRESS) == 0x80000000u && bare_pci_read(0, 0) != UINT32_MAX;
}

u32 bare_pci_read(u32 function, u32 offset)
{
    out32(PORT_PCI_ADDRESS, pci_address(function, offset));
    return in32(PORT_PCI_DATA);
}

void bare_pci_write(u32 function, u32 offset, u32 value)
{
    out32(PORT_PCI_ADDRESS, pci_address(function, offset));
    out32(PORT_PCI_DATA, value);
}

/* QEMU's microvm; used when the command line names no device. */
struct bare_mmio_slots bare_mmio_slots(void)
{
    return (struct bare_mmio_slots){.first = 0xfeb00000, .stride = 512, .count = 8,
                                    .first_line = 5};
}
