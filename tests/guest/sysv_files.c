/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/sysvipc lists the objects that there are, as the *ctl calls tell them. */
#include "check.h"

#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#define KEY (0x5a000000 | getpid()) /* the namespace may be the host's */

/* The line of an object in the file; its heading must be the one that ipcs(1) knows. */
static int find(const char *path, const char *heading, int id, char *line, size_t size)
{
    int found = 0, number, key;
    FILE *f = fopen(path, "r");

    CHECK(f && fgets(line, (int)size, f));
    CHECK(!strcmp(line, heading));
    while (f && !found && fgets(line, (int)size, f))
        found = sscanf(line, "%d %d", &key, &number) == 2 && number == id;
    if (f)
        fclose(f);
    return found;
}

static void segments(void)
{
    char line[400], expected[400];
    struct shmid_ds is;
    int id = shmget(KEY, 5000, IPC_CREAT | IPC_EXCL | 0640);
    char *memory = shmat(id, NULL, 0);
    const char *heading = "       key      shmid perms                  size  cpid  lpid nattch   uid"
                          "   gid  cuid  cgid      atime      dtime      ctime                   rss"
                          "                  swap\n";

    CHECK(id >= 0 && memory != (void *)-1);
    memory[0] = memory[4096] = 1;
    CHECK(shmctl(id, IPC_STAT, &is) == 0);
    CHECK(find("/proc/sysvipc/shm", heading, id, line, sizeof(line)));
    snprintf(expected, sizeof(expected),
             "%10d %10d  %4o %21lu %5d %5d  %5lu %5u %5u %5u %5u %10ld %10ld %10ld %21u %21u\n",
             KEY, id, 0640u, 5000ul, getpid(), getpid(), 1ul, is.shm_perm.uid,
             is.shm_perm.gid, is.shm_perm.cuid, is.shm_perm.cgid, (long)is.shm_atime,
             (long)is.shm_dtime, (long)is.shm_ctime, 8192, 0);
    CHECK(!strcmp(line, expected));
    CHECK(shmctl(id, IPC_RMID, NULL) == 0);
    CHECK(find("/proc/sysvipc/shm", heading, id, line, sizeof(line)));
    CHECK(strstr(line, " 1640 ") && strtol(line, NULL, 10) == 0); /* it goes with its last user */
    CHECK(shmdt(memory) == 0);
    CHECK(!find("/proc/sysvipc/shm", heading, id, line, sizeof(line)));
}

static void sets(void)
{
    char line[400], expected[400];
    struct semid_ds is;
    int id = semget(KEY, 3, IPC_CREAT | IPC_EXCL | 0600);
    const char *heading = "       key      semid perms      nsems   uid   gid  cuid  cgid      otime"
                          "      ctime\n";

    CHECK(id >= 0 && semctl(id, 0, IPC_STAT, &is) == 0);
    CHECK(find("/proc/sysvipc/sem", heading, id, line, sizeof(line)));
    snprintf(expected, sizeof(expected), "%10d %10d  %4o %10u %5u %5u %5u %5u %10ld %10ld\n",
             KEY, id, 0600u, 3u, is.sem_perm.uid, is.sem_perm.gid, is.sem_perm.cuid,
             is.sem_perm.cgid, (long)is.sem_otime, (long)is.sem_ctime);
    CHECK(!strcmp(line, expected));
    CHECK(semctl(id, 0, IPC_RMID) == 0);
    CHECK(!find("/proc/sysvipc/sem", heading, id, line, sizeof(line)));
}

static void queues(void)
{
    struct { long type; char text[8]; } message = {1, "message"};
    char line[400], expected[400];
    struct msqid_ds is;
    int id = msgget(KEY, IPC_CREAT | IPC_EXCL | 0622);
    const char *heading = "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid"
                          "  cuid  cgid      stime      rtime      ctime\n";

    CHECK(id >= 0 && msgsnd(id, &message, 8, 0) == 0 && msgctl(id, IPC_STAT, &is) == 0);
    CHECK(find("/proc/sysvipc/msg", heading, id, line, sizeof(line)));
    snprintf(expected, sizeof(expected),
             "%10d %10d  %4o  %10u %10u %5d %5d %5u %5u %5u %5u %10ld %10ld %10ld\n", KEY, id,
             0622u, 8u, 1u, getpid(), 0, is.msg_perm.uid, is.msg_perm.gid, is.msg_perm.cuid,
             is.msg_perm.cgid, (long)is.msg_stime, (long)is.msg_rtime, (long)is.msg_ctime);
    CHECK(!strcmp(line, expected));
    CHECK(msgctl(id, IPC_RMID, NULL) == 0);
    CHECK(!find("/proc/sysvipc/msg", heading, id, line, sizeof(line)));
}

int main(void)
{
    segments();
    sets();
    queues();
    CHECK_DONE();
}
