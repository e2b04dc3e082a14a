/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Open files, descriptors, inodes and path walk: what the rooms above files/ use.
 * The file system's inside (inode operations, mounts) is declared in files/inode.h.
 */
#pragma once

#include "abi/linux/stat.h"
#include "lib/list.h"
#include "memory/backing.h"
#include "memory/user_memory.h"
#include "task/task.h"

struct inode;
struct file;
struct path_node;
struct poll_wait;
struct linux_statfs;

struct timestamp {
    s64 seconds;
    u32 nanoseconds;
};

/* What stat and statx answer. Device numbers as stat(2) encodes them. */
struct statx_fields {
    u64 device, inode, rdev, size, blocks; /* blocks of 512 bytes */
    u32 mode, nlink, uid, gid, block_size, mount_id;
    bool is_mount_root;
    struct timestamp accessed, modified, changed, born;
};

/* Where a directory's entries go. put: 0, or not 0 when there is no room: the entry was not
 * taken. `next` is the directory position behind the entry. */
struct directory_sink {
    int (*put)(struct directory_sink *s, const char *name, size_t length, u64 inode, u8 type,
               u64 next);
};

/* What an open file can do. NULL: the call's usual error (EINVAL, ENOTTY, ESPIPE ...). All sleep
 * when they must, return >= 0 or -errno (also -ERESTARTSYS). */
struct file_operations {
    /* *offset is the file position or pread's; unused by streams. Bytes moved. */
    long (*read)(struct file *f, struct io *io, u64 *offset);
    long (*write)(struct file *f, struct io *io, u64 *offset);
    long (*seek)(struct file *f, s64 offset, int whence);
    long (*ioctl)(struct file *f, u32 request, struct user_ptr argument, u64 value);
    /* Ready events (POLLIN ...); enters `w` into the queues it would wait on when w is not NULL. */
    u32 (*poll)(struct file *f, struct poll_wait *w);
    long (*read_directory)(struct file *f, struct directory_sink *sink);
    struct backing *(*backing)(struct file *f);          /* for mmap; NULL: no memory */
    long (*sync)(struct file *f);
    long (*control)(struct file *f, u32 command, u64 argument); /* fcntl: pipe sizes, seals */
    void (*flush)(struct file *f);                       /* the caller closed a descriptor of it */
    void (*close)(struct file *f);                       /* last reference */
    /* Lines of /proc/PID/fdinfo behind the common ones; bytes put into out. */
    size_t (*describe)(struct file *f, char *out, size_t size);
    const char *kind;            /* files without an inode of their own: "[eventfd]" */
    bool is_stream;              /* has no positions for pread, though lseek may answer */
};

/* A program that runs cannot be written, and the other way round: ETXTBSY. */
enum file_claim { CLAIM_NONE, CLAIM_WRITE, CLAIM_RUN };

struct file {
    const struct file_operations *operations;
    struct inode *inode;          /* held */
    struct path_node *path;       /* held; what was opened, for /proc/self/fd; NULL: anonymous */
    u32 references;
    u32 flags;                    /* O_* status flags; access mode in O_ACCMODE */
    u64 offset;
    u64 owner;                    /* F_SETOWN */
    void *private_data;
    enum file_claim claim;        /* counted in the inode while it is open */
    struct list watches;          /* struct file_watch: epoll registrations */
};

/* Someone who must know when the last descriptor of an open file is gone. */
struct file_watch {
    struct list link;
    void (*forget)(struct file_watch *w); /* must unlink itself */
};

/* poll.c: one wait over many queues. */
struct poll_wait {
    struct waiter *waiters;
    unsigned used, capacity;
    bool overflowed;             /* more queues than capacity: the wait must fail, ENOMEM */
    void (*enter)(struct poll_wait *w, struct wait_queue *q, u32 events);
};
static inline void poll_enter(struct poll_wait *w, struct wait_queue *q, u32 events)
{
    if (w)
        w->enter(w, q, events);
}

