/* SPDX-License-Identifier: BSD-3-Clause */
/* inotify instances. See inotify(7). */
#pragma once

#include "files/file.h"

int inotify_open(u32 flags, struct file **out);    /* IN_NONBLOCK; 0, -EMFILE, -ENOMEM */
bool file_is_inotify(const struct file *f);
/* The watch's number, or -errno as inotify_add_watch(2). */
long inotify_watch_path(struct file *f, const char *path, u32 mask);
int inotify_unwatch(struct file *f, s32 number);   /* 0, -EINVAL */
