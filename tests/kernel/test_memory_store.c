/* SPDX-License-Identifier: BSD-3-Clause */
/* Page stores of demand platforms (the stub); test_memory_eager.c has the sparse ones. */
#include "harness.h"
#include "lib/string.h"
#include "memory/backing.h"
#include "memory/page.h"
#include "platform/platform.h"

TEST(holes_read_zero_and_cost_nothing)
{
    struct page_store s;
    u8 byte = 1;
    memory_start();
    page_store_init(&s);
    page_store_read(&s, 123456789, &byte, 1);
    CHECK_EQ(byte, 0);
    CHECK_EQ(s.resident, 0);
    CHECK_EQ(page_store_next_data(&s, 0, 1000), 1000);
    page_store_release(&s);
}

TEST(contents_survive_page_borders)
{
    struct page_store s;
    char out[20] = {0};
    memory_start();
    u64 before = page_free_count();
    page_store_init(&s);
    CHECK_EQ(page_store_write(&s, 2 * PAGE_SIZE - 5, "0123456789", 10), 10);
    page_store_read(&s, 2 * PAGE_SIZE - 5, out, 10);
    CHECK_STRING(out, "0123456789");
    CHECK_EQ(s.resident, 2);
    CHECK_EQ(page_store_next_data(&s, 0, 5 * PAGE_SIZE), PAGE_SIZE);
    CHECK_EQ(page_store_next_hole(&s, PAGE_SIZE, 5 * PAGE_SIZE), 3 * PAGE_SIZE);
    page_store_release(&s);
    CHECK(before - page_free_count() <= 2); /* a spare slab */
}

TEST(truncate_and_punch_leave_zeros)
{
    struct page_store s;
    static u8 data[4 * PAGE_SIZE], out[4 * PAGE_SIZE];
    memory_start();
    page_store_init(&s);
    memset(data, 7, sizeof(data));
    page_store_write(&s, 0, data, sizeof(data));
    page_store_truncate(&s, 3 * PAGE_SIZE + 10);
    page_store_punch(&s, 100, 2 * PAGE_SIZE);
    page_store_read(&s, 0, out, sizeof(out));
    CHECK_EQ(out[99], 7);
    CHECK_EQ(out[100], 0);
    CHECK_EQ(out[PAGE_SIZE + 50], 0);
    CHECK_EQ(out[2 * PAGE_SIZE + 99], 0);
    CHECK_EQ(out[2 * PAGE_SIZE + 100], 7);
    CHECK_EQ(out[3 * PAGE_SIZE + 9], 7);
    CHECK_EQ(out[3 * PAGE_SIZE + 10], 0);
    CHECK_EQ(s.resident, 3);
    page_store_punch(&s, 3 * PAGE_SIZE + 1, 2); /* within one page */
    page_store_read(&s, 3 * PAGE_SIZE, out, 4);
    CHECK(out[0] == 7 && out[1] == 0 && out[2] == 0 && out[3] == 7);
    page_store_release(&s);
}

TEST(a_run_is_contiguous_frames)
{
    struct page_store s;
    paddr_t first, again;
    memory_start();
    page_store_init(&s);
    for (unsigned i = 0; i < 8; i++)
        page_store_write(&s, i * PAGE_SIZE, &i, sizeof(i));
    long run = page_store_pages(&s, 0, 8, false, &first);
    CHECK(run >= 1 && run <= 8);
    for (long i = 0; i < run; i++) {
        CHECK_EQ(page_store_pages(&s, (u64)i, 1, false, &again), 1);
        CHECK_EQ(again, first + (u64)i * PAGE_SIZE);
    }
    page_store_release(&s);
}
