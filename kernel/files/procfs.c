/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * procfs: directories whose entries are made when they are looked up.
 *
 * Holds:    nothing but its root: nodes and inodes live as long as someone holds them. Inode
 *           numbers follow from what an entry is about, so they are stable.
 * Promises: a file's text is made when its first byte is read, and again when it is read from the
 *           start again.
 * See:      proc(5)
 */
#include "files/proc.h"

#include "abi/linux/dirent.h"
#include "files/pidfd.h"
#include "lib/string.h"
#include "memory/page.h"

struct proc_inode {
    struct inode inode;
    const struct proc_entry *entry;
    struct proc_subject subject;
};

static const struct inode_operations proc_operations, magic_link_operations;
static const struct proc_entry root_entry;

static struct proc_inode *proc_of(const struct inode *i)
{
    return container_of(i, struct proc_inode, inode);
}

/* The same entry about the same subject has the same number in every look-up. */
static u64 number_of(const struct proc_entry *entry, const struct proc_subject *s)
{
    u64 h = (uintptr_t)entry - (uintptr_t)&root_entry;
    u64 parts[] = {(u64)s->pid, (u64)s->tid, (u64)(s64)s->fd};
    for (unsigned n = 0; n < ARRAY_SIZE(parts); n++)
        h = (h ^ parts[n]) * 0x9e3779b97f4a7c15ull;
    return (h >> 32) | 0x80000000u;
}

static struct inode *create(struct file_system *fs, const struct proc_entry *entry,
                            const struct proc_subject *s)
{
    struct proc_inode *p = heap_alloc_zeroed(sizeof(*p));
    if (!p)
        return NULL;
    inode_init(&p->inode, entry->follow ? &magic_link_operations : &proc_operations, fs,
               entry->mode);
    p->inode.number = number_of(entry, s);
    struct process *owner = s->pid ? process_find(s->pid) : NULL;
    p->inode.uid = owner ? owner->credentials.euid : 0;
    p->inode.gid = owner ? owner->credentials.egid : 0;
    if (inode_is_directory(&p->inode))
        p->inode.nlink = 2;
    p->entry = entry;
    p->subject = *s;
    return &p->inode;
}

bool proc_number(struct name name, s32 *out)
{
    u64 value = 0;
    if (!name.length || name.length > 9 || (name.text[0] == '0' && name.length > 1))
        return false;
    for (size_t n = 0; n < name.length; n++) {
        if (name.text[n] < '0' || name.text[n] > '9')
            return false;
        value = value * 10 + (u64)(name.text[n] - '0');
    }
    *out = (s32)value;
    return true;
}

/* --- directories --- */

static const struct proc_entry *find_child(const struct proc_entry *directory, struct name name)
{
    for (const struct proc_entry *e = directory->children; e && e->name; e++)
        if (strlen(e->name) == name.length && memcmp(e->name, name.text, name.length) == 0)
            return e;
    return NULL;
}

static bool is_gone(const struct proc_subject *s)
{
    const struct thread *t = s->tid ? thread_find(s->tid) : NULL;
    if (s->pid && s->tid && (!t || t->process->pid != s->pid))
        return true; /* or its number is another process's by now */
    return s->pid && !process_find(s->pid);
}

static int lookup(struct path_node *directory, struct name name, struct path_node **out)
{
    const struct proc_inode *p = proc_of(directory->inode);
    struct proc_subject subject = p->subject;
    if (is_gone(&subject))
        return -ENOENT;
    const struct proc_entry *entry = find_child(p->entry, name);
    if (!entry) {
        int error = p->entry->find ? p->entry->find(name, &p->subject, &subject, &entry) : -ENOENT;
        if (error)
            return error;
    }
    struct inode *i = create(directory->fs, entry, &subject);
    if (!i)
        return -ENOMEM;
    *out = node_create(directory, name, i, directory->fs);
    inode_drop(i);
    return *out ? 0 : -ENOMEM;
}

#define FIRST_DYNAMIC 256 /* positions of entries that come and go: this + number */

static int put_static(struct file *f, const struct proc_inode *p, struct directory_sink *sink)
{
    u64 at = 2;
    for (const struct proc_entry *e = p->entry->children; e && e->name; e++, at++) {
        if (at < f->offset)
            continue;
        if (sink->put(sink, e->name, strlen(e->name), number_of(e, &p->subject),
                      directory_type(e->mode), at + 1))
            return -1;
        f->offset = at + 1;
    }
    return 0;
}

static int put_dynamic(struct file *f, const struct proc_inode *p, struct directory_sink *sink)
{
    s32 n = f->offset < FIRST_DYNAMIC ? -1 : (s32)(f->offset - FIRST_DYNAMIC) - 1;
    while ((n = p->entry->next(&p->subject, n)) >= 0) {
        char text[12];
        struct name name = {text, (size_t)format_text(text, sizeof(text), "%d", n)};
        struct proc_subject subject = p->subject;
        const struct proc_entry *entry;
        if (p->entry->find(name, &p->subject, &subject, &entry))
            continue;
        u64 next = FIRST_DYNAMIC + (u64)n + 1;
        if (sink->put(sink, text, name.length, number_of(entry, &subject),
                      directory_type(entry->mode), next))
            return -1;
        f->offset = next;
    }
    return 0;
}

static long read_directory(struct file *f, struct directory_sink *sink)
{
    const struct proc_inode *p = proc_of(f->inode);
    if (is_gone(&p->subject))
        return -ENOENT;
    if (directory_put_dots(f, sink) || put_static(f, p, sink))
        return 0;
    if (p->entry->next)
        put_dynamic(f, p, sink);
    return 0;
}

