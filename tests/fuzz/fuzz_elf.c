/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ELF reader on any bytes: what it accepts can be mapped, what it refuses leaves nothing
 * behind. Memory is the host's, so that the sanitizer sees each block's end.
 */
#include "fuzz.h"

#include "abi/linux/errno.h"
#include "arch/arch.h"
#include "lib/string.h"
#include "load/elf.h"
#include "memory/page.h"
#include "platform/platform.h"

#define PROGRAM_END 0x7ffffffff000ull

void *heap_alloc(size_t bytes) { return fuzz_alloc(bytes); }
void heap_free(void *memory) { fuzz_free(memory); }
u16 arch_elf_machine(void) { return 62; } /* EM_X86_64 */

const struct platform_traits *platform_traits(void)
{
    static const struct platform_traits traits = {.program_end = PROGRAM_END};
    return &traits;
}

struct bytes {
    const u8 *data;
    size_t size;
};

static long read_bytes(void *context, u64 offset, void *to, size_t n)
{
    const struct bytes *bytes = context;
    if (offset >= bytes->size)
        return 0;
    size_t count = min_u64(n, bytes->size - offset);
    memcpy(to, bytes->data + offset, count);
    return (long)count;
}

static void check_segment(const struct elf_segment *s, const struct elf_image *image)
{
    PROMISE(s->file_bytes <= s->memory_bytes);
    PROMISE(s->vaddr <= PROGRAM_END && s->memory_bytes <= PROGRAM_END - s->vaddr);
    PROMISE(s->vaddr >= image->low && s->vaddr + s->memory_bytes <= image->high);
    PROMISE(s->file_bytes == 0 || (s->vaddr - s->offset) % PAGE_SIZE == 0);
    PROMISE(s->offset + s->file_bytes >= s->offset || s->file_bytes == 0);
    PROMISE((s->access & ~(MAP_READ | MAP_WRITE | MAP_EXECUTE)) == 0);
}

static void check_image(const struct elf_image *image)
{
    PROMISE(image->segment_count > 0 && image->segment_count <= image->header_count);
    PROMISE(image->low < image->high);
    PROMISE(is_aligned(image->low, PAGE_SIZE) && is_aligned(image->high, PAGE_SIZE));
    PROMISE(image->alignment >= PAGE_SIZE && is_aligned(image->alignment, image->alignment));
    for (unsigned i = 0; i < image->segment_count; i++)
        check_segment(&image->segments[i], image);
    if (image->interpreter)
        PROMISE(strnlen(image->interpreter, PAGE_SIZE) < PAGE_SIZE);
}

void fuzz_one(const u8 *data, size_t size)
{
    struct bytes bytes = {data, size};
    struct elf_source source = {read_bytes, &bytes};
    struct elf_image image;
    int error = elf_read(&source, &image);
    PROMISE(error == 0 || error == -ENOEXEC || error == -EINVAL || error == -EIO);
    if (error == 0) {
        check_image(&image);
        elf_release(&image);
    }
    PROMISE(fuzz_allocations == 0);
}
