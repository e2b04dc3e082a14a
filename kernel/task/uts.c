/* SPDX-License-Identifier: BSD-3-Clause */
/* Holds: the host and domain names of the one UTS namespace. */
#include "task/uts.h"

#include "arch/arch.h"
#include "lib/string.h"

static char hostname[UTS_NAME_MAX + 1] = "elfin";
static char domainname[UTS_NAME_MAX + 1] = "(none)";

static void set(char *to, const char *name, size_t length)
{
    size_t n = min_u64(length, UTS_NAME_MAX);
    memset(to, 0, UTS_NAME_MAX + 1);
    memcpy(to, name, n);
}

const char *uts_machine(void) { return arch_machine_name(); }
const char *uts_hostname(void) { return hostname; }
const char *uts_domainname(void) { return domainname; }
void uts_set_hostname(const char *name, size_t length) { set(hostname, name, length); }
void uts_set_domainname(const char *name, size_t length) { set(domainname, name, length); }
