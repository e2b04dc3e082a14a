/* SPDX-License-Identifier: BSD-3-Clause */
/* Directories, names and contents of tmpfs, against a model and for leaks. */
#include "files_world.h"

TEST(a_file_is_made_read_renamed_and_removed)
{
    world_start();
    world_write_file("/tmp/a", "hello");
    CHECK_STRING(world_read_file("/tmp/a"), "hello");
    CHECK_EQ(sys_rename(AT("/tmp/a"), AT("/tmp/b")), 0);
    CHECK_EQ(world_open("/tmp/a", O_RDONLY, 0), -ENOENT);
    CHECK_STRING(world_read_file("/tmp/b"), "hello");
    CHECK_EQ(sys_unlink(AT("/tmp/b")), 0);
    CHECK_EQ(world_open("/tmp/b", O_RDONLY, 0), -ENOENT);
    world_stop();
}

static u32 state = 1;

static u32 dice(u32 sides)
{
    state = state * 1664525 + 1013904223;
    return (state >> 8) % sides;
}

/* Names "0".."15" in each of four directories; the model says what each must be. */
enum kind { NOTHING, FILE_, DIRECTORY };
#define DIRECTORIES 4
#define NAMES 16

static enum kind model[DIRECTORIES][NAMES];

static void path_of(char *out, u32 directory, u32 name)
{
    format_text(out, 32, "/tmp/d%u/%u", directory, name);
}

static void check_model(void)
{
    for (u32 d = 0; d < DIRECTORIES; d++) {
        for (u32 n = 0; n < NAMES; n++) {
            char path[32];
            struct linux_stat st;
            path_of(path, d, n);
            long result = sys_lstat(AT(path), AT(&st));
            CHECK_EQ(result, model[d][n] == NOTHING ? -ENOENT : 0);
            if (!result)
                CHECK_EQ(st.st_mode & S_IFMT, model[d][n] == FILE_ ? S_IFREG : S_IFDIR);
        }
    }
}

static long make(const char *path, enum kind kind)
{
    if (kind == DIRECTORY)
        return sys_mkdir(AT(path), 0755);
    int fd = world_open(path, O_CREAT | O_EXCL | O_WRONLY, 0644);
    if (fd < 0)
        return fd;
    CHECK_EQ(sys_write(fd, AT(path), 5), 5);
    return sys_close(fd);
}

static void one_step(void)
{
    char a[32], b[32];
    u32 d = dice(DIRECTORIES), n = dice(NAMES), e = dice(DIRECTORIES), m = dice(NAMES);
    enum kind *from = &model[d][n], *to = &model[e][m];
    path_of(a, d, n);
    path_of(b, e, m);
    switch (dice(4)) {
    case 0: {
        enum kind kind = dice(2) ? FILE_ : DIRECTORY;
        CHECK_EQ(make(a, kind), *from == NOTHING ? 0 : -EEXIST);
        *from = *from == NOTHING ? kind : *from;
        break;
    }
    case 1:
        CHECK_EQ(sys_unlink(AT(a)),
                 *from == NOTHING ? -ENOENT : *from == DIRECTORY ? -EISDIR : 0);
        *from = *from == FILE_ ? NOTHING : *from;
        break;
    case 2:
        CHECK_EQ(sys_rmdir(AT(a)), *from == NOTHING ? -ENOENT : *from == FILE_ ? -ENOTDIR : 0);
        *from = *from == DIRECTORY ? NOTHING : *from;
        break;
    default: {
        long expected = *from == NOTHING ? -ENOENT
                        : from == to || *to == NOTHING || *from == *to ? 0
                        : *to == DIRECTORY ? -EISDIR : -ENOTDIR;
        CHECK_EQ(sys_rename(AT(a), AT(b)), expected);
        if (!expected && from != to) {
            *to = *from;
            *from = NOTHING;
        }
    }
    }
}

TEST(random_steps_agree_with_a_model_and_leave_nothing_behind)
{
    world_start();
    char path[32];
    for (u32 d = 0; d < DIRECTORIES; d++) {
        format_text(path, sizeof(path), "/tmp/d%u", d);
        CHECK_EQ(sys_mkdir(AT(path), 0755), 0);
    }
    u64 before = page_free_count();
    for (u32 n = 0; n < 20000; n++) {
        one_step();
        if (n % 500 == 0)
            check_model();
    }
    check_model();
    for (u32 d = 0; d < DIRECTORIES; d++) {
        for (u32 n = 0; n < NAMES; n++) {
            path_of(path, d, n);
            CHECK_EQ(model[d][n] == DIRECTORY ? sys_rmdir(AT(path)) : 0, 0);
            CHECK_EQ(model[d][n] == FILE_ ? sys_unlink(AT(path)) : 0, 0);
        }
    }
    CHECK(before - page_free_count() <= 24); /* spare slabs */
    world_stop();
}

