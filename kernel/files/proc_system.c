/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What stands in /proc beside the processes: the machine.
 *
 * See: proc_cpuinfo(5), proc_meminfo(5), proc_stat(5), proc_uptime(5), proc_loadavg(5),
 *      proc_version(5), proc_filesystems(5), proc_pid_mounts(5), proc_pid_mountinfo(5)
 */
#include "files/proc.h"
#include "lib/string.h"
#include "memory/page.h"
#include "task/uts.h"

#define KIB(pages) ((unsigned long long)(pages) * (PAGE_SIZE / 1024))
#define TICK_NS (NSEC_PER_SEC / 100)

static void show_cpuinfo(struct text *t, unused_arg const struct proc_subject *s)
{
    char *to = text_reserve(t, PAGE_SIZE);
    if (to)
        t->length += min_u64(arch_cpuinfo(to, PAGE_SIZE, files_cpu_mhz()), PAGE_SIZE - 1);
}

static void show_meminfo(struct text *t, unused_arg const struct proc_subject *s)
{
    u64 total = page_total(), unused = page_free_count();
    static const char *const zeros[] = {
        "Buffers",  "Cached",      "SwapCached", "Active",    "Inactive",     "Unevictable",
        "Mlocked",  "SwapTotal",   "SwapFree",   "Dirty",     "Writeback",    "AnonPages",
        "Mapped",   "Shmem",       "KReclaimable", "Slab",    "SReclaimable", "SUnreclaim",
        "PageTables",
    };
    text_add(t, "MemTotal:       %8llu kB\nMemFree:        %8llu kB\nMemAvailable:   %8llu kB\n",
             KIB(total), KIB(unused), KIB(unused));
    for (unsigned n = 0; n < ARRAY_SIZE(zeros); n++)
        text_add(t, "%s:%*s%8d kB\n", zeros[n], (int)(15 - strlen(zeros[n])), "", 0);
    text_add(t, "CommitLimit:    %8llu kB\nCommitted_AS:   %8llu kB\n", KIB(total),
             KIB(total - unused));
    text_add(t, "HugePages_Total:       0\nHugePages_Free:        0\nHugepagesize:       2048 kB\n");
}

static void show_stat(struct text *t, unused_arg const struct proc_subject *s)
{
    u64 used_ns = 0, up_ns = clock_monotonic_ns();
    unsigned processes = 0;
    list_for_each(at, process_all()) {
        const struct process *p = list_entry(at, struct process, link);
        used_ns += p->user_ns + p->system_ns;
        processes++;
    }
    unsigned long long user = used_ns / TICK_NS;
    unsigned long long idle = up_ns > used_ns ? (up_ns - used_ns) / TICK_NS : 0;
    for (unsigned n = 0; n < 2; n++)
        text_add(t, "cpu%s %llu 0 0 %llu 0 0 0 0 0 0\n", n ? "0" : " ", user, idle);
    text_add(t, "intr 0\nctxt 0\nbtime %llu\nprocesses %u\nprocs_running 1\nprocs_blocked 0\n",
             (unsigned long long)((clock_realtime_ns() - up_ns) / NSEC_PER_SEC), processes);
}

static void show_uptime(struct text *t, unused_arg const struct proc_subject *s)
{
    u64 hundredths = clock_monotonic_ns() / TICK_NS;
    text_add(t, "%llu.%02u 0.00\n", (unsigned long long)(hundredths / 100),
             (unsigned)(hundredths % 100));
}

static void show_loadavg(struct text *t, unused_arg const struct proc_subject *s)
{
    unsigned processes = 0;
    list_for_each(at, process_all())
        processes++;
    text_add(t, "0.00 0.00 0.00 1/%u %d\n", processes, current_process()->pid);
}

static void show_version(struct text *t, unused_arg const struct proc_subject *s)
{
    text_add(t, "Linux version %s (elfin) (clang) %s\n", UTS_RELEASE, UTS_VERSION);
}

static void show_filesystems(struct text *t, unused_arg const struct proc_subject *s)
{
    text_add(t, "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tdevtmpfs\nnodev\tpipefs\n");
}

