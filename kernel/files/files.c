/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The room's start: the root and what is mounted below it.
 *
 * Promises: after files_start() every path call works; what a configuration has not selected
 *           (procfs, sysfs, devfs) is simply not mounted.
 */
#include "abi/image/boot_info.h"
#include "abi/linux/sched.h"
#include "devices/rom.h"
#include "files/devices.h"
#include "files/inode.h"
#include "files/mqueue.h"
#include "files/pidfd.h"
#include "files/tty.h"
#include "lib/boot_record.h"
#include "lib/log.h"
#include "lib/string.h"

static struct file_system root_fs;

/* A number of the boot information, 0: it has none. */
static u64 boot_number(u32 type, unsigned bytes)
{
    const struct platform_blob *info = rom_boot_info();
    u64 value = 0;
    u32 length = 0;
    const u8 *payload = boot_record_find(info->data, info->size, type, &length);
    if (payload && length >= bytes)
        memcpy(&value, payload, bytes);
    return value;
}

u64 files_boot_flags(void)
{
    return boot_number(ELFIN_BOOT_FLAGS, sizeof(u64));
}

u32 files_cpu_mhz(void)
{
    return (u32)boot_number(ELFIN_BOOT_CPU_MHZ, sizeof(u32));
}

#if CONFIG_FEATURE_VFS
static struct file_system tmp_fs, run_fs, shm_fs;

static int mount_tmpfs(struct file_system *fs, const char *path, u32 mode, u32 flags)
{
    int error = tmpfs_init(fs, "tmpfs", mode);
    fs->flags = flags;
    return error ? error : mount_at(fs, path);
}

/* The root image brings files below /tmp or /run (a program that lies there): they stay visible, on
 * the root, which is a tmpfs itself. */
static bool is_filled(const char *directory)
{
    struct path_node *n = node_find(root_node(), (struct name){directory, strlen(directory)});
    return n && node_inode(n) && n->inode->entries;
}

static int mount_rest(void)
{
    int error = devfs_mount();
    if (!error)
        error = devpts_mount();
#if CONFIG_FEATURE_POSIX_IPC
    if (!error)
        error = mqueue_mount();
#endif
    if (!error)
        error = mount_tmpfs(&shm_fs, "/dev/shm", 01777, ST_NOSUID | ST_NODEV);
    if (!error)
        error = procfs_mount();
    if (!error)
        error = sysfs_mount();
    if (!error && !is_filled("run"))
        error = mount_tmpfs(&run_fs, "/run", 0755, ST_NOSUID | ST_NODEV);
    if (!error && !is_filled("tmp"))
        error = mount_tmpfs(&tmp_fs, "/tmp", 01777, ST_NOSUID | ST_NODEV);
    return error;
}
#else
static int mount_rest(void)
{
    return 0;
}
#endif

int files_start(void)
{
    static const struct task_file_hooks process_hooks = {
        .fork = files_fork_process, .drop = files_drop_process,
    };
    const struct platform_blob *rom = rom_root_image();
    u32 window = (u32)boot_number(ELFIN_BOOT_WINSIZE, sizeof(u32));
    task_set_file_hooks(&process_hooks);
#if CONFIG_FEATURE_POSIX_PROCESS
    pidfd_start();
#endif
    if (window)
        files_set_window((u16)window, (u16)(window >> 16));
    file_system_init(&anonymous_fs, "anon_inodefs", ANON_INODE_FS_MAGIC);
    file_system_init(&pipe_fs, "pipefs", PIPEFS_MAGIC);
    file_system_init(&memfd_fs, "tmpfs", TMPFS_MAGIC);
    int error = tmpfs_init(&root_fs, "tmpfs", 0755);
    root_fs.source = "elfin";
    if (!error)
        error = mount_at(&root_fs, "/");
    if (!error && rom && rom->size)
        error = root_image_load(&root_fs, rom->data, rom->size, rom->paddr);
    if (error == -EINVAL)
        log_line("files: the root image is damaged");
    return error ? error : mount_rest();
}

int files_fork_process(struct process *child, const struct process *parent, u64 clone_flags)
{
    child->program = parent->program;
    child->terminal = parent->terminal;
    file_hold(child->program);
    if (clone_flags & CLONE_FILES) {
        child->descriptors = parent->descriptors;
        descriptors_hold(child->descriptors);
    } else {
        child->descriptors = descriptors_copy(parent->descriptors);
    }
    if (clone_flags & CLONE_FS) {
        child->files = parent->files;
        file_context_hold(child->files);
    } else {
        child->files = file_context_copy(parent->files);
    }
    return child->descriptors && child->files ? 0 : -ENOMEM;
}

void files_drop_process(struct process *p)
{
    struct descriptor_table *t = p->descriptors;
    struct file_context *c = p->files;
    file_drop(p->program);
    p->program = NULL;
    p->descriptors = NULL;
    if (p == current_process())
        descriptors_drop(t);
    else
        descriptors_discard(t); /* it never ran: what the caller's locks are is not touched */
    p->files = NULL;
    file_context_drop(c);
    tty_leave(p, true);
}
