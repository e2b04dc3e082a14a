/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /proc/PID: what a process is made of.
 *
 * See:     proc_pid(5)
 */
#include "files/proc.h"

#include "abi/linux/resource.h"
#include "lib/string.h"
#include "memory/space.h"
#include "memory/user_memory.h"

static struct process *process_of(const struct proc_subject *s)
{
    return process_find(s->pid);
}

/* --- text --- */

static void show_program_memory(struct text *t, const struct process *p, u64 start, u64 end)
{
    if (!p->space || end <= start)
        return;
    char *to = text_reserve(t, end - start);
    if (to)
        t->length += space_peek(p->space, start, to, end - start);
}

static void show_cmdline(struct text *t, const struct proc_subject *s)
{
    const struct process *p = process_of(s);
    if (p->space)
        show_program_memory(t, p, p->space->argument_start, p->space->argument_end);
}

static void show_environ(struct text *t, const struct proc_subject *s)
{
    const struct process *p = process_of(s);
    if (p->space)
        show_program_memory(t, p, p->space->environment_start, p->space->environment_end);
}

static void show_auxv(struct text *t, const struct proc_subject *s)
{
    const struct process *p = process_of(s);
    text_add_bytes(t, p->auxv, p->auxv_words * sizeof(p->auxv[0]));
}

static void show_comm(struct text *t, const struct proc_subject *s)
{
    const struct thread *thread = thread_find(s->tid ? s->tid : s->pid);
    text_add(t, "%s\n", thread ? thread->name : process_of(s)->command);
}

static long store_comm(const char *text, size_t n, const struct proc_subject *s)
{
    struct process *p = process_of(s);
    struct thread *t = thread_find(s->tid ? s->tid : p->pid);
    size_t length = strnlen(text, min_u64(n, sizeof(p->command) - 1));
    char name[sizeof(p->command)] = {0};

    memcpy(name, text, length);
    if (t)
        memcpy(t->name, name, sizeof(t->name));
    if (!s->tid || s->tid == p->pid)
        memcpy(p->command, name, sizeof(p->command));
    return (long)n;
}

static void show_maps(struct text *t, const struct proc_subject *s)
{
    struct process *p = process_of(s);
    u64 cursor = 0;
    if (!p->space)
        return;
    for (;;) {
        char *to = text_reserve(t, 2 * PAGE_SIZE);
        size_t n = to ? space_format_maps(p->space, &cursor, to, 2 * PAGE_SIZE) : 0;
        if (!n)
            return;
        t->length += n;
    }
}

static const struct {
    const char *name, *unit;
} limit_names[RLIMIT_KINDS] = {
    [RLIMIT_CPU] = {"Max cpu time", "seconds"},
    [RLIMIT_FSIZE] = {"Max file size", "bytes"},
    [RLIMIT_DATA] = {"Max data size", "bytes"},
    [RLIMIT_STACK] = {"Max stack size", "bytes"},
    [RLIMIT_CORE] = {"Max core file size", "bytes"},
    [RLIMIT_RSS] = {"Max resident set", "bytes"},
    [RLIMIT_NPROC] = {"Max processes", "processes"},
    [RLIMIT_NOFILE] = {"Max open files", "files"},
    [RLIMIT_MEMLOCK] = {"Max locked memory", "bytes"},
    [RLIMIT_AS] = {"Max address space", "bytes"},
    [RLIMIT_LOCKS] = {"Max file locks", "locks"},
    [RLIMIT_SIGPENDING] = {"Max pending signals", "signals"},
    [RLIMIT_MSGQUEUE] = {"Max msgqueue size", "bytes"},
    [RLIMIT_NICE] = {"Max nice priority", ""},
    [RLIMIT_RTPRIO] = {"Max realtime priority", ""},
    [RLIMIT_RTTIME] = {"Max realtime timeout", "us"},
};

static void show_limit(struct text *t, u64 value)
{
    if (value == RLIM_INFINITY)
        text_add(t, "%-20s ", "unlimited");
    else
        text_add(t, "%-20llu ", (unsigned long long)value);
}

