/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an instruction set offers to the vm platform: a CPU without an operating system below it.
 * Implementations are arch/<isa>/bare_*; platform/vm is the only caller.
 *
 * The start: bare_start.S makes a stack, paging and the direct map, then bare_main.
 */
#pragma once

#include "arch/arch.h"

struct bare_range {
    paddr_t start;
    u64 length;
};

#define BARE_RAM_RANGES 16
#define BARE_COMMAND_LINE_BYTES 1024

/* What the loader said, in our own memory. */
struct bare_machine {
    struct bare_range ram[BARE_RAM_RANGES]; /* ascending */
    unsigned ram_count;
    struct bare_range root_image, boot_info; /* length 0: none */
    char command_line[BARE_COMMAND_LINE_BYTES];
};

/* platform/vm/start.c; interrupts are off. */
noreturn_fn void bare_main(const struct bare_machine *machine);

/* --- bare_start.c: memory before there is an allocator: whole zeroed pages right behind the
 * kernel image, never given back. NULL when no RAM is there, or a module lies in the way. --- */
void *bare_early_pages(u64 count);
/* Selectors that programs run with (x86_64); 0 elsewhere. */
u16 bare_program_cs(void);
u16 bare_program_ss(void);
/* The kernel image and all early pages. */
struct bare_range bare_kernel_range(void);

/* --- bare_mmu.c and, for what machines share, arch/bare_program.c: page tables. root is a table's
 * paddr. --- */
extern const u64 bare_direct_map;          /* kernel address of paddr 0 */
u64 mmu_kernel_root(void);                 /* the tables of the start: only the kernel half */
void mmu_set_frame_source(bool (*alloc)(paddr_t *), void (*release)(paddr_t));
bool mmu_table_alloc(paddr_t *out);        /* inside arch: a zeroed table; false: none */
void mmu_table_release(paddr_t table);
bool mmu_root_create(u64 *root);           /* kernel half shared; false: out of memory */
void mmu_root_destroy(u64 root);           /* all tables of the program half */
void mmu_switch(u64 root);
u64 mmu_current(void);
u64 mmu_table_pages(u64 root);             /* tables of the program half, the root included */

struct mmu_entry {
    paddr_t frame;
    u32 access;                            /* MAP_* of platform.h; 0 keeps the frame, no access */
    bool present, dirty, accessed;         /* present: there is a frame */
};
bool mmu_set(u64 root, u64 address, paddr_t frame, u32 access); /* false: out of memory */
bool mmu_get(u64 root, u64 address, struct mmu_entry *out);
void mmu_clear(u64 root, u64 address);
bool mmu_next(u64 root, u64 address, u64 end, u64 *found, struct mmu_entry *out);
void mmu_clear_range(u64 root, u64 start, u64 end); /* also gives tables back that hold nothing */
void mmu_protect_range(u64 root, u64 start, u64 end, u32 access);
/* Device registers: uncached, in the direct map. NULL: no memory for tables. */
volatile void *mmu_map_device(paddr_t start, u64 length);

/* --- bare_interrupts.c / bare_lapic.c --- */
void bare_interrupts_start(void);          /* controllers quiet, own vectors ready; still off */
void bare_interrupts_on(void);
/* Atomically: on, and wait for the next one. Returns with interrupts off. */
void bare_interrupts_wait(void);
void bare_interrupts_off(void);
/* A device's line or message: `acknowledge` is called on an interrupt stack and must not fault. */
typedef void bare_acknowledge_fn(void *device);
bool bare_interrupt_line(u32 line, bare_acknowledge_fn *acknowledge, void *device);
struct bare_message {
    u64 address;
    u32 data;
};
bool bare_interrupt_message(struct bare_message *out, bare_acknowledge_fn *acknowledge,
                            void *device);

/* --- bare_clock.c --- */
struct bare_clock {
    u64 cycles_base, multiplier;           /* ns = (cycles - cycles_base) * multiplier >> shift */
    u32 shift;
};
void bare_clock_start(void);               /* first sample; as early as possible */
void bare_clock_read(struct bare_clock *out); /* calibrated; may spin for less than a millisecond */
u64 bare_clock_ns(void);                   /* since bare_clock_start */
void bare_timer_arm(u64 delay_ns);         /* one interrupt after about delay_ns */
u64 bare_timer_longest_ns(void);
u64 bare_wall_ns(void);                    /* wall time at bare_clock_ns() 0, by the machine's own
                                              clock (whole seconds from an RTC); near 0: none */

/* --- bare_machine.c --- */
noreturn_fn void bare_power_off(u32 status);
void bare_emergency_write(const char *text, size_t length);
/* A file that the VMM hands over (QEMU's fw_cfg) into early pages. false: not there. */
bool bare_firmware_file(const char *name, const u8 **data, u64 *length);
/* PCI configuration space; all ones when nothing answers. */
bool bare_pci_present(void);
u32 bare_pci_read(u32 function, u32 offset);             /* function: bus << 8 | device << 3 | fn */
void bare_pci_write(u32 function, u32 offset, u32 value);
/* Where virtio-mmio devices are when the command line does not say. */
struct bare_mmio_slots {
    paddr_t first;
    u64 stride;
    unsigned count;
    u32 first_line;
};
struct bare_mmio_slots bare_mmio_slots(void);
