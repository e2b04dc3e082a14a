/* SPDX-License-Identifier: BSD-3-Clause */
/* Spaces on a demand platform (the stub). */
#include "space_model.h"

static enum fault_answer touch_byte(struct space *s, u64 address, bool write, u8 *byte)
{
    for (unsigned attempt = 0; attempt < 3; attempt++) {
        struct platform_page page;
        if (platform_page_get(&s->platform, address & PAGE_MASK, &page) && page.access &&
            (!write || page.access & MAP_WRITE)) {
            u8 *memory = (u8 *)paddr_to_pointer(page.frame) + address % PAGE_SIZE;
            if (write)
                *memory = *byte;
            *byte = *memory;
            return FAULT_DONE;
        }
        enum fault_answer answer = space_fault(s, address, write ? FAULT_WRITE : FAULT_READ, 0);
        if (answer != FAULT_DONE)
            return answer;
    }
    harness_fail(__FILE__, __LINE__, "the fault at %#lx is never resolved", address);
}

static struct space *fresh_space(void)
{
    memory_start();
    struct space *s = space_create();
    space_set_layout(s, 8 << 20, false);
    space_switch(s);
    return s;
}

static long map_plain(struct space *s, u64 hint, u64 length, u32 access)
{
    struct map_request r = {.hint = hint, .length = length, .access = access};
    return space_map(s, &r);
}

TEST(random_operations_agree_with_a_model)
{
    memory_start();
    u64 before = page_free_count();
    run_model(20000);
    CHECK(before - page_free_count() <= 21); /* spare slabs */
}

TEST(untouched_and_read_memory_costs_no_frame)
{
    struct space *s = fresh_space();
    u64 at = (u64)map_plain(s, 0, 64 * PAGE_SIZE, MAP_READ | MAP_WRITE);
    u64 before = page_free_count();
    u8 byte = 1;
    for (unsigned i = 0; i < 64; i++) {
        CHECK_EQ(touch_byte(s, at + i * PAGE_SIZE, false, &byte), FAULT_DONE);
        CHECK_EQ(byte, 0);
    }
    CHECK_EQ(page_free_count(), before);
    CHECK_EQ(touch_byte(s, at, true, &byte), FAULT_DONE);
    CHECK_EQ(page_free_count(), before - 1);
}

TEST(mappings_go_down_and_join)
{
    struct space *s = fresh_space();
    long first = map_plain(s, 0, 2 * PAGE_SIZE, MAP_READ);
    long second = map_plain(s, 0, PAGE_SIZE, MAP_READ);
    CHECK_EQ(second, first - (long)PAGE_SIZE);
    CHECK_EQ(s->vma_count, 1);
    CHECK_EQ(space_unmap(s, (u64)first, PAGE_SIZE), 0);
    CHECK_EQ(s->vma_count, 2);
    CHECK_EQ(map_plain(s, 0, PAGE_SIZE, MAP_READ), first); /* the highest hole that fits */
    CHECK_EQ(map_plain(s, 0x5000123, 10, MAP_READ), 0x5000000); /* a wish, rounded down */
    CHECK(map_plain(s, 0x5000000, PAGE_SIZE, MAP_READ) != 0x5000000);
}

TEST(errors_of_map)
{
    struct space *s = fresh_space();
    u64 end = platform_traits()->program_end;
    struct map_request r = {.hint = 0x10001, .length = PAGE_SIZE, .fixed = true};
    CHECK_EQ(space_map(s, &r), -EINVAL);
    r = (struct map_request){.hint = 0, .length = PAGE_SIZE, .fixed = true};
    CHECK_EQ(space_map(s, &r), -EPERM);
    r.hint = end;
    CHECK_EQ(space_map(s, &r), -ENOMEM);
    r = (struct map_request){.hint = 0x20000, .length = PAGE_SIZE, .fixed = true,
                             .no_replace = true};
    CHECK_EQ(space_map(s, &r), 0x20000);
    CHECK_EQ(space_map(s, &r), -EEXIST);
    CHECK_EQ(map_plain(s, 0, 0, MAP_READ), -EINVAL);
    CHECK_EQ(map_plain(s, 0, UINT64_MAX, MAP_READ), -ENOMEM);
    CHECK_EQ(map_plain(s, 0, end, 0), -ENOMEM);
    CHECK_EQ(space_unmap(s, 1, PAGE_SIZE), -EINVAL);
    CHECK_EQ(space_unmap(s, PAGE_SIZE, 0), -EINVAL);
    CHECK_EQ(space_unmap(s, end, PAGE_SIZE), -EINVAL);
}

