/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address spaces: VMAs and policy (where things go, what merges, what is allowed); the platform
 * applies them. Linux's layout. Operations that name a space work on any space; user_memory.h
 * opens the current one only.
 */
#pragma once

#include "lib/list.h"
#include "memory/backing.h"
#include "platform/platform.h"

#define VMA_SHARED 1u
#define VMA_GROWS_DOWN 2u
#define VMA_STACK 4u
#define VMA_HEAP 8u      /* [heap] */
#define VMA_VDSO 16u     /* [vdso] */
#define VMA_VVAR 32u     /* [vvar] */
#define VMA_LOCKED 64u
#define VMA_DONTFORK 128u
#define VMA_WIPEONFORK 256u
#define VMA_NORESERVE 512u
#define VMA_MAY_WRITE 1024u /* shared file opened for writing: mprotect may add write */
#define VMA_DONTDUMP 2048u
#define VMA_ACCOUNT 4096u    /* its pages are committed: private, was writable, not NORESERVE */
#define VMA_LOCK_ON_FAULT 8192u
#define VMA_HUGE 16384u      /* MADV_HUGEPAGE, for smaps; no effect */
#define VMA_NO_HUGE 32768u
#define VMA_THREAD_STACK 65536u /* MAP_STACK: large, mostly never touched: not committed */

#define VMA_STUBS 131072u    /* of rewritten text: [stubs] */
#define VMA_WAS_WRITABLE 262144u /* private file mapping that its program may have changed */

struct rewritten;

struct vma {
    struct tree_node node;       /* by start, in space->vmas */
    struct space *space;
    u64 start, end;
    u32 access;                  /* MAP_* */
    u32 flags;                   /* VMA_* */
    struct backing *backing;     /* NULL: private anonymous */
    u64 offset;                  /* bytes into the backing at start */
    struct vma *next_mapping, **prev_mapping;
    struct rewritten *rewritten; /* what is shown in place of some of its pages; NULL: nothing */
};

struct space {
    struct platform_space platform;
    struct tree vmas;
    u32 references;
    u64 mmap_base;               /* top of the mmap area, grows down */
    u64 hole_top, hole_bytes;    /* no hole of hole_bytes or more in [hole_top, mmap_base) */
    u64 brk_start, brk_end;
    u64 stack_top, stack_limit;  /* bytes the main stack may grow to */
    u64 argument_start, argument_end, environment_start, environment_end; /* on the stack */
    u64 total_pages;             /* mapped, for VmSize and RLIMIT_AS */
    u64 peak_pages, locked_pages;
    u64 vdso_base, signal_return; /* of handlers without SA_RESTORER; 0: none */
    u64 kernel_call, call_again; /* __kernel_vsyscall, and where a call through it is restarted */
    u64 min_faults, maj_faults;
    u64 limit_as, limit_data;    /* bytes, copied from rlimits; UINT64_MAX: none */
    u64 data_pages;              /* private writable ones, for RLIMIT_DATA */
    u64 resident_pages;          /* demand platforms: entries present */
    u64 left_unseen_pages;       /* eager platforms: unmapped since the peak was looked for */
    u64 peak_resident_pages;     /* as far as it was noted, see space_peak_resident_pages */
    u64 code_start, code_end, data_start, data_end; /* for /proc/PID/stat */
    u32 vma_count;
    u32 serial;                  /* tells it from all others that ever were */
    bool is_copy;                /* made by fork, not by execve */
    u32 stubs;                   /* VMAs of rewritten text's stubs there ever were */
    u32 barriers;                /* membarrier(2): what its program registered for */
    u32 lock_future;             /* mlockall(MCL_FUTURE): VMA_LOCKED and VMA_LOCK_ON_FAULT */
    bool bottom_up;              /* ADDR_COMPAT_LAYOUT */
};

/* space.c */
struct space *space_create(void);            /* NULL: out of memory; reference 1 */
void space_hold(struct space *s);
void space_drop(struct space *s);
/* fork.c: a copy on write of the current space, reference 1. NULL: *error is -ENOMEM or -EAGAIN. */
struct space *space_fork(int *error);
/* advise.c: takes the private pages of a space whose processes are being killed. */
void space_reap(struct space *s);
struct space *space_current(void);
void space_switch(struct space *s);          /* makes it current */
struct vma *space_find(struct space *s, u64 address);   /* holds address, or NULL */
struct vma *space_first(struct space *s);
struct vma *vma_next(struct vma *v);
struct vma *space_find_from(struct space *s, u64 address); /* holds address, or the next above */
u64 space_page_limit(void);                  /* pages that -m gives, for MemTotal */

