/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Open directories whose entries are path nodes.
 *
 * Promises: the position is a cookie, not an index: entries that come or go while a program reads
 *           are neither shown twice nor make others vanish. 0 is ".", 1 is "..".
 * See:      getdents(2), readdir(3), seekdir(3)
 */
#include "abi/linux/dirent.h"
#include "files/inode.h"

u8 directory_type(u32 mode)
{
    return (u8)((mode & S_IFMT) >> 12); /* DT_* are the type bits of a mode, shifted */
}

static void what_is(const struct path_node *n, u64 *number, u32 *mode)
{
    if (!n->inode) {
        n->fs->peek(n, number, mode);
        return;
    }
    *number = n->inode->number;
    *mode = n->inode->mode;
}

int directory_put_dots(struct file *f, struct directory_sink *sink)
{
    struct path_node *here = f->path, *up = mount_up(here);
    up = up->parent && here != current_process()->files->root ? up->parent : here;
    if (f->offset == 0) {
        if (sink->put(sink, ".", 1, here->inode->number, DT_DIR, 1))
            return -1;
        f->offset = 1;
    }
    if (f->offset == 1) {
        if (sink->put(sink, "..", 2, up->inode->number, DT_DIR, 2))
            return -1;
        f->offset = 2;
    }
    return 0;
}

static long read_directory(struct file *f, struct directory_sink *sink)
{
    if (node_deleted(f->path))
        return -ENOENT;
    if (!(f->flags & O_NOATIME))
        inode_note_access(f->inode);
    if (directory_put_dots(f, sink))
        return 0;
    struct list *end = &f->path->children;
    struct path_node *n = node_after(f->path, f->offset);
    for (struct list *at = n ? &n->sibling : end; at != end; at = at->next) {
        n = list_entry(at, struct path_node, sibling);
        u64 number;
        u32 mode;
        what_is(n->mounted ? mount_down(n) : n, &number, &mode);
        if (sink->put(sink, n->name, n->name_length, number, directory_type(mode), n->cookie + 1))
            return 0;
        f->offset = n->cookie + 1;
    }
    return 0;
}

long directory_seek(struct file *f, s64 offset, int whence)
{
    if (whence == SEEK_CUR)
        offset = (s64)(f->offset + (u64)offset); /* may wrap to what is refused */
    else if (whence != SEEK_SET)
        return -EINVAL;
    if (offset < 0)
        return -EINVAL;
    f->offset = (u64)offset;
    return (long)offset;
}

static long sync_nothing(unused_arg struct file *f)
{
    return 0;
}

const struct file_operations directory_file_operations = {
    .read_directory = read_directory, .seek = directory_seek, .sync = sync_nothing,
};
