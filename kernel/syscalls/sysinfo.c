/* SPDX-License-Identifier: BSD-3-Clause */
/* See sysinfo(2). */
#include "abi/linux/errno.h"
#include "abi/linux/sysinfo.h"
#include "abi_handlers.h"
#include "memory/page.h"
#include "task/task.h"
#include "time/timer.h"

long sys_sysinfo(struct user_ptr info)
{
    struct linux_sysinfo out = {
        .uptime = (s64)(clock_monotonic_ns() / NSEC_PER_SEC),
        .totalram = page_total() * PAGE_SIZE,
        .freeram = page_free_count() * PAGE_SIZE,
        .mem_unit = 1,
    };

    list_for_each(node, process_all())
        out.procs++;
    return copy_to_program(info, &out, sizeof(out));
}
