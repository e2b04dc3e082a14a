/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/boot_record.h"

#include "abi/image/boot_info.h"
#include "lib/string.h"

const u8 *boot_record_find(const u8 *info, u64 size, u32 type, u32 *length)
{
    u64 at = ELFIN_BOOT_HEADER_BYTES;

    while (info && at + ELFIN_RECORD_HEADER_BYTES <= size) {
        u32 head[2];
        memcpy(head, info + at, sizeof(head));
        at += ELFIN_RECORD_HEADER_BYTES;
        if (head[1] > size - at)
            return NULL;
        if (head[0] == type) {
            *length = head[1];
            return info + at;
        }
        at += align_up(head[1], 8);
    }
    return NULL;
}
