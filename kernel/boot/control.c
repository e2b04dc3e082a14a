/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Events to the SDK, commands from it. A command is worked off where devices are polled, in
 * thread or idle context.
 */
#include "boot/control.h"

#include "abi/image/boot_info.h"
#include "abi/linux/errno.h"
#include "devices/stream.h"
#include "files/file.h"
#include "lib/log.h"
#include "lib/string.h"
#include "task/task.h"

#define COMMAND_BYTES_MAX 64

static struct waiter command_waiter;
static u8 pending_bytes[COMMAND_BYTES_MAX];
static size_t pending_count;

/* All of it, waiting where the channel is full; gives up when nobody listens. */
static void write_all(struct stream *s, const void *data, size_t n)
{
    const u8 *p = data;
    while (s && n) {
        long done = s->operations->write(s, p, n);
        if (done == -EAGAIN) {
            s->operations->flush(s);
            continue;
        }
        if (done <= 0)
            return;
        p += done;
        n -= (size_t)done;
    }
}

void control_send(u32 type, const void *payload, u32 length)
{
    static const u8 zeros[8];
    struct stream *s = stream_get(CHANNEL_CONTROL);
    u32 header[2] = {type, length};

    write_all(s, header, sizeof(header));
    write_all(s, payload, length);
    write_all(s, zeros, align_up(length, 8) - length);
}

void control_send_records(const void *records, size_t length)
{
    write_all(stream_get(CHANNEL_CONTROL), records, length);
}

static void log_to_channel(const char *text, size_t length)
{
    write_all(stream_get(CHANNEL_LOG), text, length);
}

void control_attach_log(void)
{
    log_set_sink(log_to_channel);
}

static void obey(u32 type, const u8 *payload, u32 length)
{
    struct process *p = process_find(1);
    u32 number = 0;

    if (length < 4 || !p)
        return;
    if (type == ELFIN_COMMAND_WINSIZE) {
        memcpy(&number, payload, 4);
        struct linux_siginfo resized = {.si_code = SI_KERNEL};
        if (!files_set_window((u16)number, (u16)(number >> 16)))
            signal_send_process(p, SIGWINCH, &resized);
        return;
    }
    if (type != ELFIN_COMMAND_SIGNAL)
        return;
    memcpy(&number, payload, 4);
    if (number >= 1 && number <= LINUX_NSIG) {
        struct linux_siginfo info = {.si_code = SI_USER};
        signal_send_process(p, (int)number, &info);
    }
}

/* Whole records at the front of the buffer; the rest stays. */
static void obey_all(void)
{
    u32 header[2];
    while (pending_count >= sizeof(header)) {
        memcpy(header, pending_bytes, sizeof(header));
        u64 total = sizeof(header) + align_up(header[1], 8);
        if (total > COMMAND_BYTES_MAX) { /* no such command: lose it and what follows in here */
            pending_count = 0;
            return;
        }
        if (pending_count < total)
            return;
        obey(header[0], pending_bytes + sizeof(header), header[1]);
        pending_count -= total;
        memmove(pending_bytes, pending_bytes + total, pending_count);
    }
}

static void commands_arrived(struct waiter *w unused_arg, u32 events unused_arg)
{
    struct stream *s = stream_get(CHANNEL_CONTROL);
    for (;;) {
        long n = s->operations->read(s, pending_bytes + pending_count,
                                     COMMAND_BYTES_MAX - pending_count);
        if (n <= 0)
            return;
        pending_count += (size_t)n;
        obey_all();
    }
}

void control_start(void)
{
    struct stream *s = stream_get(CHANNEL_CONTROL);
    if (!s)
        return;
    command_waiter.on_wake = commands_arrived;
    wait_enter(&s->readable, &command_waiter);
}
