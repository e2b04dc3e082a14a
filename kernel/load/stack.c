/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    the program's first stack.
 * Promises: Linux's layout, from the top: 8 zero bytes, the file name, environment and argument
 *           strings; a random gap; the platform's name, 16 random bytes; then auxv, envp, argv and
 *           argc, which the stack pointer shows, 16-aligned.
 * See:      execve(2), getauxval(3), System V ABI 3.4.1
 */
#include "abi/linux/auxvec.h"
#include "abi/linux/errno.h"
#include "arch/arch.h"
#include "lib/random.h"
#include "lib/string.h"
#include "load/image.h"
#include "memory/page.h"
#include "memory/user_memory.h"

#define ARG_STRING_MAX (32 * PAGE_SIZE)  /* MAX_ARG_STRLEN */
#define ARG_BYTES_MIN (32 * PAGE_SIZE)   /* ARG_MAX: always allowed */
#define ARG_BYTES_MAX (6ull << 20)       /* three quarters of the usual stack limit */
#define STACK_EXTRA (32 * PAGE_SIZE)     /* mapped below what the arguments need */
#define STACK_RANDOM_PAGES (1ull << 22)
#define RANDOM_BYTES 16
#define PLACE_ATTEMPTS 64

struct string_list {
    const char *const *strings;
    u64 count, bytes;
};

static struct string_list measure(const char *const *strings)
{
    struct string_list l = {.strings = strings};
    for (; strings && strings[l.count]; l.count++)
        l.bytes += strlen(strings[l.count]) + 1;
    return l;
}

static bool has_huge_string(const struct string_list *l)
{
    for (u64 i = 0; i < l->count; i++) {
        if (strlen(l->strings[i]) + 1 > ARG_STRING_MAX)
            return true;
    }
    return false;
}

int stack_check(const struct stack_request *r)
{
    struct string_list argv = measure(r->argv), envp = measure(r->envp);
    u64 limit = max_u64(min_u64(ARG_BYTES_MAX, r->limit / 4), ARG_BYTES_MIN);
    u64 pointers = (max_u64(argv.count, 1) + envp.count) * sizeof(u64);
    u64 strings = argv.bytes + envp.bytes + strlen(r->filename) + 1;
    if (has_huge_string(&argv) || has_huge_string(&envp))
        return -E2BIG;
    return pointers >= limit || strings > limit - pointers ? -E2BIG : 0;
}

/* Where the stack ends: at the top of program space, less a random part; never where the platform
 * keeps something within reach of the stack's growth. */
static u64 choose_top(struct space *s, const struct stack_request *r, u64 size)
{
    u64 end = platform_traits()->program_end;
    u64 reach = max_u64(size, min_u64(r->limit, 64ull << 20));
    for (u64 attempt = 0; attempt < PLACE_ATTEMPTS; attempt++) {
        u64 random = r->randomize ? random_u64() % STACK_RANDOM_PAGES * PAGE_SIZE : 0;
        u64 top = end - random - (attempt << 30);
        if (space_range_free(s, top - reach, reach))
            return top;
    }
    return 0;
}

static int map_stack(struct space *s, const struct stack_request *r, u64 needed, u64 *top)
{
    u64 size = align_up(needed, PAGE_SIZE) + STACK_EXTRA;
    if (size > r->limit)
        size = max_u64(align_up(needed, PAGE_SIZE), align_down(r->limit, PAGE_SIZE));
    *top = choose_top(s, r, size);
    if (!*top)
        return -ENOMEM;
    struct map_request m = {.hint = *top - size, .length = size, .fixed = true,
                            .flags = VMA_STACK | VMA_GROWS_DOWN,
                            .access = MAP_READ | MAP_WRITE | (r->executable ? MAP_EXECUTE : 0)};
    long mapped = space_map(s, &m);
    return mapped < 0 ? (int)mapped : 0;
}

