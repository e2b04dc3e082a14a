/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file systems' inside: inodes, path nodes and mounts. Only files/ includes this header.
 *
 * Holds:    an inode is a file without a name; a path node is a name in a directory (what Linux
 *           calls a dentry); a file system is a set of inodes with one device number, mounted at
 *           most once. File systems in memory keep their directories as path nodes and nothing
 *           else: a node that is attached to its parent is the directory entry.
 * Promises: a node holds its parent and its inode; an attached node is held by its parent's
 *           children list (one reference), so it lives until it is detached and dropped by all.
 *           An inode is released when the last node and the last open file have let go.
 * Locking:  none; the kernel is not preempted and nothing here sleeps.
 * See:      inode(7), path_resolution(7)
 */
#pragma once

#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi/linux/limits.h"
#include "abi/linux/stat.h"
#include "abi/linux/statfs.h"
#include "files/file.h"
#include "lib/list.h"
#include "lib/types.h"

struct path_node;
struct inode;

struct name {
    const char *text;            /* not NUL-terminated */
    size_t length;
};

struct file_system {
    struct list link;            /* mounts, in the order they were made */
    const char *type, *source, *options;
    s64 magic;
    u32 minor;                   /* device number 0:minor */
    u32 mount_id;
    u32 flags;                   /* ST_* */
    bool mounted, is_root_image;
    struct path_node *root;      /* NULL: has no tree (pipes, anonymous files) */
    struct path_node *covers;    /* what it is mounted on; NULL: the root, or not mounted */
    u64 next_inode, inodes;
    /* Makes the tree below the root, when someone comes there first; NULL: it is there. */
    void (*fill)(struct file_system *fs);
    /* Gives a node its inode when it is looked at first (root image). 0 or -ENOMEM. */
    int (*awaken)(struct path_node *node);
    /* What a directory shows of such a node. */
    void (*peek)(const struct path_node *node, u64 *number, u32 *mode);
};

/* What to create in a directory. */
struct make_request {
    u32 mode;                    /* with type bits; umask applied */
    u64 rdev;                    /* devices */
    const char *target;          /* symlinks */
};

#define CHANGE_MODE 1u
#define CHANGE_OWNER 2u
#define CHANGE_GROUP 4u
#define CHANGE_ACCESSED 8u
#define CHANGE_MODIFIED 16u
struct attribute_change {
    u32 what;                    /* CHANGE_* */
    u32 mode, uid, gid;
    struct timestamp accessed, modified;
};

/* NULL entries: the usual answer of a file that cannot do it. The caller has checked permission,
 * types and names; operations answer 0 or -errno. */
struct inode_operations {
    /* Directories whose entries come and go by themselves (procfs). NULL: the attached children
     * are all there is. *out is held. */
    int (*lookup)(struct path_node *directory, struct name name, struct path_node **out);
    int (*make)(struct path_node *directory, struct name name, const struct make_request *request,
                struct path_node **out);
    int (*make_unnamed)(struct path_node *directory, u32 mode, struct inode **out); /* O_TMPFILE */
    int (*link)(struct path_node *directory, struct name name, struct inode *target);
    int (*remove)(struct path_node *node);
    int (*rename)(struct path_node *from, struct path_node *directory, struct name name,
                  struct path_node *over, u32 flags);
    long (*read_link)(struct inode *i, char *out, size_t size); /* length, cut to size */
    /* Links of procfs that lead to the thing itself. *out is held. */
    int (*follow)(struct inode *i, struct path_node **out);
    int (*open)(struct file *f);           /* chooses f->operations */
    int (*change)(struct inode *i, const struct attribute_change *change);
    int (*truncate)(struct inode *i, u64 size);
    void (*stat)(struct inode *i, struct statx_fields *out); /* corrects the generic answer */
    /* Name of a file that has no path, as /proc/PID/fd shows it. */
    size_t (*label)(struct inode *i, char *out, size_t size);
    void (*release)(struct inode *i);      /* frees it */
};

struct inode {
    const struct inode_operations *operations;
    struct file_system *fs;
    u64 number, size, rdev;
    u32 mode, uid, gid, nlink, references;
    u32 entries;                 /* directories: attached children */
    u32 writers, runners;        /* files open for writing by name; open as programs: never both */
    bool linkable;               /* O_TMPFILE: may get a name though it has none */
    struct timestamp accessed, modified, changed, born;
    struct path_node *node;      /* not held: a name it has, for /proc/PID/maps; or NULL */
    struct pipe *fifo;           /* S_IFIFO while it is open */
    struct lock_list *locks;     /* fcntl and flock locks; NULL: none */
    struct watch_list *watches;  /* inotify; NULL: nobody watches */
};

