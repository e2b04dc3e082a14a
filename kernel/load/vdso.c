/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    the vDSO's pages, one set for all spaces, and the data page that tells it the time.
 * Promises: a reader sees a whole set of clock values (sequence lock). No vDSO is shown when the
 *           platform has no clock that a program can read: libc then makes calls.
 * Locking:  one writer: the kernel is not preempted.
 * See:      vdso(7)
 */
#include "abi/linux/errno.h"
#include "abi/linux/time.h"
#include "lib/log.h"
#include "lib/string.h"
#include "load/image.h"
#include "arch/vdso_data.h"
#include "load/vdso_image.h"
#include "memory/page.h"

static u8 *vdso_pages; /* the data page, then the image; NULL: there is no vDSO */

static long vdso_backing_pages(struct backing *b, u64 index, u64 max, unused_arg bool write,
                               paddr_t *first)
{
    u64 count = b->size / PAGE_SIZE;
    if (index >= count)
        return 0;
    *first = pointer_to_paddr(vdso_pages) + index * PAGE_SIZE;
    return (long)min_u64(max, count - index);
}

static void vdso_backing_keep(unused_arg struct backing *b) {}

static size_t vdso_backing_name(unused_arg struct backing *b, unused_arg char *out,
                                unused_arg size_t size)
{
    return 0; /* the VMA's flags name it */
}

static void vdso_backing_identity(unused_arg struct backing *b, u32 *major, u32 *minor, u64 *inode)
{
    *major = *minor = 0;
    *inode = 0;
}

static const struct backing_operations vdso_operations = {
    .pages = vdso_backing_pages,
    .hold = vdso_backing_keep,
    .drop = vdso_backing_keep,
    .name = vdso_backing_name,
    .identity = vdso_backing_identity,
};

static struct backing vdso_backing = {.operations = &vdso_operations};

/* The platform's mult / 2^shift in the vDSO's form; 0: it does not fit. */
static u64 vdso_mult(const struct platform_vdso_clock *clock)
{
    unsigned up = 64 - VDSO_SHIFT - clock->cycles_shift;
    if (clock->cycles_shift > 64 - VDSO_SHIFT || clock->cycles_mult << up >> up != clock->cycles_mult)
        return 0;
    return clock->cycles_mult << up;
}

static void write_data(const struct platform_vdso_clock *clock)
{
    struct vdso_data *d = (struct vdso_data *)vdso_pages;
    d->sequence = d->sequence + 1;
    __atomic_thread_fence(__ATOMIC_RELEASE);
    d->cycles_base = clock->cycles_base;
    d->cycles_mult = vdso_mult(clock);
    for (unsigned i = 0; i < VDSO_CLOCKS; i++) {
        bool is_wall = i == CLOCK_REALTIME || i == CLOCK_REALTIME_COARSE || i == CLOCK_TAI;
        d->base_ns[i] = is_wall ? clock->wall_base_ns : clock->monotonic_base_ns;
    }
    d->host_clock_gettime = clock->host_clock_gettime;
    d->kernel_entry = arch_door_address();
    __atomic_thread_fence(__ATOMIC_RELEASE);
    d->sequence = d->sequence + 1;
}

void vdso_start(void)
{
    struct platform_vdso_clock clock;
    platform_vdso_clock(&clock);
    bool readable = clock.host_clock_gettime || (clock.valid && vdso_mult(&clock));
    if (vdso_image_bytes == 0 || !readable) {
        log_line("vdso: left out, this machine has no clock for it");
        return;
    }
    if (!vdso_pages) {
        vdso_pages = heap_alloc_zeroed(VDSO_DATA_BYTES + vdso_image_bytes);
        if (!vdso_pages)
            return;
        memcpy(vdso_pages + VDSO_DATA_BYTES, vdso_image, vdso_image_bytes);
        vdso_backing.size = VDSO_DATA_BYTES + vdso_image_bytes;
    }
    write_data(&clock);
}

int vdso_map(struct space *s)
{
    if (!vdso_pages)
        return 0;
    u64 at = space_place(s, 0, vdso_backing.size);
    struct map_request data = {.hint = at, .length = VDSO_DATA_BYTES, .access = MAP_READ,
                               .flags = VMA_VVAR | VMA_DONTDUMP, .fixed = true,
                               .backing = &vdso_backing};
    struct map_request image = {.hint = at + VDSO_DATA_BYTES, .length = vdso_image_bytes,
                                .access = MAP_READ | MAP_EXECUTE, .flags = VMA_VDSO,
                                .fixed = true, .backing = &vdso_backing,
                                .offset = VDSO_DATA_BYTES};
    if (!at)
        return -ENOMEM;
    long mapped = space_map(s, &data);
    if (mapped >= 0)
        mapped = space_map(s, &image);
    if (mapped < 0)
        return (int)mapped;
    s->vdso_base = at + VDSO_DATA_BYTES;
    s->kernel_call = vdso_kernel_call ? s->vdso_base + vdso_kernel_call : 0;
    s->call_again = vdso_call_again ? s->vdso_base + vdso_call_again : 0;
    s->signal_return = vdso_signal_return ? s->vdso_base + vdso_signal_return : 0;
    return 0;
}
