/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What execve(2) does to a process besides giving it a new space.
 *
 * Holds:    nothing.
 * Promises: all that can fail is done before the old program is given up.
 * See:      execve(2) "Effect on process attributes", signal(7), ptrace(2)
 */
#include "load/exec.h"

#include "abi/linux/errno.h"
#include "files/file.h"
#include "lib/string.h"
#include "memory/page.h"
#include "task/posix_timer.h"
#include "task/task.h"
#include "task/usage.h"

static void set_command(struct exec_change *c, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    memcpy(c->command, name, strnlen(name, sizeof(c->command) - 1));
}

int exec_prepare(struct exec_change *c, struct process *p, const char *path, struct file *program)
{
    *c = (struct exec_change){.program = program};
    file_hold(program);
    set_command(c, path);
    bool own_actions = p->shared_actions->references == 1;
    bool own_descriptors = descriptors_references(p->descriptors) == 1;
    if (!own_actions)
        c->actions = signal_actions_copy(p->actions);
    if (!own_descriptors)
        c->descriptors = descriptors_copy(p->descriptors);
    if ((own_actions || c->actions) && (own_descriptors || c->descriptors))
        return 0;
    exec_cancel(c);
    return -ENOMEM;
}

void exec_cancel(struct exec_change *c)
{
    file_drop(c->program);
    heap_free(c->actions);
    descriptors_discard(c->descriptors);
    *c = (struct exec_change){0};
}

void exec_leave_program(struct process *p)
{
    thread_let_go();
    usage_leave_space(p);
}

/* Set-user-id programs and set-group-id ones; the saved ids follow in any case. */
static void renew_credentials(struct process *p)
{
    struct credentials *c = &p->credentials, old = *c;
    struct statx_fields s;
    bool obeyed = !p->no_new_privileges && file_may_set_ids(p->program, &s);
    if (obeyed && (s.mode & S_ISUID))
        c->euid = s.uid;
    if (obeyed && (s.mode & S_ISGID) && (s.mode & S_IXGRP))
        c->egid = s.gid;
    c->suid = c->fsuid = c->euid;
    c->sgid = c->fsgid = c->egid;
    p->dumpable = c->euid == c->uid && c->egid == c->gid;
    if (c->euid != old.euid || c->egid != old.egid)
        p->parent_death_signal = 0;
}

/* Registers and addresses of the old program that its thread remembers. */
static void renew_thread(struct thread *t, const struct exec_change *c)
{
    t->altstack_sp = t->altstack_size = 0;
    t->altstack_flags = 0;
    t->robust_list = t->robust_list_length = 0;
    t->rseq_address = 0;
    t->rseq_length = t->rseq_signature = 0;
    t->clear_child_tid = 0;
    t->restart = (struct restart_block){0};
    memcpy(t->name, c->command, sizeof(t->name));
    if (t != current_thread())
        return; /* the first program's: it starts with a fresh state anyway */
    arch_set_thread_pointer(0);
    arch_set_gs_base(0);
    arch_vector_reset();
}

void exec_commit(struct exec_change *c, struct process *p)
{
    if (c->actions)
        signal_actions_replace(p, c->actions);
    signal_actions_reset(p);
    if (c->descriptors) {
        descriptors_drop(p->descriptors);
        p->descriptors = c->descriptors;
    }
    descriptors_close_on_exec(p->descriptors);
    file_drop(p->program);
    p->program = c->program;
    renew_credentials(p);
    memcpy(p->command, c->command, sizeof(p->command));
    posix_timers_drop(p);
    p->has_executed = true;
    p->keep_capabilities = false;
    p->exit_signal = SIGCHLD;
    renew_thread(list_entry(p->threads.next, struct thread, in_process), c);
}
