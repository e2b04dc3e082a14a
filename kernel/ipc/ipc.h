/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System V shared memory, semaphores and message queues: what their calls do. Results are >= 0 or
 * -errno, as the man-2 pages say.
 */
#pragma once

#include "abi/linux/sysv_ipc.h"
#include "memory/user_memory.h"

void ipc_start(void); /* at boot: /proc/sysvipc */

/* shm.c */
long shm_get(s32 key, u64 size, u32 flags);
long shm_attach(s32 id, u64 address, u32 flags);   /* the address */
long shm_detach(u64 address);
long shm_control(s32 id, int command, struct user_ptr buffer);

/* sem.c, sem_control.c. deadline_ns: monotonic, or NO_DEADLINE. */
long sem_get(s32 key, int count, u32 flags);
long sem_operate(s32 id, struct user_ptr operations, u32 count, u64 deadline_ns);
long sem_control(s32 id, int number, int command, u64 argument);

/* msg.c. A message in program memory is its type (a long) and its text. */
long msg_get(s32 key, u32 flags);
long msg_send(s32 id, struct user_ptr message, u64 size, u32 flags);
long msg_receive(s32 id, struct user_ptr message, u64 size, s64 type, u32 flags);
long msg_control(s32 id, int command, struct user_ptr buffer);
