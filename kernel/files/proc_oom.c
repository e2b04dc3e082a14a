/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /proc/PID/oom_score and oom_score_adj.
 *
 * See: proc_pid_oom_score_adj(5)
 */
#include "files/proc.h"

#include "memory/space.h"
#include "task/oom.h"

/* Linux's scale: about 667 for who uses nothing, more for who uses more. */
void proc_show_oom_score(struct text *t, const struct proc_subject *s)
{
    s64 points = oom_points(process_find(s->pid)), total = (s64)space_page_limit();
    text_add(t, "%lld\n", points == OOM_NEVER ? 0ll : (1000 + points * 1000 / total) * 2 / 3);
}

void proc_show_oom_adjustment(struct text *t, const struct proc_subject *s)
{
    text_add(t, "%d\n", process_find(s->pid)->oom_adjustment);
}

/* A number with a sign, perhaps with space around it. */
static bool parse(const char *text, size_t n, s32 *out)
{
    size_t at = 0, digits = 0;
    s32 value = 0;
    while (at < n && text[at] == ' ')
        at++;
    bool negative = at < n && text[at] == '-';
    at += negative;
    for (; at < n && text[at] >= '0' && text[at] <= '9' && digits < 6; at++, digits++)
        value = value * 10 + (text[at] - '0');
    while (at < n && (text[at] == ' ' || text[at] == '\n' || !text[at]))
        at++;
    *out = negative ? -value : value;
    return digits && at == n;
}

long proc_store_oom_adjustment(const char *text, size_t n, const struct proc_subject *s)
{
    struct process *p = process_find(s->pid);
    s32 value;
    if (!parse(text, n, &value) || value < OOM_ADJUSTMENT_MIN || value > OOM_ADJUSTMENT_MAX)
        return -EINVAL;
    if (value < p->oom_adjustment_least && !is_privileged())
        return -EACCES;
    p->oom_adjustment = value;
    if (is_privileged())
        p->oom_adjustment_least = value;
    return (long)n;
}
