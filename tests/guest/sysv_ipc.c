/* SPDX-License-Identifier: BSD-3-Clause */
/* System V shared memory, semaphores and message queues, within and between processes. */
#include "check.h"

#include <signal.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#ifndef MSG_COPY
#define MSG_COPY 040000
#endif

union argument {
    int value;
    struct semid_ds *status;
    unsigned short *values;
};

static void on_alarm(int number)
{
    (void)number;
}

static void finish(pid_t child)
{
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static void alarm_in(long us)
{
    struct itimerval timer = {.it_value.tv_usec = us};
    CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

/* --- shared memory --- */

static void shared_memory(void)
{
    struct shmid_ds s;
    key_t key = 0x456c6601 + getpid();
    CHECK_ERRNO(shmget(key, 4096, 0), ENOENT);
    CHECK_ERRNO(shmget(IPC_PRIVATE, 0, IPC_CREAT | 0600), EINVAL);
    int id = shmget(key, 10000, IPC_CREAT | IPC_EXCL | 0640);
    CHECK(id >= 0 && shmget(key, 0, 0) == id && shmget(key, 10000, IPC_CREAT) == id);
    CHECK_ERRNO(shmget(key, 10000, IPC_CREAT | IPC_EXCL), EEXIST);
    CHECK_ERRNO(shmget(key, 10001, 0), EINVAL);
    CHECK(shmctl(id, IPC_STAT, &s) == 0 && s.shm_segsz == 10000 && s.shm_nattch == 0 &&
          s.shm_cpid == getpid() && s.shm_lpid == 0 && (s.shm_perm.mode & 0777) == 0640 &&
          s.shm_perm.uid == geteuid() && s.shm_atime == 0 && s.shm_ctime != 0);
    char *a = shmat(id, NULL, 0), *b = shmat(id, NULL, SHM_RDONLY);
    CHECK(a != (char *)-1 && b != (char *)-1 && a != b);
    strcpy(a + 9000, "shared");
    CHECK(strcmp(b + 9000, "shared") == 0);
    CHECK(shmctl(id, IPC_STAT, &s) == 0 && s.shm_nattch == 2 && s.shm_lpid == getpid());
    pid_t child = fork();
    if (child == 0) {
        CHECK(shmctl(id, IPC_STAT, &s) == 0 && s.shm_nattch == 4);
        strcpy(a, "from the child");
        CHECK(shmdt(b) == 0 && shmctl(id, IPC_STAT, &s) == 0 && s.shm_nattch == 3);
        char *c = shmat(shmget(key, 0, 0), NULL, 0);
        CHECK(strcmp(c + 9000, "shared") == 0);
        _exit(check_failures);
    }
    finish(child);
    CHECK(strcmp(a, "from the child") == 0 && shmctl(id, IPC_STAT, &s) == 0 && s.shm_nattch == 2);
    CHECK_ERRNO(shmdt(a + 4096), EINVAL);
    CHECK_ERRNO(shmdt(a + 1), EINVAL);
    CHECK_ERRNO(shmat(id, a, 0), EINVAL);
    CHECK_ERRNO(shmat(id, a + 1, 0), EINVAL);
    CHECK_ERRNO(shmat(id, NULL, SHM_REMAP), EINVAL);
    CHECK(shmat(id, a + 1, SHM_RND | SHM_REMAP) == a);
    CHECK_ERRNO(shmat(-1, NULL, 0), EINVAL);
    CHECK_ERRNO(shmat(id + 12345, NULL, 0), EINVAL);
    /* removed: it lives until the last mapping goes */
    CHECK(shmctl(id, IPC_RMID, NULL) == 0);
    CHECK_ERRNO(shmget(key, 0, 0), ENOENT);
    CHECK(shmctl(id, IPC_STAT, &s) == 0 && (s.shm_perm.mode & SHM_DEST) && 1);
    CHECK(strcmp(a, "from the child") == 0);
    CHECK(shmdt(a) == 0 && shmdt(b) == 0);
    CHECK_ERRNO(shmdt(a), EINVAL);
    CHECK_ERRNO(shmctl(id, IPC_STAT, &s), EINVAL);
    /* owner and commands */
    id = shmget(IPC_PRIVATE, 1, 0600);
    CHECK(shmctl(id, IPC_STAT, &s) == 0);
    s.shm_perm.mode = 0666;
    CHECK(shmctl(id, IPC_SET, &s) == 0 && shmctl(id, IPC_STAT, &s) == 0 &&
          (s.shm_perm.mode & 0777) == 0666);
    CHECK_ERRNO(shmctl(id, 99, &s), EINVAL);
    CHECK_ERRNO(shmctl(id, IPC_STAT, BAD_POINTER), EFAULT);
    CHECK_ERRNO(shmctl(id, IPC_SET, BAD_POINTER), EFAULT);
    struct shminfo limits;
    CHECK(shmctl(0, IPC_INFO, (void *)&limits) >= 0 && limits.shmmin == 1);
    if (geteuid() == 0 && fork() == 0) {
        CHECK(shmctl(id, IPC_SET, &(struct shmid_ds){.shm_perm = {.mode = 0600}}) == 0);
        CHECK(setresuid(65534, 65534, 65534) == 0);
        CHECK_ERRNO(shmat(id, NULL, 0), EACCES);
        CHECK_ERRNO(shmctl(id, IPC_STAT, &s), EACCES);
        CHECK_ERRNO(shmctl(id, IPC_RMID, NULL), EPERM);
        _exit(check_failures);
    }
    if (geteuid() == 0) {
        int status;
        CHECK(wait(&status) > 0 && status == 0);
    }
    CHECK(shmctl(id, IPC_RMID, NULL) == 0);
    CHECK_ERRNO(shmat(id, NULL, 0), EINVAL);
}

/* --- semaphores --- */

static int operate(int id, int number, int by, int flags)
{
    struct sembuf o = {number, by, flags};
    return semop(id, &o, 1);
}

static int control(int id, int number, int command, int value)
{
    return semctl(id, number, command, (union argument){.value = value});
}

static void until_waiting(int id, int number, int command, int count)
{
    for (int tries = 0; semctl(id, number, command) != count && tries < 2000; tries++)
        usleep(1000);
    CHECK(semctl(id, number, command) == count);
}

static void semaphores(void)
{
    unsigned short values[3] = {1, 2, 3};
    struct semid_ds s;
    union argument status = {.status = &s}, all = {.values = values};
    CHECK_ERRNO(semget(IPC_PRIVATE, 0, 0600), EINVAL);
    CHECK_ERRNO(semget(IPC_PRIVATE, 32001, 0600), EINVAL);
    int id = semget(IPC_PRIVATE, 3, 0600);
    CHECK(id >= 0 && semctl(id, 0, IPC_STAT, status) == 0 && s.sem_nsems == 3 && s.sem_otime == 0);
    CHECK(semctl(id, 0, SETALL, all) == 0 && semctl(id, 2, GETVAL) == 3);
    memset(values, 0, sizeof(values));
    CHECK(semctl(id, 0, GETALL, all) == 0 && values[1] == 2);
    /* all or nothing */
    struct sembuf both[2] = {{0, -1, 0}, {1, -5, IPC_NOWAIT}};
    CHECK_ERRNO(semop(id, both, 2), EAGAIN);
    CHECK(semctl(id, 0, GETVAL) == 1);
    both[1].sem_op = -2;
    CHECK(semop(id, both, 2) == 0 && semctl(id, 0, GETVAL) == 0 && semctl(id, 1, GETVAL) == 0 &&
          semctl(id, 0, GETPID) == getpid());
    CHECK(operate(id, 0, 0, 0) == 0);
    CHECK_ERRNO(operate(id, 3, 1, 0), EFBIG);
    CHECK_ERRNO(operate(id, 2, 32767, 0), ERANGE);
    CHECK_ERRNO(operate(id, 2, 0, IPC_NOWAIT), EAGAIN);
    CHECK_ERRNO(semop(id, both, 0), EINVAL);
    CHECK_ERRNO(semop(id, both, 501), E2BIG);
    CHECK_ERRNO(semop(id, BAD_POINTER, 1), EFAULT);
    CHECK_ERRNO(semop(id + 12345, both, 1), EINVAL);
    CHECK_ERRNO(control(id, 0, SETVAL, 32768), ERANGE);
    CHECK_ERRNO(control(id, 0, SETVAL, -1), ERANGE);
    CHECK_ERRNO(control(id, 3, SETVAL, 1), EINVAL);
    CHECK_ERRNO(semctl(id, 3, GETVAL), EINVAL);
    CHECK_ERRNO(semctl(id, 0, 99), EINVAL);
    struct timespec short_time = {0, 20000000}, bad = {0, 1000000000};
    CHECK_ERRNO(semtimedop(id, both, 1, &short_time), EAGAIN);
    CHECK_ERRNO(semtimedop(id, both, 1, &bad), EINVAL);
    struct sigaction act = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &act, NULL);
    alarm_in(20000);
    CHECK_ERRNO(operate(id, 0, -1, 0), EINTR);
    /* between processes */
    pid_t child = fork();
    if (child == 0) {
        CHECK(operate(id, 0, -2, 0) == 0 && operate(id, 2, 0, 0) == 0);
        _exit(check_failures);
    }
    until_waiting(id, 0, GETNCNT, 1);
    CHECK(operate(id, 0, 1, 0) == 0 && semctl(id, 0, GETNCNT) == 1 && operate(id, 0, 1, 0) == 0);
    until_waiting(id, 2, GETZCNT, 1);
    CHECK(control(id, 2, SETVAL, 0) == 0);
    finish(child);
    /* what a process's end gives back */
    CHECK(control(id, 0, SETVAL, 5) == 0 && control(id, 1, SETVAL, 0) == 0);
    child = fork();
    if (child == 0) {
        CHECK(operate(id, 0, -3, SEM_UNDO) == 0 && operate(id, 0, 1, SEM_UNDO) == 0 &&
              operate(id, 1, 4, SEM_UNDO) == 0);
        CHECK(semctl(id, 0, GETVAL) == 3);
        _exit(check_failures);
    }
    finish(child);
    CHECK(semctl(id, 0, GETVAL) == 5 && semctl(id, 1, GETVAL) == 0);
    /* the set goes while somebody waits */
    child = fork();
    if (child == 0) {
        CHECK_ERRNO(operate(id, 1, -1, 0), EIDRM);
        _exit(check_failures);
    }
    until_waiting(id, 1, GETNCNT, 1);
    CHECK(semctl(id, 0, IPC_RMID) == 0);
    finish(child);
    CHECK_ERRNO(operate(id, 0, 1, 0), EINVAL);
    CHECK_ERRNO(semctl(id, 0, IPC_STAT, status), EINVAL);
}

/* --- message queues --- */

static struct {
    long type;
    char text[9000];
} m;

static int send(int id, long type, const char *text, int flags)
{
    m.type = type;
    strcpy(m.text, text);
    return msgsnd(id, &m, strlen(text), flags);
}

static int receive(int id, long type, size_t size, int flags)
{
    memset(&m, 0, sizeof(m));
    return msgrcv(id, &m, size, type, flags);
}

static void queues(void)
{
    struct msqid_ds s;
    key_t key = 0x456c6602 + getpid();
    CHECK_ERRNO(msgget(key, 0), ENOENT);
    int id = msgget(key, IPC_CREAT | 0600);
    CHECK(id >= 0 && msgget(key, 0) == id);
    CHECK_ERRNO(msgget(key, IPC_CREAT | IPC_EXCL), EEXIST);
    CHECK(send(id, 3, "three", 0) == 0 && send(id, 1, "one", 0) == 0 && send(id, 2, "two", 0) == 0 &&
          send(id, 3, "again", 0) == 0);
    CHECK(msgctl(id, IPC_STAT, &s) == 0 && s.msg_qnum == 4 && s.__msg_cbytes == 16 &&
          s.msg_qbytes == 16384 && s.msg_lspid == getpid() && s.msg_lrpid == 0);
    CHECK(receive(id, -2, 100, 0) == 3 && m.type == 1 && strcmp(m.text, "one") == 0);
    CHECK(receive(id, 3, 100, MSG_EXCEPT) == 3 && m.type == 2);
    CHECK_ERRNO(receive(id, 0, 2, 0), E2BIG);
    CHECK(receive(id, 0, 2, MSG_NOERROR) == 2 && strcmp(m.text, "th") == 0);
    CHECK(receive(id, 3, 100, 0) == 5 && strcmp(m.text, "again") == 0);
    CHECK_ERRNO(receive(id, 0, 100, IPC_NOWAIT), ENOMSG);
    CHECK_ERRNO(receive(id, 0, 100, MSG_COPY), EINVAL);
    CHECK_ERRNO(send(id, 0, "x", 0), EINVAL);
    CHECK_ERRNO(msgsnd(id, &m, 8193, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_msgsnd, id, BAD_POINTER, 1, 0), EFAULT);
    CHECK_ERRNO(syscall(SYS_msgrcv, id, &m, -1L, 0, 0), EINVAL);
    CHECK_ERRNO(msgsnd(id + 12345, &m, 1, 0), EINVAL);
    CHECK(send(id, 5, "", 0) == 0 && receive(id, 0, 0, 0) == 0 && m.type == 5);
    /* full, and interrupted */
    m.type = 1;
    CHECK(msgsnd(id, &m, 8192, 0) == 0 && msgsnd(id, &m, 8192, 0) == 0);
    CHECK_ERRNO(msgsnd(id, &m, 1, IPC_NOWAIT), EAGAIN);
    alarm_in(20000);
    CHECK_ERRNO(msgsnd(id, &m, 1, 0), EINTR);
    pid_t child = fork();
    if (child == 0) {
        m.type = 9;
        CHECK(msgsnd(id, &m, 100, 0) == 0); /* until there is room */
        _exit(check_failures);
    }
    usleep(20000);
    CHECK(receive(id, 1, 8192, 0) == 8192);
    finish(child);
    CHECK(receive(id, 9, 100, 0) == 100 && receive(id, 0, 8192, 0) == 8192);
    alarm_in(20000);
    CHECK_ERRNO(receive(id, 0, 10, 0), EINTR);
    child = fork();
    if (child == 0) {
        CHECK(receive(id, 7, 10, 0) == 5 && strcmp(m.text, "seven") == 0);
        CHECK(send(id, 8, "answer", 0) == 0);
        CHECK_ERRNO(receive(id, 7, 10, 0), EIDRM);
        _exit(check_failures);
    }
    usleep(10000);
    CHECK(send(id, 7, "seven", 0) == 0 && receive(id, 8, 10, 0) == 6);
    CHECK(msgctl(id, IPC_STAT, &s) == 0 && s.msg_qnum == 0);
    usleep(20000);
    s.msg_qbytes = 100;
    CHECK(msgctl(id, IPC_SET, &s) == 0);
    CHECK_ERRNO(msgsnd(id, &m, 101, IPC_NOWAIT), EAGAIN);
    CHECK_ERRNO(msgctl(id, IPC_STAT, BAD_POINTER), EFAULT);
    CHECK_ERRNO(msgctl(id, 99, &s), EINVAL);
    CHECK(msgctl(id, IPC_RMID, NULL) == 0);
    finish(child);
    CHECK_ERRNO(msgctl(id, IPC_STAT, &s), EINVAL);
}

int main(void)
{
    shared_memory();
    semaphores();
    queues();
    CHECK_DONE();
}