struct path_node {
    struct path_node *parent;    /* held; NULL: root of a file system, or an unnamed file */
    struct inode *inode;         /* held; NULL: not awake yet, use node_inode() */
    struct file_system *fs;
    struct path_node *next_hash;
    struct list children, sibling;
    struct file_system *mounted; /* what covers this node */
    u64 cookie;                  /* position in the directory; >= 2 */
    u64 next_cookie;             /* directories: the next child's */
    u64 image_offset;            /* of the header in the root image; 0: none */
    u32 references;
    u32 name_length;
    bool attached;
    char *name;                  /* with NUL; own_name, or of the heap after a rename */
    char own_name[];
};

static inline bool inode_is_directory(const struct inode *i) { return (i->mode & S_IFMT) == S_IFDIR; }
static inline bool inode_is_regular(const struct inode *i) { return (i->mode & S_IFMT) == S_IFREG; }
static inline bool inode_is_link(const struct inode *i) { return (i->mode & S_IFMT) == S_IFLNK; }
static inline u64 device_number(u32 major, u32 minor)
{
    return (minor & 0xff) | ((u64)major << 8) | ((u64)(minor & ~0xffu) << 12);
}
static inline u32 device_major(u64 d) { return (u32)(d >> 8) & 0xfff; }
static inline u32 device_minor(u64 d) { return (u32)(d & 0xff) | ((u32)(d >> 12) & ~0xffu); }

/* --- inode.c --- */
struct timestamp time_now(void);                   /* CLOCK_REALTIME */
void inode_init(struct inode *i, const struct inode_operations *operations,
                struct file_system *fs, u32 mode); /* reference 1, owner of the caller, now */
void inode_hold(struct inode *i);
void inode_drop(struct inode *i);
void inode_stat(struct inode *i, struct statx_fields *out);
#define MAY_EXECUTE 1u
#define MAY_WRITE 2u
#define MAY_READ 4u
int inode_may(const struct inode *i, u32 how);     /* 0 or -EACCES, by the fs ids */
int file_set_claim(struct file *f, enum file_claim claim); /* 0 or -ETXTBSY; ends with the file */
int inode_may_run(const struct inode *i);          /* execve's question: 0 or -EACCES */
bool inode_owned(const struct inode *i);           /* owner or privileged */
bool is_privileged(void);                          /* the caller's fs uid is 0 */
bool in_group(u32 gid);
int inode_change(struct inode *i, const struct attribute_change *change); /* checks permission */
void inode_note_access(struct inode *i);
int inode_truncate(struct inode *i, u64 size);     /* checks type and size, not permission */

/* --- node.c --- */
struct path_node *node_create(struct path_node *parent, struct name name, struct inode *inode,
                              struct file_system *fs); /* reference 1, not attached; holds inode */
void node_set_inode(struct path_node *n, struct inode *inode);
void node_hold(struct path_node *n);
void node_drop(struct path_node *n);
void node_attach(struct path_node *n);             /* to its parent; takes the caller's reference */
void node_detach(struct path_node *n);             /* drops the parent's reference */
/* Renames in place: open files and working directories that hold the node follow. */
int node_move(struct path_node *n, struct path_node *directory, struct name name);
int node_exchange(struct path_node *a, struct path_node *b); /* their names and places */
struct path_node *node_find(struct path_node *directory, struct name name); /* not held */
struct path_node *node_after(struct path_node *directory, u64 cookie); /* first with >= cookie */
struct inode *node_inode(struct path_node *n);     /* NULL: out of memory */
bool node_is_below(const struct path_node *n, const struct path_node *top); /* n is top or below */
/* Absolute path from `root` (NULL: the topmost); length, or 0 when it does not fit. */
size_t node_path(const struct path_node *n, const struct path_node *root, char *out, size_t size);
bool node_deleted(const struct path_node *n);
static inline struct name name_of(const struct path_node *n)
{
    return (struct name){n->name, n->name_length};
}

