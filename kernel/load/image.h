/* SPDX-License-Identifier: BSD-3-Clause */
/* The steps of load_program, one file each: segments.c, stack.c, script.c, vdso.c. */
#pragma once

#include "load/elf.h"
#include "load/load.h"
#include "memory/space.h"

struct file;
struct process;

/* segments.c. Maps all segments into the current space; the image's addresses plus *bias are
 * where it lies. A relocatable image with a wish of 0 goes where a plain mmap would go. */
struct loaded_image {
    u64 bias, entry;
    u64 code_start, code_end, data_start, data_end, memory_end;
};
int image_map(struct space *s, const struct elf_image *image, struct backing *backing, u64 wish,
              struct loaded_image *out);

/* stack.c */
struct stack_request {
    const char *const *argv, *const *envp;
    const char *filename;       /* AT_EXECFN */
    bool randomize, executable;
    u64 limit;                  /* RLIMIT_STACK */
    u64 (*auxv)[2];             /* AT_NULL last; AT_RANDOM, AT_EXECFN, AT_PLATFORM are filled in */
    unsigned auxv_count;
};
/* 0 or -E2BIG: what execve(2) says of the size of argv and envp. */
int stack_check(const struct stack_request *r);
/* Maps the main stack of the current space, fills it; *sp is the program's first stack pointer. */
int stack_build(struct space *s, struct stack_request *r, u64 *sp);

/* script.c. Splits the first line of a `#!` file in place: `head` holds its first n bytes, at most
 * SCRIPT_HEAD, and has room for one more.
 * 0, or -ENOEXEC. *argument NULL: none. */
#define SCRIPT_HEAD 256
int script_parse(char *head, size_t n, char **interpreter, char **argument);

/* vdso.c: 0, also when there is none (then s->vdso_base is 0). */
int vdso_map(struct space *s);
