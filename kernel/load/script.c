/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    the first line of scripts: `#!` interpreter, and all that follows as one argument.
 * Promises: as Linux: of a file without a newline in its first 256 bytes the interpreter's name
 *           must be seen to end, the argument may be cut.
 * See:      execve(2), Interpreter scripts
 */
#include "abi/linux/errno.h"
#include "lib/string.h"
#include "load/image.h"

static bool is_blank(char c) { return c == ' ' || c == '\t'; }
static bool ends_name(char c) { return is_blank(c) || c == 0; }

int script_parse(char *head, size_t n, char **interpreter, char **argument)
{
    char *end = memchr(head, '\n', n), *p = head + 2;
    bool whole_line = end != NULL;
    if (n < 3 || head[0] != '#' || head[1] != '!')
        return -ENOEXEC;
    if (!end)
        end = head + n - (n == SCRIPT_HEAD); /* the last byte of a full head cannot be trusted */
    while (p < end && is_blank(*p))
        p++;
    char *name = p;
    while (p < end && !ends_name(*p))
        p++;
    if (p == name || (p == end && !whole_line && n == SCRIPT_HEAD))
        return -ENOEXEC;
    char *name_end = p;
    while (p < end && is_blank(*p))
        p++;
    while (end > p && is_blank(end[-1]))
        end--;
    *argument = p < end && *p ? p : NULL;
    *end = 0;
    *name_end = 0;
    *interpreter = name;
    return 0;
}