/* --- mount.c --- */
extern struct list mounts;
struct path_node *root_node(void);                 /* of the whole tree */
struct path_node *mount_down(struct path_node *n); /* the root of what covers n, or n */
struct path_node *mount_up(struct path_node *n);   /* the opposite: the covered node, or n */
void file_system_init(struct file_system *fs, const char *type, s64 magic); /* unmounted */
int mount_at(struct file_system *fs, const char *path); /* makes the directory when missing */
void file_system_statfs(struct file_system *fs, struct linux_statfs *out);
extern struct file_system anonymous_fs, pipe_fs, memfd_fs;

/* --- tmpfs.c --- */
int tmpfs_init(struct file_system *fs, const char *type, u32 root_mode); /* makes the root */
struct path_node *tmpfs_add(struct path_node *directory, struct name name, u32 mode,
                            u64 rdev, const char *target, int *error); /* attached, not held */
struct inode *tmpfs_create_inode(struct file_system *fs, u32 mode, u64 rdev, const char *target);
extern const struct inode_operations tmpfs_operations;

/* --- memory_file.c: regular files of tmpfs, memfds --- */
struct inode *memory_file_create(struct file_system *fs, u32 mode);
/* The first contents of an empty file: the image's own frames until they are first changed
 * (in_place), or a copy. 0 or -ENOMEM. */
int memory_file_fill(struct inode *i, const u8 *data, bool in_place, paddr_t frames, u64 size);
/* What the SDK proved about the file's call sites; the file takes it. */
void memory_file_plan(struct inode *i, struct rewrite_plan *plan);
int memory_file_open(struct file *f);
int memory_file_truncate(struct inode *i, u64 size);
int memory_file_allocate(struct inode *i, u32 mode, u64 offset, u64 length);
bool inode_is_memory_file(const struct inode *i);

/* --- anonymous.c --- */
struct file *anonymous_file(const struct file_operations *operations, u32 flags,
                            void *private_data);

/* --- file.c, directory.c --- */
long file_seek_plain(struct file *f, s64 offset, int whence, u64 size); /* SET, CUR, END */
long file_seek_nowhere(struct file *f, s64 offset, int whence); /* the position means nothing */
u8 directory_type(u32 mode);                       /* DT_* */
int directory_put_dots(struct file *f, struct directory_sink *sink); /* not 0: no room */
long directory_seek(struct file *f, s64 offset, int whence);

/* --- root_image.c --- */
int root_image_load(struct file_system *fs, const u8 *data, u64 size, paddr_t frames);
/* The image's rewriting plans, unchecked; size 0: it has none. They stay where they are. */
struct root_image_plans {
    const u8 *bytes;
    u64 size;
};
struct root_image_plans root_image_plans(void);

/* --- file systems made at boot --- */
int devfs_mount(void);
int procfs_mount(void);
int sysfs_mount(void);

/* --- device files, by rdev --- */
int device_open(struct file *f);                   /* -ENXIO: no such device */
int fifo_open(struct file *f);                     /* pipe.c */
extern const struct file_operations directory_file_operations; /* directory.c */

/* --- path.c --- */
struct path_found {
    struct path_node *parent;    /* held; where `last` is or would be; NULL: `node` has none */
    struct path_node *node;      /* held; NULL: missing */
    char last[NAME_MAX + 1];
    size_t last_length;          /* 0: the path ends in ".", ".." or "/" */
    bool last_is_dot, last_is_dotdot;
    bool slash;                  /* a slash follows the last name */
};
#define WALK_FOLLOW 1u           /* a symlink at the end is followed */
#define WALK_MAY_MISS 2u         /* the last name may be missing: node is NULL */
#define WALK_EMPTY 4u            /* "" is the start itself (AT_EMPTY_PATH) */
#define WALK_PARENT 8u           /* for the parent's sake: a trailing slash follows no link */
#define WALK_CREATE 16u          /* O_CREAT: a slash behind the last name is EISDIR */
struct walk_request {
    int directory;               /* AT_FDCWD or a descriptor */
    const char *path;
    u32 flags;                   /* WALK_* */
    u32 resolve;                 /* RESOLVE_* */
};
int path_walk(const struct walk_request *request, struct path_found *found);
void path_found_drop(struct path_found *found);

static inline struct name found_name(const struct path_found *f)
{
    return (struct name){f->last, f->last_length};
}

struct file_context {
    u32 references;
    u32 umask;
    struct path_node *root, *cwd;
};
