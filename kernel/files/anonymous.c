/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Open files that have no name and whose inode says nothing: eventfd, epoll.
 */
#include "files/inode.h"
#include "lib/printf.h"
#include "memory/page.h"

struct anonymous {
    struct inode inode;
    const char *kind;
};

static size_t label(struct inode *i, char *out, size_t size)
{
    struct anonymous *a = container_of(i, struct anonymous, inode);
    return (size_t)format_text(out, size, "anon_inode:%s", a->kind);
}

static void release(struct inode *i)
{
    heap_free(container_of(i, struct anonymous, inode));
}

static const struct inode_operations anonymous_operations = {.label = label, .release = release};

struct file *anonymous_file(const struct file_operations *operations, const char *kind, u32 flags,
                            void *private_data)
{
    struct anonymous *a = heap_alloc_zeroed(sizeof(*a));
    if (!a)
        return NULL;
    inode_init(&a->inode, &anonymous_operations, &anonymous_fs, 0600);
    a->kind = kind;
    struct file *f = file_create(operations, &a->inode, flags);
    inode_drop(&a->inode);
    if (f)
        f->private_data = private_data;
    return f;
}
