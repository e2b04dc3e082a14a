/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * uname: six strings, each with its NUL, in fields of 65 bytes.
 *
 * See: uname(2)
 */
#pragma once

#define LINUX_UTSNAME_FIELD_BYTES 65

struct linux_utsname {
    char sysname[LINUX_UTSNAME_FIELD_BYTES];
    char nodename[LINUX_UTSNAME_FIELD_BYTES];
    char release[LINUX_UTSNAME_FIELD_BYTES];
    char version[LINUX_UTSNAME_FIELD_BYTES];
    char machine[LINUX_UTSNAME_FIELD_BYTES];
    char domainname[LINUX_UTSNAME_FIELD_BYTES];
};