TEST(contents_agree_with_a_model)
{
    world_start();
    enum { MOST = 40000 };
    u8 *expected = harness_alloc(MOST), *got = harness_alloc(MOST), *bytes = harness_alloc(9000);
    u64 size = 0;
    memset(expected, 0, MOST);
    int fd = world_open("/tmp/data", O_RDWR | O_CREAT, 0644);
    for (u32 n = 0; n < 3000; n++) {
        u64 at = dice(MOST - 9000), length = dice(9000) + 1;
        switch (dice(4)) {
        case 0:
            if (at + length > MOST)
                break;
            CHECK_EQ(sys_ftruncate(fd, (s64)at), 0);
            if (at < size)
                memset(expected + at, 0, size - at);
            size = at;
            break;
        case 1:
            CHECK_EQ(sys_fallocate(fd, 3, (s64)at, (s64)length), 0);
            for (u64 i = at; i < at + length && i < size; i++)
                expected[i] = 0;
            break;
        default:
            memset(bytes, (int)n, length);
            CHECK_EQ(sys_pwrite64(fd, AT(bytes), length, (s64)at), length);
            memcpy(expected + at, bytes, length);
            size = size > at + length ? size : at + length;
        }
        CHECK_EQ(sys_pread64(fd, AT(got), MOST, 0), size);
        CHECK_EQ(memcmp(got, expected, size), 0);
    }
    CHECK_EQ(sys_close(fd), 0);
    harness_free(expected);
    harness_free(got);
    harness_free(bytes);
    world_stop();
}

TEST(an_unlinked_file_lives_while_it_is_open)
{
    world_start();
    u64 before = page_free_count();
    int fd = world_open("/tmp/x", O_RDWR | O_CREAT, 0600);
    char text[9000];
    memset(text, 'x', sizeof(text));
    CHECK_EQ(sys_write(fd, AT(text), sizeof(text)), sizeof(text));
    CHECK_EQ(sys_unlink(AT("/tmp/x")), 0);
    CHECK_EQ(sys_pread64(fd, AT(text), 10, 8995), 5);
    CHECK(page_free_count() < before - 2);
    CHECK_EQ(sys_close(fd), 0);
    CHECK(before - page_free_count() <= 6);
    world_stop();
}

TEST(long_names_survive_renames_and_exchanges)
{
    world_start();
    char a[300] = "/tmp/", b[300] = "/tmp/short", text[400];
    memset(a + 5, 'n', 255);
    a[260] = '\0';
    world_write_file(b, "one");
    CHECK_EQ(sys_rename(AT(b), AT(a)), 0);
    CHECK_STRING(world_read_file(a), "one");
    world_write_file(b, "two");
    CHECK_EQ(sys_renameat2(AT_FDCWD, AT(a), AT_FDCWD, AT(b), RENAME_EXCHANGE), 0);
    CHECK_STRING(world_read_file(a), "two");
    CHECK_STRING(world_read_file(b), "one");
    a[260] = 'n', a[261] = '\0';
    CHECK_EQ(sys_rename(AT(b), AT(a)), -ENAMETOOLONG);
    CHECK_EQ(sys_mkdir(AT("/tmp/deep"), 0755), 0);
    CHECK_EQ(sys_chdir(AT("/tmp/deep")), 0);
    CHECK_EQ(sys_rename(AT("/tmp/deep"), AT("/tmp/other")), 0);
    CHECK_EQ(sys_getcwd(AT(text), sizeof(text)), 11);
    CHECK_STRING(text, "/tmp/other");
    world_stop();
}

TEST(a_directory_keeps_its_order_while_entries_go)
{
    world_start();
    CHECK_EQ(sys_mkdir(AT("/tmp/many"), 0755), 0);
    char path[64], buffer[512];
    for (u32 n = 0; n < 300; n++) {
        format_text(path, sizeof(path), "/tmp/many/%u", n);
        world_write_file(path, "");
    }
    int fd = world_open("/tmp/many", O_RDONLY | O_DIRECTORY, 0);
    u32 seen = 0;
    for (long n; (n = sys_getdents64(fd, AT(buffer), sizeof(buffer))) > 0;) {
        for (long at = 0; at < n;) {
            u16 length;
            memcpy(&length, buffer + at + 16, 2);
            const char *name = buffer + at + 19;
            if (name[0] != '.') {
                format_text(path, sizeof(path), "/tmp/many/%s", name);
                CHECK_EQ(sys_unlink(AT(path)), 0);
                seen++;
            }
            at += length;
        }
    }
    CHECK_EQ(seen, 300);
    CHECK_EQ(sys_close(fd), 0);
    CHECK_EQ(sys_rmdir(AT("/tmp/many")), 0);
    world_stop();
}
