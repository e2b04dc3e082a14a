/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine's names, for uname(2), sethostname(2), /proc/sys/kernel. */
#pragma once

#include "lib/types.h"

#define UTS_NAME_MAX 64

/* The oldest Linux whose calls this kernel's table can honestly stand for. */
#define UTS_RELEASE "6.1.0-elfin"
#define UTS_VERSION "#1 SMP Elfin"

const char *uts_machine(void);
const char *uts_hostname(void);
const char *uts_domainname(void);
void uts_set_hostname(const char *name, size_t length);
void uts_set_domainname(const char *name, size_t length);
