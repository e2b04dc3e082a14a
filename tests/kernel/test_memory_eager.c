/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Spaces and stores on an eager platform with sparse memory: a host is played here, one record per
 * page of the model's range. Its rules are those of mmap(2) on a memfd.
 */
#include "space_model.h"

#define FRAMES 2048u
#define SPARSE_START (1ull << 30)
#define SPARSE_BYTES (64ull << 20)

static u8 frames[FRAMES * PAGE_SIZE] __attribute__((aligned(4096)));
static u8 *sparse;
static u64 committed;
u64 platform_direct_map;

static const struct platform_range no_ranges[1];

const struct platform_traits *platform_traits(void)
{
    static const struct platform_traits traits = {
        .name = "played host", .sparse_memory = true, .program_start = 0x10000,
        .program_end = 0x7ffffffff000, .frames_start = 0, .frames_end = sizeof(frames),
        .sparse_start = SPARSE_START, .sparse_end = 1ull << 50, .memory_limit = 64 << 20};
    platform_direct_map = (u64)frames;
    return &traits;
}

const struct platform_range *platform_frames_reserved(void) { return no_ranges; }
const struct platform_range *platform_program_reserved(void) { return no_ranges; }
const struct platform_blob *platform_boot_info(void) { return NULL; }
const struct platform_blob *platform_root_image(void) { return NULL; }
bool platform_commit(s64 pages)
{
    committed += (u64)pages;
    return true;
}
u64 platform_committed_pages(void) { return committed; }
void platform_set_frame_source(unused_arg platform_frame_alloc_fn *a,
                               unused_arg platform_frame_free_fn *r)
{
}

/* The host's memfd beyond the frames: one byte per page is enough for the model. */
static u8 *host_byte(paddr_t p)
{
    CHECK(p >= SPARSE_START && p < SPARSE_START + SPARSE_BYTES);
    return &sparse[(p - SPARSE_START) / PAGE_SIZE];
}

void platform_frames_discard(paddr_t first, u64 length)
{
    for (u64 at = first; at < first + length && at < SPARSE_START + SPARSE_BYTES; at += PAGE_SIZE)
        *host_byte(at) = 0;
}

enum host_kind { HOST_FREE, HOST_ANONYMOUS, HOST_FILE, HOST_NOTHING };
struct host_page {
    enum host_kind kind;
    u32 access;
    bool shared, own;
    paddr_t frame;
    u8 byte;
};
static struct host_page host[MODEL_PAGES];

static struct host_page *host_at(u64 address)
{
    CHECK(address >= MODEL_BASE && address < page_at(MODEL_PAGES));
    return &host[(address - MODEL_BASE) / PAGE_SIZE];
}

#define FOR_PAGES(at, start, length) for (u64 at = start; at < start + length; at += PAGE_SIZE)

int platform_space_init(struct platform_space *s) { return (s->root = 1, 0); }
void platform_space_destroy(unused_arg struct platform_space *s) {}
void platform_space_switch(unused_arg const struct platform_space *s) {}

int platform_map_anonymous(unused_arg struct platform_space *s, u64 start, u64 length, u32 access)
{
    FOR_PAGES(at, start, length)
        *host_at(at) = (struct host_page){.kind = HOST_ANONYMOUS, .access = access, .own = true};
    return 0;
}

int platform_map_frames(unused_arg struct platform_space *s, u64 start, paddr_t first, u64 length,
                        u32 access, enum platform_sharing sharing)
{
    FOR_PAGES(at, start, length)
        *host_at(at) = (struct host_page){.kind = HOST_FILE, .access = access,
                                          .shared = sharing == SHARING_SHARED,
                                          .frame = first + (at - start)};
    return 0;
}

int platform_map_nothing(unused_arg struct platform_space *s, u64 start, u64 length)
{
    FOR_PAGES(at, start, length)
        *host_at(at) = (struct host_page){.kind = HOST_NOTHING};
    return 0;
}

int platform_discard(unused_arg struct platform_space *s, u64 start, u64 length)
{
    FOR_PAGES(at, start, length) {
        struct host_page *h = host_at(at);
        CHECK(h->kind != HOST_FREE && !h->shared);
        h->own = h->kind == HOST_ANONYMOUS;
        h->byte = 0;
    }
    return 0;
}

