/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System V semaphores: sets, and operations on them.
 *
 * Promises: a request's operations are done all at once or not at all. Whoever changes a value tries
 *           those who wait, in the order in which they came.
 * See:      semget(2), semop(2)
 */
#include "ipc/sem.h"

#include "abi/linux/errno.h"
#include "ipc/ipc.h"
#include "lib/string.h"
#include "memory/page.h"

static void release(struct ipc_object *o)
{
    heap_free(sem_set_of(o));
}

struct ipc_table sem_sets = {.most = SEMMNI, .release = release};

/* --- semget --- */

static struct ipc_object *create(const struct ipc_request *r, int *error)
{
    *error = -EINVAL;
    if (!r->size)
        return NULL;
    *error = -ENOMEM;
    struct sem_set *s = heap_alloc_zeroed(sizeof(*s) + r->size * sizeof(s->semaphores[0]));
    if (!s)
        return NULL;
    s->object.references = 1;
    s->count = (u32)r->size;
    s->changed = ipc_now();
    list_init(&s->waiting);
    list_init(&s->adjustments);
    wait_queue_init(&s->wake);
    return &s->object;
}

static int check(struct ipc_object *o, const struct ipc_request *r)
{
    return r->size > sem_set_of(o)->count ? -EINVAL : 0;
}

long sem_get(s32 key, int count, u32 flags)
{
    struct ipc_request r = {
        .key = key, .flags = flags, .create = create, .check = check, .size = (u64)count,
    };
    return count < 0 || count > SEMMSL ? -EINVAL : ipc_get(&sem_sets, &r);
}

/* --- operations --- */

/* One operation on its semaphore. 0; 1: it would wait; -ERANGE. */
static int step(struct sem_set *s, const struct linux_sembuf *o, struct sem_adjustment *a)
{
    struct semaphore *m = &s->semaphores[o->sem_num];
    s32 value = m->value + o->sem_op;
    if ((!o->sem_op && m->value) || value < 0)
        return 1;
    if (value > SEMVMX)
        return -ERANGE;
    if (o->sem_flg & SEM_UNDO) {
        s32 undo = a->by[o->sem_num] - o->sem_op;
        if (undo < -SEMAEM - 1 || undo > SEMAEM)
            return -ERANGE;
        a->by[o->sem_num] = (s16)undo;
    }
    m->value = value;
    return 0;
}

static void take_back(struct sem_set *s, const struct linux_sembuf *o, struct sem_adjustment *a)
{
    s->semaphores[o->sem_num].value -= o->sem_op;
    if (o->sem_flg & SEM_UNDO)
        a->by[o->sem_num] = (s16)(a->by[o->sem_num] + o->sem_op);
}

static struct sem_adjustment *adjustment_for(const struct sem_request *r, struct process *p)
{
    list_for_each(at, &r->set->adjustments) {
        struct sem_adjustment *a = list_entry(at, struct sem_adjustment, of_set);
        if (a->process == p)
            return a;
    }
    return NULL;
}

/* All of them: 0; 1: it must wait (r->blocking says for what); -errno. */
static int attempt(struct sem_request *r, struct process *p)
{
    struct sem_adjustment *a = adjustment_for(r, p);
    u32 n = 0;
    int result = 0;
    while (n < r->count && !(result = step(r->set, &r->operations[n], a)))
        n++;
    if (!result) {
        for (u32 i = 0; i < r->count; i++)
            r->set->semaphores[r->operations[i].sem_num].last_pid = p->pid;
        r->set->operated = ipc_now();
        return 0;
    }
    r->blocking = &r->operations[n];
    while (n-- > 0)
        take_back(r->set, &r->operations[n], a);
    if (result == 1 && (r->blocking->sem_flg & IPC_NOWAIT))
        return -EAGAIN;
    return result;
}

struct sleeper {
    struct sem_request request;
    struct process *process;
};

void sem_retry(struct sem_set *s)
{
    bool again = true;
    while (again) {
        again = false;
        list_for_each_safe(at, &s->waiting) {
            struct sem_request *r = list_entry(at, struct sem_request, link);
            r->result = attempt(r, container_of(r, struct sleeper, request)->process);
            if (r->result == 1)
                continue;
            list_remove(at);
            wake_all(&s->wake, 0);
            again = !r->result;
            if (again)
                break; /* values have changed: from the first again */
        }
    }
}

static bool is_over(void *argument)
{
    const struct sem_request *r = argument;
    return r->result != 1 || r->set->object.removed;
}

static int wait_for(struct sem_request *r, u64 deadline_ns)
{
    r->result = 1;
    list_push_back(&r->set->waiting, &r->link);
    int error = wait_until(&r->set->wake, is_over, r, deadline_ns);
    list_remove(&r->link);
    if (r->result != 1)
        return r->result;
    if (r->set->object.removed)
        return -EIDRM;
    return error == -ETIMEDOUT ? -EAGAIN : -EINTR; /* never restarted: signal(7) */
}

static int check_numbers(const struct sem_request *r, bool *undoes, bool *alters)
{
    for (u32 n = 0; n < r->count; n++) {
        const struct linux_sembuf *o = &r->operations[n];
        if (o->sem_num >= r->set->count)
            return -EFBIG;
        *undoes |= (o->sem_flg & SEM_UNDO) != 0;
        *alters |= o->sem_op != 0;
    }
    return 0;
}

static int run(struct sem_set *s, const struct linux_sembuf *operations, u32 count,
               u64 deadline_ns)
{
    bool undoes = false, alters = false;
    struct sleeper own = {
        .request = {.set = s, .operations = operations, .count = count},
        .process = current_process(),
    };
    list_init(&own.request.link);
    int error = check_numbers(&own.request, &undoes, &alters);
    if (error)
        return error;
    if (!ipc_may(&s->object, alters ? IPC_MAY_WRITE : IPC_MAY_READ))
        return -EACCES;
    if (undoes && !sem_adjustment_of(s))
        return -ENOMEM;
    int result = attempt(&own.request, own.process);
    if (result == 1)
        return wait_for(&own.request, deadline_ns);
    if (!result && alters)
        sem_retry(s);
    return result;
}

long sem_operate(s32 id, struct user_ptr from, u32 count, u64 deadline_ns)
{
    struct linux_sembuf operations[8], *list = operations;
    u64 bytes = count * sizeof(*list);
    int error;
    if (count < 1 || id < 0)
        return -EINVAL;
    if (count > SEMOPM)
        return -E2BIG;
    if (count > ARRAY_SIZE(operations)) {
        list = heap_alloc(bytes);
        if (!list)
            return -ENOMEM;
    }
    error = copy_from_program(list, from, bytes);
    struct ipc_object *o = error ? NULL : ipc_find(&sem_sets, id, 0, &error);
    if (o) {
        error = run(sem_set_of(o), list, count, deadline_ns);
        ipc_drop(&sem_sets, o);
    }
    if (list != operations)
        heap_free(list);
    return error;
}
