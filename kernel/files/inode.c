/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inodes: references, permission, attributes.
 *
 * Promises: permission is judged by the caller's file system ids; uid 0 may all, except execute
 *           a file that nobody may execute.
 * See:      inode(7), path_resolution(7), capabilities(7) (CAP_DAC_OVERRIDE, CAP_FOWNER)
 */
#include "files/inode.h"
#include "lib/string.h"
#include "time/timer.h"

#define SECONDS_PER_DAY (24 * 60 * 60)

struct timestamp time_now(void)
{
    u64 now = clock_realtime_ns();
    return (struct timestamp){(s64)(now / NSEC_PER_SEC), (u32)(now % NSEC_PER_SEC)};
}

static const struct credentials *caller(void)
{
    static const struct credentials boot;
    struct thread *t = this_cpu()->current;
    return t && t->process ? &t->process->credentials : &boot;
}

bool is_privileged(void)
{
    return caller()->fsuid == 0;
}

bool in_group(u32 gid)
{
    const struct credentials *c = caller();
    if (c->fsgid == gid)
        return true;
    for (u32 n = 0; n < c->group_count && n < ARRAY_SIZE(c->groups); n++)
        if (c->groups[n] == gid)
            return true;
    return false;
}

void inode_init(struct inode *i, const struct inode_operations *operations,
                struct file_system *fs, u32 mode)
{
    memset(i, 0, sizeof(*i));
    i->operations = operations;
    i->fs = fs;
    i->number = ++fs->next_inode;
    fs->inodes++;
    i->mode = mode;
    i->uid = caller()->fsuid;
    i->gid = caller()->fsgid;
    i->nlink = 1;
    i->references = 1;
    i->accessed = i->modified = i->changed = i->born = time_now();
}

void inode_hold(struct inode *i)
{
    i->references++;
}

void inode_drop(struct inode *i)
{
    if (!i || --i->references)
        return;
    i->fs->inodes--;
    i->operations->release(i);
}

void inode_stat(struct inode *i, struct statx_fields *out)
{
    *out = (struct statx_fields){
        .device = device_number(0, i->fs->minor), .inode = i->number, .rdev = i->rdev,
        .size = i->size, .mode = i->mode, .nlink = i->nlink, .uid = i->uid, .gid = i->gid,
        .block_size = PAGE_SIZE, .mount_id = i->fs->mount_id,
        .accessed = i->accessed, .modified = i->modified, .changed = i->changed,
        .born = i->born,
    };
    if (i->operations->stat)
        i->operations->stat(i, out);
}

static bool may_by_bits(const struct inode *i, u32 how, u32 shift)
{
    return ((i->mode >> shift) & how) == how;
}

static int judge(const struct inode *i, u32 how, u32 uid, bool is_member)
{
    if (uid == 0) {
        bool executable = inode_is_directory(i) || (i->mode & 0111);
        return (how & MAY_EXECUTE) && !executable ? -EACCES : 0;
    }
    u32 shift = i->uid == uid ? 6 : is_member ? 3 : 0;
    return may_by_bits(i, how, shift) ? 0 : -EACCES;
}

int inode_may(const struct inode *i, u32 how)
{
    return judge(i, how, caller()->fsuid, in_group(i->gid));
}

static bool is_not_after(struct timestamp a, struct timestamp b)
{
    return a.seconds < b.seconds || (a.seconds == b.seconds && a.nanoseconds <= b.nanoseconds);
}

/* relatime: noted when the last note is a day old, or older than the last change. mount(8) */
void inode_note_access(struct inode *i)
{
    struct timestamp now = time_now();
    if (i->fs->flags & ST_RDONLY)
        return;
    if (is_not_after(i->accessed, i->modified) || is_not_after(i->accessed, i->changed) ||
        now.seconds - i->accessed.seconds >= SECONDS_PER_DAY)
        i->accessed = now;
}

bool inode_owned(const struct inode *i)
{
    return is_privileged() || caller()->fsuid == i->uid;
}

/* chown(2): who may give a file away, and what happens to its set-id bits. */
static int check_owner(const struct inode *i, const struct attribute_change *c)
{
    if (is_privileged())
        return 0;
    if ((c->what & CHANGE_OWNER) && (c->uid != i->uid || caller()->fsuid != i->uid))
        return -EPERM;
    if (c->what & CHANGE_GROUP) {
        bool allowed = c->gid == i->gid || in_group(c->gid);
        if (caller()->fsuid != i->uid || !allowed)
            return -EPERM;
    }
    return 0;
}

static u32 mode_after_owner_change(const struct inode *i)
{
    u32 mode = i->mode;
    if (inode_is_directory(i))
        return mode;
    mode &= ~(u32)S_ISUID;
    if (mode & S_IXGRP)
        mode &= ~(u32)S_ISGID;
    return mode;
}

static void store(struct inode *i, const struct attribute_change *c)
{
    if (c->what & (CHANGE_OWNER | CHANGE_GROUP))
        i->mode = mode_after_owner_change(i);
    if (c->what & CHANGE_OWNER)
        i->uid = c->uid;
    if (c->what & CHANGE_GROUP)
        i->gid = c->gid;
    if (c->what & CHANGE_MODE) {
        i->mode = (i->mode & S_IFMT) | (c->mode & 07777);
        if (!is_privileged() && !in_group(i->gid))
            i->mode &= ~(u32)S_ISGID;
    }
    if (c->what & CHANGE_ACCESSED)
        i->accessed = c->accessed;
    if (c->what & CHANGE_MODIFIED)
        i->modified = c->modified;
    i->changed = time_now();
}

int inode_change(struct inode *i, const struct attribute_change *c)
{
    int error = check_owner(i, c);
    if (error)
        return error;
    if (i->fs->flags & ST_RDONLY)
        return -EROFS;
    if ((c->what & CHANGE_MODE) && !inode_owned(i))
        return -EPERM;
    if (i->operations->change)
        return i->operations->change(i, c);
    store(i, c);
    return 0;
}

int inode_truncate(struct inode *i, u64 size)
{
    if (inode_is_directory(i))
        return -EISDIR;
    if (!inode_is_regular(i) || !i->operations->truncate)
        return -EINVAL;
    return i->operations->truncate(i, size);
}