/* mremap(2) moves what lies in one mapping of the host; mappings are joined when they are alike. */
static bool is_one_mapping(u64 start, u64 length)
{
    const struct host_page *first = host_at(start);
    FOR_PAGES(at, start, length) {
        if (host_at(at)->kind != first->kind || host_at(at)->access != first->access)
            return false;
    }
    return true;
}

static u64 immovable; /* an address; 0: none */

int platform_move(unused_arg struct platform_space *s, u64 from, u64 from_length, u64 to,
                  u64 to_length)
{
    CHECK_EQ(from_length, to_length);
    if (!is_one_mapping(from, from_length))
        return -EFAULT;
    if (immovable - from < from_length)
        return -ENOMEM;
    FOR_PAGES(at, from, from_length) {
        CHECK(host_at(at - from + to)->kind == HOST_FREE);
        *host_at(at - from + to) = *host_at(at);
        *host_at(at) = (struct host_page){.kind = HOST_FREE};
    }
    return 0;
}

u64 platform_resident_private(unused_arg struct platform_space *s) { return 0; }

u64 platform_resident(unused_arg struct platform_space *s, unused_arg u64 start,
                      unused_arg u64 length)
{
    return 0;
}

int platform_unmap(unused_arg struct platform_space *s, u64 start, u64 length)
{
    FOR_PAGES(at, start, length)
        *host_at(at) = (struct host_page){.kind = HOST_FREE};
    return 0;
}

int platform_protect(unused_arg struct platform_space *s, u64 start, u64 length, u32 access)
{
    FOR_PAGES(at, start, length) {
        CHECK(host_at(at)->kind != HOST_FREE);
        host_at(at)->access = access;
    }
    return 0;
}

int platform_page_set(unused_arg struct platform_space *s, unused_arg u64 a, unused_arg paddr_t f,
                      unused_arg u32 access)
{
    harness_fail(__FILE__, __LINE__, "an eager platform has no entries");
}
bool platform_page_get(unused_arg const struct platform_space *s, unused_arg u64 a,
                       unused_arg struct platform_page *out)
{
    return false;
}
void platform_page_clear(unused_arg struct platform_space *s, unused_arg u64 a) {}
bool platform_page_next(unused_arg const struct platform_space *s, unused_arg u64 a,
                        unused_arg u64 e, unused_arg u64 *found,
                        unused_arg struct platform_page *out)
{
    return false;
}

static enum fault_answer touch_byte(struct space *s, u64 address, bool write, u8 *byte)
{
    struct host_page *h = host_at(address);
    bool allowed = h->access && (!write || h->access & MAP_WRITE);
    if ((h->kind != HOST_ANONYMOUS && h->kind != HOST_FILE) || !allowed)
        return space_fault(s, address, write ? FAULT_WRITE : FAULT_READ, 0);
    if (write && !h->shared) {
        h->own = true;
        h->byte = *byte;
    } else if (write) {
        *host_byte(h->frame) = *byte;
    }
    *byte = h->own ? h->byte : *host_byte(h->frame);
    return FAULT_DONE;
}

/* Populating touches pages from the kernel; contents stay as they are. */
static int kernel_touch(u64 address, u32 access)
{
    const struct host_page *h = host_at(address);
    bool there = h->kind == HOST_ANONYMOUS || h->kind == HOST_FILE;
    return there && h->access && (h->access & access) == access ? 0 : -EFAULT;
}
int arch_read_program_u32(unused_arg u32 *out, u64 address) { return kernel_touch(address, 0); }
int arch_read_program_u64(unused_arg u64 *out, u64 address) { return kernel_touch(address, 0); }
int arch_cmpxchg_program_u32(u64 address, unused_arg u32 *expected, unused_arg u32 desired)
{
    return kernel_touch(address, MAP_WRITE);
}
size_t arch_copy_program(unused_arg void *to, unused_arg const void *from, size_t n) { return n; }
size_t arch_clear_program(unused_arg void *to, size_t n) { return n; }
bool arch_fixup(unused_arg struct trap_frame *frame) { return false; }

static void start(void)
{
    sparse = harness_alloc(SPARSE_BYTES / PAGE_SIZE);
    memset(sparse, 0, SPARSE_BYTES / PAGE_SIZE);
    memory_start();
}

