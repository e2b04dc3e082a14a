/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds: which stream stands for which channel, and what stands behind descriptors 0, 1, 2 outside.
 */
#include "devices/stream.h"

#include "abi/image/boot_info.h"
#include "lib/boot_record.h"
#include "lib/string.h"

static struct stream *streams[CHANNEL_COUNT];

int stream_stdio_kind(enum platform_channel channel)
{
    const struct platform_blob *info = platform_boot_info();
    u32 length = 0, kind = ELFIN_STDIO_PIPE;
    const u8 *record = boot_record_find(info->data, info->size, ELFIN_BOOT_STDIO, &length);

    if (record && length >= ((u32)channel + 1) * sizeof(kind))
        memcpy(&kind, record + (u32)channel * sizeof(kind), sizeof(kind));
    return (int)kind;
}

void stream_register(struct stream *s)
{
    wait_queue_init(&s->readable);
    wait_queue_init(&s->writable);
    if (s->channel <= CHANNEL_STDERR)
        s->stdio_kind = stream_stdio_kind(s->channel);
    streams[s->channel] = s;
}

struct stream *stream_get(enum platform_channel channel)
{
    return (unsigned)channel < CHANNEL_COUNT ? streams[channel] : NULL;
}
