/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The root image becomes the root: a tmpfs whose regular files show the archive's own bytes.
 *
 * Holds:    one path node per entry; the inode of an entry that is no directory is made when it is
 *           looked at first, from the header that is still in the archive.
 * Promises: no data is copied at boot; a file is copied into memory when it is first changed
 *           (memory_file.c). What lies in ELFIN_IMAGE_OWN has no name. Inode numbers are header offsets, so they are the same in every run.
 * Refuses:  an archive with absolute, empty or dotted path components, names without a parent, or
 *           two entries of one name (but directories may repeat): -EINVAL.
 */
#include "abi/image/root_image.h"
#include "files/cpio.h"
#include "files/inode.h"
#include "lib/string.h"
#include "lib/log.h"
#include "memory/page.h"
#include "memory/plan.h"

static struct cpio image;
static paddr_t image_frames;
static struct root_image_plans plans;

struct builder {
    struct file_system *fs;
    struct path_node *directory; /* where the last entry went */
    const char *directory_path;
    size_t directory_length;
    struct list links;           /* files with several names: struct link_note */
};

/* newc repeats the inode number for every name of a file, and has the data only once. */
struct link_note {
    struct list link;
    u32 number;
    struct path_node *node;
};

static u64 inode_number(u64 offset)
{
    return 2 + offset / 2; /* 1 is the root's; headers are longer than two bytes */
}

static void apply(struct inode *i, const struct cpio_attributes *a, u64 offset)
{
    i->number = inode_number(offset);
    i->mode = a->mode;
    i->uid = a->uid;
    i->gid = a->gid;
    i->accessed = i->modified = i->changed = i->born = (struct timestamp){a->mtime, a->mtime_ns};
}

/* Another writer's archive may have data that no page boundary meets: then it is copied. */
static int fill(struct inode *i, const struct cpio_entry *e)
{
    bool in_place = is_aligned(e->data_offset, PAGE_SIZE);
    return memory_file_fill(i, image.data + e->data_offset, in_place, image_frames + e->data_offset,
                            e->size);
}

static struct inode *create_regular(struct file_system *fs, const struct cpio_entry *e)
{
    struct inode *i = memory_file_create(fs, e->mode);
    if (i && fill(i, e)) {
        inode_drop(i);
        return NULL;
    }
    return i;
}

static struct inode *create_inode(struct file_system *fs, const struct cpio_entry *e,
                                  const struct cpio_attributes *a)
{
    u64 rdev = device_number(a->rdev_major, a->rdev_minor);
    if ((e->mode & S_IFMT) == S_IFREG)
        return create_regular(fs, e);
    if ((e->mode & S_IFMT) != S_IFLNK)
        return tmpfs_create_inode(fs, e->mode, rdev, NULL);
    char *target = heap_alloc(e->size + 1);
    if (!target)
        return NULL;
    memcpy(target, image.data + e->data_offset, e->size);
    target[e->size] = '\0';
    struct inode *i = tmpfs_create_inode(fs, e->mode, 0, target);
    heap_free(target);
    return i;
}

static int awaken(struct path_node *node)
{
    struct cpio_entry e;
    struct cpio_attributes a;
    if (cpio_at(&image, node->image_offset, &e) ||
        cpio_attributes(&image, node->image_offset, &a))
        return -EIO;
    struct inode *i = create_inode(node->fs, &e, &a);
    if (!i)
        return -ENOMEM;
    apply(i, &a, node->image_offset);
    node_set_inode(node, i);
    inode_drop(i);
    return 0;
}

static void peek(const struct path_node *node, u64 *number, u32 *mode)
{
    struct cpio_entry e;
    *number = inode_number(node->image_offset);
    *mode = cpio_at(&image, node->image_offset, &e) ? 0 : e.mode;
}

static bool name_is_good(const char *text, size_t length)
{
    bool dots = (length == 1 && text[0] == '.') ||
                (length == 2 && text[0] == '.' && text[1] == '.');
    return length > 0 && length <= NAME_MAX && !dots;
}

/* The directory that holds the entry, or NULL when the archive has none. Neighbours in the archive
 * are mostly neighbours in the tree, so the last answer is tried first. */
static struct path_node *find_parent(struct builder *b, const char *path, size_t length)
{
    if (length == b->directory_length && memcmp(path, b->directory_path, length) == 0)
        return b->directory;
    struct path_node *n = b->fs->root;
    for (size_t at = 0, end = 0; length && end < length; at = end + 1) {
        for (end = at; end < length && path[end] != '/';)
            end++;
        n = node_find(n, (struct name){path + at, end - at});
        if (!n || !n->inode || !inode_is_directory(n->inode))
            return NULL;
    }
    b->directory = n;
    b->directory_path = path;
    b->directory_length = length;
    return n;
}

static int add_directory(struct path_node *n)
{
    int error = awaken(n);
    if (!error)
        n->parent->inode->nlink++;
    return error == -EIO ? -EINVAL : error;
}

static struct path_node *find_link(struct builder *b, u32 number)
{
    list_for_each(at, &b->links) {
        struct link_note *note = list_entry(at, struct link_note, link);
        if (note->number == number)
            return note->node;
    }
    return NULL;
}

