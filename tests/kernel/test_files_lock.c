/* SPDX-License-Identifier: BSD-3-Clause */
/* File locks when there is no memory for one more. */
#include "files/lock.h"
#include "files_world.h"

/* Every object that a lock's record could be made of. */
static void take_all_memory(void)
{
    for (size_t size = 4096; size >= 16; size /= 2)
        while (heap_alloc(size))
            ;
}

TEST(a_lock_that_cannot_be_had_leaves_the_old_ones)
{
    struct lock_request all = {.kind = LOCK_KIND_FILE, .exclusive = true, .end = 99}, out;
    struct lock_request middle = {.kind = LOCK_KIND_FILE, .start = 10, .end = 19};
    struct lock_request beyond = {.kind = LOCK_KIND_FILE, .start = 50, .end = 150};
    s32 pid;
    world_start();
    struct file *holder = descriptor_file(world_open("/tmp/a", O_RDWR | O_CREAT, 0600));
    struct file *other = descriptor_file(world_open("/tmp/a", O_RDWR, 0));
    CHECK_EQ(lock_acquire(holder, &all), 0);
    take_all_memory();
    CHECK_EQ(lock_acquire(holder, &middle), -ENOMEM);
    CHECK_EQ(lock_release(holder, &middle), -ENOMEM);
    CHECK_EQ(lock_acquire(holder, &beyond), -ENOMEM);
    CHECK(lock_find_conflict(other, &middle, &out, &pid));
    CHECK_EQ(out.start, 0);
    CHECK_EQ(out.end, 99);
    CHECK(out.exclusive);
}

TEST(a_range_is_cut_out_of_a_lock)
{
    struct lock_request all = {.kind = LOCK_KIND_FILE, .exclusive = true, .end = 99}, out;
    struct lock_request middle = {.kind = LOCK_KIND_FILE, .start = 10, .end = 19};
    struct lock_request behind = {.kind = LOCK_KIND_FILE, .start = 20, .end = 20};
    s32 pid;
    world_start();
    struct file *holder = descriptor_file(world_open("/tmp/a", O_RDWR | O_CREAT, 0600));
    struct file *other = descriptor_file(world_open("/tmp/a", O_RDWR, 0));
    CHECK_EQ(lock_acquire(holder, &all), 0);
    CHECK_EQ(lock_release(holder, &middle), 0);
    CHECK(!lock_find_conflict(other, &middle, &out, &pid));
    CHECK_EQ(lock_acquire(other, &middle), 0);
    CHECK(lock_find_conflict(other, &behind, &out, &pid));
    CHECK_EQ(out.start, 20);
    CHECK_EQ(out.end, 99);
    file_drop(holder);
    file_drop(other);
    world_stop();
}
