/* SPDX-License-Identifier: BSD-3-Clause */
/* See memfd_create(2). No huge pages: MFD_HUGETLB is refused. */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi_handlers.h"
#include "files/events.h"
#include "files/file.h"

#define NAME_BYTES 250 /* with NUL: NAME_MAX less "memfd:" */

long sys_memfd_create(struct user_ptr name, u32 flags)
{
    char text[NAME_BYTES];
    struct file *f;

    if (flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC))
        return -EINVAL;
    if ((flags & MFD_EXEC) && (flags & MFD_NOEXEC_SEAL))
        return -EINVAL;
    long length = copy_string_from_program(text, name, sizeof(text));
    if (length < 0)
        return length == -ENAMETOOLONG ? -EINVAL : length;
    int error = memfd_open(text, flags, &f);
    return error ? error : descriptor_install(f, 0, flags & MFD_CLOEXEC);
}