TEST(limits_bind)
{
    struct space *s = fresh_space();
    u64 all = page_total() * PAGE_SIZE;
    CHECK_EQ(map_plain(s, 0, all * 2, MAP_READ | MAP_WRITE), -ENOMEM); /* overcommit's heuristic */
    CHECK(map_plain(s, 0, all * 2, MAP_READ) > 0);
    struct map_request r = {.length = all * 2, .access = MAP_WRITE, .flags = VMA_NORESERVE};
    CHECK(space_map(s, &r) > 0);
    s->limit_as = (s->total_pages + 2) * PAGE_SIZE;
    CHECK_EQ(map_plain(s, 0, 3 * PAGE_SIZE, 0), -ENOMEM);
    CHECK(map_plain(s, 0, 2 * PAGE_SIZE, 0) > 0);
    s->limit_as = UINT64_MAX;
    s->limit_data = s->data_pages * PAGE_SIZE;
    CHECK_EQ(map_plain(s, 0, PAGE_SIZE, MAP_WRITE), -ENOMEM);
    CHECK(map_plain(s, 0, PAGE_SIZE, MAP_READ) > 0);
}

TEST(stacks_grow_to_their_limit_and_keep_a_gap)
{
    struct space *s = fresh_space();
    u8 byte = 3;
    u64 top = 0x7000000000;
    struct map_request r = {.hint = top - 4 * PAGE_SIZE, .length = 4 * PAGE_SIZE, .fixed = true,
                            .access = MAP_READ | MAP_WRITE, .flags = VMA_STACK | VMA_GROWS_DOWN};
    CHECK_EQ(space_map(s, &r), r.hint);
    s->stack_limit = 1 << 20;
    CHECK_EQ(touch_byte(s, top - (1 << 20), true, &byte), FAULT_DONE);
    CHECK_EQ(space_first(s)->start, top - (1 << 20));
    CHECK_EQ(touch_byte(s, top - (1 << 20) - 1, true, &byte), FAULT_NO_MAPPING);
    s->stack_limit = UINT64_MAX;
    u64 below = top - (4 << 20);
    struct map_request other = {.hint = below, .length = PAGE_SIZE, .access = MAP_READ,
                                .fixed = true};
    CHECK_EQ(space_map(s, &other), below);
    CHECK_EQ(touch_byte(s, below + PAGE_SIZE + (1 << 20), true, &byte), FAULT_DONE);
    CHECK_EQ(touch_byte(s, below + PAGE_SIZE + (1 << 20) - 1, true, &byte), FAULT_NO_MAPPING);
}

TEST(the_break_moves)
{
    struct space *s = fresh_space();
    u8 byte = 1;
    s->brk_start = s->brk_end = 0x600010;
    CHECK_EQ(space_brk(s, 0), 0x600010);
    CHECK_EQ(space_brk(s, 0x603001), 0x603001);
    CHECK_EQ(touch_byte(s, 0x603fff, true, &byte), FAULT_DONE);
    CHECK_EQ(touch_byte(s, 0x600fff, true, &byte), FAULT_NO_MAPPING); /* the program's own page */
    CHECK_EQ(space_brk(s, 0x601000), 0x601000);
    CHECK_EQ(touch_byte(s, 0x603fff, true, &byte), FAULT_NO_MAPPING);
    struct map_request r = {.hint = 0x610000, .length = PAGE_SIZE, .fixed = true};
    CHECK_EQ(space_map(s, &r), 0x610000);
    CHECK_EQ(space_brk(s, 0x610000), 0x601000); /* Linux keeps one page free */
    CHECK_EQ(space_brk(s, 0x60f000), 0x60f000);
}

