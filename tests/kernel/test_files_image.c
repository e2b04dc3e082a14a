/* SPDX-License-Identifier: BSD-3-Clause */
/* The root image: good ones, foreign ones, and any garbage. */
#include "files_world.h"

#include "files/cpio.h"

static u8 archive[1 << 20] __attribute__((aligned(4096)));
static size_t used;

struct entry {
    const char *path;
    u32 mode;
    const char *data;
    u32 inode, nlink, check;
};

static void put(const void *bytes, size_t n)
{
    CHECK(used + n <= sizeof(archive));
    memcpy(archive + used, bytes, n);
    used += n;
}

static void pad(size_t to)
{
    while (used % to)
        archive[used++] = 0;
}

static void add(const struct entry *e, bool aligned)
{
    size_t size = e->data ? strlen(e->data) : 0, length = strlen(e->path) + 1, name_size = length;
    char header[120];
    while ((used + 110 + name_size) % (aligned && size ? 4096 : 4))
        name_size++;
    int n = format_text(header, sizeof(header),
                        "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", e->inode,
                        e->mode, 7, 8, e->nlink ? e->nlink : 1, 1234, (u32)size, 0, 0, 5, 6,
                        (u32)name_size, e->check);
    put(header, (size_t)n);
    put(e->path, length);
    memset(archive + used, 0, name_size - length);
    used += name_size - length;
    put(e->data ? e->data : "", size);
    pad(aligned && size && (e->mode & S_IFMT) == S_IFREG ? 4096 : 4);
}

static const struct entry entries[] = {
    {.path = ".", .mode = S_IFDIR | 0750},
    {.path = ".elfin", .mode = S_IFDIR | 0755},
    {.path = ".elfin/rewrite", .mode = S_IFREG | 0600, .data = "plans"},
    {.path = ".elfins", .mode = S_IFREG | 0600, .data = "mine"},
    {.path = "etc", .mode = S_IFDIR | 0755},
    {.path = "etc/empty", .mode = S_IFREG | 0600},
    {.path = "etc/motd", .mode = S_IFREG | 0644, .data = "welcome", .check = 5678},
    {.path = "etc/to_motd", .mode = S_IFLNK | 0777, .data = "motd"},
    {.path = "etc/null", .mode = S_IFCHR | 0666},
    {.path = "usr", .mode = S_IFDIR | 0755},
    {.path = "usr/a", .mode = S_IFREG | 0644, .inode = 9, .nlink = 2},
    {.path = "usr/b", .mode = S_IFREG | 0644, .inode = 9, .nlink = 2, .data = "linked"},
    {.path = "usr/bin", .mode = S_IFDIR | 0755},
    {.path = "usr/bin/x", .mode = S_IFREG | 0755, .data = "program"},
};

static void build(bool aligned)
{
    used = 0;
    memset(archive, 0, sizeof(archive));
    for (size_t n = 0; n < ARRAY_SIZE(entries); n++)
        add(&entries[n], aligned);
    add(&(struct entry){.path = "TRAILER!!!"}, false);
    pad(4096);
    stub_root_image = (struct platform_blob){archive, used, pointer_to_paddr(archive)};
}

static void check_contents(void)
{
    struct linux_stat st;
    CHECK_STRING(world_read_file("/etc/motd"), "welcome");
    CHECK_STRING(world_read_file("/etc/to_motd"), "welcome");
    CHECK_STRING(world_read_file("/etc/empty"), "");
    CHECK_STRING(world_read_file("/usr/bin/x"), "program");
    CHECK_STRING(world_read_file("/usr/a"), "linked");
    CHECK_STRING(world_read_file("/usr/b"), "linked");
    CHECK_EQ(sys_stat(AT("/usr/a"), AT(&st)), 0);
    CHECK_EQ(st.st_nlink, 2);
    CHECK_EQ(sys_stat(AT("/etc/motd"), AT(&st)), 0);
    CHECK_EQ(st.st_size, 7);
    CHECK_EQ(st.st_mtime_sec, 1234);
    CHECK_EQ(st.st_mtime_nsec, 5678);
    CHECK_EQ(st.st_uid, 7);
    CHECK_EQ(st.st_gid, 8);
    CHECK_EQ(st.st_blocks, 8);
    CHECK_EQ(sys_stat(AT("/etc/null"), AT(&st)), 0);
    CHECK_EQ(st.st_rdev, 0x506);
    CHECK_EQ(sys_stat(AT("/"), AT(&st)), 0);
    CHECK_EQ(st.st_mode, S_IFDIR | 0750);
    CHECK_EQ(sys_stat(AT("/usr"), AT(&st)), 0);
    CHECK_EQ(st.st_nlink, 3);
}

TEST(files_show_the_archive_in_place)
{
    platform_traits(); /* sets the direct map */
    build(true);
    world_start();
    check_contents();
    int error;
    struct file *f = file_open_kernel("/usr/bin/x", O_RDONLY, 0, &error);
    CHECK_EQ(error, 0);
    struct backing *b = f->operations->backing(f);
    paddr_t first;
    CHECK_EQ(b->operations->pages(b, 0, 10, false, &first), 1);
    CHECK(paddr_to_pointer(first) >= (void *)archive &&
          paddr_to_pointer(first) < (void *)(archive + used));
    CHECK_EQ(b->operations->pages(b, 1, 10, false, &first), 0);
    file_drop(f);
    world_stop();
}