TEST(random_operations_agree_with_a_model)
{
    start();
    run_model(20000);
    CHECK_EQ(committed, 0);
}

TEST(commitment_is_bounded_and_given_back)
{
    start();
    struct space *s = space_create();
    struct map_request r = {.hint = MODEL_BASE, .length = 16 * PAGE_SIZE, .fixed = true,
                            .access = MAP_READ};
    CHECK_EQ(space_map(s, &r), MODEL_BASE);
    CHECK_EQ(committed, 0);
    CHECK_EQ(space_protect(s, MODEL_BASE, 8 * PAGE_SIZE, MAP_READ | MAP_WRITE), 0);
    CHECK_EQ(committed, 8);
    CHECK_EQ(space_protect(s, MODEL_BASE, 8 * PAGE_SIZE, MAP_READ), 0);
    CHECK_EQ(committed, 8); /* what was written stays committed */
    CHECK_EQ(space_unmap(s, MODEL_BASE, 4 * PAGE_SIZE), 0);
    CHECK_EQ(committed, 4);
    r.access = MAP_WRITE;
    r.length = 60 << 20; /* with the frame table in use: more than is left of 64 MiB */
    committed += (6 << 20) / PAGE_SIZE;
    CHECK_EQ(space_map(s, &r), -ENOMEM);
    committed -= (6 << 20) / PAGE_SIZE;
    space_drop(s);
    CHECK_EQ(committed, 0);
}

TEST(a_store_is_a_few_runs_that_never_move)
{
    struct page_store s;
    paddr_t first, second, again;
    start();
    page_store_init(&s);
    CHECK_EQ(page_store_pages(&s, 0, 1000, false, &first), 16);
    CHECK_EQ(page_store_pages(&s, 16, 1000, false, &second), 240);
    CHECK_EQ(s.resident, 0); /* asking is not touching */
    CHECK_EQ(page_store_pages(&s, 3, 2, true, &again), 2);
    CHECK_EQ(again, first + 3 * PAGE_SIZE);
    CHECK_EQ(s.resident, 2);
    CHECK_EQ(page_store_next_data(&s, 0, 1 << 20), 3 * PAGE_SIZE);
    CHECK_EQ(page_store_next_hole(&s, 3 * PAGE_SIZE, 1 << 20), 5 * PAGE_SIZE);
    CHECK_EQ(page_store_pages(&s, 1ull << 28, 1, false, &again), -EFBIG);
    page_store_truncate(&s, 4 * PAGE_SIZE);
    CHECK_EQ(s.resident, 1);
    CHECK_EQ(page_store_pages(&s, 0, 1, false, &again), 1);
    CHECK_EQ(again, first);
    page_store_release(&s);
    page_store_init(&s);
    CHECK_EQ(page_store_pages(&s, 0, 1, false, &again), 1);
    CHECK_EQ(again, first); /* parts are used again */
    page_store_release(&s);
}

/* One VMA here, several mappings there, of which the second cannot be moved. */
TEST(a_move_that_fails_leaves_all_pieces)
{
    start();
    struct space *s = space_create();
    space_switch(s);
    struct map_request r = {.hint = MODEL_BASE, .length = 9 * PAGE_SIZE, .fixed = true,
                            .access = MAP_READ | MAP_WRITE};
    CHECK_EQ(space_map(s, &r), MODEL_BASE);
    for (unsigned i = 0; i < 9; i++) {
        host_at(page_at(i))->byte = (u8)(i + 1);
        host_at(page_at(i))->access = i < 4 ? MAP_READ | MAP_WRITE : MAP_READ;
    }
    immovable = page_at(6);
    CHECK_EQ(space_remap(s, MODEL_BASE, 9 * PAGE_SIZE, 9 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
                         page_at(20)), -ENOMEM);
    immovable = 0;
    for (unsigned i = 0; i < 9; i++) {
        CHECK_EQ(host_at(page_at(i))->byte, i + 1);
        CHECK_EQ(host_at(page_at(20 + i))->kind, HOST_FREE);
    }
    CHECK_EQ(space_remap(s, MODEL_BASE, 9 * PAGE_SIZE, 9 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
                         page_at(20)), page_at(20));
    for (unsigned i = 0; i < 9; i++)
        CHECK_EQ(host_at(page_at(20 + i))->byte, i + 1);
    space_drop(s);
}
