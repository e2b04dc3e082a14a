/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine contract: what a platform (vm, process, stub) gives to the rooms above. The three
 * have identical file names where they implement the same part; the part is named at each group.
 *
 * Two kinds of platform meet here:
 *   demand  (vm)       the kernel owns page tables; nothing is mapped until a fault asks for it.
 *   eager   (process)  the host owns page tables; a mapping is made whole when it is created and
 *                      the host fills, copies on write and counts pages by itself.
 * Rooms above ask platform_traits() and never which platform it is.
 */
#pragma once

#include "arch/arch.h"
#include "lib/types.h"

/* --- start.c --- */
struct platform_traits {
    const char *name;            /* "vm", "process", "stub" */
    bool demand_paging;          /* the kernel resolves page faults and calls platform_page_* */
    bool privileged_programs;    /* programs run with the kernel's privilege: instructions that
                                    must fault there do not (arch_find_privileged) */
    bool sparse_memory;          /* files own contiguous sparse ranges of paddr space */
    u64 program_start, program_end; /* addresses a program may use: [start, end) */
    paddr_t frames_start, frames_end; /* page frames the page allocator may hand out; those below
                                         platform_frames_used() are taken at boot */
    paddr_t sparse_start, sparse_end; /* sparse_memory: the range files take their parts from */
    u64 memory_limit;            /* bytes: what -m gave */
    u16 program_cs, program_ss;  /* x86_64: selectors for trap_frame; else 0 */
    u32 tick_ns;                 /* period of the preemption tick */
};
const struct platform_traits *platform_traits(void);

/* Physical ranges inside [frames_start, frames_end) that are not free at boot (kernel image, root
 * image, tables). Ends with length 0. */
struct platform_range {
    u64 start, length;
};
const struct platform_range *platform_frames_reserved(void);
/* Ranges of program address space that a program cannot have (process: kernel, memfd window, host
 * vDSO). Never listed in /proc/self/maps. Ends with length 0. */
const struct platform_range *platform_program_reserved(void);

/* Kernel address of a frame; valid for frames and sparse ranges and the root image. */
extern u64 platform_direct_map; /* kernel address of paddr 0 */
static inline void *paddr_to_pointer(paddr_t p) { return (void *)(platform_direct_map + p); }
static inline paddr_t pointer_to_paddr(const void *p) { return (u64)p - platform_direct_map; }

/* The boot information (abi/image/boot_info.h) and the root image (cpio newc), both in kernel
 * memory for good. The image is page-aligned; its frames may be shown to programs, read-only or
 * copied on write, by their paddr. size 0: none. */
struct platform_blob {
    const u8 *data;
    u64 size;
    paddr_t paddr;
};
const struct platform_blob *platform_boot_info(void);
const struct platform_blob *platform_root_image(void);

/* --- power.c --- */
/* Ends the machine. status: as the supervisor or the SDK shall see it (0..255). The control
 * channel was already told by boot; this only stops. */
noreturn_fn void platform_power_off(int status);
/* Raw bytes to wherever they can be seen when all else is broken (panic before the log works). */
void platform_emergency_write(const char *text, size_t length);

/* --- clock.c --- */
u64 platform_monotonic_ns(void);   /* CLOCK_MONOTONIC, from 0 at power-on (vm) or the host's */
u64 platform_wall_ns(void);        /* CLOCK_REALTIME */
u64 platform_cpu_ns(void);         /* CPU time this machine used, for CLOCK_PROCESS_CPUTIME_ID */
/* What the vDSO needs to tell the time without a call; copied into the vDSO's data page. */
struct platform_vdso_clock {
    u64 host_clock_gettime;        /* not 0: call this function instead (process platform) */
    u64 host_getcpu;               /* the same */
    u64 cycles_base, cycles_mult;  /* ns = base_ns + ((cycles - cycles_base) * mult >> shift) */
    u32 cycles_shift, valid;       /* valid 0: no cycle counter, the vDSO must be left out */
    u64 monotonic_base_ns, wall_base_ns;
};
void platform_vdso_clock(struct platform_vdso_clock *out);
/* One-shot: on_interrupt no later than this (ns, monotonic). NO_DEADLINE: only the tick. */
void platform_timer_set(u64 deadline_ns);
/* The tick is on while a program runs (preemption, control channel). */
void platform_tick(bool on);

/* --- idle.c --- */
/* No thread can run: wait until an interrupt, device readiness or the deadline. Acknowledges
 * interrupts, then returns; the caller runs on_interrupt(NULL). */
void platform_idle(u64 deadline_ns);