static long no_sync(unused_arg struct file *f)
{
    return 0;
}

static const struct file_operations directory_operations = {
    .read_directory = read_directory, .seek = directory_seek, .sync = no_sync,
};

/* --- files --- */

static int make_text(struct file *f)
{
    const struct proc_inode *p = proc_of(f->inode);
    struct text *t = f->private_data;
    if (is_gone(&p->subject))
        return -ESRCH;
    text_release(t);
    p->entry->show(t, &p->subject);
    return t->failed ? -ENOMEM : 0;
}

static long read_text(struct file *f, struct io *io, u64 *offset)
{
    struct text *t = f->private_data;
    if (*offset == 0 || !t->bytes) {
        int error = make_text(f);
        if (error)
            return error;
    }
    if (*offset >= t->length || !io->remaining)
        return 0;
    size_t n = io_put(io, t->bytes + *offset, min_u64(t->length - *offset, io->remaining));
    *offset += n;
    return n ? (long)n : -EFAULT;
}

static long write_text(struct file *f, struct io *io, unused_arg u64 *offset)
{
    const struct proc_inode *p = proc_of(f->inode);
    char text[128];
    size_t n = min_u64(io->remaining, sizeof(text));
    if (!p->entry->store || io->remaining > sizeof(text))
        return -EINVAL;
    if (is_gone(&p->subject))
        return -ESRCH;
    if (io_take(io, text, n) != n)
        return -EFAULT;
    return p->entry->store(text, n, &p->subject);
}

static long seek_text(struct file *f, s64 offset, int whence)
{
    return file_seek_plain(f, offset, whence, f->inode->size);
}

static void close_text(struct file *f)
{
    text_release(f->private_data);
    heap_free(f->private_data);
}

static const struct file_operations text_operations = {
    .read = read_text, .write = write_text, .seek = seek_text, .close = close_text,
};

/* --- links --- */

static long read_link(struct inode *i, char *out, size_t size)
{
    const struct proc_inode *p = proc_of(i);
    char *text = heap_alloc(PATH_MAX);
    if (!text)
        return -ENOMEM;
    size_t length = p->entry->target(&p->subject, text, PATH_MAX);
    long result = length ? (long)min_u64(length, size) : -ENOENT;
    if (result > 0)
        memcpy(out, text, (size_t)result);
    heap_free(text);
    return result;
}

static int follow(struct inode *i, struct path_node **out)
{
    const struct proc_inode *p = proc_of(i);
    return is_gone(&p->subject) ? -ENOENT : p->entry->follow(&p->subject, out);
}

/* --- inodes --- */

static int open_entry(struct file *f)
{
    if (inode_is_directory(f->inode)) {
        f->operations = &directory_operations;
        return 0;
    }
    f->private_data = heap_alloc_zeroed(sizeof(struct text));
    if (!f->private_data)
        return -ENOMEM;
    f->operations = &text_operations;
    return 0;
}

static void release(struct inode *i)
{
    heap_free(proc_of(i));
}

/* Two tables, because an operation that is there says what the entry is. */
static const struct inode_operations proc_operations = {
    .lookup = lookup, .read_link = read_link, .open = open_entry, .release = release,
};
static const struct inode_operations magic_link_operations = {
    .read_link = read_link, .follow = follow, .release = release,
};

/* --- the root --- */

static int find_process(struct name name, unused_arg const struct proc_subject *s,
                        struct proc_subject *found, const struct proc_entry **entry)
{
    s32 number;
    if (!proc_number(name, &number))
        return -ENOENT;
    const struct thread *t = thread_find(number);
    if (!process_find(number) && !t)
        return -ENOENT;
    /* A thread's number is found, too, though it is not listed. */
    *found = process_find(number)
                 ? (struct proc_subject){.pid = number, .fd = -1}
                 : (struct proc_subject){.pid = t->process->pid, .tid = number, .fd = -1};
    *entry = &proc_process_directory;
    return 0;
}

static s32 next_process(unused_arg const struct proc_subject *s, s32 after)
{
    s32 best = -1;
    list_for_each(at, process_all()) {
        s32 pid = list_entry(at, struct process, link)->pid;
        if (pid > after && (best < 0 || pid < best))
            best = pid;
    }
    return best;
}

static bool is_process(const struct file *f, s32 *pid)
{
    const struct inode *i = f->inode;
    if (!i || i->operations != &proc_operations || proc_of(i)->entry != &proc_process_directory)
        return false;
    *pid = is_gone(&proc_of(i)->subject) ? 0 : proc_of(i)->subject.pid;
    return true;
}

static const struct proc_entry root_entry = {
    .name = "", .mode = S_IFDIR | 0555, .children = proc_system_entries, .find = find_process,
    .next = next_process,
};

int procfs_mount(void)
{
    static struct file_system fs;
    static const struct proc_subject system = {.fd = -1};
    file_system_init(&fs, "proc", PROC_SUPER_MAGIC);
    fs.flags = ST_NOSUID | ST_NODEV | ST_NOEXEC;
    struct inode *i = create(&fs, &root_entry, &system);
    if (!i)
        return -ENOMEM;
    i->number = 1;
    pidfd_set_directories(is_process);
    fs.root = node_create(NULL, (struct name){"", 0}, i, &fs);
    inode_drop(i);
    return fs.root ? mount_at(&fs, "/proc") : -ENOMEM;
}
