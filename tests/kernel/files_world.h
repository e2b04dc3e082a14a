/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A kernel with files and one process, without a program: handlers are called as the shim would,
 * with pointers of the test as program pointers. The root image is what stub_root_image says.
 */
#pragma once

#include "harness.h"

#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi/linux/stat.h"
#include "abi_handlers.h"
#include "devices/rom.h"
#include "files/file.h"
#include "files/inode.h"
#include "files/names.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "memory/page.h"
#include "task/task.h"

#define AT(pointer) ((struct user_ptr){(u64)(pointer)})

extern struct platform_blob stub_root_image;

static struct process *world_process;

static inline void world_start(void)
{
    static struct thread thread;
    int error;
    memory_start();
    world_process = process_create_first();
    list_init(&thread.in_process);
    list_init(&thread.in_run_queue);
    list_init(&thread.signals.queued);
    thread.process = world_process;
    thread.tid = 1;
    list_push_back(&world_process->threads, &thread.in_process);
    world_process->thread_count = 1;
    this_cpu()->current = &thread;
    CHECK_EQ(files_start(), 0);
    world_process->descriptors = descriptors_create();
    world_process->files = file_context_create("/", 022, &error);
    CHECK_EQ(error, 0);
}

/* Everything closed; what is left is what the files themselves hold. */
static inline void world_stop(void)
{
    files_drop_process(world_process);
}

static inline int world_open(const char *path, u32 flags, u32 mode)
{
    return (int)sys_openat(AT_FDCWD, AT(path), (int)flags, mode);
}

static inline void world_write_file(const char *path, const char *text)
{
    int fd = world_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    CHECK(fd >= 0);
    CHECK_EQ(sys_write(fd, AT(text), strlen(text)), strlen(text));
    CHECK_EQ(sys_close(fd), 0);
}

/* The whole of a small file, NUL-terminated. */
static inline const char *world_read_file(const char *path)
{
    static char text[65536];
    int fd = world_open(path, O_RDONLY, 0);
    CHECK(fd >= 0);
    long n = sys_read(fd, AT(text), sizeof(text) - 1);
    CHECK(n >= 0);
    text[n] = '\0';
    CHECK_EQ(sys_close(fd), 0);
    return text;
}
