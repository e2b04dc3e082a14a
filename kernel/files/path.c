/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The path walk.
 *
 * Holds:    one walk: where it is, what of the path is left. A symlink's target is put in front of
 *           what is left, in a buffer of its own.
 * Promises: what path_found holds is held; a walk that fails holds nothing. At most 40 symlinks.
 *           RESOLVE_* bounds hold for every step, also those inside symlinks.
 * Refuses:  sleeping: nothing here waits.
 * See:      path_resolution(7), openat2(2)
 */
#include "files/inode.h"
#include "lib/string.h"
#include "memory/page.h"

struct walk {
    struct path_node *node;      /* held; where we are */
    struct path_node *root;      /* held; "/" and the upper bound of ".." */
    struct path_node *start;     /* held */
    char *buffer;                /* of the heap, or NULL: rest points into the caller's path */
    const char *rest;
    unsigned links;
    u32 flags, resolve;
    struct path_found *found;
};

static void move_to(struct walk *w, struct path_node *n) /* takes n's reference */
{
    struct path_node *old = w->node;
    w->node = n;
    node_drop(old);
}

static void move_to_held(struct walk *w, struct path_node *n)
{
    node_hold(n);
    move_to(w, n);
}

/* --- start --- */

static struct file_context *context(void)
{
    struct thread *t = this_cpu()->current;
    return t && t->process ? t->process->files : NULL;
}

static int find_start(struct walk *w, const struct walk_request *r)
{
    struct file_context *c = context();
    bool absolute = r->path[0] == '/' && !(r->resolve & RESOLVE_IN_ROOT);
    struct path_node *top = c ? c->root : mount_down(root_node());
    if (absolute && (r->resolve & RESOLVE_BENEATH))
        return -EXDEV;
    if (absolute) {
        w->start = top;
        node_hold(w->start);
    } else if (r->directory == AT_FDCWD) {
        w->start = c ? c->cwd : top;
        node_hold(w->start);
    } else {
        struct file *f = descriptor_file_or_path(r->directory);
        if (!f)
            return -EBADF;
        w->start = f->path;
        bool usable = f->path && (inode_is_directory(f->inode) || r->path[0] == '\0');
        if (usable)
            node_hold(w->start);
        file_drop(f);
        if (!usable)
            return -ENOTDIR;
    }
    w->root = r->resolve & (RESOLVE_IN_ROOT | RESOLVE_BENEATH) ? w->start : top;
    w->node = w->start;
    node_hold(w->root);
    node_hold(w->node);
    return 0;
}

/* --- one step --- */

static int check_search(struct walk *w)
{
    struct inode *i = node_inode(w->node);
    if (!i)
        return -ENOMEM;
    if (!inode_is_directory(i))
        return -ENOTDIR;
    return inode_may(i, MAY_EXECUTE);
}

static int cross(struct walk *w, const struct path_node *from, const struct path_node *to)
{
    return (w->resolve & RESOLVE_NO_XDEV) && from->fs != to->fs ? -EXDEV : 0;
}

static int step_parent(struct walk *w)
{
    if (w->node == w->root)
        return w->resolve & RESOLVE_BENEATH ? -EXDEV : 0;
    struct path_node *from = w->node, *n = mount_up(from);
    n = n->parent ? n->parent : from;
    int error = cross(w, from, n);
    if (!error)
        move_to_held(w, n);
    return error;
}

/* The child, held and awake; NULL with *error 0: there is none. */
static struct path_node *find_child(struct path_node *directory, struct name name, int *error)
{
    struct path_node *n = NULL;
    *error = 0;
    if (directory->inode->operations->lookup) {
        *error = directory->inode->operations->lookup(directory, name, &n);
        if (*error == -ENOENT) {
            *error = 0;
            return NULL;
        }
        return *error ? NULL : n;
    }
    n = node_find(directory, name);
    if (!n)
        return NULL;
    if (!node_inode(n)) {
        *error = -ENOMEM;
        return NULL;
    }
    node_hold(n);
    return n;
}

/* target + what is left becomes what is left. */
static int push_target(struct walk *w, const char *target, size_t length)
{
    size_t left = strlen(w->rest);
    char *buffer = heap_alloc(length + left + 1);
    if (!buffer)
        return -ENOMEM;
    memcpy(buffer, target, length);
    memcpy(buffer + length, w->rest, left + 1);
    heap_free(w->buffer);
    w->buffer = buffer;
    w->rest = buffer;
    return 0;
}

static int follow_text(struct walk *w, struct path_node *link)
{
    char *target = heap_alloc(PATH_MAX);
    if (!target)
        return -ENOMEM;
    inode_note_access(link->inode);
    long length = link->inode->operations->read_link(link->inode, target, PATH_MAX - 1);
    int error = length < 0 ? (int)length : length == 0 ? -ENOENT : 0;
    if (!error && target[0] == '/' && (w->resolve & RESOLVE_BENEATH))
        error = -EXDEV;
    if (!error && target[0] == '/')
        error = cross(w, w->node, w->root);
    if (!error)
        error = push_target(w, target, (size_t)length);
    if (!error && target[0] == '/')
        move_to_held(w, w->root);
    heap_free(target);
    return error;
}

