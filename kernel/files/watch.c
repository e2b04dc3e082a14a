/* SPDX-License-Identifier: BSD-3-Clause */
/* Watches of inodes. See watch.h. */
#include "files/watch.h"

#include "memory/page.h"

struct watch_list {
    struct list watches;
};

u32 watch_count;

int watch_inode(struct inode *i, struct inode_watch *w)
{
    if (!i->watches) {
        i->watches = heap_alloc(sizeof(*i->watches));
        if (!i->watches)
            return -ENOMEM;
        list_init(&i->watches->watches);
    }
    inode_hold(i);
    w->inode = i;
    list_push_back(&i->watches->watches, &w->link);
    watch_count++;
    return 0;
}

void unwatch_inode(struct inode_watch *w)
{
    struct inode *i = w->inode;
    list_remove(&w->link);
    watch_count--;
    if (list_empty(&i->watches->watches)) {
        heap_free(i->watches);
        i->watches = NULL;
    }
    inode_drop(i);
}

/* A watch that is told may go (IN_ONESHOT), and with the last one the list. */
void watch_tell(struct inode *i, u32 mask, u32 cookie, const struct name *name, bool gone)
{
    struct list *next, *head = i->watches ? &i->watches->watches : NULL;
    for (struct list *at = head ? head->next : NULL; at && at != head; at = next) {
        bool last = at->next == head;
        next = at->next;
        struct inode_watch *w = list_entry(at, struct inode_watch, link);
        w->tell(w, mask, cookie, name, gone);
        if (last)
            return;
    }
}

void watch_tell_file(struct inode *i, const struct path_node *node, u32 mask)
{
    if (node && node->parent && node->parent->inode) {
        struct name name = {node->name, node->name_length};
        watch_tell(node->parent->inode, mask, 0, &name, !node->attached);
    }
    watch_tell(i, mask, 0, NULL, false);
}

void watch_tell_end(struct inode *i)
{
    if (!i->watches)
        return;
    inode_hold(i);
    watch_tell(i, IN_DELETE_SELF, 0, NULL, false); /* IN_ISDIR is not told here */
    while (i->watches) {
        struct list *first = i->watches->watches.next;
        struct inode_watch *w = list_entry(first, struct inode_watch, link);
        w->end(w);
    }
    inode_drop(i);
}
