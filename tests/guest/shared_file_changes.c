/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: memory=24M */
/* Mappings of files that change otherwise: holes that are punched, files of the image that are
 * written, allocations that fail. */
#include "check.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#ifndef FALLOC_FL_KEEP_SIZE
#define FALLOC_FL_KEEP_SIZE 1
#define FALLOC_FL_PUNCH_HOLE 2
#endif
#define PAGE 4096
#define PAGES 8

static char *map(int fd, int protection, int flags)
{
    char *p = mmap(NULL, PAGES * PAGE, protection, flags, fd, 0);
    CHECK(p != MAP_FAILED);
    return p;
}

static void holes(void)
{
    static char text[PAGES * PAGE], seen[PAGE];
    int fd = open("holes", O_RDWR | O_CREAT | O_TRUNC, 0600);
    memset(text, 'x', sizeof(text));
    CHECK(write(fd, text, sizeof(text)) == sizeof(text));
    volatile char *shared = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
    volatile char *readable = map(fd, PROT_READ, MAP_SHARED);
    volatile char *own = map(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    CHECK(shared[2 * PAGE] == 'x' && readable[2 * PAGE] == 'x' && own[2 * PAGE] == 'x');
    own[3 * PAGE] = 'o';
    CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 2 * PAGE - 10, 2 * PAGE + 20) == 0);
    CHECK(shared[2 * PAGE - 11] == 'x' && shared[2 * PAGE - 10] == 0);
    CHECK(shared[2 * PAGE] == 0 && readable[3 * PAGE] == 0 && shared[4 * PAGE + 9] == 0);
    CHECK(shared[4 * PAGE + 10] == 'x');
    CHECK(own[2 * PAGE] == 0 && own[3 * PAGE] == 'o'); /* a copy stays, with all its bytes */
    CHECK(own[3 * PAGE + 1] == 'x');
    shared[2 * PAGE] = 'n';
    CHECK(readable[2 * PAGE] == 'n');
    CHECK(pread(fd, seen, PAGE, 2 * PAGE) == PAGE && seen[0] == 'n' && seen[1] == 0);
    CHECK(pwrite(fd, "w", 1, 3 * PAGE + 5) == 1 && shared[3 * PAGE + 5] == 'w');
    CHECK(readable[3 * PAGE + 5] == 'w' && own[3 * PAGE + 5] == 'x');
    close(fd);
}

/* A file of the root image on Elfin, where nothing can be harmed; elsewhere one of our own. */
static const char *sealed_file(void)
{
    char line[8] = "";
    int fd = open("/proc/mounts", O_RDONLY);
    CHECK(fd >= 0 && read(fd, line, 6) == 6);
    close(fd);
    if (strcmp(line, "elfin ") == 0)
        return "/etc/passwd";
    fd = open("passwd", O_RDWR | O_CREAT | O_TRUNC, 0644);
    CHECK(write(fd, "root:x:0:0:root:/root:/bin/sh\n", 30) == 30);
    close(fd);
    return "passwd";
}

static void image_file(void)
{
    const char *name = sealed_file();
    int reader = open(name, O_RDONLY);
    volatile char *readable = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, reader, 0);
    volatile char *own = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, reader, 0);
    CHECK(readable[0] == 'r' && own[0] == 'r');
    own[1] = 'p';
    int writer = open(name, O_RDWR);
    CHECK(writer >= 0 && pwrite(writer, "RO", 2, 0) == 2);
    CHECK(readable[0] == 'R' && readable[1] == 'O' && readable[2] == 'o');
    CHECK(own[1] == 'p');
    volatile char *writable = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, writer, 0);
    writable[3] = 'T';
    CHECK(readable[3] == 'T');
    CHECK(ftruncate(writer, 2 * PAGE) == 0 && readable[PAGE] == 0);
    CHECK(pwrite(writer, "end", 3, PAGE) == 3 && readable[PAGE + 2] == 'd');
    close(reader);
    close(writer);
}

static void too_much(void)
{
    struct stat before, after;
    int fd = open("large", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(pwrite(fd, "a", 1, 0) == 1 && pwrite(fd, "b", 1, 5 * PAGE) == 1 && fstat(fd, &before) == 0);
    if (fallocate(fd, 0, 0, 64 << 20)) {
        CHECK(errno == ENOSPC);
        CHECK(fstat(fd, &after) == 0 && after.st_blocks == before.st_blocks);
        CHECK(after.st_size == before.st_size);
        char *p = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(p != MAP_FAILED);
        memset(p, 1, 8 << 20); /* the memory is there again */
    }
    char byte;
    CHECK(pread(fd, &byte, 1, 5 * PAGE) == 1 && byte == 'b');
    CHECK(fallocate(fd, 0, 0, 16 * PAGE) == 0 && pread(fd, &byte, 1, 15 * PAGE) == 1 && byte == 0);
    close(fd);
}

int main(void)
{
    holes();
    image_file();
    too_much();
    CHECK_DONE();
}
