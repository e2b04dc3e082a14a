/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Control data of messages: descriptors and credentials.
 *
 * Promises: a message carries open files, not descriptors: what the sender closes later, the
 *           receiver still gets. A file that finds no room at the receiver is closed.
 * See:      unix(7) "Ancillary messages", cmsg(3), scm_send and scm_recv in Linux's words: recv(2)
 */
#include "abi/linux/errno.h"
#include "lib/string.h"
#include "memory/page.h"
#include "net/socket.h"
#include "task/task.h"

#define ALIGNMENT 8
#define HEADER sizeof(struct linux_cmsghdr)

struct linux_ucred credentials_of_caller(void)
{
    const struct process *p = current_process();
    return (struct linux_ucred){p->pid, p->credentials.euid, p->credentials.egid};
}

void ancillary_drop(struct ancillary *a)
{
    for (u32 n = 0; n < a->file_count; n++)
        file_drop(a->files[n]);
    heap_free(a->files);
    a->files = NULL;
    a->file_count = 0;
}

/* --- sending --- */

static int add_file(struct ancillary *a, int fd)
{
    struct file *f = descriptor_file_or_path(fd);
    if (!f)
        return -EBADF;
    a->files[a->file_count++] = f;
    return 0;
}

static int load_rights(struct ancillary *a, struct user_ptr data, u64 length)
{
    u64 count = length / sizeof(s32);
    if (count > LINUX_SCM_MAX_FD || count + a->file_count > LINUX_SCM_MAX_FD)
        return -EINVAL;
    if (count && !a->files)
        a->files = heap_alloc(LINUX_SCM_MAX_FD * sizeof(struct file *));
    if (count && !a->files)
        return -ENOMEM;
    for (u64 n = 0; n < count; n++) {
        u32 fd;
        int error = read_program_u32(&fd, user_at(data, n * sizeof(fd)));
        if (!error)
            error = add_file(a, (int)fd);
        if (error)
            return error;
    }
    return 0;
}

/* unix(7): one's own ids, unless privileged. */
static int check_credentials(const struct linux_ucred *u)
{
    const struct credentials *c = &current_process()->credentials;
    bool privileged = c->euid == 0;
    bool uid = u->uid == c->uid || u->uid == c->euid || u->uid == c->suid;
    bool gid = u->gid == c->gid || u->gid == c->egid || u->gid == c->sgid;
    if (!privileged && (u->pid != current_process()->pid || !uid || !gid))
        return -EPERM;
    return process_find(u->pid) ? 0 : -ESRCH;
}

static int load_credentials(struct ancillary *a, struct user_ptr data, u64 length)
{
    if (length != sizeof(a->credentials))
        return -EINVAL;
    if (copy_from_program(&a->credentials, data, sizeof(a->credentials)))
        return -EFAULT;
    a->has_credentials = true;
    return check_credentials(&a->credentials);
}

static int load_one(struct ancillary *a, const struct linux_cmsghdr *h, struct user_ptr data)
{
    u64 length = h->cmsg_len - HEADER;
    if (h->cmsg_level != SOL_SOCKET)
        return 0;
    if (h->cmsg_type == SCM_RIGHTS)
        return load_rights(a, data, length);
    if (h->cmsg_type == SCM_CREDENTIALS)
        return load_credentials(a, data, length);
    return -EINVAL;
}

int ancillary_load(struct ancillary *a, struct user_ptr control, u64 length)
{
    struct linux_cmsghdr h;
    for (u64 at = 0; at + HEADER <= length; at += align_up(h.cmsg_len, ALIGNMENT)) {
        if (copy_from_program(&h, user_at(control, at), sizeof(h)))
            return -EFAULT;
        if (h.cmsg_len < HEADER || h.cmsg_len > length - at)
            return -EINVAL;
        int error = load_one(a, &h, user_at(control, at + HEADER));
        if (error)
            return error;
    }
    return 0;
}

/* --- receiving --- */

struct control {
    struct user_ptr start;
    u64 used, room;
};

/* The bytes of an entry that fit; its header says how many. */
static void put_entry(struct message *m, struct control *c, int type, const void *data, u64 size)
{
    u64 length = HEADER + size;
    if (user_is_null(c->start) || c->room - c->used < HEADER) {
        m->result_flags |= MSG_CTRUNC;
        return;
    }
    if (length > c->room - c->used) {
        m->result_flags |= MSG_CTRUNC;
        length = c->room - c->used;
    }
    struct linux_cmsghdr h = {.cmsg_len = length, .cmsg_level = SOL_SOCKET, .cmsg_type = type};
    struct user_ptr to = user_at(c->start, c->used);
    if (copy_to_program(to, &h, sizeof(h)) ||
        copy_to_program(user_at(to, HEADER), data, length - HEADER))
        return;
    c->used += min_u64(align_up(length, ALIGNMENT), c->room - c->used);
}

/* One file as a descriptor of the receiver, its number in program memory. */
static int install(struct file *f, struct user_ptr to, bool close_on_exec)
{
    file_hold(f);
    int fd = descriptor_install(f, 0, close_on_exec);
    if (fd < 0)
        return fd;
    if (!write_program_u32(to, (u32)fd))
        return 0;
    descriptor_close(fd);
    return -EFAULT;
}

static void put_files(struct message *m, struct control *c)
{
    struct ancillary *a = &m->ancillary;
    bool close_on_exec = m->flags & MSG_CMSG_CLOEXEC;
    u64 room = c->room - c->used;
    u64 most = user_is_null(c->start) || room < HEADER ? 0 : (room - HEADER) / sizeof(s32);
    u32 done = 0;
    struct user_ptr entry = user_at(c->start, c->used);
    while (done < a->file_count && done < most &&
           !install(a->files[done], user_at(entry, HEADER + done * sizeof(s32)), close_on_exec))
        done++;
    if (done < a->file_count)
        m->result_flags |= MSG_CTRUNC;
    if (!done)
        return;
    u64 length = HEADER + done * sizeof(s32);
    struct linux_cmsghdr h = {
        .cmsg_len = length, .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
    };
    if (!copy_to_program(entry, &h, sizeof(h)))
        c->used += min_u64(align_up(length, ALIGNMENT), room);
}

#define NOBODY 65534u /* /proc/sys/kernel/overflowuid */

u64 ancillary_store(struct socket *s, struct message *m, struct user_ptr control, u64 length)
{
    struct control c = {.start = control, .room = user_is_null(control) ? 0 : length};
    static const struct linux_ucred nobody = {0, NOBODY, NOBODY};
    struct ancillary *a = &m->ancillary;
    if (s->pass_credentials)
        put_entry(m, &c, SCM_CREDENTIALS, a->has_credentials ? &a->credentials : &nobody,
                  sizeof(a->credentials));
    if (a->file_count)
        put_files(m, &c);
    return c.used;
}
