/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Process 1 of a test's guest: runs the test that its argument names as an ordinary user, as an
 * init that belongs to root would. All tests share one image because of it.
 */
#include <grp.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

static int become(char **argv)
{
    if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY) || setsid() < 0)
        perror("launch");
    else
        execv(argv[0], argv);
    perror(argv[0]);
    return 127;
}

int main(int argc, char **argv)
{
    int status;

    if (argc < 2)
        return 127;
    pid_t test = fork();
    if (test == 0)
        _exit(become(argv + 1));
    if (test < 0) {
        perror("launch");
        return 127;
    }
    while (waitpid(test, &status, 0) < 0)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
