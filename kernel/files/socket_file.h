/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What files/ does for sockets: their open files, and the names that unix sockets have in
 * directories. Only net/ includes this header.
 */
#pragma once

#include "files/file.h"

/* "socket:[N]", S_IFSOCK. NULL: no memory; then `socket` is not the file's. */
struct file *socket_file_create(const struct file_operations *operations, u32 flags, void *socket);
/* The permission bits that fchmod may have given the file. */
u32 socket_file_mode(const struct file *f);
/* Makes a socket's name, as bind(2) does. *out is held. -EADDRINUSE: the name is taken. */
int socket_name_make(const char *path, u32 mode, struct inode **out);
/* The inode that a path leads to, held; the caller may write to it. -ECONNREFUSED: not a socket. */
int socket_name_find(const char *path, struct inode **out);
void socket_name_drop(struct inode *i);
