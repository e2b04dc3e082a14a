/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * File systems and where they are mounted. All mounts are made at boot; mount(2) is not offered.
 *
 * Holds: the list of mounts in the order of /proc/mounts; the first is the root.
 */
#include "files/inode.h"
#include "lib/string.h"
#include "memory/page.h"

struct list mounts = LIST_INIT(mounts);
struct file_system anonymous_fs, pipe_fs, memfd_fs;

void file_system_init(struct file_system *fs, const char *type, s64 magic)
{
    static u32 next_minor = 20, next_mount = 1;
    memset(fs, 0, sizeof(*fs));
    list_init(&fs->link);
    fs->type = fs->source = type;
    fs->options = "";
    fs->magic = magic;
    fs->minor = next_minor++;
    fs->mount_id = next_mount++;
}

struct path_node *root_node(void)
{
    return list_entry(mounts.next, struct file_system, link)->root;
}

struct path_node *mount_down(struct path_node *n)
{
    while (n->mounted) {
        struct file_system *fs = n->mounted;
        void (*fill)(struct file_system *) = fs->fill;
        fs->fill = NULL;
        if (fill)
            fill(fs);
        n = fs->root;
    }
    return n;
}

struct path_node *mount_up(struct path_node *n)
{
    while (!n->parent && n->fs->root == n && n->fs->covers)
        n = n->fs->covers;
    return n;
}

static struct path_node *make_mount_point(struct path_node *directory, struct name name)
{
    struct path_node *n = node_find(directory, name);
    int error;
    if (!n)
        n = tmpfs_add(directory, name, S_IFDIR | 0755, 0, NULL, &error);
    return n && node_inode(n) && inode_is_directory(n->inode) ? n : NULL;
}

int mount_at(struct file_system *fs, const char *path)
{
    fs->mounted = true;
    if (strcmp(path, "/") == 0) {
        list_push_back(&mounts, &fs->link);
        return 0;
    }
    struct path_node *at = root_node();
    while (*path == '/') {
        struct name name = {++path, 0};
        while (*path && *path != '/')
            path++, name.length++;
        at = make_mount_point(at, name);
        if (!at)
            return -ENOTDIR;
        at = mount_down(at);
    }
    node_hold(at);
    fs->covers = at;
    at->mounted = fs;
    list_push_back(&mounts, &fs->link);
    return 0;
}

void file_system_statfs(struct file_system *fs, struct linux_statfs *out)
{
    u64 total = page_total();
    bool holds_data = fs->magic == TMPFS_MAGIC;
    *out = (struct linux_statfs){
        .f_type = fs->magic, .f_bsize = PAGE_SIZE, .f_frsize = PAGE_SIZE, .f_namelen = NAME_MAX,
        .f_flags = ST_VALID | ST_RELATIME | fs->flags,
        .f_fsid = {(s32)fs->minor, 0},
    };
    if (!holds_data)
        return;
    out->f_blocks = total;
    out->f_bfree = out->f_bavail = page_free_count();
    out->f_files = total;
    out->f_ffree = total > fs->inodes ? total - fs->inodes : 0;
}
