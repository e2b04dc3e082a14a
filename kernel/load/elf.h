/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading ELF files: what a loader must know, checked against any garbage. Pure: bytes come
 * through a function, nothing is mapped here.
 */
#pragma once

#include "lib/types.h"

struct elf_source {
    /* Bytes at offset into kernel memory: their number, short at the end, or -errno. */
    long (*read)(void *context, u64 offset, void *to, size_t n);
    void *context;
};

struct elf_segment {
    u64 vaddr, memory_bytes, file_bytes, offset;
    u32 access;                /* MAP_* of platform.h */
};

struct elf_image {
    bool relocatable;          /* ET_DYN */
    bool executable_stack;
    u64 entry;                 /* as in the file: without the bias */
    u64 headers_vaddr;         /* of the program headers in memory, as in the file; 0: not mapped */
    u16 header_count;
    struct elf_segment *segments; /* PT_LOAD, in the file's order; heap */
    unsigned segment_count;
    u64 low, high;             /* pages that the segments span */
    u64 alignment;             /* the largest p_align of a segment; at least a page */
    char *interpreter;         /* heap; NULL: none */
};

/* 0; -ENOEXEC: not a program for this CPU; -EIO, -EINVAL: broken inside; -ENOMEM. As execve(2)
 * answers. On an error there is nothing to release. */
int elf_read(const struct elf_source *source, struct elf_image *out);
void elf_release(struct elf_image *image);