static int put(u64 at, const void *from, size_t n)
{
    return copy_to_program((struct user_ptr){at}, from, n);
}

/* Copies the strings from `at` upwards and notes their addresses, closed by 0. */
static int put_strings(const struct string_list *l, u64 at, u64 *pointers)
{
    for (u64 i = 0; i < l->count; i++) {
        size_t n = strlen(l->strings[i]) + 1;
        if (put(at, l->strings[i], n))
            return -EFAULT;
        *pointers++ = at;
        at += n;
    }
    *pointers = 0;
    return 0;
}

static void set_auxv(struct stack_request *r, u64 tag, u64 value)
{
    for (unsigned i = 0; i < r->auxv_count; i++) {
        if (r->auxv[i][0] == tag)
            r->auxv[i][1] = value;
    }
}

/* The platform's name and the random bytes, below the strings; returns the new lower end. */
static int put_extras(struct stack_request *r, u64 *at)
{
    const char *platform = arch_platform_name();
    u8 random[RANDOM_BYTES];
    u64 sp = align_down(*at - (r->randomize ? random_u64() % 8192 : 0), 16);
    if (platform) {
        sp -= strlen(platform) + 1;
        if (put(sp, platform, strlen(platform) + 1))
            return -EFAULT;
        set_auxv(r, AT_PLATFORM, sp);
    }
    sp -= RANDOM_BYTES;
    random_bytes(random, sizeof(random));
    if (put(sp, random, sizeof(random)))
        return -EFAULT;
    set_auxv(r, AT_RANDOM, sp);
    *at = sp;
    return 0;
}

struct stack_plan {
    struct string_list argv, envp;
    u64 words;             /* argc, pointers and auxv */
    u64 argv_at, envp_at, filename_at;
};

static u64 plan_stack(const struct stack_request *r, struct stack_plan *p)
{
    p->argv = measure(r->argv);
    p->envp = measure(r->envp);
    p->words = 1 + p->argv.count + 1 + p->envp.count + 1 + 2 * (u64)r->auxv_count;
    /* As on Linux the first mapping is measured by the strings; what lies below them, however long,
     * is in the extra pages or makes the stack grow. */
    return 8 + strlen(r->filename) + 1 + p->argv.bytes + p->envp.bytes;
}

static int fill_stack(struct stack_request *r, struct stack_plan *p, u64 top, u64 *words, u64 *sp)
{
    p->filename_at = top - 8 - strlen(r->filename) - 1;
    p->envp_at = p->filename_at - p->envp.bytes;
    p->argv_at = p->envp_at - p->argv.bytes;
    u64 at = p->argv_at;
    u64 *argv_words = words + 1, *envp_words = argv_words + p->argv.count + 1;
    words[0] = p->argv.count;
    set_auxv(r, AT_EXECFN, p->filename_at);
    if (put(p->filename_at, r->filename, strlen(r->filename) + 1) ||
        put_strings(&p->argv, p->argv_at, argv_words) ||
        put_strings(&p->envp, p->envp_at, envp_words) || put_extras(r, &at))
        return -EFAULT;
    memcpy(envp_words + p->envp.count + 1, r->auxv, r->auxv_count * 2 * sizeof(u64));
    *sp = align_down(at - p->words * sizeof(u64), 16);
    return put(*sp, words, p->words * sizeof(u64));
}

int stack_build(struct space *s, struct stack_request *r, u64 *sp)
{
    struct stack_plan plan;
    u64 top;
    int error = map_stack(s, r, plan_stack(r, &plan), &top);
    if (error)
        return error;
    u64 *words = heap_alloc(plan.words * sizeof(u64));
    if (!words)
        return -ENOMEM;
    error = fill_stack(r, &plan, top, words, sp);
    heap_free(words);
    s->stack_top = *sp;
    s->argument_start = plan.argv_at;
    s->argument_end = s->environment_start = plan.envp_at;
    s->environment_end = plan.filename_at;
    return error;
}
