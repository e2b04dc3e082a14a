/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /proc/PID/fd and fdinfo.
 *
 * Promises: opening fd/N opens the file itself again, not its name: it works for pipes, for files
 *           that were removed, and for the program's own streams.
 * See:      proc_pid_fd(5), proc_pid_fdinfo(5)
 */
#include "files/proc.h"

static struct file *file_of(const struct proc_subject *s)
{
    struct process *p = process_find(s->pid);
    return p ? descriptor_of(p->descriptors, s->fd) : NULL;
}

static size_t target(const struct proc_subject *s, char *out, size_t size)
{
    struct file *f = file_of(s);
    size_t length = f ? file_path(f, out, size) : 0;
    file_drop(f);
    return length;
}

static int follow(const struct proc_subject *s, struct path_node **out)
{
    struct file *f = file_of(s);
    if (!f)
        return -ENOENT;
    if (f->path) {
        *out = f->path;
        node_hold(f->path);
    } else {
        *out = node_create(NULL, (struct name){"", 0}, f->inode, f->inode->fs);
    }
    file_drop(f);
    return *out ? 0 : -ENOMEM;
}

static void show_info(struct text *t, const struct proc_subject *s)
{
    struct file *f = file_of(s);
    if (!f)
        return;
    bool close_on_exec = s->pid == current_process()->pid && descriptor_flags(s->fd) > 0;
    text_add(t, "pos:\t%llu\nflags:\t0%o\nmnt_id:\t%u\nino:\t%llu\n", (unsigned long long)f->offset,
             f->flags | (close_on_exec ? O_CLOEXEC : 0), f->inode->fs->mount_id,
             (unsigned long long)f->inode->number);
    char *more = f->operations->describe ? text_reserve(t, PAGE_SIZE) : NULL;
    if (more)
        t->length += f->operations->describe(f, more, PAGE_SIZE);
    file_drop(f);
}

/* The link's own mode tells how the descriptor was opened. */
static const struct proc_entry links[] = {
    {.name = "", .mode = S_IFLNK | 0500, .target = target, .follow = follow},
    {.name = "", .mode = S_IFLNK | 0300, .target = target, .follow = follow},
    {.name = "", .mode = S_IFLNK | 0700, .target = target, .follow = follow},
};
static const struct proc_entry info = {.name = "", .mode = S_IFREG | 0444, .show = show_info};

static int find(struct name name, const struct proc_subject *s, struct proc_subject *found,
                u32 *access)
{
    s32 fd;
    if (!proc_number(name, &fd))
        return -ENOENT;
    *found = *s;
    found->fd = fd;
    struct file *f = file_of(found);
    if (!f)
        return -ENOENT;
    *access = f->flags & O_ACCMODE;
    file_drop(f);
    return 0;
}

int proc_find_link(struct name name, const struct proc_subject *s, struct proc_subject *found,
                   const struct proc_entry **entry)
{
    u32 access;
    int error = find(name, s, found, &access);
    if (!error)
        *entry = &links[access < ARRAY_SIZE(links) ? access : O_RDWR];
    return error;
}

int proc_find_info(struct name name, const struct proc_subject *s, struct proc_subject *found,
                   const struct proc_entry **entry)
{
    u32 access;
    *entry = &info;
    return find(name, s, found, &access);
}

s32 proc_next_descriptor(const struct proc_subject *s, s32 after)
{
    struct process *p = process_find(s->pid);
    return p ? descriptor_next(p->descriptors, after + 1) : -1;
}
