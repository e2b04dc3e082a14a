// SPDX-License-Identifier: BSD-3-Clause
/* A walk through the file calls in a directory of its own under /tmp, and the errors they owe. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static void say(const char *what, long result) {
    if (result < 0) {
        printf("%s: %s\n", what, strerror(errno));
    } else {
        printf("%s: %ld\n", what, result);
    }
}

static void contents(int fd) {
    char bytes[32] = {0};
    say("write", write(fd, "0123456789", 10));
    say("lseek end", lseek(fd, 0, SEEK_END));
    say("pread", pread(fd, bytes, 4, 3));
    printf("read back: %s\n", bytes);
    struct iovec parts[2] = {{.iov_base = "ab", .iov_len = 2}, {.iov_base = "cde", .iov_len = 3}};
    say("writev", writev(fd, parts, 2));
    say("ftruncate", ftruncate(fd, 12));
    struct stat status;
    say("fstat", fstat(fd, &status));
    printf("size %ld, mode %o, links %ld\n", (long)status.st_size, status.st_mode & 07777,
           (long)status.st_nlink);
    say("lseek past the end", lseek(fd, 100, SEEK_SET));
    say("read there", read(fd, bytes, 4));
    say("lseek before the start", lseek(fd, -1, SEEK_SET));
}

static int compare(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list(void) {
    char *names[16];
    size_t count = 0;
    DIR *directory = opendir(".");
    for (struct dirent *entry; (entry = readdir(directory)) && count < 16;) {
        names[count++] = strdup(entry->d_name);
    }
    closedir(directory);
    qsort(names, count, sizeof names[0], compare);
    for (size_t i = 0; i < count; i++) {
        printf("entry %s\n", names[i]);
    }
}

static void links(void) {
    char target[64] = {0};
    say("symlink", symlink("kept", "pointer"));
    say("readlink", readlink("pointer", target, sizeof target - 1));
    printf("points to %s\n", target);
    say("link", link("kept", "second"));
    say("symlink loop", symlink("loop", "loop"));
    say("open loop", open("loop", O_RDONLY));
    say("open absent", open("absent", O_RDONLY));
    say("open through a file", open("kept/below", O_RDONLY));
    say("mkdir twice", mkdir("inner", 0700) == 0 ? mkdir("inner", 0700) : 1);
    say("rmdir", rmdir("inner"));
    say("exclusive", open("kept", O_RDWR | O_CREAT | O_EXCL, 0600));
}

int main(void) {
    char where[] = "/tmp/corpus-XXXXXX";
    if (!mkdtemp(where) || chdir(where) < 0) {
        perror("mkdtemp");
        return 1;
    }
    umask(022);
    int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0666);
    say("open again", fd < 0 ? -1 : 0);
    contents(fd);
    int twin = dup(fd);
    say("dup shares the offset", lseek(twin, 0, SEEK_CUR));
    say("close", close(fd));
    say("close twice", close(fd));
    close(twin);
    say("rename", rename("file", "kept"));
    links();
    list();
    const char *all[] = {"kept", "pointer", "second", "loop"};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        unlink(all[i]);
    }
    say("leave", chdir("/"));
    say("rmdir", rmdir(where));
    return 0;
}
