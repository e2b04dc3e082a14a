/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What execve(2) left in the address space: stack, heap, vvar and vDSO.
 *
 * Holds:    the list of ranges that each host task unmaps, so that a program finds Linux's layout
 *           and nothing of ours.
 * Promises: the vDSO stays usable; it is moved into the kernel's range together with its data,
 *           unless the host seals it (then it stays where it is and that range is reserved).
 * Refuses:  a host without /proc: the data pages of the vDSO cannot be found otherwise.
 * See:      proc_pid_maps(5), vdso(7), mremap(2).
 */
#include "abi/linux/fcntl.h"
#include "abi/linux/mman.h"
#include "lib/string.h"
#include "platform/process/host.h"

#define MAPS_BYTES 16384
#define LEFTOVERS_MAX 32
#define VDSO_PARTS_MAX 6

static struct platform_range leftovers[LEFTOVERS_MAX];
static unsigned leftover_count;
static struct platform_range vdso_parts[VDSO_PARTS_MAX]; /* ascending: vvar..., vdso */
static unsigned vdso_part_count;

static const char *parse_hex(const char *p, u64 *out)
{
    u64 value = 0;
    for (;; p++) {
        unsigned c = (unsigned char)*p;
        unsigned digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
        if (digit == 16)
            break;
        value = value << 4 | digit;
    }
    *out = value;
    return p;
}

static bool is_kernels(u64 start)
{
    return start >= HOST_RANGE && start < HOST_RANGE_END;
}

static bool ends_with(const char *line, const char *end, const char *suffix)
{
    size_t n = strlen(suffix);
    return (size_t)(end - line) >= n && !memcmp(end - n, suffix, n);
}

static void take_line(const char *line, const char *end)
{
    u64 start, stop;
    const char *p = parse_hex(line, &start);
    if (*p != '-')
        return;
    parse_hex(p + 1, &stop);
    struct platform_range range = {start, stop - start};
    bool vdso = ends_with(line, end, "[vdso]") || ends_with(line, end, "[vvar]") ||
                ends_with(line, end, "[vvar_vclock]");
    if (vdso) {
        if (vdso_part_count < VDSO_PARTS_MAX)
            vdso_parts[vdso_part_count++] = range;
    } else if (start < PROGRAM_END && !is_kernels(start)) {
        if (leftover_count == LEFTOVERS_MAX)
            host_refuse("the address space is not as execve leaves it", 0);
        leftovers[leftover_count++] = range;
    }
}

/* The parts keep their distances: code finds its data relative to itself. */
static void move_vdso(void)
{
    const struct platform_range *last = &vdso_parts[vdso_part_count - 1];
    if (!vdso_part_count || !host_machine.vdso ||
        last->start + last->length - vdso_parts[0].start > HOST_PRIVATE_BASE - HOST_VDSO_BASE)
        return;
    u64 distance = HOST_VDSO_BASE - vdso_parts[0].start;
    for (unsigned i = 0; i < vdso_part_count; i++) {
        u64 from = vdso_parts[i].start, n = vdso_parts[i].length;
        long got = host(HOST_mremap, from, n, n, MREMAP_MAYMOVE | MREMAP_FIXED, from + distance);
        if (got >= 0)
            continue;
        if (i)
            host_clock_distrust_vdso();
        return;
    }
    host_machine.vdso += distance;
}

void host_leftovers_find(void)
{
    char maps[MAPS_BYTES];
    long fd = host(HOST_openat, HOST_AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        host_refuse("/proc/self/maps of the host cannot be read; --platform process needs /proc",
                    fd);
    u64 length = 0;
    for (long n; length < sizeof maps; length += (u64)n)
        if ((n = host(HOST_read, fd, maps + length, sizeof maps - length)) <= 0)
            break;
    host(HOST_close, fd);
    for (u64 at = 0; at < length;) {
        const char *end = memchr(maps + at, '\n', length - at);
        if (!end)
            break;
        take_line(maps + at, end);
        at = (u64)(end - maps) + 1;
    }
    move_vdso();
}

void host_leftovers_unmap(void)
{
    for (unsigned i = 0; i < leftover_count; i++)
        host(HOST_munmap, leftovers[i].start, leftovers[i].length);
}

/* Around the kernel's ranges, and around the vDSO where the host sealed it. */
long host_program_unmap(void)
{
    const struct platform_range *r = platform_program_reserved();
    u64 from = 0;
    for (;;) {
        u64 to = PROGRAM_END, next = PROGRAM_END;
        for (const struct platform_range *at = r; at->length; at++)
            if (at->start >= from && at->start < to) {
                to = at->start;
                next = at->start + at->length;
            }
        long error = to > from ? host(HOST_munmap, from, to - from) : 0;
        if (error || to == PROGRAM_END)
            return error;
        from = next;
    }
}
