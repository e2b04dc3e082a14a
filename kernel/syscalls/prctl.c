/* SPDX-License-Identifier: BSD-3-Clause */
/* See prctl(2). Options that are not here answer EINVAL, as an older Linux does. */
#include "abi/linux/errno.h"
#include "abi/linux/prctl.h"
#include "abi_handlers.h"
#include "lib/string.h"
#include "task/task.h"

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

static long dumpable(struct process *p, u64 value)
{
    if (value > 1)
        return -EINVAL;
    p->dumpable = value;
    return 0;
}

static long no_new_privileges(struct process *p, u64 a, u64 b, u64 c, u64 d)
{
    if (a != 1 || b || c || d)
        return -EINVAL;
    p->no_new_privileges = true;
    return 0;
}

long sys_prctl(int option, u64 argument2, u64 argument3, u64 argument4, u64 argument5)
{
    struct process *p = current_process();
    struct thread *t = current_thread();
    struct user_ptr pointer = {argument2};

    switch (option) {
    case PR_SET_NAME:
        return set_name(pointer);
    case PR_GET_NAME:
        return copy_to_program(pointer, t->name, sizeof(t->name));
    case PR_GET_DUMPABLE:
        return p->dumpable;
    case PR_SET_DUMPABLE:
        return dumpable(p, argument2);
    case PR_SET_NO_NEW_PRIVS:
        return no_new_privileges(p, argument2, argument3, argument4, argument5);
    case PR_GET_NO_NEW_PRIVS:
        return argument2 || argument3 || argument4 || argument5 ? -EINVAL : p->no_new_privileges;
    case PR_SET_PDEATHSIG: /* pid 1 has no parent that could die */
        return argument2 > LINUX_NSIG ? -EINVAL : 0;
    case PR_GET_PDEATHSIG:
        return write_program_u32(pointer, 0);
    case PR_GET_TIMERSLACK:
        return 50000;
    case PR_CAPBSET_READ:
        return argument2 > 40 ? -EINVAL : 1;
    case PR_GET_KEEPCAPS:
        return 0;
    default:
        return -EINVAL;
    }
}