TEST(mremap_arguments)
{
    struct space *s = fresh_space();
    u64 at = (u64)map_plain(s, 0, 4 * PAGE_SIZE, MAP_READ | MAP_WRITE);
    CHECK_EQ(space_remap(s, at + 1, PAGE_SIZE, PAGE_SIZE, 0, 0), -EINVAL);
    CHECK_EQ(space_remap(s, at, PAGE_SIZE, 0, 0, 0), -EINVAL);
    CHECK_EQ(space_remap(s, at, PAGE_SIZE, PAGE_SIZE, 8, 0), -EINVAL);
    CHECK_EQ(space_remap(s, at, PAGE_SIZE, PAGE_SIZE, MREMAP_FIXED, 0x30000), -EINVAL);
    CHECK_EQ(space_remap(s, 0x30000, PAGE_SIZE, PAGE_SIZE, 0, 0), -EFAULT);
    CHECK_EQ(space_remap(s, at, 8 * PAGE_SIZE, 9 * PAGE_SIZE, MREMAP_MAYMOVE, 0), -EFAULT);
    CHECK_EQ(space_remap(s, at, PAGE_SIZE, 2 * PAGE_SIZE, 0, 0), -ENOMEM);
    CHECK_EQ(space_remap(s, at, 0, PAGE_SIZE, MREMAP_MAYMOVE, 0), -EINVAL);
    CHECK_EQ(space_remap(s, at, 4 * PAGE_SIZE, 2 * PAGE_SIZE, 0, 0), at);
    CHECK_EQ(space_remap(s, at, 2 * PAGE_SIZE, 4 * PAGE_SIZE, 0, 0), at); /* room again */
    u8 byte = 9;
    CHECK_EQ(touch_byte(s, at, true, &byte), FAULT_DONE);
    long moved = space_remap(s, at, 4 * PAGE_SIZE, 4 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP,
                             0);
    CHECK(moved > 0 && (u64)moved != at);
    CHECK_EQ(touch_byte(s, (u64)moved, false, &byte), FAULT_DONE);
    CHECK_EQ(byte, 9);
    CHECK_EQ(touch_byte(s, at, false, &byte), FAULT_DONE);
    CHECK_EQ(byte, 0);
}

TEST(maps_lines_look_like_linux)
{
    struct space *s = fresh_space();
    char text[512];
    u64 cursor = 0;
    s->brk_start = s->brk_end = 0x600000;
    space_brk(s, 0x601000);
    map_plain(s, 0x7000000, PAGE_SIZE, 0);
    size_t n = space_format_maps(s, &cursor, text, sizeof(text) - 1);
    text[n] = 0;
    CHECK_STRING(text, "00600000-00601000 rw-p 00000000 00:00 0"
                       "                                  [heap]\n"
                       "07000000-07001000 ---p 00000000 00:00 0 \n");
    CHECK_EQ(space_format_maps(s, &cursor, text, sizeof(text)), 0);
}

/* Random lengths, some given back: always the highest hole, found by looking at every page. */
TEST(the_highest_hole_is_taken)
{
    enum { SLOTS = 200 };
    static u64 starts[SLOTS], lengths[SLOTS];
    struct space *s = fresh_space();
    u64 base = s->mmap_base;
    for (unsigned round = 0; round < 4000; round++) {
        unsigned i = any(SLOTS);
        if (starts[i]) {
            CHECK_EQ(space_unmap(s, starts[i], lengths[i]), 0);
            starts[i] = 0;
            continue;
        }
        u64 length = (any(6) + 1) * PAGE_SIZE, wanted = base - length;
        while (!space_range_free(s, wanted, length))
            wanted -= PAGE_SIZE;
        long got = map_plain(s, 0, length, round % 2 ? MAP_READ : MAP_WRITE);
        CHECK_EQ(got, wanted);
        starts[i] = (u64)got;
        lengths[i] = length;
    }
}
