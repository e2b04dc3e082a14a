/* SPDX-License-Identifier: BSD-3-Clause */
/* Resources that threads and processes have used. See getrusage(2). */
#pragma once

#include "abi/linux/resource.h"
#include "task/task.h"

u64 usage_process_ns(const struct process *p); /* CPU time of living and ended threads */
void usage_read(int who, struct linux_rusage *out); /* RUSAGE_*, of the caller */
