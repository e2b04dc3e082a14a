/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ELF to address space: maps the program and its interpreter, makes stack, auxv and vDSO.
 * See execve(2), elf(5), getauxval(3), the psABI's process initialisation.
 */
#pragma once

#include "lib/types.h"

struct process;
struct trap_frame;

struct load_request {
    const char *path;             /* in the guest */
    const char *const *argv;      /* kernel copies, NULL-terminated */
    const char *const *envp;
    bool randomize;
};

/* Builds a new space for `process` (dropping its old one only when nothing can fail any more),
 * makes it current when the process is the current one, sets process->executable, command, auxv,
 * and fills the frame. Scripts (#!) are followed. 0 or -errno as execve(2). */
int load_program(struct process *process, const struct load_request *request,
                 struct trap_frame *frame);

/* vdso.c: the vDSO's clock data follows the platform's (again after suspend; at boot by load). */
void vdso_start(void);
