/* SPDX-License-Identifier: BSD-3-Clause */
#include "harness.h"
#include "lib/string.h"
#include "memory/page.h"
#include "platform/platform.h"

#define OBJECTS 400u

static u64 seed = 99;

static u64 next_random(void)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return seed >> 33;
}

TEST(frames_are_given_and_taken_back)
{
    static paddr_t all[20000];
    memory_start();
    u64 free_before = page_free_count();
    size_t n = 0;
    while (page_alloc(0, &all[n]))
        n++;
    CHECK_EQ(n, free_before);
    CHECK_EQ(page_free_count(), 0);
    CHECK(!heap_alloc(10));
    while (n)
        page_unref(all[--n]);
    CHECK_EQ(page_free_count(), free_before);
    paddr_t large;
    CHECK(page_alloc(10, &large)); /* free neighbours were joined again */
    CHECK_EQ(large % (PAGE_SIZE << 10), 0);
    page_free(large, 10);
}

TEST(references_keep_a_frame)
{
    paddr_t p;
    memory_start();
    u64 before = page_free_count();
    CHECK(page_alloc_zeroed(0, &p));
    CHECK(page_is_counted(p));
    page_ref(p);
    CHECK_EQ(page_refs(p), 2);
    page_unref(p);
    CHECK_EQ(page_free_count(), before - 1);
    page_unref(p);
    CHECK_EQ(page_free_count(), before);
    CHECK(!page_is_counted(p));
    CHECK(!page_is_counted(0));
}

TEST(heap_objects_do_not_overlap)
{
    static u8 *objects[OBJECTS];
    static size_t sizes[OBJECTS];
    memory_start();
    u64 before = page_free_count();
    for (unsigned round = 0; round < 40000; round++) {
        unsigned i = (unsigned)(next_random() % OBJECTS);
        if (objects[i]) {
            for (size_t k = 0; k < sizes[i]; k += 1 + sizes[i] / 7)
                CHECK_EQ(objects[i][k], (u8)i);
            heap_free(objects[i]);
            objects[i] = NULL;
            continue;
        }
        sizes[i] = next_random() % (round % 50 ? 3000 : 60000);
        objects[i] = heap_alloc(sizes[i]);
        CHECK(objects[i]);
        CHECK_EQ((u64)objects[i] % 16, 0);
        memset(objects[i], (int)i, sizes[i]);
    }
    for (unsigned i = 0; i < OBJECTS; i++)
        heap_free(objects[i]);
    CHECK(before - page_free_count() <= 21); /* one spare slab for each size */
}

TEST(heap_resize_keeps_contents)
{
    memory_start();
    char *p = heap_copy_string("hello");
    p = heap_resize(p, 5000);
    CHECK_STRING(p, "hello");
    CHECK_EQ((u64)p % PAGE_SIZE, 0);
    p = heap_resize(p, 6);
    CHECK_STRING(p, "hello");
    CHECK(!heap_alloc(SIZE_MAX));
    CHECK(!heap_alloc((size_t)1 << 39));
    heap_free(p);
    heap_free(NULL);
}
