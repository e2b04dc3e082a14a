/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ELF to address space: maps the program and its interpreter, makes stack, auxv and vDSO.
 * See execve(2), elf(5), getauxval(3), the psABI's process initialisation.
 */
#pragma once

#include "memory/user_memory.h"

struct file;
struct process;
struct trap_frame;

struct load_request {
    const char *path;             /* in the guest: AT_EXECFN; comm is its last part */
    struct file *file;            /* already open; NULL: path is opened */
    bool path_will_close;         /* the path names a descriptor that closes: no script through it */
    const char *const *argv;      /* kernel copies, NULL-terminated */
    const char *const *envp;
    bool randomize;
};

/* Builds a new space for the current process, drops its old one, sets what execve(2) sets, and
 * fills the frame. Scripts (#!) are followed. 0 or -errno as execve(2): the old program goes on.
 * When it fails later than that, the process is killed; the first program's is told, too. */
int load_program(struct process *process, const struct load_request *request,
                 struct trap_frame *frame);
/* arguments.c: the same for the current process, with argv and envp (NULL: none) of its program. */
long load_from_program(struct trap_frame *frame, struct load_request *request, struct user_ptr argv,
                       struct user_ptr envp);

/* vdso.c: the vDSO's clock data follows the platform's (again after suspend; at boot by load). */
void vdso_start(void);