/* --- space.c: address spaces --- */
struct platform_space {
    u64 root;                      /* vm: paddr of the top table; process: host task id */
    u64 pages;                     /* pages used for tables, for accounting */
};
int platform_space_init(struct platform_space *space);       /* 0 or -ENOMEM */
/* As platform_space_init for the child of a fork. Eager platforms: it starts with a copy of the
 * current space's mappings; shared ones stay shared. 0, -ENOMEM or -EAGAIN. */
int platform_space_fork(struct platform_space *space);
/* Not the current one. Demand platforms: all mappings are already gone; eager ones drop what is
 * left. */
void platform_space_destroy(struct platform_space *space);
void platform_space_switch(const struct platform_space *space);
/* A space whose memory the machine lost since this was last asked (process: the host killed the
 * process that it was). Nothing is in it any more; the kernel's threads in it can still run, and
 * shall end their processes. false: none. */
bool platform_space_lost(u64 *root);
bool platform_space_is_lost(const struct platform_space *space); /* that happened to it */

#define MAP_READ 1u
#define MAP_WRITE 2u
#define MAP_EXECUTE 4u

/* Eager platforms only; on demand platforms these succeed and do nothing. Ranges are page-aligned
 * and lie in program space; the caller has removed what was there. 0 or -errno. */
int platform_map_anonymous(struct platform_space *space, u64 start, u64 length, u32 access);
enum platform_sharing { SHARING_PRIVATE, SHARING_SHARED };
int platform_map_frames(struct platform_space *space, u64 start, paddr_t first, u64 length,
                        u32 access, enum platform_sharing sharing);
/* Address space kept, nothing behind it (beyond a file's end: SIGBUS through FAULT_BUS). */
int platform_map_nothing(struct platform_space *space, u64 start, u64 length);
/* Private anonymous pages dropped, next touch reads zero (madvise DONTNEED). */
int platform_discard(struct platform_space *space, u64 start, u64 length);
/* Moves mappings with their contents (mremap); target range is free. */
int platform_move(struct platform_space *space, u64 from, u64 from_length, u64 to, u64 to_length);
/* Private bytes resident in a range, for rss and mincore; demand platforms answer from tables. */
u64 platform_resident(struct platform_space *space, u64 start, u64 length);
/* Eager platforms look at every page of a range: for ranges that are reserved rather than used, of
 * this length and above, they are asked for all that is resident and private in the space instead. */
#define PLATFORM_RESERVATION (16ull << 30)
u64 platform_resident_private(struct platform_space *space);

/* Eager platforms: program memory of a space into kernel memory (frames), and the other way; bytes
 * until the first fault. */
u64 platform_peek(struct platform_space *space, u64 address, void *to, u64 length);
u64 platform_poke(struct platform_space *space, u64 address, const void *from, u64 length);

/* Both kinds: no access to the range from here on / new access for the range. On demand platforms
 * unmap only clears entries: the caller has taken the frames back with platform_page_*. */
int platform_unmap(struct platform_space *space, u64 start, u64 length);
int platform_protect(struct platform_space *space, u64 start, u64 length, u32 access);

/* Demand platforms only. */
struct platform_page {
    paddr_t frame;
    u32 access;                    /* MAP_* */
    bool present, dirty, accessed;
};
int platform_page_set(struct platform_space *space, u64 address, paddr_t frame, u32 access);
bool platform_page_get(const struct platform_space *space, u64 address, struct platform_page *out);
void platform_page_clear(struct platform_space *space, u64 address);
/* The next present page at or after address and below end; false: none. Skips empty tables. */
bool platform_page_next(const struct platform_space *space, u64 address, u64 end, u64 *found,
                        struct platform_page *out);

/* Kernel stacks are blocks of this size that begin at a multiple of it. */
#ifdef CONFIG_SANITIZE /* frames are larger */
#define PLATFORM_STACK_BYTES 65536ul
#else
#define PLATFORM_STACK_BYTES 32768ul
#endif

/* --- memory.c --- */
/* Frames or sparse pages return to the host (process: hole punch; vm: nothing). They read zero
 * when used again on process, and are undefined on vm. */
void platform_frames_discard(paddr_t first, u64 length);
/* Committed private program memory may grow by this many pages within -m? (eager platforms; the
 * demand platforms answer true and run out in the page allocator) */
bool platform_commit(s64 pages);
u64 platform_committed_pages(void);
/* Tables of a demand platform come from here; memory sets it at its start. */
typedef bool platform_frame_alloc_fn(paddr_t *out); /* zeroed */
typedef void platform_frame_free_fn(paddr_t frame);
void platform_set_frame_source(platform_frame_alloc_fn *alloc, platform_frame_free_fn *release);

/* --- channel.c: the byte channels to the SDK (devices wraps them) --- */
enum platform_channel {
    CHANNEL_STDIN, CHANNEL_STDOUT, CHANNEL_STDERR, CHANNEL_LOG, CHANNEL_CONTROL, CHANNEL_COUNT
};
