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
struct statx_fields;

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
    struct backing *(*backing)(struct file *f);          /* for mmap; NULL: ENODEV */
    long (*sync)(struct file *f);
    void (*close)(struct file *f);                       /* last reference */
};

struct file {
    const struct file_operations *operations;
    struct inode *inode;          /* held */
    struct path_node *path;       /* held; what was opened, for /proc/self/fd; NULL: anonymous */
    u32 references;
    u32 flags;                    /* O_* status flags; access mode in O_ACCMODE */
    u64 offset;
    u64 owner;                    /* F_SETOWN */
    void *private_data;
    struct list epoll_items;      /* epoll registrations */
};

/* poll.c: one wait over many queues. */
struct poll_wait {
    struct waiter *waiters;
    unsigned used, capacity;
    void (*enter)(struct poll_wait *w, struct wait_queue *q, u32 events);
};
static inline void poll_enter(struct poll_wait *w, struct wait_queue *q, u32 events)
{
    if (w)
        w->enter(w, q, events);
}

/* descriptor.c */
struct descriptor_table *descriptors_create(void);
void descriptors_drop(struct descriptor_table *t);       /* closes all when last */
struct file *descriptor_file(int fd);                    /* held for the caller; NULL: EBADF */
int descriptor_install(struct file *f, int lowest, bool close_on_exec); /* takes f; fd or -errno */
int descriptor_close(int fd);
void file_hold(struct file *f);
void file_drop(struct file *f);
struct file *file_create(const struct file_operations *operations, struct inode *inode, u32 flags);

/* path.c (for load and syscalls): opens as openat(2) does. */
struct file *file_open_kernel(const char *path, u32 flags, u32 mode, int *error); /* root+cwd of the
    current process, or the root when there is none */
long file_read_at(struct file *f, u64 offset, void *to, size_t n);  /* kernel memory; short at end */
int file_stat(struct file *f, struct statx_fields *out);
int file_may_execute(struct file *f);                    /* 0, -EACCES */
size_t file_path(struct file *f, char *out, size_t size); /* absolute; for /proc and AT_EXECFN */

/* files.c: mounts the root image, tmpfs, devfs, procfs; makes descriptors 0, 1, 2. Boot calls
 * these in this order. */
int files_start(void);
int files_open_standard_streams(struct descriptor_table *t);
struct file_context *file_context_create(const char *cwd, u32 umask, int *error);
void file_context_drop(struct file_context *c);
