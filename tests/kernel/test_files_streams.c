/* SPDX-License-Identifier: BSD-3-Clause */
/* The program's three streams over a fake driver; pipes, eventfd, epoll without sleeping. */
#include "files_world.h"

#include "abi/image/boot_info.h"
#include "abi/linux/epoll.h"
#include "abi/linux/poll.h"
#include "devices/stream.h"

struct fake {
    struct stream stream;
    const char *input;
    size_t input_left;
    char output[70000];
    size_t output_used, room;
    bool broken, was_shut;
};

static struct fake fakes[3];

static struct fake *fake_of(struct stream *s)
{
    return s->driver;
}

static long fake_read(struct stream *s, void *to, size_t n)
{
    struct fake *f = fake_of(s);
    if (!f->input)
        return -EAGAIN;
    n = min_u64(n, min_u64(f->input_left, 1000)); /* comes in pieces */
    memcpy(to, f->input, n);
    f->input += n;
    f->input_left -= n;
    return (long)n;
}

static long fake_write(struct stream *s, const void *from, size_t n)
{
    struct fake *f = fake_of(s);
    if (f->broken)
        return -EPIPE;
    n = min_u64(n, f->room);
    if (!n)
        return -EAGAIN;
    memcpy(f->output + f->output_used, from, n);
    f->output_used += n;
    f->room -= n;
    return (long)n;
}

static bool fake_can_read(struct stream *s) { return fake_of(s)->input != NULL; }
static bool fake_can_write(struct stream *s) { return fake_of(s)->room || fake_of(s)->broken; }
static bool fake_broken(struct stream *s) { return fake_of(s)->broken; }
static void fake_flush(struct stream *s) { (void)s; }
static void fake_shut(struct stream *s) { fake_of(s)->was_shut = true; }

static const struct stream_operations fake_operations = {
    .read = fake_read, .write = fake_write, .can_read = fake_can_read,
    .can_write = fake_can_write, .broken = fake_broken, .flush = fake_flush, .shut = fake_shut,
};

static void start(int in, int out, int err)
{
    const int kinds[3] = {in, out, err};
    world_start();
    for (unsigned n = 0; n < 3; n++) {
        struct stream *s = &fakes[n].stream;
        s->operations = &fake_operations;
        s->channel = (enum platform_channel)(CHANNEL_STDIN + n);
        s->driver = &fakes[n];
        fakes[n].room = sizeof(fakes[n].output);
        stream_register(s);
        s->stdio_kind = kinds[n]; /* there is no boot information to say so */
    }
    CHECK_EQ(files_open_standard_streams(world_process->descriptors), 0);
}

static u32 mode_of(int fd)
{
    struct linux_stat st;
    CHECK_EQ(sys_fstat(fd, AT(&st)), 0);
    return st.st_mode & S_IFMT;
}

TEST(streams_look_like_what_they_are)
{
    start(ELFIN_STDIO_PIPE, ELFIN_STDIO_FILE, ELFIN_STDIO_CLOSED);
    CHECK_EQ(mode_of(0), S_IFIFO);
    CHECK_EQ(mode_of(1), S_IFREG);
    CHECK_EQ(sys_write(2, AT("x"), 1), -EBADF);
    CHECK_EQ(world_open("/", O_RDONLY, 0), 2); /* the lowest free one */
    CHECK_EQ(sys_write(0, AT("x"), 1), -EBADF);
    char c;
    CHECK_EQ(sys_read(1, AT(&c), 1), -EBADF);
    CHECK_EQ(sys_lseek(0, 0, SEEK_CUR), -ESPIPE);
    world_stop();
}