/* descriptor.c */
void descriptor_put(struct descriptor_table *t, unsigned fd, struct file *f); /* fresh table, fd < 3 */
struct descriptor_table *descriptors_create(void);
void descriptors_drop(struct descriptor_table *t);       /* closes all when last */
void descriptors_discard(struct descriptor_table *t);    /* a copy that no process came to use */
struct file *descriptor_file(int fd); /* held for the caller; NULL: EBADF, also for O_PATH */
struct file *descriptor_file_or_path(int fd); /* for the few calls that take O_PATH too: open(2) */
int descriptor_install(struct file *f, int lowest, bool close_on_exec); /* takes f; fd or -errno */
int descriptor_room(void);      /* 0, -EMFILE: asked before a file is opened, so that none is made */
int descriptor_close(int fd);
/* dup2 and dup3: takes f, closes what fd was. fd or -EBADF, -EMFILE ... */
int descriptor_install_at(struct file *f, int fd, bool close_on_exec);
int descriptor_flags(int fd);                            /* FD_CLOEXEC or 0, -EBADF */
int descriptor_set_flags(int fd, bool close_on_exec);
int descriptor_close_range(u32 first, u32 last, bool only_mark);
void descriptors_close_on_exec(struct descriptor_table *t);
struct descriptor_table *descriptors_copy(struct descriptor_table *t); /* fork; NULL: no memory */
void descriptors_hold(struct descriptor_table *t);
u32 descriptors_references(const struct descriptor_table *t);
struct file *descriptor_of(struct descriptor_table *t, int fd); /* held; NULL: not open */
int descriptor_next(struct descriptor_table *t, int from);      /* open one >= from, or -1 */
unsigned descriptor_table_size(struct descriptor_table *t);
void file_hold(struct file *f);
void file_drop(struct file *f);
struct file *file_create(const struct file_operations *operations, struct inode *inode, u32 flags);

/* A memfd sealed against writing: no shared mapping of it may write. */
bool file_is_write_sealed(const struct file *f);
/* fcntl's commands that only some files know: F_*PIPE_SZ, F_*SEALS. -EBADF, -EINVAL: not this. */
long file_control(struct file *f, u32 command, u64 argument);

/* path.c (for load and syscalls): opens as openat(2) does. */
struct file *file_open_kernel(const char *path, u32 flags, u32 mode, int *error); /* root+cwd of the
    current process, or the root when there is none */
/* For execve(2): a regular file that may be executed, which need not be readable. at_flags:
 * AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW. 0 and *out held, or -errno. */
bool file_may_set_ids(struct file *f, struct statx_fields *out); /* its mount obeys S_ISUID */
int file_open_program(int directory, const char *path, u32 at_flags, struct file **out);
long file_read_at(struct file *f, u64 offset, void *to, size_t n);  /* kernel memory; short at end */
int file_stat(struct file *f, struct statx_fields *out);
/* read(2), write(2) on an open file: mode checks, position, O_APPEND. offset NULL: the file's own
 * position; else pread's (>= 0). Bytes or -errno. */
long file_read(struct file *f, struct io *io, u64 *offset);
/* What is wrong with the open file itself, which is told before a bad buffer is: 0, -ESPIPE (no
 * positions), -EBADF, -EINVAL (cannot be read, written). */
int file_check_read(const struct file *f, bool at_offset);
int file_check_write(const struct file *f, bool at_offset);
long file_write(struct file *f, struct io *io, u64 *offset);
long file_seek(struct file *f, s64 offset, int whence);
long file_read_directory(struct file *f, struct directory_sink *sink); /* operation is there */
u32 file_poll(struct file *f, struct poll_wait *w);
size_t file_path(struct file *f, char *out, size_t size); /* absolute; for /proc and AT_EXECFN */

/* files.c: mounts the root image, tmpfs, devfs, procfs; makes descriptors 0, 1, 2. Boot calls
 * these in this order. */
int files_start(void);
int files_open_standard_streams(struct descriptor_table *t);
/* The terminal's size, when the streams are one (WINSIZE command; at boot from its information).
 * true: the terminal's foreground group hears of it. */
#if CONFIG_FEATURE_POSIX_TTY
bool files_set_window(u16 rows, u16 columns);
#else
static inline bool files_set_window(unused_arg u16 rows, unused_arg u16 columns) { return false; }
#endif
int files_hang_up_terminal(void); /* vhangup(2): 0, -EPERM */
struct file_context *file_context_create(const char *cwd, u32 umask, int *error);
struct file_context *file_context_copy(struct file_context *c); /* fork; NULL: no memory */
void file_context_hold(struct file_context *c);
void file_context_drop(struct file_context *c);
/* task's hooks. A child's descriptors and directories, shared or copied as clone(2) says: 0 or
 * -ENOMEM. */
int files_fork_process(struct process *child, const struct process *parent, u64 clone_flags);
/* Closes a process's descriptors and lets go of its directories. */
void files_drop_process(struct process *p);
