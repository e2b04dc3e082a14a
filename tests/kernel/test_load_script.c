/* SPDX-License-Identifier: BSD-3-Clause */
#include "abi/linux/errno.h"
#include "harness.h"
#include "lib/string.h"
#include "load/image.h"

static char head[SCRIPT_HEAD + 1];
static char *interpreter, *argument;

/* The file's first bytes are `text`, then `fill` up to `n` bytes. */
static int parse(const char *text, size_t n, char fill)
{
    size_t length = strlen(text);
    memset(head, fill, sizeof(head));
    memcpy(head, text, length);
    return script_parse(head, n ? n : length, &interpreter, &argument);
}

TEST(interpreter_and_argument)
{
    CHECK_EQ(parse("#!/bin/sh\necho", 0, 0), 0);
    CHECK_STRING(interpreter, "/bin/sh");
    CHECK(!argument);
    CHECK_EQ(parse("#! \t/usr/bin/env  python3 -u \t\n", 0, 0), 0);
    CHECK_STRING(interpreter, "/usr/bin/env");
    CHECK_STRING(argument, "python3 -u");
    CHECK_EQ(parse("#!/bin/sh", 0, 0), 0); /* a file that ends there */
    CHECK_STRING(interpreter, "/bin/sh");
    CHECK_EQ(parse("#!/bin/sh -x", 0, 0), 0);
    CHECK_STRING(argument, "-x");
}

TEST(no_interpreter)
{
    CHECK_EQ(parse("#!", 0, 0), -ENOEXEC);
    CHECK_EQ(parse("#!\n", 0, 0), -ENOEXEC);
    CHECK_EQ(parse("#!  \t\n", 0, 0), -ENOEXEC);
    CHECK_EQ(parse("##/bin/sh\n", 0, 0), -ENOEXEC);
    CHECK_EQ(parse("#!   ", SCRIPT_HEAD, ' '), -ENOEXEC);
}

TEST(a_line_longer_than_the_head)
{
    CHECK_EQ(parse("#!/a", SCRIPT_HEAD, 'a'), -ENOEXEC); /* the name may be cut */
    CHECK_EQ(parse("#!/bin/sh ", SCRIPT_HEAD, 'a'), 0);  /* the argument may */
    CHECK_STRING(interpreter, "/bin/sh");
    CHECK_EQ(strlen(argument), SCRIPT_HEAD - 1 - 10);
}
