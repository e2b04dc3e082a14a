/* SPDX-License-Identifier: BSD-3-Clause */
/* See uname(2). */
#include "abi/linux/errno.h"
#include "abi/linux/utsname.h"
#include "abi_handlers.h"
#include "lib/printf.h"
#include "task/uts.h"

long sys_uname(struct user_ptr buf)
{
    struct linux_utsname names = {0};

    format_text(names.sysname, sizeof(names.sysname), "Linux");
    format_text(names.nodename, sizeof(names.nodename), "%s", uts_hostname());
    format_text(names.release, sizeof(names.release), "%s", UTS_RELEASE);
    format_text(names.version, sizeof(names.version), "%s", UTS_VERSION);
    format_text(names.machine, sizeof(names.machine), "%s", uts_machine());
    format_text(names.domainname, sizeof(names.domainname), "%s", uts_domainname());
    return copy_to_program(buf, &names, sizeof(names));
}