static void show_cmdline(struct text *t, unused_arg const struct proc_subject *s)
{
    text_add(t, "\n");
}

static void show_vmstat(struct text *t, unused_arg const struct proc_subject *s)
{
    text_add(t, "nr_free_pages %llu\npgpgin 0\npgpgout 0\npswpin 0\npswpout 0\n",
             (unsigned long long)page_free_count());
}

static void show_swaps(struct text *t, unused_arg const struct proc_subject *s)
{
    text_add(t, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
}

/* --- mounts --- */

static size_t mount_point(const struct file_system *fs, char *out, size_t size)
{
    return node_path(fs->root, NULL, out, size);
}

static void show_flags(struct text *t, const struct file_system *fs)
{
    text_add(t, "%s%s%s%s,relatime", fs->flags & ST_RDONLY ? "ro" : "rw",
             fs->flags & ST_NOSUID ? ",nosuid" : "", fs->flags & ST_NODEV ? ",nodev" : "",
             fs->flags & ST_NOEXEC ? ",noexec" : "");
}

void proc_show_mounts(struct text *t, unused_arg const struct proc_subject *s)
{
    char point[256];
    list_for_each(at, &mounts) {
        const struct file_system *fs = list_entry(at, struct file_system, link);
        mount_point(fs, point, sizeof(point));
        text_add(t, "%s %s %s ", fs->source, point, fs->type);
        show_flags(t, fs);
        text_add(t, " 0 0\n");
    }
}

void proc_show_mountinfo(struct text *t, unused_arg const struct proc_subject *s)
{
    char point[256];
    list_for_each(at, &mounts) {
        const struct file_system *fs = list_entry(at, struct file_system, link);
        u32 parent = fs->covers ? fs->covers->fs->mount_id : fs->mount_id;
        mount_point(fs, point, sizeof(point));
        text_add(t, "%u %u 0:%u / %s ", fs->mount_id, parent, fs->minor, point);
        show_flags(t, fs);
        text_add(t, " - %s %s %s\n", fs->type, fs->source,
                 fs->flags & ST_RDONLY ? "ro" : "rw");
    }
}

/* --- links --- */

static size_t target_self(unused_arg const struct proc_subject *s, char *out, size_t size)
{
    return (size_t)format_text(out, size, "%d", current_process()->pid);
}

static size_t target_thread(unused_arg const struct proc_subject *s, char *out, size_t size)
{
    return (size_t)format_text(out, size, "%d/task/%d", current_process()->pid,
                               current_thread()->tid);
}

static size_t target_mounts(unused_arg const struct proc_subject *s, char *out, size_t size)
{
    return (size_t)format_text(out, size, "self/mounts");
}

static size_t target_net(unused_arg const struct proc_subject *s, char *out, size_t size)
{
    return (size_t)format_text(out, size, "self/net");
}

const struct proc_entry proc_system_entries[] = {
    {.name = "self", .mode = S_IFLNK | 0777, .target = target_self},
    {.name = "thread-self", .mode = S_IFLNK | 0777, .target = target_thread},
    {.name = "mounts", .mode = S_IFLNK | 0777, .target = target_mounts},
    {.name = "net", .mode = S_IFLNK | 0777, .target = target_net},
    PROC_FILE("cmdline", show_cmdline),
    PROC_FILE("cpuinfo", show_cpuinfo),
    PROC_FILE("filesystems", show_filesystems),
    PROC_FILE("loadavg", show_loadavg),
    PROC_FILE("meminfo", show_meminfo),
    PROC_FILE("stat", show_stat),
    PROC_FILE("swaps", show_swaps),
    PROC_DIRECTORY("sys", proc_sys_entries),
#if CONFIG_FEATURE_POSIX_IPC
    PROC_DIRECTORY("sysvipc", proc_ipc_entries),
#endif
    PROC_FILE("uptime", show_uptime),
    PROC_FILE("version", show_version),
    PROC_FILE("vmstat", show_vmstat),
    {.name = NULL},
};
