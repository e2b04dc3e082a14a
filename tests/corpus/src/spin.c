/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Never ends by itself. Writes "up" first. With an argument:
 *   ignore  after ignoring INT and TERM
 *   write   goes on writing to stdout
 *   eat     takes memory until there is none: says so, status 3
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void say(const char *text)
{
    if (write(1, text, strlen(text)) < 0)
        _exit(4);
}

static void eat(void)
{
    for (;;) {
        char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED)
            break;
        for (int i = 0; i < 1 << 20; i += 4096)
            p[i] = 1;
    }
    say("out of memory\n");
    _exit(3);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "eat") == 0)
        eat();
    if (strcmp(what, "ignore") == 0) {
        signal(SIGINT, SIG_IGN);
        signal(SIGTERM, SIG_IGN);
    }
    say("up\n");
    for (volatile unsigned long i = 0;; i++) {
        if (strcmp(what, "write") == 0)
            say("more\n");
    }
}
