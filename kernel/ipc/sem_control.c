/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System V semaphores: looking at sets, setting and removing them.
 *
 * See: semctl(2)
 */
#include "abi/linux/errno.h"
#include "ipc/ipc.h"
#include "ipc/sem.h"
#include "ipc/show.h"
#include "memory/page.h"

static int store_status(const struct sem_set *s, struct user_ptr to)
{
    struct linux_semid_ds out = {
        .sem_perm = s->object.perm, .sem_otime = s->operated, .sem_ctime = s->changed,
        .sem_nsems = s->count,
    };
    return copy_to_program(to, &out, sizeof(out));
}

static long tell_limits(int command, struct user_ptr buffer)
{
    struct linux_seminfo out = {
        .semmap = SEMMNS, .semmni = SEMMNI, .semmns = SEMMNS, .semmnu = SEMMNS, .semmsl = SEMMSL,
        .semopm = SEMOPM, .semume = SEMOPM, .semusz = 20, .semvmx = SEMVMX, .semaem = SEMAEM,
    };
    s32 highest = ipc_highest(&sem_sets);
    if (command == SEM_INFO) {
        out.semusz = (s32)sem_sets.used;
        out.semaem = 0;
        for (s32 n = 0; n <= highest; n++)
            if (sem_sets.slots[n])
                out.semaem += (s32)sem_set_of(sem_sets.slots[n])->count;
    }
    int error = copy_to_program(buffer, &out, sizeof(out));
    return error ? error : highest < 0 ? 0 : highest;
}

static long status(s32 id, int command, struct user_ptr buffer)
{
    int error;
    bool by_index = command == SEM_STAT || command == SEM_STAT_ANY;
    u32 rights = command == SEM_STAT_ANY ? 0 : IPC_MAY_READ;
    struct ipc_object *o = by_index ? ipc_at(&sem_sets, id, rights, &error)
                                    : ipc_find(&sem_sets, id, rights, &error);
    if (!o)
        return error;
    long result = store_status(sem_set_of(o), buffer);
    if (!result && by_index)
        result = o->id;
    ipc_drop(&sem_sets, o);
    return result;
}

/* Requests that wait for this semaphore: to become zero, or to become larger. */
static long count_waiting(const struct sem_set *s, int number, bool for_zero)
{
    long count = 0;
    list_for_each(at, &s->waiting) {
        const struct linux_sembuf *o = list_entry(at, struct sem_request, link)->blocking;
        count += o->sem_num == number && (o->sem_op == 0) == for_zero;
    }
    return count;
}

static int store_all(const struct sem_set *s, struct user_ptr to)
{
    for (u32 n = 0; n < s->count; n++) {
        u16 value = (u16)s->semaphores[n].value;
        if (copy_to_program(user_at(to, n * sizeof(value)), &value, sizeof(value)))
            return -EFAULT;
    }
    return 0;
}

static int load_all(struct sem_set *s, struct user_ptr from)
{
    u64 bytes = s->count * sizeof(u16);
    u16 *values = heap_alloc(bytes);
    if (!values)
        return -ENOMEM;
    int error = copy_from_program(values, from, bytes);
    for (u32 n = 0; !error && n < s->count; n++)
        if (values[n] > SEMVMX)
            error = -ERANGE;
    for (u32 n = 0; !error && n < s->count; n++) {
        s->semaphores[n] = (struct semaphore){values[n], current_process()->pid};
        sem_forget_adjustments(s, (s32)n);
    }
    heap_free(values);
    return error;
}

static long set_value(struct sem_set *s, int number, s32 value)
{
    if (value < 0 || value > SEMVMX)
        return -ERANGE;
    s->semaphores[number] = (struct semaphore){value, current_process()->pid};
    sem_forget_adjustments(s, number);
    return 0;
}

static bool is_of_one(int command)
{
    return command == GETVAL || command == GETPID || command == GETNCNT || command == GETZCNT ||
           command == SETVAL;
}

static long look_or_set(struct sem_set *s, int number, int command, u64 argument)
{
    struct user_ptr values = {argument};
    if (is_of_one(command) && (number < 0 || (u32)number >= s->count))
        return -EINVAL;
    switch (command) {
    case GETVAL: return s->semaphores[number].value;
    case GETPID: return s->semaphores[number].last_pid;
    case GETNCNT: return count_waiting(s, number, false);
    case GETZCNT: return count_waiting(s, number, true);
    case GETALL: return store_all(s, values);
    default: break;
    }
    long result = command == SETALL ? load_all(s, values) : set_value(s, number, (s32)argument);
    if (!result) {
        s->changed = ipc_now();
        sem_retry(s);
    }
    return result;
}

static void remove_set(struct sem_set *s)
{
    sem_forget_adjustments(s, -1);
    wake_all(&s->wake, 0);
    ipc_remove(&sem_sets, &s->object);
    wake_all(&s->wake, 0);
}

static long change(struct sem_set *s, int command, struct user_ptr buffer)
{
    struct linux_semid_ds in;
    if (command == IPC_SET && copy_from_program(&in, buffer, sizeof(in)))
        return -EFAULT;
    int error = ipc_check_owner(&s->object);
    if (error)
        return error;
    if (command == IPC_RMID) {
        remove_set(s);
    } else {
        ipc_set_perm(&s->object, &in.sem_perm);
        s->changed = ipc_now();
    }
    return 0;
}

long sem_control(s32 id, int number, int command, u64 argument)
{
    struct user_ptr buffer = {argument};
    int error;
    u32 rights = 0;
    if (id < 0)
        return -EINVAL;
    switch (command) {
    case IPC_INFO: case SEM_INFO:
        return tell_limits(command, buffer);
    case IPC_STAT: case SEM_STAT: case SEM_STAT_ANY:
        return status(id, command, buffer);
    case GETVAL: case GETPID: case GETNCNT: case GETZCNT: case GETALL:
        rights = IPC_MAY_READ;
        break;
    case SETVAL: case SETALL:
        rights = IPC_MAY_WRITE;
        break;
    case IPC_SET: case IPC_RMID:
        break;
    default:
        return -EINVAL;
    }
    struct ipc_object *o = ipc_find(&sem_sets, id, rights, &error);
    if (!o)
        return error;
    struct sem_set *s = sem_set_of(o);
    long result = rights ? look_or_set(s, number, command, argument) : change(s, command, buffer);
    ipc_drop(&sem_sets, o);
    return result;
}

/* --- /proc/sysvipc/sem --- */

static void show_one(struct text *t, struct ipc_object *o)
{
    const struct sem_set *s = sem_set_of(o);
    const struct linux_ipc_perm *p = &o->perm;

    text_add(t, "%10d %10d  %4o %10u %5u %5u %5u %5u %10ld %10ld\n", p->key, o->id, p->mode,
             s->count, p->uid, p->gid, p->cuid, p->cgid, s->operated, s->changed);
}

void sem_show(struct text *t, unused_arg const struct proc_subject *unused)
{
    ipc_show_all(t, &sem_sets,
                 "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      "
                 "ctime",
                 show_one);
}