static void show_limits(struct text *t, const struct proc_subject *s)
{
    const struct process *p = process_of(s);
    text_add(t, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
    for (unsigned n = 0; n < RLIMIT_KINDS; n++) {
        text_add(t, "%-25s ", limit_names[n].name);
        show_limit(t, p->limits[n].soft);
        show_limit(t, p->limits[n].hard);
        text_add(t, limit_names[n].unit[0] ? "%-10s\n" : "\n", limit_names[n].unit);
    }
}

static void show_cgroup(struct text *t, unused_arg const struct proc_subject *s)
{
    text_add(t, "0::/\n");
}

static void show_personality(struct text *t, const struct proc_subject *s)
{
    text_add(t, "%08x\n", process_of(s)->personality);
}

/* --- links --- */

static int hold(struct path_node *n, struct path_node **out)
{
    node_hold(n);
    *out = n;
    return 0;
}

static int follow_cwd(const struct proc_subject *s, struct path_node **out)
{
    const struct process *p = process_of(s);
    return p->files ? hold(p->files->cwd, out) : -ENOENT;
}

static int follow_root(const struct proc_subject *s, struct path_node **out)
{
    const struct process *p = process_of(s);
    return p->files ? hold(p->files->root, out) : -ENOENT;
}

static size_t path_of(const struct path_node *n, char *out, size_t size)
{
    size_t length = node_path(n, NULL, out, size);
    static const char deleted[] = " (deleted)";
    if (length && node_deleted(n) && length + sizeof(deleted) <= size) {
        memcpy(out + length, deleted, sizeof(deleted));
        length += sizeof(deleted) - 1;
    }
    return length;
}

static size_t target_cwd(const struct proc_subject *s, char *out, size_t size)
{
    const struct process *p = process_of(s);
    return p && p->files ? path_of(p->files->cwd, out, size) : 0;
}

static size_t target_root(const struct proc_subject *s, char *out, size_t size)
{
    const struct process *p = process_of(s);
    return p && p->files ? path_of(p->files->root, out, size) : 0;
}

static size_t target_exe(const struct proc_subject *s, char *out, size_t size)
{
    const struct process *p = process_of(s);
    return p && p->program ? file_path(p->program, out, size) : 0;
}

static int follow_exe(const struct proc_subject *s, struct path_node **out)
{
    const struct process *p = process_of(s);
    return p->program ? hold(p->program->path, out) : -ENOENT;
}

/* --- the directory --- */

#define COMMON_ENTRIES                                                                             \
    {.name = "fd", .mode = S_IFDIR | 0500, .find = proc_find_link, .next = proc_next_descriptor},   \
    {.name = "fdinfo", .mode = S_IFDIR | 0555, .find = proc_find_info,                             \
     .next = proc_next_descriptor},                                                                \
    {.name = "environ", .mode = S_IFREG | 0400, .show = show_environ},                             \
    {.name = "auxv", .mode = S_IFREG | 0400, .show = show_auxv},                                   \
    PROC_FILE("status", proc_show_status),                                                         \
    {.name = "personality", .mode = S_IFREG | 0400, .show = show_personality},                     \
    PROC_FILE("limits", show_limits),                                                              \
    {.name = "comm", .mode = S_IFREG | 0644, .show = show_comm, .store = store_comm},              \
    PROC_FILE("cmdline", show_cmdline), PROC_FILE("stat", proc_show_stat),                         \
    PROC_FILE("statm", proc_show_statm), PROC_FILE("maps", show_maps),                             \
    {.name = "cwd", .mode = S_IFLNK | 0777, .target = target_cwd, .follow = follow_cwd},           \
    {.name = "root", .mode = S_IFLNK | 0777, .target = target_root, .follow = follow_root},        \
    {.name = "exe", .mode = S_IFLNK | 0777, .target = target_exe, .follow = follow_exe},           \
    PROC_FILE("mounts", proc_show_mounts), PROC_FILE("mountinfo", proc_show_mountinfo),            \
    PROC_FILE("oom_score", proc_show_oom_score),                                                   \
    {.name = "oom_score_adj", .mode = S_IFREG | 0644, .show = proc_show_oom_adjustment,            \
     .store = proc_store_oom_adjustment},                                                          \
    PROC_FILE("cgroup", show_cgroup), PROC_DIRECTORY("net", proc_net_entries)

static const struct proc_entry thread_entries[] = {COMMON_ENTRIES, {.name = NULL}};

static const struct proc_entry thread_directory = {
    .name = "", .mode = S_IFDIR | 0555, .children = thread_entries,
};

static int find_thread(struct name name, const struct proc_subject *s, struct proc_subject *found,
                       const struct proc_entry **entry)
{
    s32 tid;
    struct thread *t = proc_number(name, &tid) ? thread_find(tid) : NULL;
    if (!t || !t->process || t->process->pid != s->pid)
        return -ENOENT;
    *found = (struct proc_subject){.pid = s->pid, .tid = tid, .fd = -1};
    *entry = &thread_directory;
    return 0;
}

static s32 next_thread(const struct proc_subject *s, s32 after)
{
    s32 best = -1;
    list_for_each(at, &process_of(s)->threads) {
        s32 tid = list_entry(at, struct thread, in_process)->tid;
        if (tid > after && (best < 0 || tid < best))
            best = tid;
    }
    return best;
}

static const struct proc_entry process_entries[] = {
    {.name = "task", .mode = S_IFDIR | 0555, .find = find_thread, .next = next_thread},
    COMMON_ENTRIES,
    {.name = NULL},
};

const struct proc_entry proc_process_directory = {
    .name = "", .mode = S_IFDIR | 0555, .children = process_entries,
};
