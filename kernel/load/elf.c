/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    the reader of ELF headers.
 * Promises: no byte of the file is believed before it is checked: sizes and sums cannot overflow,
 *           every segment lies below program_end, file offsets and addresses agree modulo pages.
 * Refuses:  what Linux's binfmt_elf refuses, with the same error.
 * See:      elf(5), execve(2)
 */
#include "load/elf.h"

#include "abi/linux/elf.h"
#include "abi/linux/errno.h"
#include "arch/arch.h"
#include "lib/string.h"
#include "memory/page.h"
#include "memory/space.h"

#define HEADERS_BYTES_MAX 65536
#define INTERPRETER_MAX 4096 /* PATH_MAX */

typedef struct linux_elf64_phdr program_header;

static bool header_is_ours(const struct linux_elf64_ehdr *h)
{
    static const u8 magic[4] = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3};
    if (memcmp(h->e_ident, magic, sizeof(magic)) != 0)
        return false;
    if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_machine != arch_elf_machine())
        return false;
    return h->e_type == ET_EXEC || h->e_type == ET_DYN;
}

static bool read_whole(const struct elf_source *source, u64 offset, void *to, size_t n)
{
    return source->read(source->context, offset, to, n) == (long)n;
}

static program_header *read_headers(const struct elf_source *source,
                                    const struct linux_elf64_ehdr *h, int *error)
{
    size_t bytes = (size_t)h->e_phnum * sizeof(program_header);
    *error = -ENOEXEC;
    if (h->e_phentsize != sizeof(program_header) || bytes == 0 || bytes > HEADERS_BYTES_MAX)
        return NULL;
    program_header *headers = heap_alloc(bytes);
    if (!headers) {
        *error = -ENOMEM;
        return NULL;
    }
    if (read_whole(source, h->e_phoff, headers, bytes))
        return headers;
    heap_free(headers);
    return NULL;
}

static int read_interpreter(const struct elf_source *source, const program_header *p,
                            struct elf_image *out)
{
    if (p->p_filesz < 2 || p->p_filesz > INTERPRETER_MAX)
        return -ENOEXEC;
    out->interpreter = heap_alloc(p->p_filesz);
    if (!out->interpreter)
        return -ENOMEM;
    if (!read_whole(source, p->p_offset, out->interpreter, p->p_filesz))
        return -EIO;
    return out->interpreter[p->p_filesz - 1] == 0 ? 0 : -ENOEXEC;
}

static u32 segment_access(u32 flags)
{
    return (flags & PF_R ? MAP_READ : 0) | (flags & PF_W ? MAP_WRITE : 0) |
           (flags & PF_X ? MAP_EXECUTE : 0);
}

static int add_segment(const program_header *p, struct elf_image *out)
{
    u64 end = platform_traits()->program_end;
    if (p->p_filesz > p->p_memsz || p->p_memsz > end || p->p_vaddr > end - p->p_memsz)
        return -EINVAL;
    if (p->p_filesz && (p->p_vaddr - p->p_offset) % PAGE_SIZE != 0)
        return -EINVAL;
    if (p->p_filesz && p->p_offset > (u64)INT64_MAX - p->p_filesz - PAGE_SIZE)
        return -EINVAL;
    out->segments[out->segment_count++] = (struct elf_segment){
        .vaddr = p->p_vaddr, .memory_bytes = p->p_memsz, .file_bytes = p->p_filesz,
        .offset = p->p_offset, .access = segment_access(p->p_flags)};
    out->low = min_u64(out->low, align_down(p->p_vaddr, PAGE_SIZE));
    out->high = max_u64(out->high, align_up(p->p_vaddr + p->p_memsz, PAGE_SIZE));
    /* What is not a power of two is not an alignment (Linux ignores it as well). */
    if (p->p_align && is_aligned(p->p_align, p->p_align))
        out->alignment = max_u64(out->alignment, p->p_align);
    return 0;
}

/* Where the program headers can be seen once the segment is mapped. */
static void note_headers(const program_header *p, u64 headers_offset, struct elf_image *out)
{
    if (!out->headers_vaddr && p->p_offset <= headers_offset &&
        headers_offset - p->p_offset < p->p_filesz)
        out->headers_vaddr = headers_offset - p->p_offset + p->p_vaddr;
}

static int read_header(const struct elf_source *source, const struct linux_elf64_ehdr *h,
                       const program_header *p, struct elf_image *out)
{
    switch (p->p_type) {
    case PT_LOAD:
        note_headers(p, h->e_phoff, out);
        return add_segment(p, out);
    case PT_INTERP:
        return out->interpreter ? 0 : read_interpreter(source, p, out);
    case PT_GNU_STACK:
        out->executable_stack = p->p_flags & PF_X;
        return 0;
    default:
        return 0;
    }
}

static int read_image(const struct elf_source *source, const struct linux_elf64_ehdr *h,
                      const program_header *headers, struct elf_image *out)
{
    out->segments = heap_alloc(h->e_phnum * sizeof(*out->segments));
    if (!out->segments)
        return -ENOMEM;
    for (unsigned i = 0; i < h->e_phnum; i++) {
        int error = read_header(source, h, &headers[i], out);
        if (error)
            return error;
    }
    if (out->segment_count == 0 || out->low >= out->high)
        return -EINVAL;
    return out->alignment > platform_traits()->program_end / 2 ? -EINVAL : 0;
}

int elf_read(const struct elf_source *source, struct elf_image *out)
{
    struct linux_elf64_ehdr h;
    int error;
    *out = (struct elf_image){.low = UINT64_MAX, .alignment = PAGE_SIZE};
    if (!read_whole(source, 0, &h, sizeof(h)) || !header_is_ours(&h))
        return -ENOEXEC;
    program_header *headers = read_headers(source, &h, &error);
    if (!headers)
        return error;
    out->relocatable = h.e_type == ET_DYN;
    out->entry = h.e_entry;
    out->header_count = h.e_phnum;
    error = read_image(source, &h, headers, out);
    heap_free(headers);
    if (error)
        elf_release(out);
    return error;
}

void elf_release(struct elf_image *image)
{
    heap_free(image->segments);
    heap_free(image->interpreter);
    *image = (struct elf_image){0};
}