TEST(a_null_stream_is_dev_null)
{
    start(ELFIN_STDIO_NULL, ELFIN_STDIO_NULL, ELFIN_STDIO_NULL);
    char c;
    CHECK_EQ(mode_of(0), S_IFCHR);
    CHECK_EQ(sys_read(0, AT(&c), 1), 0);
    CHECK_EQ(sys_write(1, AT("gone"), 4), 4);
    CHECK_EQ(fakes[1].output_used, 0);
    char text[32] = "";
    CHECK_EQ(sys_readlink(AT("/proc/self/fd/1"), AT(text), sizeof(text)), 9);
    CHECK_STRING(text, "/dev/null");
    world_stop();
}

TEST(pipes_carry_every_byte)
{
    start(ELFIN_STDIO_PIPE, ELFIN_STDIO_PIPE, ELFIN_STDIO_PIPE);
    static char big[60000];
    for (size_t n = 0; n < sizeof(big); n++)
        big[n] = (char)(n * 7);
    CHECK_EQ(sys_write(1, AT(big), sizeof(big)), sizeof(big));
    CHECK_EQ(fakes[1].output_used, sizeof(big));
    CHECK_EQ(memcmp(fakes[1].output, big, sizeof(big)), 0);
    fakes[0].input = big;
    fakes[0].input_left = 2500;
    static char got[4000];
    CHECK_EQ(sys_read(0, AT(got), 4000), 1000);
    CHECK_EQ(sys_read(0, AT(got + 1000), 3000), 1000);
    CHECK_EQ(sys_read(0, AT(got + 2000), 300), 300);
    CHECK_EQ(sys_read(0, AT(got + 2300), 3000), 200);
    CHECK_EQ(memcmp(got, big, 2500), 0);
    CHECK_EQ(sys_read(0, AT(got), 10), 0);
    world_stop();
}

TEST(a_full_stream_that_may_not_wait_takes_part)
{
    start(ELFIN_STDIO_PIPE, ELFIN_STDIO_PIPE, ELFIN_STDIO_PIPE);
    static char big[60000], c;
    CHECK_EQ(sys_fcntl(1, F_SETFL, O_NONBLOCK), 0);
    CHECK_EQ(sys_fcntl(0, F_SETFL, O_NONBLOCK), 0);
    fakes[1].room = 20000;
    CHECK_EQ(sys_write(1, AT(big), sizeof(big)), 20000);
    CHECK_EQ(sys_write(1, AT(big), sizeof(big)), -EAGAIN);
    CHECK_EQ(sys_read(0, AT(&c), 1), -EAGAIN);
    struct linux_pollfd p[2] = {{.fd = 0, .events = POLLIN}, {.fd = 1, .events = POLLOUT}};
    CHECK_EQ(sys_poll(AT(p), 2, 0), 0);
    fakes[1].room = 1;
    CHECK_EQ(sys_poll(AT(p), 2, 0), 1);
    CHECK_EQ(p[1].revents, POLLOUT);
    world_stop();
}

TEST(a_broken_stream_is_epipe_and_a_signal)
{
    start(ELFIN_STDIO_PIPE, ELFIN_STDIO_PIPE, ELFIN_STDIO_PIPE);
    world_process->actions[SIGPIPE - 1].handler = 4096; /* a handler: the signal stays pending */
    fakes[1].broken = true;
    CHECK_EQ(sys_write(1, AT("x"), 1), -EPIPE);
    CHECK(current_thread()->signals.pending & 1ull << (SIGPIPE - 1));
    struct linux_pollfd p = {.fd = 1, .events = POLLOUT};
    CHECK_EQ(sys_poll(AT(&p), 1, 0), 1);
    CHECK(p.revents & POLLERR);
    world_stop();
}

TEST(the_last_close_shuts_a_stream)
{
    start(ELFIN_STDIO_PIPE, ELFIN_STDIO_PIPE, ELFIN_STDIO_PIPE);
    CHECK_EQ(sys_dup2(1, 9), 9);
    int again = world_open("/proc/self/fd/1", O_WRONLY, 0);
    CHECK(again >= 0);
    CHECK_EQ(sys_close(1), 0);
    CHECK_EQ(sys_close(9), 0);
    CHECK(!fakes[1].was_shut);
    CHECK_EQ(sys_close(again), 0);
    CHECK(fakes[1].was_shut);
    world_stop();
    CHECK(fakes[0].was_shut && fakes[2].was_shut);
}

