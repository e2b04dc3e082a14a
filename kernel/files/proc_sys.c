/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /proc/sys: the settings that programs look at. They can be read; nothing here can be changed.
 *
 * See: proc_sys_kernel(5), proc_sys_vm(5), proc_sys_fs(5)
 */
#include "abi/linux/limits.h"
#include "files/mqueue.h"
#include "files/proc.h"
#include "lib/random.h"
#include "lib/string.h"
#include "task/uts.h"

/* A function that shows one fixed line. */
#define SHOW_LINE(function, ...)                                                                   \
    static void function(struct text *t, unused_arg const struct proc_subject *s)                  \
    {                                                                                              \
        text_add(t, __VA_ARGS__);                                                                  \
    }

SHOW_LINE(show_ostype, "Linux\n")
SHOW_LINE(show_osrelease, "%s\n", UTS_RELEASE)
SHOW_LINE(show_version, "%s\n", UTS_VERSION)
SHOW_LINE(show_hostname, "%s\n", uts_hostname())
SHOW_LINE(show_domainname, "%s\n", uts_domainname())
SHOW_LINE(show_pid_max, "%d\n", LINUX_PID_MAX)
SHOW_LINE(show_threads_max, "%d\n", LINUX_PID_MAX)
SHOW_LINE(show_cap_last_cap, "40\n")
SHOW_LINE(show_ngroups_max, "%d\n", NGROUPS_MAX)
SHOW_LINE(show_overflow_id, "65534\n")
SHOW_LINE(show_randomize, "2\n")
SHOW_LINE(show_core_pattern, "core\n")
SHOW_LINE(show_core_uses_pid, "0\n")
SHOW_LINE(show_entropy, "256\n")
SHOW_LINE(show_shmmax, "18446744073692774399\n")
SHOW_LINE(show_shmall, "18446744073692774399\n")
SHOW_LINE(show_overcommit, "1\n")
SHOW_LINE(show_overcommit_ratio, "50\n")
SHOW_LINE(show_max_map_count, "65530\n")
SHOW_LINE(show_mmap_min_addr, "65536\n")
SHOW_LINE(show_swappiness, "60\n")
SHOW_LINE(show_file_max, "9223372036854775807\n")
SHOW_LINE(show_nr_open, "%d\n", LINUX_NR_OPEN)
SHOW_LINE(show_pipe_max, "1048576\n")
SHOW_LINE(show_somaxconn, "4096\n")
#if CONFIG_FEATURE_POSIX_IPC
SHOW_LINE(show_msg_max, "%d\n", MQUEUE_MESSAGES)
SHOW_LINE(show_msg_size, "%d\n", MQUEUE_SIZE)
SHOW_LINE(show_queues_max, "%d\n", MQUEUE_QUEUES_MAX)
#endif

static void show_uuid_of(struct text *t, const u8 bytes[16])
{
    for (unsigned n = 0; n < 16; n++)
        text_add(t, "%02x%s", bytes[n], n == 3 || n == 5 || n == 7 || n == 9 ? "-" : "");
    text_add(t, "\n");
}

/* A version 4 UUID. RFC 4122, 4.4 */
static void make_uuid(u8 bytes[16])
{
    random_bytes(bytes, 16);
    bytes[6] = (u8)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (u8)((bytes[8] & 0x3f) | 0x80);
}

static void show_uuid(struct text *t, unused_arg const struct proc_subject *s)
{
    u8 bytes[16];
    make_uuid(bytes);
    show_uuid_of(t, bytes);
}

static void show_boot_id(struct text *t, unused_arg const struct proc_subject *s)
{
    static u8 bytes[16]; /* all zeros: not made yet */
    if (!bytes[6])
        make_uuid(bytes);
    show_uuid_of(t, bytes);
}

static const struct proc_entry random_entries[] = {
    PROC_FILE("boot_id", show_boot_id), PROC_FILE("entropy_avail", show_entropy),
    PROC_FILE("poolsize", show_entropy), PROC_FILE("uuid", show_uuid), {.name = NULL},
};

static const struct proc_entry kernel_entries[] = {
    PROC_FILE("cap_last_cap", show_cap_last_cap),
    PROC_FILE("core_pattern", show_core_pattern),
    PROC_FILE("core_uses_pid", show_core_uses_pid),
    PROC_FILE("domainname", show_domainname),
    PROC_FILE("hostname", show_hostname),
    PROC_FILE("ngroups_max", show_ngroups_max),
    PROC_FILE("osrelease", show_osrelease),
    PROC_FILE("ostype", show_ostype),
    PROC_FILE("overflowgid", show_overflow_id),
    PROC_FILE("overflowuid", show_overflow_id),
    PROC_FILE("pid_max", show_pid_max),
    PROC_DIRECTORY("random", random_entries),
    PROC_FILE("randomize_va_space", show_randomize),
    PROC_FILE("shmall", show_shmall),
    PROC_FILE("shmmax", show_shmmax),
    PROC_FILE("threads-max", show_threads_max),
    PROC_FILE("version", show_version),
    {.name = NULL},
};

static const struct proc_entry vm_entries[] = {
    PROC_FILE("max_map_count", show_max_map_count),
    PROC_FILE("mmap_min_addr", show_mmap_min_addr),
    PROC_FILE("overcommit_memory", show_overcommit),
    PROC_FILE("overcommit_ratio", show_overcommit_ratio),
    PROC_FILE("swappiness", show_swappiness),
    {.name = NULL},
};

#if CONFIG_FEATURE_POSIX_IPC
static const struct proc_entry mqueue_entries[] = {
    PROC_FILE("msg_default", show_msg_max),      PROC_FILE("msg_max", show_msg_max),
    PROC_FILE("msgsize_default", show_msg_size), PROC_FILE("msgsize_max", show_msg_size),
    PROC_FILE("queues_max", show_queues_max),    {.name = NULL},
};
#endif

SHOW_LINE(show_inotify_events, "16384\n")
SHOW_LINE(show_inotify_instances, "128\n")
SHOW_LINE(show_inotify_watches, "65536\n")

static const struct proc_entry inotify_entries[] = {
    PROC_FILE("max_queued_events", show_inotify_events),
    PROC_FILE("max_user_instances", show_inotify_instances),
    PROC_FILE("max_user_watches", show_inotify_watches), {.name = NULL},
};

static const struct proc_entry fs_entries[] = {
    PROC_DIRECTORY("inotify", inotify_entries),
#if CONFIG_FEATURE_POSIX_IPC
    PROC_DIRECTORY("mqueue", mqueue_entries),
#endif
    PROC_FILE("file-max", show_file_max), PROC_FILE("nr_open", show_nr_open),
    PROC_FILE("pipe-max-size", show_pipe_max), {.name = NULL},
};

static const struct proc_entry core_entries[] = {
    PROC_FILE("somaxconn", show_somaxconn), {.name = NULL},
};

static const struct proc_entry net_entries[] = {
    PROC_DIRECTORY("core", core_entries), {.name = NULL},
};

const struct proc_entry proc_sys_entries[] = {
    PROC_DIRECTORY("fs", fs_entries), PROC_DIRECTORY("kernel", kernel_entries),
    PROC_DIRECTORY("net", net_entries), PROC_DIRECTORY("vm", vm_entries), {.name = NULL},
};
