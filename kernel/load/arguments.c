/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    nothing.
 * Promises: argv and envp of a program's execve are copied whole before its space goes.
 * Refuses:  with -E2BIG what Linux refuses: a string over 128 KiB, more than 6 MiB in all.
 * See:      execve(2) "Limits on size of arguments and environment"
 */
#include "abi/linux/errno.h"
#include "abi/linux/prctl.h"
#include "load/load.h"
#include "memory/page.h"
#include "task/credentials.h"
#include "task/task.h"

#define STRING_MAX (32 * PAGE_SIZE) /* one argument; MAX_ARG_STRLEN */
#define COUNT_MAX 0x7fffffffu
#define FIRST_BYTES 1024u
#define FIRST_STRINGS 32u

/* A list of strings, copied from the program one behind the other. */
struct argument_list {
    char *bytes;
    size_t used, size;
    u64 *offsets;                /* of the strings in `bytes`; in the end pointers, NULL last */
    size_t count, room;
};

static void list_release(struct argument_list *l)
{
    heap_free(l->bytes);
    heap_free(l->offsets);
}

static int grow_bytes(struct argument_list *l)
{
    size_t size = l->size ? 2 * l->size : FIRST_BYTES;
    char *bigger = heap_resize(l->bytes, size);
    if (!bigger)
        return -ENOMEM;
    l->bytes = bigger;
    l->size = size;
    return 0;
}

static int note_offset(struct argument_list *l, u64 offset)
{
    if (l->count == l->room) {
        size_t room = l->room ? 2 * l->room : FIRST_STRINGS;
        u64 *bigger = heap_resize(l->offsets, room * sizeof(*bigger));
        if (!bigger)
            return -ENOMEM;
        l->offsets = bigger;
        l->room = room;
    }
    l->offsets[l->count++] = offset;
    return 0;
}

static int fetch_string(struct argument_list *l, struct user_ptr from, u64 limit)
{
    for (;;) {
        size_t room = min_u64(l->size - l->used, STRING_MAX);
        long n = room ? copy_string_from_program(l->bytes + l->used, from, room) : -ENAMETOOLONG;
        if (n >= 0) {
            int error = note_offset(l, l->used);
            l->used += (size_t)n + 1;
            return error;
        }
        if (n == -EFAULT)
            return -EFAULT;
        if (room == STRING_MAX || l->used + room > limit)
            return -E2BIG;
        int error = grow_bytes(l);
        if (error)
            return error;
    }
}

/* `limit`: bytes that strings and pointers may take; the exact rule is load's. */
static int list_fetch(struct argument_list *l, struct user_ptr from, u64 limit)
{
    u64 address = 0;
    int error = 0;
    for (u64 i = 0; !error && !user_is_null(from); i++) {
        if (read_program_u64(&address, user_at(from, i * sizeof(u64))))
            return -EFAULT;
        if (!address)
            break;
        error = fetch_string(l, (struct user_ptr){address}, limit);
        if (l->used + l->count * sizeof(u64) > limit)
            error = error ? error : -E2BIG;
    }
    if (!error)
        error = note_offset(l, 0);
    if (error)
        return error;
    for (size_t i = 0; i + 1 < l->count; i++)
        l->offsets[i] = (u64)(l->bytes + l->offsets[i]);
    return 0;
}

static const char *const *strings(const struct argument_list *l)
{
    return (const char *const *)l->offsets;
}

/* What Linux allows in any case, whatever RLIMIT_STACK says. */
static u64 longest(void) { return 6ull << 20; }

long load_from_program(struct trap_frame *frame, struct load_request *request, struct user_ptr argv,
                       struct user_ptr envp)
{
    static const char *const nothing[] = {"", NULL};
    struct argument_list arguments = {0}, environment = {0};
    struct process *p = current_process();
    int error = credentials_may_execute() ? list_fetch(&arguments, argv, longest()) : -EAGAIN;
    if (!error)
        error = list_fetch(&environment, envp, longest());
    if (!error) {
        request->argv = arguments.count > 1 ? strings(&arguments) : nothing; /* as Linux 5.18 */
        request->envp = strings(&environment);
        request->randomize = !(p->personality & ADDR_NO_RANDOMIZE);
        error = load_program(p, request, frame);
    }
    list_release(&arguments);
    list_release(&environment);
    return error;
}
