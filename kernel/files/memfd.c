/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * memfd: a regular file without a name, which can be sealed.
 *
 * See: memfd_create(2), fcntl(2) "File Sealing"
 */
#include "files/events.h"
#include "files/memory_file.h"
#include "lib/string.h"
#include "memory/page.h"

int memfd_open(const char *name, u32 flags, struct file **out)
{
    u32 mode = flags & MFD_NOEXEC_SEAL ? 0666 : 0777;
    struct inode *i = memory_file_create(&memfd_fs, S_IFREG | mode);
    if (!i)
        return -ENOMEM;
    struct memory_file *m = memory_file_of(i);
    m->label = heap_copy_string(name);
    i->operations = &memfd_inode_operations;
    i->nlink = 0;
    if (flags & (MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL))
        m->seals = flags & MFD_NOEXEC_SEAL ? F_SEAL_EXEC : 0;
    *out = m->label ? file_create(&memory_file_operations, i, O_RDWR | O_LARGEFILE) : NULL;
    inode_drop(i);
    return *out ? 0 : -ENOMEM;
}
