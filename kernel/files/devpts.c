/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /dev/pts: the slaves of pseudo-terminals that have a master, and ptmx.
 *
 * Holds:    its root, and ptmx's inode; a slave's inode belongs to its pair.
 * Promises: a slave belongs to who opened the master, group tty, mode 0620.
 * See:      pts(4)
 */
#include "files/devices.h"
#include "files/proc.h"
#include "files/tty.h"

#define GROUP_TTY 5              /* Debian's number, which /etc/group of every image has */

static struct file_system fs;
static struct inode *ptmx;

static struct inode *slave_inode(u32 number)
{
    return number == 0 && console_exists() ? console_inode() : pty_inode(number);
}

static int lookup(struct path_node *directory, struct name name, struct path_node **out)
{
    s32 number;
    struct inode *i = NULL;
    if (name.length == 4 && name.text[0] == 'p' && name.text[1] == 't' && name.text[2] == 'm' &&
        name.text[3] == 'x')
        i = ptmx;
    else if (proc_number(name, &number))
        i = slave_inode((u32)number);
    if (!i)
        return -ENOENT;
    *out = node_create(directory, name, i, &fs);
    return *out ? 0 : -ENOMEM;
}

static int put(struct file *f, struct directory_sink *sink, const char *name, size_t length,
               u64 number, u64 next)
{
    if (sink->put(sink, name, length, number, directory_type(S_IFCHR), next))
        return -1;
    f->offset = next;
    return 0;
}

#define FIRST_SLAVE 3            /* position of slave 0; . and .. and ptmx come before */

static s32 next_slave(s32 after)
{
    return after < 0 && console_exists() ? 0 : pty_next(after);
}

static long read_directory(struct file *f, struct directory_sink *sink)
{
    if (directory_put_dots(f, sink))
        return 0;
    if (f->offset < FIRST_SLAVE && put(f, sink, "ptmx", 4, ptmx->number, FIRST_SLAVE))
        return 0;
    s32 n = (s32)(f->offset - FIRST_SLAVE) - 1;
    while ((n = next_slave(n)) >= 0) {
        char text[12];
        size_t length = (size_t)format_text(text, sizeof(text), "%d", n);
        if (put(f, sink, text, length, slave_inode((u32)n)->number, FIRST_SLAVE + (u64)n + 1))
            return 0;
    }
    return 0;
}

static const struct file_operations directory_operations = {
    .read_directory = read_directory, .seek = directory_seek,
};

static int open_directory(struct file *f)
{
    f->operations = &directory_operations;
    return 0;
}

static void release(unused_arg struct inode *i)
{
    /* The root, for good. */
}

static const struct inode_operations directory_inode_operations = {
    .lookup = lookup, .open = open_directory, .release = release,
};

struct inode *devpts_create(u32 number)
{
    struct inode *i = tmpfs_create_inode(&fs, S_IFCHR | 0620, DEVICE_PTS(number), NULL);
    if (!i)
        return NULL;
    i->gid = GROUP_TTY;
    i->number = FIRST_SLAVE + number;
    return i;
}

struct path_node *devpts_node(u32 number)
{
    char text[12];
    size_t length = (size_t)format_text(text, sizeof(text), "%u", number);
    struct inode *i = slave_inode(number);
    return i ? node_create(fs.root, (struct name){text, length}, i, &fs) : NULL;
}

int devpts_mount(void)
{
    static struct inode root;
    file_system_init(&fs, "devpts", DEVPTS_SUPER_MAGIC);
    fs.options = "gid=5,mode=620,ptmxmode=666";
    fs.flags = ST_NOSUID | ST_NOEXEC;
    inode_init(&root, &directory_inode_operations, &fs, S_IFDIR | 0755);
    root.number = 1;
    root.nlink = 2;
    ptmx = tmpfs_create_inode(&fs, S_IFCHR | 0666, DEVICE_PTMX, NULL);
    fs.root = ptmx ? node_create(NULL, (struct name){"", 0}, &root, &fs) : NULL;
    if (!fs.root)
        return -ENOMEM;
    ptmx->number = 2;
    return mount_at(&fs, "/dev/pts");
}
