/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: user=root */
/* System V IPC: what belongs to root refused to nobody, and the refusals no other test provokes. */
#include "check.h"

#include <sched.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>

#define NOBODY 65534
#define KEY 0x5e1f

static int memory, semaphores, queue;

struct message {
    long type;
    char text[8];
};

static void as_nobody(void)
{
    struct sembuf take = {0, -1, 0};
    struct shmid_ds of_memory;
    struct semid_ds of_semaphores;
    struct msqid_ds of_queue;
    struct message m = {1, "text"};

    CHECK(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
    CHECK_ERRNO(syscall(SYS_shmget, KEY, 4096, 0600), EACCES);
    CHECK_ERRNO(syscall(SYS_shmat, memory, NULL, 0), EACCES);
    CHECK_ERRNO(syscall(SYS_shmctl, memory, IPC_STAT, &of_memory), EACCES);
    CHECK_ERRNO(syscall(SYS_shmctl, memory, IPC_RMID, NULL), EPERM);
    CHECK_ERRNO(syscall(SYS_semget, KEY, 1, 0600), EACCES);
    CHECK_ERRNO(syscall(SYS_semop, semaphores, &take, 1), EACCES);
    CHECK_ERRNO(syscall(SYS_semtimedop, semaphores, &take, 1, NULL), EACCES);
    CHECK_ERRNO(syscall(SYS_semctl, semaphores, 0, IPC_STAT, &of_semaphores), EACCES);
    CHECK_ERRNO(syscall(SYS_semctl, semaphores, 0, GETVAL, 0), EACCES);
    CHECK_ERRNO(syscall(SYS_semctl, semaphores, 0, IPC_RMID, 0), EPERM);
    CHECK_ERRNO(syscall(SYS_msgget, KEY, 0600), EACCES);
    CHECK_ERRNO(syscall(SYS_msgsnd, queue, &m, 4, 0), EACCES);
    CHECK_ERRNO(syscall(SYS_msgrcv, queue, &m, 8, 0, 0), EACCES);
    CHECK_ERRNO(syscall(SYS_msgctl, queue, IPC_STAT, &of_queue), EACCES);
    CHECK_ERRNO(syscall(SYS_msgctl, queue, IPC_RMID, NULL), EPERM);
}

static void refused(void)
{
    struct message m = {1, "text"};

    CHECK_ERRNO(syscall(SYS_shmget, KEY, 4096, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
    CHECK_ERRNO(syscall(SYS_semget, KEY, 1, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
    CHECK_ERRNO(syscall(SYS_semget, KEY + 1, 1, 0600), ENOENT);
    CHECK_ERRNO(syscall(SYS_msgget, KEY, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
    CHECK_ERRNO(syscall(SYS_semctl, semaphores, 0, IPC_STAT, BAD_POINTER), EFAULT);
    CHECK(syscall(SYS_msgsnd, queue, &m, 4, 0) == 0);
    CHECK_ERRNO(syscall(SYS_msgrcv, queue, BAD_POINTER, 8, 0, 0), EFAULT);
}

/* Until it sleeps, in the only call that it makes. */
static void wait_for_sleep(pid_t child)
{
    char path[40], text[300];
    char *state;

    snprintf(path, sizeof(path), "/proc/%d/stat", child);
    do {
        FILE *f = fopen(path, "r");
        CHECK(f && fgets(text, sizeof(text), f));
        fclose(f);
        state = strrchr(text, ')');
        sched_yield();
    } while (state && state[2] != 'S');
}

/* A sender that waits for room hears that the queue is gone. */
static void removed_while_waiting(void)
{
    int full = msgget(IPC_PRIVATE, 0600), status;
    static struct {
        long type;
        char text[8192];
    } much = {1, ""};

    while (msgsnd(full, &much, sizeof(much.text), IPC_NOWAIT) == 0)
        ;
    CHECK(errno == EAGAIN);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(!(syscall(SYS_msgsnd, full, &much, sizeof(much.text), 0) == -1 && errno == EIDRM));
    wait_for_sleep(child);
    CHECK(msgctl(full, IPC_RMID, NULL) == 0);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}

static void remove_old(void)
{
    shmctl(shmget(KEY, 0, 0), IPC_RMID, NULL);
    semctl(semget(KEY, 0, 0), 0, IPC_RMID);
    msgctl(msgget(KEY, 0), IPC_RMID, NULL);
}

int main(void)
{
    int status;

    remove_old();
    memory = shmget(KEY, 4096, IPC_CREAT | 0600);
    semaphores = semget(KEY, 1, IPC_CREAT | 0600);
    queue = msgget(KEY, IPC_CREAT | 0600);
    CHECK(memory >= 0 && semaphores >= 0 && queue >= 0);
    refused();
    removed_while_waiting();
    fflush(stdout);
    if (geteuid() == 0) {
        pid_t child = fork();
        if (child == 0) {
            check_failures = 0;
            as_nobody();
            fflush(stdout);
            _exit(check_failures != 0);
        }
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    remove_old();
    CHECK_DONE();
}
