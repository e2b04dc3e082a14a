/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who wants to know what happens to files. Inside of files/; the calls are in files/inotify.h.
 *
 * Holds:    per inode the list of its watches; nothing for inodes that nobody watches.
 * Promises: whoever changes the tree or a file tells it here once, after it has happened. With no
 *           watch anywhere that costs one look at a number.
 * See:      inotify(7)
 */
#pragma once

#include "abi/linux/inotify.h"
#include "files/inode.h"

struct watch_list;

/* In an inode's list. */
struct inode_watch {
    struct list link;
    struct inode *inode;         /* held */
    /* name NULL: it happened to the inode itself. gone: the name's file is no longer there. */
    void (*tell)(struct inode_watch *w, u32 mask, u32 cookie, const struct name *name, bool gone);
    void (*end)(struct inode_watch *w); /* the inode is gone; must unwatch */
};

extern u32 watch_count;          /* of all inodes */

int watch_inode(struct inode *i, struct inode_watch *w); /* 0, -ENOMEM */
void unwatch_inode(struct inode_watch *w);

void watch_tell(struct inode *i, u32 mask, u32 cookie, const struct name *name, bool gone);
/* To the file, and with its name to the directory that it is in. node NULL: the file alone. */
void watch_tell_file(struct inode *i, const struct path_node *node, u32 mask);
void watch_tell_end(struct inode *i);

static inline u32 watch_kind(const struct inode *i)
{
    return inode_is_directory(i) ? IN_ISDIR : 0;
}
/* Something happened to a name in a directory. */
static inline void tell_name(const struct path_node *directory, struct name name, u32 mask)
{
    if (watch_count)
        watch_tell(directory->inode, mask, 0, &name, false);
}
static inline void tell_file(struct inode *i, const struct path_node *node, u32 mask)
{
    if (watch_count)
        watch_tell_file(i, node, mask | watch_kind(i));
}
static inline void tell_inode(struct inode *i, u32 mask)
{
    if (watch_count)
        watch_tell(i, mask | watch_kind(i), 0, NULL, false);
}
