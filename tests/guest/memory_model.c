/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random mmap, munmap, mprotect, mremap, madvise and ftruncate on a small range, each page's
 * contents and rights compared with a model that has one record per page. Linux passes it too.
 */
#include "check.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

#define PAGE 4096ul
#define PAGES 48
#define FILE_PAGES 24
#define STEPS 6000

struct page {
    int mapped, shared, own, prot, file_page; /* file_page -1: anonymous */
    unsigned char byte;
};

static struct page model[PAGES];
static unsigned char file_bytes[FILE_PAGES];
static int file_pages = FILE_PAGES, fd;
static char *base;
static sigjmp_buf out;
static unsigned long seed = 7;

static int any(int below)
{
    seed = seed * 6364136223846793005ul + 1442695040888963407ul;
    return (int)((seed >> 33) % (unsigned long)below);
}

static void on_signal(int signal) { siglongjmp(out, signal); }

static int touch(volatile unsigned char *p, int write, unsigned char *byte)
{
    int signal = sigsetjmp(out, 1);
    if (signal)
        return signal;
    if (write)
        *p = *byte;
    *byte = *p;
    return 0;
}

static void map_some(int first, int count)
{
    int kind = any(3), prot = any(8), offset = any(FILE_PAGES);
    int flags = MAP_FIXED | (kind == 2 ? MAP_SHARED : MAP_PRIVATE) | (kind ? 0 : MAP_ANONYMOUS);
    if (kind != 1 && any(4) == 0)
        flags |= MAP_POPULATE;
    char *at = base + first * PAGE;
    CHECK(mmap(at, count * PAGE, prot, flags, kind ? fd : -1, kind ? offset * PAGE : 0) == at);
    for (int i = 0; i < count; i++)
        model[first + i] = (struct page){1, kind == 2, !kind, prot, kind ? offset + i : -1, 0};
}

static void protect_some(int first, int count)
{
    int prot = any(8), expected = 0;
    for (int i = first; i < first + count && !expected; i++) {
        if (!model[i].mapped)
            expected = -1;
        else
            model[i].prot = prot;
    }
    CHECK(mprotect(base + first * PAGE, count * PAGE, prot) == expected);
}

static void discard_some(int first, int count)
{
    int expected = 0;
    for (int i = first; i < first + count; i++) {
        expected = model[i].mapped ? expected : -1;
        model[i].own = model[i].mapped && model[i].file_page < 0;
        model[i].byte = 0;
    }
    CHECK(madvise(base + first * PAGE, count * PAGE, MADV_DONTNEED) == expected);
}

/* Whether the pages look like one mapping; Linux 6.17 and later move several, with gaps, too. */
static int alike(const struct page *a, const struct page *b, int apart)
{
    if (!a->mapped || !b->mapped || a->prot != b->prot || a->shared != b->shared ||
        (a->file_page < 0) != (b->file_page < 0))
        return 0;
    return a->file_page < 0 || a->file_page + apart == b->file_page;
}

static void move_some(int first, int count)
{
    int to = any(PAGES), length = any(count + 3) + 1;
    if (to + length > PAGES || (to < first + count && first < to + length))
        return;
    for (int i = 0; i < count; i++) {
        if (!alike(&model[first], &model[first + i], i))
            return;
    }
    char *target = base + to * PAGE;
    char *got = mremap(base + first * PAGE, count * PAGE, length * PAGE,
                       MREMAP_MAYMOVE | MREMAP_FIXED, target);
    struct page last = model[first];
    if (got == MAP_FAILED) { /* more than one mapping; what is left then depends on Linux's age */
        CHECK(errno == EFAULT);
        munmap(base + first * PAGE, count * PAGE);
        munmap(target, length * PAGE);
        memset(&model[first], 0, (size_t)count * sizeof(model[0]));
        memset(&model[to], 0, (size_t)length * sizeof(model[0]));
        return;
    }
    CHECK(got == target);
    for (int i = 0; i < length; i++) {
        model[to + i] = i < count ? model[first + i] : last;
        if (i >= count) {
            model[to + i].byte = 0;
            model[to + i].own = last.file_page < 0;
            model[to + i].file_page = last.file_page < 0 ? -1 : last.file_page + i;
        }
    }
    memset(&model[first], 0, (size_t)count * sizeof(model[0]));
}

static void resize_file(void)
{
    file_pages = any(FILE_PAGES) + 1;
    for (int i = file_pages; i < FILE_PAGES; i++)
        file_bytes[i] = 0;
    CHECK(ftruncate(fd, file_pages * (long)PAGE) == 0);
    for (int i = 0; i < PAGES; i++) {
        if (model[i].file_page >= file_pages)
            model[i].own = 0;
    }
}

static void check_page(int i, int write)
{
    struct page *m = &model[i];
    unsigned char byte = (unsigned char)(any(255) + 1), written = byte;
    int expected = 0;
    if (!m->mapped || !m->prot || (write && !(m->prot & PROT_WRITE)))
        expected = SIGSEGV;
    else if (!write && !(m->prot & (PROT_READ | PROT_WRITE)))
        return; /* execute-only: machines differ */
    else if (m->file_page >= file_pages)
        expected = SIGBUS;
    int got = touch((unsigned char *)base + (unsigned long)i * PAGE, write, &byte);
    if (got != expected) {
        printf("page %d: signal %d, not %d (prot %d, file page %d of %d)\n", i, got, expected,
               m->prot, m->file_page, file_pages);
        check_failures++;
    }
    if (expected)
        return;
    if (write && m->shared) {
        file_bytes[m->file_page] = written;
    } else if (write) {
        m->own = 1;
        m->byte = written;
    }
    CHECK(byte == (m->own ? m->byte : file_bytes[m->file_page]));
}

static void write_file(void)
{
    int i = any(file_pages);
    file_bytes[i] = (unsigned char)any(256);
    CHECK(pwrite(fd, &file_bytes[i], 1, i * (long)PAGE) == 1);
    for (int k = any(file_pages); k < file_pages; k += 3) {
        unsigned char byte;
        CHECK(pread(fd, &byte, 1, k * (long)PAGE) == 1 && byte == file_bytes[k]);
    }
}

static void step(void)
{
    int first = any(PAGES), count = any(PAGES - first) + 1;
    count = count > 8 && any(4) ? 8 : count;
    switch (any(17)) {
    case 0:
    case 1:
    case 2: map_some(first, count); break;
    case 3:
        CHECK(munmap(base + first * PAGE, count * PAGE) == 0);
        memset(&model[first], 0, (size_t)count * sizeof(model[0]));
        break;
    case 4:
    case 5: protect_some(first, count); break;
    case 6: discard_some(first, count); break;
    case 7: move_some(first, count > 4 ? 4 : count); break;
    case 8:
        if (any(4) == 0)
            resize_file();
        break;
    case 9: write_file(); break;
    default:
        for (int i = first; i < first + count; i++)
            check_page(i, any(2));
    }
}

int main(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    fd = open("/tmp/memory_model", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0 && ftruncate(fd, FILE_PAGES * PAGE) == 0);
    base = mmap(NULL, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(munmap(base, PAGES * PAGE) == 0);
    for (int i = 0; i < STEPS && check_failures < 10; i++)
        step();
    unlink("/tmp/memory_model");
    CHECK_DONE();
}