TEST(the_kernels_own_entries_have_no_name)
{
    struct linux_stat st;
    platform_traits();
    build(true);
    world_start();
    struct root_image_plans plans = root_image_plans();
    CHECK_EQ(plans.size, 5);
    CHECK(memcmp(plans.bytes, "plans", 5) == 0);
    CHECK_EQ(sys_stat(AT("/.elfin"), AT(&st)), -ENOENT);
    CHECK_EQ(sys_stat(AT("/.elfin/rewrite"), AT(&st)), -ENOENT);
    CHECK_STRING(world_read_file("/.elfins"), "mine");
    world_stop();
}

TEST(a_changed_file_leaves_the_archive_alone)
{
    platform_traits();
    build(true);
    world_start();
    int fd = world_open("/etc/motd", O_RDWR, 0);
    CHECK_EQ(sys_pwrite64(fd, AT("W"), 1, 0), 1);
    CHECK_EQ(sys_pwrite64(fd, AT("!"), 1, 7), 1);
    CHECK_EQ(sys_close(fd), 0);
    CHECK_STRING(world_read_file("/etc/motd"), "Welcome!");
    world_write_file("/etc/motd", "new");
    CHECK_STRING(world_read_file("/etc/motd"), "new");
    CHECK_EQ(sys_truncate(AT("/usr/bin/x"), 3), 0);
    CHECK_STRING(world_read_file("/usr/bin/x"), "pro");
    CHECK_EQ(sys_rename(AT("/etc/motd"), AT("/etc/empty")), 0);
    CHECK_EQ(sys_unlink(AT("/usr/a")), 0);
    CHECK_STRING(world_read_file("/usr/b"), "linked");
    world_stop();
    u8 *before = harness_alloc(used);
    size_t size = used;
    memcpy(before, archive, size);
    build(true);
    CHECK_EQ(memcmp(before, archive, size), 0);
    harness_free(before);
}

TEST(an_archive_of_another_writer_is_copied)
{
    platform_traits();
    build(false);
    world_start();
    check_contents();
    world_stop();
}

/* A good archive and one wrong entry: refused, whatever came before. */
static void check_refused(struct file_system *fs, const struct entry *wrong)
{
    used = 0;
    memset(archive, 0, sizeof(archive));
    for (size_t n = 0; n < ARRAY_SIZE(entries); n++)
        add(&entries[n], true);
    add(wrong, true);
    add(&(struct entry){.path = "TRAILER!!!"}, false);
    CHECK_EQ(tmpfs_init(fs, "test", 0755), 0);
    CHECK_EQ(root_image_load(fs, archive, used, pointer_to_paddr(archive)), -EINVAL);
}

TEST(bad_entries_are_refused)
{
    static const struct entry bad[] = {
        {.path = "../up", .mode = S_IFREG | 0644},
        {.path = "/absolute", .mode = S_IFREG | 0644},
        {.path = "etc//double", .mode = S_IFREG | 0644},
        {.path = "etc/./dot", .mode = S_IFREG | 0644},
        {.path = "etc/", .mode = S_IFDIR | 0755},
        {.path = "none/child", .mode = S_IFREG | 0644},
        {.path = "etc/motd/child", .mode = S_IFREG | 0644},
        {.path = "etc/motd", .mode = S_IFREG | 0644},
        {.path = "etc", .mode = S_IFREG | 0644},
        {.path = "etc/link", .mode = S_IFLNK | 0777},
        {.path = "etc/odd", .mode = 0110644},
    };
    static struct file_system fs[ARRAY_SIZE(bad)];
    platform_traits();
    memory_start();
    for (size_t n = 0; n < ARRAY_SIZE(bad); n++)
        check_refused(&fs[n], &bad[n]);
}

static u32 state = 7;

static u32 dice(u32 sides)
{
    state = state * 1664525 + 1013904223;
    return (state >> 8) % sides;
}

/* Flips bytes of headers and cuts the end: whatever comes, nothing outside is touched (ASan), and
 * what was loaded can be walked. */
TEST(garbage_is_safe)
{
    platform_traits();
    build(true);
    size_t good_size = used;
    u8 *good = harness_alloc(good_size);
    memcpy(good, archive, good_size);
    memory_start();
    for (unsigned round = 0; round < 400; round++) {
        size_t size = dice(4) ? good_size : dice((u32)good_size);
        u8 *bytes = harness_alloc(size + 1);
        memcpy(bytes, good, size);
        for (unsigned n = dice(6); n && size; n--)
            bytes[dice((u32)size)] = (u8)"0123456789ABCDEF/.\0x"[dice(20)];
        static struct file_system fs;
        CHECK_EQ(tmpfs_init(&fs, "test", 0755), 0);
        int error = root_image_load(&fs, bytes, size, pointer_to_paddr(bytes));
        CHECK(error == 0 || error == -EINVAL || error == -ENOMEM);
        list_for_each(at, &fs.root->children)
            (void)node_inode(list_entry(at, struct path_node, sibling));
        harness_free(bytes);
    }
    harness_free(good);
}
