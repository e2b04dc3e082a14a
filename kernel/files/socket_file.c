/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets as files.
 *
 * Holds:    one file system without a tree, whose inodes are the open sockets.
 * Promises: fstat, fchmod, fchown and /proc/PID/fd show a socket as Linux does.
 * See:      unix(7), proc_pid_fd(5)
 */
#include "files/socket_file.h"

#include "files/inode.h"
#include "files/names.h"
#include "lib/printf.h"
#include "memory/page.h"

static struct file_system socket_fs;

static size_t label(struct inode *i, char *out, size_t size)
{
    return (size_t)format_text(out, size, "socket:[%lu]", (unsigned long)i->number);
}

static void release(struct inode *i)
{
    heap_free(i);
}

/* A socket cannot be opened again through /proc/self/fd: no open. */
static const struct inode_operations socket_inode_operations = {
    .label = label, .release = release,
};

struct file *socket_file_create(const struct file_operations *operations, u32 flags, void *socket)
{
    if (!socket_fs.type)
        file_system_init(&socket_fs, "sockfs", SOCKFS_MAGIC);
    struct inode *i = heap_alloc(sizeof(*i));
    if (!i)
        return NULL;
    inode_init(i, &socket_inode_operations, &socket_fs, S_IFSOCK | 0777);
    struct file *f = file_create(operations, i, O_RDWR | (flags & O_NONBLOCK));
    inode_drop(i);
    if (f)
        f->private_data = socket;
    return f;
}

u32 socket_file_mode(const struct file *f)
{
    return f->inode->mode & 07777;
}

int socket_name_make(const char *path, u32 mode, struct inode **out)
{
    int error = name_make(AT_FDCWD, path, S_IFSOCK | mode, 0);
    if (error)
        return error == -EEXIST ? -EADDRINUSE : error;
    struct walk_request r = {.directory = AT_FDCWD, .path = path};
    struct path_found found;
    error = path_walk(&r, &found);
    if (error)
        return error;
    *out = found.node->inode;
    inode_hold(*out);
    path_found_drop(&found);
    return 0;
}

int socket_name_find(const char *path, struct inode **out)
{
    struct walk_request r = {.directory = AT_FDCWD, .path = path, .flags = WALK_FOLLOW};
    struct path_found found;
    int error = path_walk(&r, &found);
    if (error)
        return error;
    struct inode *i = found.node->inode;
    error = inode_may(i, MAY_WRITE);
    if (!error && (i->mode & S_IFMT) != S_IFSOCK)
        error = -ECONNREFUSED;
    if (!error) {
        inode_hold(i);
        *out = i;
    }
    path_found_drop(&found);
    return error;
}

void socket_name_drop(struct inode *i)
{
    inode_drop(i);
}
