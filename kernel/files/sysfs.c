/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /sys: the few files that programs and libraries read. A tmpfs filled when it is first looked into,
 * shown read-only.
 *
 * Refuses: to fail then: what there is no memory for is not there.
 * See: sysfs(5), cpu(7)
 */
#include "files/inode.h"
#include "lib/string.h"

struct place {
    const char *path;            /* relative; parents come first */
    const char *text;            /* NULL: a directory */
};

static const struct place places[] = {
    {"devices", NULL},
    {"devices/system", NULL},
    {"devices/system/cpu", NULL},
    {"devices/system/cpu/online", "0\n"},
    {"devices/system/cpu/possible", "0\n"},
    {"devices/system/cpu/present", "0\n"},
    {"devices/system/cpu/kernel_max", "0\n"},
    {"devices/system/cpu/cpu0", NULL},
    {"devices/system/cpu/cpu0/topology", NULL},
    {"devices/system/cpu/cpu0/topology/core_id", "0\n"},
    {"devices/system/cpu/cpu0/topology/physical_package_id", "0\n"},
    {"devices/system/cpu/cpu0/topology/core_siblings", "1\n"},
    {"devices/system/cpu/cpu0/topology/core_siblings_list", "0\n"},
    {"devices/system/cpu/cpu0/topology/thread_siblings", "1\n"},
    {"devices/system/cpu/cpu0/topology/thread_siblings_list", "0\n"},
    {"devices/system/cpu/cpu0/online", "1\n"},
    {"devices/system/node", NULL},
    {"devices/system/node/online", "0\n"},
    {"devices/system/node/possible", "0\n"},
    {"devices/system/node/node0", NULL},
    {"devices/system/node/node0/cpulist", "0\n"},
    {"devices/system/node/node0/cpumap", "1\n"},
    {"fs", NULL},
    {"fs/cgroup", NULL},
    {"kernel", NULL},
    {"kernel/mm", NULL},
    {"kernel/mm/transparent_hugepage", NULL},
    {"kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n"},
};

static int add(struct path_node *root, const struct place *p)
{
    struct path_node *at = root;
    const char *name = p->path;
    int error = 0;
    for (const char *slash; (slash = strchr(name, '/')); name = slash + 1)
        at = node_find(at, (struct name){name, (size_t)(slash - name)});
    u32 mode = p->text ? S_IFREG | 0444 : S_IFDIR | 0755;
    struct path_node *n = tmpfs_add(at, (struct name){name, strlen(name)}, mode, 0, NULL, &error);
    if (n && p->text)
        error = memory_file_fill(n->inode, (const u8 *)p->text, false, 0, strlen(p->text));
    return error;
}

static void fill(struct file_system *fs)
{
    for (unsigned n = 0; n < ARRAY_SIZE(places); n++)
        if (add(fs->root, &places[n]))
            return;
}

int sysfs_mount(void)
{
    static struct file_system fs;
    int error = tmpfs_init(&fs, "sysfs", 0555);
    fs.fill = fill;
    fs.magic = SYSFS_MAGIC;
    fs.flags = ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC;
    return error ? error : mount_at(&fs, "/sys");
}
