/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds functions in the host's vDSO.
 *
 * Promises: nothing is written. An image of another form than expected has no functions.
 * See:      vdso(7), elf(5); the number of symbols comes from DT_HASH or DT_GNU_HASH (new kernels
 *           have only the latter).
 */
#include "platform/process/vdso.h"

#include "abi/linux/elf.h"
#include "lib/string.h"

struct symbols {
    const struct linux_elf64_sym *table;
    const char *names;
    const u32 *hash, *gnu_hash;
};

static const struct linux_elf64_phdr *find_header(u64 image, u32 type)
{
    const struct linux_elf64_ehdr *e = (const void *)image;
    const struct linux_elf64_phdr *p = (const void *)(image + e->e_phoff);
    for (unsigned i = 0; i < e->e_phnum; i++)
        if (p[i].p_type == type)
            return &p[i];
    return NULL;
}

/* One more than the highest symbol that a chain ends with. */
static u32 count_gnu_symbols(const u32 *h)
{
    u32 buckets = h[0], first = h[1], bloom_words = h[2], last = 0;
    const u32 *bucket = h + 4 + 2 * bloom_words, *chain = bucket + buckets;
    for (u32 i = 0; i < buckets; i++)
        if (bucket[i] > last)
            last = bucket[i];
    if (last < first)
        return 0;
    while (!(chain[last - first] & 1))
        last++;
    return last + 1;
}

static void read_dynamic(const struct linux_elf64_dyn *d, u64 distance, struct symbols *s)
{
    for (; d->d_tag != DT_NULL; d++) {
        u64 at = d->d_val + distance;
        switch (d->d_tag) {
        case DT_SYMTAB: s->table = (const void *)at; break;
        case DT_STRTAB: s->names = (const void *)at; break;
        case DT_HASH: s->hash = (const void *)at; break;
        case DT_GNU_HASH: s->gnu_hash = (const void *)at; break;
        default: break;
        }
    }
}

u64 vdso_find(u64 image, const char *name)
{
    const struct linux_elf64_phdr *load = find_header(image, PT_LOAD);
    const struct linux_elf64_phdr *dynamic = find_header(image, PT_DYNAMIC);
    if (!load || !dynamic)
        return 0;
    u64 distance = image - load->p_vaddr;
    struct symbols s = {0};
    read_dynamic((const void *)(dynamic->p_vaddr + distance), distance, &s);
    if (!s.table || !s.names)
        return 0;
    u32 count = s.hash ? s.hash[1] : s.gnu_hash ? count_gnu_symbols(s.gnu_hash) : 0;
    for (u32 i = 0; i < count; i++)
        if (s.table[i].st_shndx && !strcmp(s.names + s.table[i].st_name, name))
            return s.table[i].st_value + distance;
    return 0;
}