/* map.c: all return 0 / an address, or -errno as mmap(2), munmap(2), mprotect(2), mremap(2). */
struct map_request {
    u64 hint;                    /* where, with fixed; else a wish */
    u64 length;
    u32 access, flags;           /* MAP_*, VMA_* */
    bool fixed, no_replace, populate;
    bool low_32bit;
    struct backing *backing;     /* held by map when it succeeds */
    u64 offset;
};
long space_map(struct space *s, const struct map_request *request);
long space_unmap(struct space *s, u64 start, u64 length);
long space_protect(struct space *s, u64 start, u64 length, u32 access);
long space_remap(struct space *s, u64 old, u64 old_length, u64 new_length, u32 mremap_flags,
                 u64 new_address);
long space_brk(struct space *s, u64 address); /* new break (unchanged when it cannot move) */
long space_discard(struct space *s, u64 start, u64 length);
/* Faults pages in as a read or write of each would: 0, -ENOMEM (hole, out of memory), -EFAULT. */
long space_populate(struct space *s, u64 start, u64 length, bool write);
/* Sets and clears VMA_* bits of a range (madvise, mlock): 0, -ENOMEM at a hole (the rest is done). */
long space_change_flags(struct space *s, u64 start, u64 length, u32 set, u32 clear);
/* limits.c: who knows what the current process may lock: RLIMIT_MEMLOCK, none for root. */
void space_set_lock_limit(u64 (*bytes)(void));
/* Where a mapping of this length would go; for the loader. 0: no room. */
u64 space_place(struct space *s, u64 hint, u64 length);
bool space_range_free(struct space *s, u64 start, u64 length); /* and not the platform's own */
void space_set_layout(struct space *s, u64 stack_limit, bool randomize); /* mmap_base */

/* fault.c: the current space. */
enum fault_answer {
    FAULT_DONE, FAULT_NO_MAPPING, FAULT_NO_ACCESS, FAULT_BEYOND_END, FAULT_OUT_OF_MEMORY
};
enum fault_answer space_fault(struct space *s, u64 address, u32 fault_access, u64 program_sp);

/* peek.c: program memory of any space into kernel memory of the heap; bytes until the first fault. */
size_t space_peek(struct space *s, u64 address, void *to, size_t n);
size_t space_poke(struct space *s, u64 address, const void *from, size_t n); /* the other way */

enum rewrite_step {
    STEP_ORDINARY,
    STEP_UNSEEN, /* goes on where it is */
    STEP_BACK,   /* goes on behind the patch */
    STEP_CALL,   /* the call comes next */
};

/* rewrite.c: call sites that became jumps. */
typedef void frame_visitor(struct space *s, struct trap_frame *frame);
#if CONFIG_REWRITE
/* each_frame shows the visitor where every thread of a space's program stands. */
void rewrite_start(bool on, void (*each_frame)(struct space *s, frame_visitor *visit));
/* A call of the current space's program trapped, and would return to pc. */
void rewrite_trapped(u64 pc);
/* A frame of the current space's program that stands in a stub stands in its own text instead; done
 * before anybody looks at it. */
void rewrite_settle(struct trap_frame *frame);
/* The reverse for text that is overwritten; done before the program goes on. */
void rewrite_resume(struct trap_frame *frame);
/* A single step ended at this frame, which is not settled. */
enum rewrite_step rewrite_step(const struct trap_frame *frame);
#else
static inline void rewrite_start(unused_arg bool on,
                                 unused_arg void (*each_frame)(struct space *s,
                                                               frame_visitor *visit)) {}
static inline void rewrite_trapped(unused_arg u64 pc) {}
static inline void rewrite_settle(unused_arg struct trap_frame *frame) {}
static inline void rewrite_resume(unused_arg struct trap_frame *frame) {}
static inline enum rewrite_step rewrite_step(unused_arg const struct trap_frame *frame)
{
    return STEP_ORDINARY;
}
#endif

/* stats.c */
u64 space_resident_pages(struct space *s);
/* The most that were ever resident: exact on demand platforms; eager ones look when asked, and
 * before much is unmapped. */
u64 space_peak_resident_pages(struct space *s);
int space_page_resident(struct space *s, u64 address); /* 1, 0, or -1: not mapped (mincore) */
size_t space_format_maps(struct space *s, u64 *cursor, char *out, size_t size); /* /proc/PID/maps,
    whole lines, 0 at the end; *cursor starts at 0 */
