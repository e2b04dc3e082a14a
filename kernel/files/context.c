/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a process shares with its threads about names: root, working directory, umask.
 *
 * See: chdir(2), chroot(2), getcwd(2), umask(2)
 */
#include "files/inode.h"
#include "files/names.h"
#include "lib/string.h"
#include "memory/page.h"

static int find_directory(const char *path, struct path_node **out)
{
    struct walk_request r = {.directory = AT_FDCWD, .path = path, .flags = WALK_FOLLOW};
    struct path_found found;
    int error = path_walk(&r, &found);
    if (error)
        return error;
    if (!inode_is_directory(found.node->inode))
        error = -ENOTDIR;
    else
        error = inode_may(found.node->inode, MAY_EXECUTE);
    if (!error) {
        node_hold(found.node);
        *out = found.node;
    }
    path_found_drop(&found);
    return error;
}

struct file_context *file_context_create(const char *cwd, u32 umask, int *error)
{
    struct file_context *c = heap_alloc_zeroed(sizeof(*c));
    *error = -ENOMEM;
    if (!c)
        return NULL;
    struct path_node *n;
    *error = find_directory(cwd, &n);
    if (*error) {
        heap_free(c);
        return NULL;
    }
    *c = (struct file_context){.references = 1, .umask = umask & 0777, .cwd = n};
    c->root = mount_down(root_node());
    node_hold(c->root);
    return c;
}

struct file_context *file_context_copy(struct file_context *c)
{
    struct file_context *copy = heap_alloc(sizeof(*copy));
    if (!copy)
        return NULL;
    *copy = *c;
    copy->references = 1;
    node_hold(copy->root);
    node_hold(copy->cwd);
    return copy;
}

void file_context_hold(struct file_context *c)
{
    c->references++;
}

void file_context_drop(struct file_context *c)
{
    if (!c || --c->references)
        return;
    node_drop(c->cwd);
    node_drop(c->root);
    heap_free(c);
}

static struct file_context *context(void)
{
    return current_process()->files;
}

static void replace(struct path_node **place, struct path_node *n) /* takes n's reference */
{
    struct path_node *old = *place;
    *place = n;
    node_drop(old);
}

int context_chdir(const char *path)
{
    struct path_node *n;
    int error = find_directory(path, &n);
    if (!error)
        replace(&context()->cwd, n);
    return error;
}

int context_fchdir(struct file *f)
{
    if (!f->path || !inode_is_directory(f->inode))
        return -ENOTDIR;
    int error = inode_may(f->inode, MAY_EXECUTE);
    if (error)
        return error;
    node_hold(f->path);
    replace(&context()->cwd, f->path);
    return 0;
}

int context_chroot(const char *path)
{
    struct path_node *n;
    int error = find_directory(path, &n);
    if (error)
        return error;
    if (!is_privileged()) {
        node_drop(n);
        return -EPERM;
    }
    replace(&context()->root, n);
    return 0;
}

long context_cwd(char *out, size_t size)
{
    static const char unreachable[] = "(unreachable)";
    const struct path_node *cwd = context()->cwd, *root = context()->root;
    if (node_deleted(cwd))
        return -ENOENT;
    size_t skip = node_is_below(cwd, root) ? 0 : sizeof(unreachable) - 1;
    if (skip >= size)
        return -ERANGE;
    memcpy(out, unreachable, skip);
    size_t length = node_path(cwd, skip ? NULL : root, out + skip, size - skip);
    return length ? (long)(skip + length) : -ENAMETOOLONG;
}

u32 context_set_umask(u32 mask)
{
    u32 old = context()->umask;
    context()->umask = mask & 0777;
    return old;
}
