/* SPDX-License-Identifier: BSD-3-Clause */
/* Semaphore sets inside of ipc/. */
#pragma once

#include "ipc/ids.h"
#include "lib/list.h"
#include "task/task.h"

struct semaphore {
    s32 value, last_pid;
};

struct sem_set {
    struct ipc_object object;
    u32 count;
    s64 operated, changed;
    struct list waiting;         /* struct sem_request */
    struct list adjustments;     /* struct sem_adjustment: SEM_UNDO */
    struct wait_queue wake;
    struct semaphore semaphores[];
};

struct sem_request {
    struct list link;
    struct sem_set *set;
    const struct linux_sembuf *operations;
    u32 count;
    const struct linux_sembuf *blocking; /* the one that cannot be done */
    int result;                  /* 1: still waits */
};

/* What a process's end gives back, per set. */
struct sem_adjustment {
    struct list of_set;
    struct process *process;     /* not held: it goes with it */
    s16 by[];                    /* per semaphore */
};

static inline struct sem_set *sem_set_of(struct ipc_object *o)
{
    return container_of(o, struct sem_set, object);
}

extern struct ipc_table sem_sets;

/* sem.c: requests that can be met now are, and wake up. */
void sem_retry(struct sem_set *s);
/* sem_undo.c */
struct sem_adjustment *sem_adjustment_of(struct sem_set *s); /* the caller's, made; NULL: no memory */
void sem_forget_adjustments(struct sem_set *s, s32 number);  /* -1: of all, and their memory */
