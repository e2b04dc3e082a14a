/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads abi/image/boot_info.h records. The SDK writes them, but every length is checked: a
 * truncated file must end in a sentence.
 */
#include "boot/boot_info.h"

#include "lib/string.h"
#include "memory/page.h"

struct record {
    u32 type, length;
    const u8 *payload;
};

/* The record at *offset, and moves past it. false: the end, or it does not fit. */
static bool next_record(const u8 *data, u64 size, u64 *offset, struct record *out)
{
    if (size - *offset < ELFIN_RECORD_HEADER_BYTES)
        return false;
    memcpy(&out->type, data + *offset, 4);
    memcpy(&out->length, data + *offset + 4, 4);
    *offset += ELFIN_RECORD_HEADER_BYTES;
    if (out->length > size - *offset)
        return false;
    out->payload = data + *offset;
    *offset += min_u64(align_up(out->length, 8), size - *offset);
    return true;
}

static bool ends_in_nul(const struct record *r)
{
    return r->length && r->payload[r->length - 1] == 0;
}

static const char **string_list(const struct record *r)
{
    size_t count = 0;
    for (u32 i = 0; i < r->length; i++)
        count += r->payload[i] == 0;
    if (count > BOOT_STRINGS_MAX || (r->length && !ends_in_nul(r)))
        return NULL;
    const char **list = heap_alloc((count + 1) * sizeof(*list));
    if (!list)
        return NULL;
    const char *s = (const char *)r->payload;
    for (size_t i = 0; i < count; i++, s += strlen(s) + 1)
        list[i] = s;
    list[count] = NULL;
    return list;
}

static u64 number(const struct record *r, unsigned index, unsigned bytes)
{
    u64 value = 0;
    if ((index + 1) * bytes <= r->length)
        memcpy(&value, r->payload + index * bytes, bytes);
    return value;
}

static void take_ids(const struct record *r, struct boot_info *out)
{
    out->uid = (u32)number(r, 0, 4);
    out->gid = (u32)number(r, 1, 4);
    out->group_count = r->length >= 8 ? r->length / 4 - 2 : 0;
    out->groups = (const u32 *)(const void *)(r->payload + 8);
}

static void take_record(const struct record *r, struct boot_info *out)
{
    const char *text = ends_in_nul(r) ? (const char *)r->payload : NULL;

    switch (r->type) {
    case ELFIN_BOOT_ARGV: out->argv = string_list(r); break;
    case ELFIN_BOOT_ENVP: out->envp = string_list(r); break;
    case ELFIN_BOOT_PROGRAM: out->program = text; break;
    case ELFIN_BOOT_CWD: out->cwd = text; break;
    case ELFIN_BOOT_HOSTNAME: out->hostname = text; break;
    case ELFIN_BOOT_IDS: take_ids(r, out); break;
    case ELFIN_BOOT_FLAGS: out->flags = number(r, 0, 8); break;
    case ELFIN_BOOT_TRACE_ONLY:
        out->trace_only = (const u32 *)(const void *)r->payload;
        out->trace_only_count = r->length / sizeof(u32);
        break;
    case ELFIN_BOOT_UMASK: out->umask = (u32)number(r, 0, 4); break;
    case ELFIN_BOOT_RANDOM_SEED: out->seed = r->payload; out->seed_length = r->length; break;
    case ELFIN_BOOT_RLIMIT_STACK:
        out->stack_soft = number(r, 0, 8);
        out->stack_hard = number(r, 1, 8);
        break;
    case ELFIN_BOOT_RLIMIT_NOFILE:
        out->nofile_soft = number(r, 0, 8);
        out->nofile_hard = number(r, 1, 8);
        break;
    default: /* for a platform or a driver, or newer than this kernel */
        break;
    }
}

const char *boot_info_read(const u8 *data, u64 size, struct boot_info *out)
{
    u64 magic = 0, offset = ELFIN_BOOT_HEADER_BYTES;
    u32 version = 0, total = 0;
    struct record r;

    *out = (struct boot_info){.umask = 022, .cwd = "/", .hostname = "elfin"};
    if (!data || size < ELFIN_BOOT_HEADER_BYTES)
        return "there is no boot information";
    memcpy(&magic, data, 8);
    memcpy(&version, data + 8, 4);
    memcpy(&total, data + 12, 4);
    if (magic != ELFIN_BOOT_MAGIC || version != ELFIN_BOOT_VERSION)
        return "the boot information is of another version";
    if (total > size)
        return "the boot information is truncated";
    while (next_record(data, total, &offset, &r))
        take_record(&r, out);
    if (!out->argv || !out->envp || !out->program)
        return "the boot information lacks program, arguments or environment";
    return NULL;
}
