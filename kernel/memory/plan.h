/* SPDX-License-Identifier: BSD-3-Clause */
/* What the SDK proved about call sites (docs/decisions/0801-rewrite-plans.md). Garbage is refused. */
#pragma once

#include "lib/types.h"

struct rewrite_plan;

/* One file of a plan, as plan_next found it. */
struct plan_file {
    const char *path;            /* not NUL-terminated */
    size_t path_length;
    u64 size;                    /* bytes of the file it was made for */
    u32 count, crc;
    const u8 *entries;
};
struct plan_reader {
    const u8 *data;
    u64 size, at;
    u32 left;                    /* files */
};
#if CONFIG_REWRITE
bool plan_open(struct plan_reader *r, const u8 *data, u64 size); /* false: no plan */
int plan_next(struct plan_reader *r, struct plan_file *out);     /* 1, 0 at the end, -EINVAL */
struct rewrite_plan *plan_keep(const struct plan_file *f); /* for a backing; NULL: no memory */
void plan_free(struct rewrite_plan *p);
#else
static inline void plan_free(unused_arg struct rewrite_plan *p) {}
#endif
