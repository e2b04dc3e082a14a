/* SPDX-License-Identifier: BSD-3-Clause */
/* See prctl(2). Options that are not here answer EINVAL, as an older Linux does. */
#include "abi/linux/errno.h"
#include "abi/linux/prctl.h"
#include "abi_handlers.h"
#include "lib/string.h"
#include "task/credentials.h"
#include "task/task.h"

#define DEFAULT_SLACK_NS 50000
#define SECURE_BITS 0xffu

struct arguments {
    u64 a, b, c, d;
};

/* Newer options insist that what they do not use is 0. */
static bool only_first(const struct arguments *x) { return !x->b && !x->c && !x->d; }
static bool none(const struct arguments *x) { return !x->a && only_first(x); }

static long set_name(struct user_ptr name)
{
    struct thread *t = current_thread();
    char copy[sizeof(t->name)] = {0};
    long n = copy_string_from_program(copy, name, sizeof(copy));

    if (n == -EFAULT)
        return n;
    copy[sizeof(copy) - 1] = 0;
    memcpy(t->name, copy, sizeof(copy));
    if (t->tid == t->process->pid)
        memcpy(t->process->command, copy, sizeof(copy));
    return 0;
}

static long set_flag(bool *flag, u64 value)
{
    if (value > 1)
        return -EINVAL;
    *flag = value;
    return 0;
}

static long set_death_signal(struct process *p, u64 signal)
{
    if (signal > LINUX_NSIG)
        return -EINVAL;
    p->parent_death_signal = (s32)signal;
    return 0;
}

static long get_slack(void)
{
    u64 slack_ns = current_thread()->timer_slack_ns;
    return (long)(slack_ns ? slack_ns : DEFAULT_SLACK_NS);
}

static long set_slack(u64 slack_ns)
{
    current_thread()->timer_slack_ns = (s64)slack_ns > 0 ? slack_ns : 0;
    return 0;
}

static long bounding_set(struct credentials *c, int option, u64 capability)
{
    if (capability > LINUX_CAP_LAST)
        return -EINVAL;
    if (option == PR_CAPBSET_READ)
        return !(c->dropped_capabilities >> capability & 1);
    if (!credentials_privileged())
        return -EPERM;
    c->dropped_capabilities |= 1ull << capability;
    return 0;
}

static long set_secure_bits(struct credentials *c, u64 bits)
{
    if (!credentials_privileged() || (bits & ~(u64)SECURE_BITS))
        return -EPERM;
    c->secure_bits = (u32)bits;
    return 0;
}

/* Nobody has ambient capabilities: root needs none, others cannot raise what they do not hold. */
static long ambient(const struct arguments *x)
{
    if (x->a == PR_CAP_AMBIENT_CLEAR_ALL)
        return x->b || x->c || x->d ? -EINVAL : 0;
    if (x->c || x->d || x->b > LINUX_CAP_LAST)
        return -EINVAL;
    if (x->a == PR_CAP_AMBIENT_IS_SET || x->a == PR_CAP_AMBIENT_LOWER)
        return 0;
    return x->a == PR_CAP_AMBIENT_RAISE ? -EPERM : -EINVAL;
}

static long copy_auxv(const struct process *p, const struct arguments *x)
{
    struct user_ptr to = {x->a};
    u64 size = p->auxv_words * sizeof(u64);

    if (x->c || x->d)
        return -EINVAL;
    return copy_to_program(to, p->auxv, min_u64(size, x->b)) ? -EFAULT : (long)size;
}

static long of_process(struct process *p, int option, const struct arguments *x)
{
    struct user_ptr pointer = {x->a};

    switch (option) {
    case PR_SET_PDEATHSIG:
        return set_death_signal(p, x->a);
    case PR_GET_PDEATHSIG:
        return write_program_u32(pointer, (u32)p->parent_death_signal);
    case PR_GET_DUMPABLE:
        return p->dumpable;
    case PR_SET_DUMPABLE:
        return set_flag(&p->dumpable, x->a);
    case PR_SET_NO_NEW_PRIVS:
        return x->a == 1 && only_first(x) ? set_flag(&p->no_new_privileges, 1) : -EINVAL;
    case PR_GET_NO_NEW_PRIVS:
        return none(x) ? p->no_new_privileges : -EINVAL;
    case PR_SET_CHILD_SUBREAPER:
        p->subreaper = x->a;
        return 0;
    case PR_GET_CHILD_SUBREAPER:
        return write_program_u32(pointer, p->subreaper);
    case PR_SET_THP_DISABLE:
        return only_first(x) ? set_flag(&p->no_huge_pages, !!x->a) : -EINVAL;
    case PR_GET_THP_DISABLE:
        return none(x) ? p->no_huge_pages : -EINVAL;
    case PR_GET_AUXV:
        return copy_auxv(p, x);
    default:
        return -EINVAL;
    }
}

static long of_credentials(struct process *p, int option, const struct arguments *x)
{
    struct credentials *c = &p->credentials;

    switch (option) {
    case PR_GET_KEEPCAPS:
        return p->keep_capabilities;
    case PR_SET_KEEPCAPS:
        return set_flag(&p->keep_capabilities, x->a);
    case PR_CAPBSET_READ:
    case PR_CAPBSET_DROP:
        return bounding_set(c, option, x->a);
    case PR_GET_SECUREBITS:
        return (long)c->secure_bits;
    case PR_SET_SECUREBITS:
        return set_secure_bits(c, x->a);
    case PR_CAP_AMBIENT:
        return ambient(x);
    default:
        return of_process(p, option, x);
    }
}

long sys_prctl(int option, u64 argument2, u64 argument3, u64 argument4, u64 argument5)
{
    const struct arguments x = {argument2, argument3, argument4, argument5};
    struct thread *t = current_thread();
    struct user_ptr pointer = {argument2};

    switch (option) {
    case PR_SET_NAME:
        return set_name(pointer);
    case PR_GET_NAME:
        return copy_to_program(pointer, t->name, sizeof(t->name));
    case PR_GET_TIMERSLACK:
        return get_slack();
    case PR_SET_TIMERSLACK:
        return set_slack(argument2);
    case PR_GET_TIMING:
        return PR_TIMING_STATISTICAL;
    case PR_SET_TIMING:
        return argument2 == PR_TIMING_STATISTICAL ? 0 : -EINVAL;
    case PR_GET_SECCOMP: /* nobody filters */
        return 0;
    case PR_GET_TID_ADDRESS:
        return write_program_u64(pointer, t->clear_child_tid);
    default:
        return of_credentials(t->process, option, &x);
    }
}
