/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Deliberate bugs, one call number each, by which a test shows that the sanitizers report: in
 * kernels with CONFIG_SANITIZE only. Everything goes through volatile, or the compiler would see
 * the bug and make something else of it.
 *
 * See: sanitizer_proof.h for the numbers, tests/fuzz/test_calls.py.
 */
#include "memory/sanitizer_proof.h"

#ifdef CONFIG_SANITIZE

#include "abi/linux/errno.h"
#include "lib/string.h"
#include "memory/page.h"
#include "memory/sanitizer_heap.h"

static volatile long sink;

static void use_freed_object(void)
{
    volatile u64 *p = heap_alloc(48);
    heap_free((void *)p);
    sink = (long)p[2];
}

static void write_behind_object(volatile size_t n)
{
    char *p = heap_alloc(20);
    memset(p, 1, n);
    heap_free(p);
}

static void write_behind_pages(volatile size_t n)
{
    volatile char *p = heap_alloc(3 * PAGE_SIZE);
    p[n] = 1;
    heap_free((void *)p);
}

static void use_freed_page(void)
{
    paddr_t page;
    if (!page_alloc(0, &page))
        return;
    volatile char *p = page_pointer(page);
    page_free(page, 0);
    *p = 1;
}

static void free_again(void)
{
    void *volatile p = heap_alloc(100);
    heap_free(p);
    heap_free(p);
}

static void read_behind_local(volatile size_t n)
{
    char bytes[24];
    volatile char *p = bytes;
    memset(bytes, 1, sizeof bytes);
    sink = p[n];
}

static void overflow(volatile int n)
{
    sink = n + n;
}

static void index_out_of_bounds(volatile unsigned n)
{
    static const u8 table[4] = {1, 2, 3, 4};
    sink = table[n];
}

long sanitizer_prove(u64 number)
{
    switch (number) {
    case SANITIZER_PROOF + 0: use_freed_object(); return 0;
    case SANITIZER_PROOF + 1: write_behind_object(21); return 0;
    case SANITIZER_PROOF + 2: write_behind_pages(3 * PAGE_SIZE); return 0;
    case SANITIZER_PROOF + 3: use_freed_page(); return 0;
    case SANITIZER_PROOF + 4: free_again(); return 0;
    case SANITIZER_PROOF + 5: read_behind_local(24); return 0;
    case SANITIZER_PROOF + 6: overflow(INT32_MAX); return 0;
    case SANITIZER_PROOF + 7: index_out_of_bounds(4); return 0;
    }
    if (number < SANITIZER_FAIL || number > SANITIZER_FAIL + 0xffff)
        return -ENOSYS;
    sanitizer_fail_one_in = (u32)(number - SANITIZER_FAIL);
    return 0;
}

#endif
