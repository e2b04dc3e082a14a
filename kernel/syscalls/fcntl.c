/* SPDX-License-Identifier: BSD-3-Clause */
/* See fcntl(2). Locks are in files/lock.c. */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi/linux/resource.h"
#include "abi_handlers.h"
#include "files/file.h"
#include "files/lock.h"
#include "task/task.h"

#define SETTABLE_FLAGS (O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME)
#define RANGE_END ((u64)INT64_MAX)

static long set_flags(struct file *f, u64 argument)
{
    f->flags = (f->flags & ~(u32)SETTABLE_FLAGS) | ((u32)argument & SETTABLE_FLAGS);
    return 0;
}

/* The program's range, as bytes from the start of the file, both ends inclusive. */
static int fetch_range(struct file *f, const struct linux_flock *in, struct lock_request *r)
{
    struct statx_fields fields;
    s64 base = 0;
    if (in->l_whence == SEEK_CUR) {
        base = (s64)f->offset;
    } else if (in->l_whence == SEEK_END) {
        file_stat(f, &fields);
        base = (s64)fields.size;
    } else if (in->l_whence != SEEK_SET) {
        return -EINVAL;
    }
    s64 start;
    if (__builtin_add_overflow(base, in->l_start, &start))
        return -EOVERFLOW;
    if (start < 0)
        return -EINVAL;
    s64 end = INT64_MAX;
    if (in->l_len > 0 && __builtin_add_overflow(start, in->l_len - 1, &end))
        return -EOVERFLOW;
    if (in->l_len < 0) {
        end = start - 1;
        start += in->l_len;
    }
    if (start < 0)
        return -EINVAL;
    r->start = (u64)start;
    r->end = (u64)end;
    return 0;
}

static int fetch_lock(struct file *f, int command, struct user_ptr argument,
                      struct linux_flock *in, struct lock_request *r)
{
    bool of_file = command >= F_OFD_GETLK && command <= F_OFD_SETLKW;
    if (copy_from_program(in, argument, sizeof(*in)))
        return -EFAULT;
    if (of_file && in->l_pid)
        return -EINVAL;
    if (in->l_type != F_RDLCK && in->l_type != F_WRLCK && in->l_type != F_UNLCK)
        return -EINVAL;
    *r = (struct lock_request){
        .kind = of_file ? LOCK_KIND_FILE : LOCK_KIND_PROCESS,
        .exclusive = in->l_type == F_WRLCK,
        .waits = command == F_SETLKW || command == F_OFD_SETLKW,
    };
    return fetch_range(f, in, r);
}

/* The descriptor may have been closed while the lock was waited for: then no close will release it. */
static long lock_if_open(struct file *f, int fd, const struct lock_request *r)
{
    int error = lock_acquire(f, r);

    if (error || r->kind != LOCK_KIND_PROCESS)
        return error;
    struct file *now = descriptor_file_or_path(fd);
    file_drop(now); /* only compared */
    if (now == f)
        return 0;
    (void)lock_release(f, r);
    return -EBADF;
}

static long set_lock(struct file *f, int fd, int command, struct user_ptr argument)
{
    struct linux_flock in;
    struct lock_request r;
    u32 mode = f->flags & O_ACCMODE;

    int error = fetch_lock(f, command, argument, &in, &r);
    if (error)
        return error;
    if (in.l_type == F_UNLCK)
        return lock_release(f, &r);
    if (in.l_type == F_RDLCK ? mode == O_WRONLY : mode == O_RDONLY)
        return -EBADF;
    return lock_if_open(f, fd, &r);
}

static long get_lock(struct file *f, int command, struct user_ptr argument)
{
    struct linux_flock in;
    struct lock_request r, found;

    int error = fetch_lock(f, command, argument, &in, &r);
    if (error)
        return error;
    if (in.l_type == F_UNLCK)
        return -EINVAL;
    if (lock_find_conflict(f, &r, &found, &in.l_pid)) {
        in.l_type = found.exclusive ? F_WRLCK : F_RDLCK;
        in.l_whence = SEEK_SET;
        in.l_start = (s64)found.start;
        in.l_len = found.end >= RANGE_END ? 0 : (s64)(found.end - found.start + 1);
    } else {
        in.l_type = F_UNLCK;
    }
    return copy_to_program(argument, &in, sizeof(in));
}

static long set_owner(struct file *f, s32 owner)
{
    if (owner == INT32_MIN)
        return -EINVAL;
    if (owner > 0 && !process_find(owner))
        return -ESRCH;
    f->owner = (u64)(s64)owner;
    return 0;
}

/* F_GETOWN_EX, F_SETOWN_EX: who a descriptor's signals are for, with the kind spelled out. */
static long owner_extended(struct file *f, int command, struct user_ptr argument)
{
    s64 owner = (s64)f->owner;
    struct linux_f_owner_ex ex = {
        .type = owner < 0 ? 2 : 1, .pid = (s32)(owner < 0 ? -owner : owner),
    };
    if (command == F_GETOWN_EX)
        return copy_to_program(argument, &ex, sizeof(ex));
    if (copy_from_program(&ex, argument, sizeof(ex)))
        return -EFAULT;
    if (ex.type < 0 || ex.type > 2)
        return -EINVAL;
    return set_owner(f, ex.type == 2 ? -ex.pid : ex.pid);
}

static long duplicate(struct file *f, u64 lowest, bool close_on_exec)
{
    if (lowest >= current_process()->limits[RLIMIT_NOFILE].soft || lowest > INT32_MAX)
        return -EINVAL;
    file_hold(f);
    return descriptor_install(f, (int)lowest, close_on_exec);
}

/* What works on a descriptor of O_PATH too. -ENOTTY: not one of these. */
static long on_descriptor(struct file *f, int fd, int command, u64 argument)
{
    switch (command) {
    case F_DUPFD:
        return duplicate(f, argument, false);
    case F_DUPFD_CLOEXEC:
        return duplicate(f, argument, true);
    case F_GETFD:
        return descriptor_flags(fd);
    case F_SETFD:
        return descriptor_set_flags(fd, argument & FD_CLOEXEC);
    case F_GETFL:
        return (long)f->flags;
    default:
        return -ENOTTY;
    }
}

static long on_file(struct file *f, int fd, int command, u64 argument)
{
    struct user_ptr pointer = {argument};
    switch (command) {
    case F_SETFL:
        return set_flags(f, argument);
    case F_GETLK:
    case F_OFD_GETLK:
        return get_lock(f, command, pointer);
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
        return set_lock(f, fd, command, pointer);
    case F_GETOWN:
        return (long)(s64)f->owner;
    case F_SETOWN:
        return set_owner(f, (s32)argument);
    case F_GETSIG: /* the usual one; nothing sends signals about files here */
        return 0;
    case F_GETOWN_EX:
    case F_SETOWN_EX:
        return owner_extended(f, command, pointer);
    case F_GETPIPE_SZ:
    case F_SETPIPE_SZ:
    case F_ADD_SEALS:
    case F_GET_SEALS:
        return file_control(f, (u32)command, argument);
    default:
        return -EINVAL;
    }
}

long sys_fcntl(int fd, int command, u64 argument)
{
    struct file *f = descriptor_file_or_path(fd);

    if (!f)
        return -EBADF;
    long result = on_descriptor(f, fd, command, argument);
    if (result == -ENOTTY)
        result = f->flags & O_PATH ? -EBADF : on_file(f, fd, command, argument);
    file_drop(f);
    return result;
}