TEST(an_input_file_can_be_read_again)
{
    start(ELFIN_STDIO_FILE, ELFIN_STDIO_FILE, ELFIN_STDIO_PIPE);
    char got[64] = "";
    fakes[0].input = "first\nsecond\n";
    fakes[0].input_left = 13;
    CHECK_EQ(sys_read(0, AT(got), 64), 13);
    CHECK_EQ(sys_lseek(0, 6, SEEK_SET), 6);
    CHECK_EQ(sys_read(0, AT(got), 6), 6);
    CHECK_EQ(memcmp(got, "second", 6), 0);
    CHECK_EQ(sys_pread64(0, AT(got), 5, 0), 5);
    CHECK_EQ(memcmp(got, "first", 5), 0);
    CHECK_EQ(sys_lseek(0, -1, SEEK_END), 12);
    CHECK_EQ(sys_write(1, AT("abc"), 3), 3);
    CHECK_EQ(sys_lseek(1, 0, SEEK_CUR), 3);
    CHECK_EQ(sys_lseek(1, 0, SEEK_SET), -ESPIPE);
    world_stop();
}

TEST(a_long_input_file_costs_bounded_memory)
{
    start(ELFIN_STDIO_FILE, ELFIN_STDIO_PIPE, ELFIN_STDIO_PIPE);
    static char line[1000], got[1000];
    u64 before = page_free_count(), least = before;
    for (u64 n = 0; n < 20000; n++) {
        fakes[0].input = line;
        fakes[0].input_left = sizeof(line);
        CHECK_EQ(sys_read(0, AT(got), sizeof(got)), sizeof(got));
        least = min_u64(least, page_free_count());
    }
    CHECK((before - least) * PAGE_SIZE < 6 << 20);
    CHECK_EQ(sys_lseek(0, 0, SEEK_SET), -ESPIPE);
    CHECK_EQ(sys_lseek(0, 0, SEEK_CUR), 20000000);
    world_stop();
}

TEST(epoll_forgets_what_is_closed)
{
    start(ELFIN_STDIO_PIPE, ELFIN_STDIO_PIPE, ELFIN_STDIO_PIPE);
    u64 before = page_free_count();
    int fds[2];
    struct linux_epoll_event e = {.events = EPOLLIN}, got[4];
    for (unsigned round = 0; round < 200; round++) {
        int ep = (int)sys_epoll_create1(0), event = (int)sys_eventfd2(1, 0);
        CHECK_EQ(sys_pipe2(AT(fds), O_NONBLOCK), 0);
        CHECK_EQ(sys_epoll_ctl(ep, EPOLL_CTL_ADD, fds[0], AT(&e)), 0);
        CHECK_EQ(sys_epoll_ctl(ep, EPOLL_CTL_ADD, event, AT(&e)), 0);
        CHECK_EQ(sys_epoll_ctl(ep, EPOLL_CTL_ADD, 0, AT(&e)), 0);
        CHECK_EQ(sys_write(fds[1], AT("x"), 1), 1);
        CHECK_EQ(sys_epoll_wait(ep, AT(got), 4, 0), 2);
        if (round % 2) {
            sys_close(ep);
            sys_close(fds[0]);
        } else {
            sys_close(fds[0]);
            CHECK_EQ(sys_epoll_wait(ep, AT(got), 4, 0), 1);
            sys_close(ep);
        }
        CHECK_EQ(sys_close(event), 0);
        CHECK_EQ(sys_close(fds[1]), 0);
    }
    CHECK(before - page_free_count() <= 40); /* spare slabs */
    CHECK(list_empty(&fakes[0].stream.readable.waiters));
    world_stop();
}
