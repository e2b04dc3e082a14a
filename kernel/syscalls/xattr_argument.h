/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Extended attributes: no file has any. Names are checked as Linux checks them; attributes of the
 * "user", "trusted" and "security" kinds are simply not there, others are not supported. xattr(7)
 */
#pragma once

#include "abi/linux/fcntl.h"
#include "files/names.h"
#include "lib/string.h"
#include "syscalls/path_argument.h"

/* The file there is: 0 or -errno. */
static inline int xattr_find(struct user_ptr path, u32 at_flags)
{
    char text[PATH_MAX];

    int error = fetch_path(text, path);
    return error ? error : name_exists(AT_FDCWD, text, at_flags);
}

static inline int xattr_find_descriptor(int fd)
{
    struct file *f = descriptor_file(fd);
    if (!f)
        return -EBADF;
    int error = f->flags & O_PATH ? -EBADF : 0;
    file_drop(f);
    return error;
}

/* -ENODATA when a file could have it, -EOPNOTSUPP when tmpfs knows no such kind. */
static inline int xattr_absent(struct user_ptr name)
{
    static const char *const kinds[] = {"user.", "trusted.", "security."};
    char text[XATTR_NAME_MAX + 1];
    long length = copy_string_from_program(text, name, sizeof(text));
    if (length == -ENAMETOOLONG || length == 0)
        return -ERANGE;
    if (length < 0)
        return (int)length;
    for (unsigned n = 0; n < ARRAY_SIZE(kinds); n++)
        if (strncmp(text, kinds[n], strlen(kinds[n])) == 0)
            return -ENODATA;
    return -EOPNOTSUPP;
}
