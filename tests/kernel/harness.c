// SPDX-License-Identifier: BSD-3-Clause
// The hosted half of harness.h: libc is used here and nowhere else in a kernel test.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

#define MOST_TESTS 512
#define SECONDS_PER_TEST 20 // of CPU time: how busy the machine is does not matter

static struct {
    const char *name;
    harness_test_fn *run;
} tests[MOST_TESTS];
static int count;

void harness_register(const char *name, harness_test_fn *run)
{
    if (count == MOST_TESTS)
        abort();
    tests[count].name = name;
    tests[count++].run = run;
}

void harness_fail(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s:%d: ", file, line);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    _exit(1);
}

void harness_note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

void *harness_alloc(size_t bytes)
{
    void *memory = malloc(bytes);
    if (!memory)
        abort();
    return memory;
}

void harness_free(void *memory) { free(memory); }

u8 *harness_read_file(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        harness_fail(path, 0, "cannot be opened");
    fseek(file, 0, SEEK_END);
    *bytes = (size_t)ftell(file);
    rewind(file);
    u8 *memory = harness_alloc(*bytes);
    if (fread(memory, 1, *bytes, file) != *bytes)
        harness_fail(path, 0, "cannot be read");
    fclose(file);
    return memory;
}

void harness_check_string(const char *file, int line, const char *what, const char *left,
                          const char *right)
{
    if (strcmp(left, right) != 0)
        harness_fail(file, line, "%s is \"%s\", not \"%s\"", what, left, right);
}

// One test in a child. Its status: 0 passed.
static int run_one(int index)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        const struct rlimit most = {SECONDS_PER_TEST, SECONDS_PER_TEST};
        setrlimit(RLIMIT_CPU, &most);
        tests[index].run();
        exit(0); // not _exit: the leak checker runs here
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status))
        fprintf(stderr, "%s: killed by signal %d\n", tests[index].name, WTERMSIG(status));
    return status;
}

// With no argument all tests, else those named. Status 1 when one fails, 2 for an unknown name.
int main(int argc, char **argv)
{
    int failed = 0, ran = 0;
    for (int i = 0; i < count; i++) {
        int wanted = argc == 1;
        for (int k = 1; k < argc; k++)
            wanted |= strcmp(argv[k], tests[i].name) == 0;
        if (!wanted)
            continue;
        int status = run_one(i);
        printf("%s %s\n", status == 0 ? "ok" : "FAILED", tests[i].name);
        failed += status != 0;
        ran++;
    }
    if (ran == 0 || (argc > 1 && ran != argc - 1)) {
        fprintf(stderr, "no such test\n");
        return 2;
    }
    return failed != 0;
}
