/* SPDX-License-Identifier: BSD-3-Clause */
/* File times as the calls take them, to pairs of timestamps. */
#pragma once

#include "files/names.h"
#include "syscalls/path_argument.h"

static inline int set_times(int directory, struct user_ptr path, const struct timestamp *times)
{
    char text[PATH_MAX];

    int error = fetch_path(text, path);
    return error ? error : name_change_times(directory, text, times, 0);
}