static int follow_link(struct walk *w, struct path_node *link)
{
    if (++w->links > LINUX_MAX_SYMLINKS || (w->resolve & RESOLVE_NO_SYMLINKS))
        return -ELOOP;
    if (!link->inode->operations->follow)
        return follow_text(w, link);
    if (w->resolve & RESOLVE_NO_MAGICLINKS)
        return -ELOOP;
    if (w->resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT))
        return -EXDEV;
    struct path_node *to;
    int error = link->inode->operations->follow(link->inode, &to);
    if (error)
        return error;
    error = cross(w, w->node, to);
    if (error)
        node_drop(to);
    else
        move_to(w, to);
    return error;
}

/* --- the loop --- */

static void set_last(struct path_found *f, struct path_node *parent, struct name name, bool slash)
{
    node_hold(parent);
    node_drop(f->parent);
    f->parent = parent;
    memcpy(f->last, name.text, name.length);
    f->last[name.length] = '\0';
    f->last_length = name.length;
    f->last_is_dot = f->last_is_dotdot = false;
    f->slash = slash;
}

static void set_no_last(struct path_found *f, bool dot, bool dotdot)
{
    node_drop(f->parent);
    f->parent = NULL;
    f->last_length = 0;
    f->last[0] = '\0';
    f->last_is_dot = dot;
    f->last_is_dotdot = dotdot;
    f->slash = false;
}

enum step { STEP_ON, STEP_MISSING };

static int step_name(struct walk *w, struct name name, bool is_last, bool slash)
{
    int error;
    if (slash && (w->flags & WALK_CREATE))
        return -EISDIR;
    struct path_node *n = find_child(w->node, name, &error);
    if (error)
        return error;
    if (is_last)
        set_last(w->found, w->node, name, slash);
    if (!n)
        return is_last && (w->flags & WALK_MAY_MISS) ? STEP_MISSING : -ENOENT;
    bool follows = !is_last || (w->flags & WALK_FOLLOW) || (slash && !(w->flags & WALK_PARENT));
    if (inode_is_link(n->inode) && follows) {
        error = follow_link(w, n);
        node_drop(n);
        return error;
    }
    struct path_node *top = mount_down(n);
    error = cross(w, n, top);
    if (!error)
        move_to_held(w, top);
    node_drop(n);
    return error;
}

static int step(struct walk *w)
{
    struct name name = {w->rest, 0};
    while (*w->rest && *w->rest != '/')
        w->rest++;
    name.length = (size_t)(w->rest - name.text);
    int error = check_search(w);
    if (error)
        return error;
    if (name.length > NAME_MAX)
        return -ENAMETOOLONG;
    const char *after = w->rest;
    while (*after == '/')
        after++;
    bool is_last = *after == '\0', slash = is_last && after != w->rest;
    bool dot = name.length == 1 && name.text[0] == '.';
    bool dotdot = name.length == 2 && name.text[0] == '.' && name.text[1] == '.';
    if (dot || dotdot) {
        if (is_last)
            set_no_last(w->found, dot, dotdot);
        return dotdot ? step_parent(w) : STEP_ON;
    }
    return step_name(w, name, is_last, slash);
}

static int run(struct walk *w)
{
    set_no_last(w->found, false, false);
    for (;;) {
        while (*w->rest == '/')
            w->rest++;
        if (*w->rest == '\0')
            break;
        int result = step(w);
        if (result == STEP_MISSING)
            return 0;
        if (result)
            return result;
    }
    struct inode *i = node_inode(w->node);
    if (!i)
        return -ENOMEM;
    if (w->found->slash && !(w->flags & WALK_PARENT) && !inode_is_directory(i))
        return -ENOTDIR;
    node_hold(w->node);
    w->found->node = w->node;
    return 0;
}

int path_walk(const struct walk_request *r, struct path_found *found)
{
    memset(found, 0, offsetof(struct path_found, last));
    if (r->path[0] == '\0' && !(r->flags & WALK_EMPTY))
        return -ENOENT;
    struct walk w = {.rest = r->path, .flags = r->flags, .resolve = r->resolve, .found = found};
    int error = find_start(&w, r);
    if (error)
        return error;
    error = run(&w);
    heap_free(w.buffer);
    node_drop(w.node);
    node_drop(w.root);
    node_drop(w.start);
    if (error)
        path_found_drop(found);
    return error;
}

void path_found_drop(struct path_found *found)
{
    node_drop(found->node);
    node_drop(found->parent);
    found->node = found->parent = NULL;
}