/* A further name of a file: all names share the inode; the entry with data gives the contents. */
static int add_link(struct builder *b, struct path_node *n, const struct cpio_entry *e)
{
    struct path_node *first = find_link(b, e->inode);
    if (!first) {
        struct link_note *note = heap_alloc(sizeof(*note));
        if (!note)
            return -ENOMEM;
        *note = (struct link_note){.number = e->inode, .node = n};
        list_push_back(&b->links, &note->link);
        int error = awaken(n);
        return error == -EIO ? -EINVAL : error;
    }
    if (e->size && first->inode->size == 0 && fill(first->inode, e))
        return -ENOMEM;
    node_set_inode(n, first->inode);
    first->inode->nlink++;
    return 0;
}

static int update_directory(struct path_node *n, const struct cpio_entry *e)
{
    struct cpio_attributes a;
    if (!n->inode || !inode_is_directory(n->inode) || (e->mode & S_IFMT) != S_IFDIR ||
        cpio_attributes(&image, e->offset, &a))
        return -EINVAL;
    u64 number = n->inode->number;
    apply(n->inode, &a, e->offset);
    n->inode->number = number;
    return 0;
}

static bool type_is_good(const struct cpio_entry *e)
{
    switch (e->mode & S_IFMT) {
    case S_IFLNK:
        return e->size > 0 && e->size < PATH_MAX;
    case S_IFREG:
    case S_IFDIR:
    case S_IFCHR:
    case S_IFBLK:
    case S_IFIFO:
    case S_IFSOCK:
        return true;
    default:
        return false;
    }
}

static int add(struct builder *b, const struct cpio_entry *e)
{
    if (!type_is_good(e))
        return -EINVAL;
    if (e->path_length == 1 && e->path[0] == '.')
        return update_directory(b->fs->root, e);
    size_t split = e->path_length;
    while (split && e->path[split - 1] != '/')
        split--;
    struct name name = {e->path + split, e->path_length - split};
    struct path_node *parent = find_parent(b, e->path, split ? split - 1 : 0);
    if (!parent || !name_is_good(name.text, name.length) || (split == 1))
        return -EINVAL;
    struct path_node *there = node_find(parent, name);
    if (there)
        return update_directory(there, e);
    struct path_node *n = node_create(parent, name, NULL, b->fs);
    if (!n)
        return -ENOMEM;
    n->image_offset = e->offset;
    node_attach(n);
    if ((e->mode & S_IFMT) == S_IFDIR)
        return add_directory(n);
    return e->nlink > 1 && (e->mode & S_IFMT) == S_IFREG ? add_link(b, n, e) : 0;
}

static bool is_own(const struct cpio_entry *e)
{
    const size_t length = sizeof(ELFIN_IMAGE_OWN) - 1;
    return e->path_length >= length && memcmp(e->path, ELFIN_IMAGE_OWN, length) == 0 &&
           (e->path_length == length || e->path[length] == '/');
}

/* An entry for the kernel itself: no name leads to it. */
static int take_own(const struct cpio_entry *e)
{
    const size_t length = sizeof(ELFIN_IMAGE_REWRITE) - 1;
    if (e->path_length == length && memcmp(e->path, ELFIN_IMAGE_REWRITE, length) == 0)
        plans = (struct root_image_plans){image.data + e->data_offset, e->size};
    return 0;
}

struct root_image_plans root_image_plans(void) { return plans; }

#if CONFIG_REWRITE

/* The regular file that a plan names, or NULL. */
static struct inode *find_file(struct builder *b, const char *path, size_t length)
{
    size_t split = length;
    if (!length || path[0] != '/')
        return NULL;
    while (path[split - 1] != '/')
        split--;
    struct path_node *parent = find_parent(b, path + 1, split > 1 ? split - 2 : 0);
    struct path_node *n =
        parent ? node_find(parent, (struct name){path + split, length - split}) : NULL;
    if (!n || (!n->inode && awaken(n)))
        return NULL;
    return inode_is_memory_file(n->inode) ? n->inode : NULL;
}

/* Each file gets its part; what cannot be read is left out, and its sites trap. */
static void take_plans(struct builder *b)
{
    struct plan_reader reader;
    struct plan_file f;
    int more = 0;
    if (plans.size && plan_open(&reader, plans.bytes, plans.size))
        while ((more = plan_next(&reader, &f)) == 1) {
            struct inode *i = find_file(b, f.path, f.path_length);
            if (i)
                memory_file_plan(i, plan_keep(&f));
        }
    else if (plans.size)
        more = -EINVAL;
    if (more)
        log_line("files: the plan of call sites is damaged");
}

#else
static void take_plans(unused_arg struct builder *b) {}
#endif

int root_image_load(struct file_system *fs, const u8 *data, u64 size, paddr_t frames)
{
    struct builder b = {.fs = fs, .directory = fs->root, .directory_path = ""};
    list_init(&b.links);
    cpio_start(&image, data, size);
    image_frames = frames;
    plans = (struct root_image_plans){NULL, 0};
    fs->awaken = awaken;
    fs->peek = peek;
    fs->is_root_image = true;
    struct cpio_entry e;
    int more;
    while ((more = cpio_next(&image, &e)) == 1) {
        more = is_own(&e) ? take_own(&e) : add(&b, &e);
        if (more)
            break;
    }
    if (!more)
        take_plans(&b);
    for (struct list *l; (l = list_pop_front(&b.links));)
        heap_free(list_entry(l, struct link_note, link));
    /* Numbers of files made later lie beyond those of the image. */
    fs->next_inode = inode_number(size) + 1;
    return more;
}
