/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * procfs inside: tables of entries, each with a function that shows its text or finds its target.
 * See proc(5).
 */
#pragma once

#include "files/inode.h"
#include "files/text.h"

/* What an entry is about. */
struct proc_subject {
    s32 pid;                     /* 0: the system */
    s32 tid;                     /* a thread's own directory; 0: the process's */
    int fd;                      /* entries of fd/ and fdinfo/; else -1 */
};

struct proc_entry {
    const char *name;
    u32 mode;                    /* with type bits */
    /* Files: the whole text. */
    void (*show)(struct text *t, const struct proc_subject *s);
    long (*store)(const char *text, size_t n, const struct proc_subject *s); /* writable files */
    /* Directories: entries that are always there ... */
    const struct proc_entry *children; /* ends with name NULL */
    /* ... and entries that come and go: the one with this name, or -ENOENT; and the list. */
    int (*find)(struct name name, const struct proc_subject *s, struct proc_subject *found,
                const struct proc_entry **entry);
    /* The number behind `after` (-1: from the start), or -1: no more. */
    s32 (*next)(const struct proc_subject *s, s32 after);
    /* Symlinks: the text; and the thing itself, held. */
    size_t (*target)(const struct proc_subject *s, char *out, size_t size);
    int (*follow)(const struct proc_subject *s, struct path_node **out);
};

#define PROC_FILE(n, f) {.name = (n), .mode = S_IFREG | 0444, .show = (f)}
#define PROC_DIRECTORY(n, c) {.name = (n), .mode = S_IFDIR | 0555, .children = (c)}

u32 files_cpu_mhz(void); /* files.c; 0: unknown */
/* procfs.c */
bool proc_number(struct name name, s32 *out); /* a plain decimal number */
/* proc_process.c: the directory of one process, and of one thread of it */
extern const struct proc_entry proc_process_directory;
/* proc_descriptors.c: fd/ and fdinfo/ */
int proc_find_link(struct name name, const struct proc_subject *s, struct proc_subject *found,
                   const struct proc_entry **entry);
int proc_find_info(struct name name, const struct proc_subject *s, struct proc_subject *found,
                   const struct proc_entry **entry);
s32 proc_next_descriptor(const struct proc_subject *s, s32 after);
/* proc_status.c */
void proc_show_status(struct text *t, const struct proc_subject *s);
void proc_show_stat(struct text *t, const struct proc_subject *s);
void proc_show_statm(struct text *t, const struct proc_subject *s);
/* proc_oom.c */
void proc_show_oom_score(struct text *t, const struct proc_subject *s);
void proc_show_oom_adjustment(struct text *t, const struct proc_subject *s);
long proc_store_oom_adjustment(const char *text, size_t n, const struct proc_subject *s);
/* proc_system.c: what stands in the root beside the processes */
extern const struct proc_entry proc_system_entries[];
void proc_show_mounts(struct text *t, const struct proc_subject *s);
void proc_show_mountinfo(struct text *t, const struct proc_subject *s);
/* proc_net.c */
#define PROC_NET_MOST 16
extern struct proc_entry proc_net_entries[PROC_NET_MOST + 1];
#define PROC_IPC_MOST 3
extern struct proc_entry proc_ipc_entries[PROC_IPC_MOST + 1];
/* proc_sys.c */
extern const struct proc_entry proc_sys_entries[];
