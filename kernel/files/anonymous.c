/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Open files that have no name and whose inode says nothing: eventfd, epoll.
 *
 * Holds: one inode for all of them, as Linux does: fstat and flock show it.
 */
#include "files/inode.h"

static void release(unused_arg struct inode *i)
{
    /* Static. */
}

static const struct inode_operations anonymous_operations = {.release = release};

struct file *anonymous_file(const struct file_operations *operations, u32 flags,
                            void *private_data)
{
    static struct inode shared;
    if (!shared.operations)
        inode_init(&shared, &anonymous_operations, &anonymous_fs, 0600);
    struct file *f = file_create(operations, &shared, flags);
    if (f)
        f->private_data = private_data;
    return f;
}
