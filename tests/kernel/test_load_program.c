/* SPDX-License-Identifier: BSD-3-Clause */
/* load_program on files made here, its work read back from the space's pages (the stub). */
#include "abi/linux/auxvec.h"
#include "abi/linux/elf.h"
#include "abi/linux/errno.h"
#include "abi/linux/prctl.h"
#include "abi/linux/resource.h"
#include "arch/upcalls.h"
#include "files/file.h"
#include "harness.h"
#include "lib/string.h"
#include "load/exec.h"
#include "load/image.h"
#include "memory/page.h"
#include "memory/shared_memory.h"
#include "memory/space.h"

#define FILES 4

/* --- files: a name and bytes --- */
struct test_file {
    struct file file;
    const char *path;
    struct backing *backing;
    bool executable;
};
static struct test_file files[FILES];

static struct backing *test_backing(struct file *f)
{
    return container_of(f, struct test_file, file)->backing;
}
static const struct file_operations operations = {.backing = test_backing};

int file_open_program(unused_arg int directory, const char *path, unused_arg u32 at_flags,
                      struct file **out)
{
    for (unsigned i = 0; i < FILES; i++) {
        if (!files[i].path || strcmp(path, files[i].path))
            continue;
        if (!files[i].executable)
            return -EACCES;
        files[i].file.references++;
        *out = &files[i].file;
        return 0;
    }
    return -ENOENT;
}

void file_hold(struct file *f) { f->references++; }
void file_drop(struct file *f)
{
    if (f)
        f->references--;
}

long file_read_at(struct file *f, u64 offset, void *to, size_t n)
{
    struct backing *b = test_backing(f);
    size_t done = 0;
    while (done < n && offset + done < b->size) {
        paddr_t p;
        u64 at = offset + done, take = min_u64(n - done, PAGE_SIZE - at % PAGE_SIZE);
        CHECK(b->operations->pages(b, at / PAGE_SIZE, 1, false, &p) == 1);
        memcpy((u8 *)to + done, (u8 *)paddr_to_pointer(p) + at % PAGE_SIZE, take);
        done += take;
    }
    return (long)done;
}

static void make_file(unsigned i, const char *path, const void *bytes, size_t n)
{
    files[i] = (struct test_file){.file.operations = &operations, .path = path,
                                  .backing = shared_memory_create(n), .executable = true};
    for (size_t at = 0; at < n; at += PAGE_SIZE) {
        paddr_t p;
        struct backing *b = files[i].backing;
        CHECK(b->operations->pages(b, at / PAGE_SIZE, 1, true, &p) == 1);
        memcpy(paddr_to_pointer(p), (const u8 *)bytes + at, min_u64(n - at, PAGE_SIZE));
    }
}

/* --- program memory: through the space's pages --- */
static u8 *program_byte(u64 address, bool write)
{
    struct platform_page page;
    struct space *s = space_current();
    for (unsigned attempt = 0; attempt < 3; attempt++) {
        if (platform_page_get(&s->platform, address & PAGE_MASK, &page) && page.access &&
            (!write || page.access & MAP_WRITE))
            return (u8 *)paddr_to_pointer(page.frame) + address % PAGE_SIZE;
        if (space_fault(s, address, write ? FAULT_WRITE : FAULT_READ, 0) != FAULT_DONE)
            return NULL;
    }
    return NULL;
}

static bool in_program(const void *p)
{
    return space_current() && space_find(space_current(), (u64)p);
}

size_t arch_copy_program(void *to, const void *from, size_t n)
{
    bool into = in_program(to);
    for (size_t i = 0; i < n; i++) {
        u8 *p = program_byte(into ? (u64)to + i : (u64)from + i, into);
        if (!p)
            return n - i;
        if (into)
            *p = ((const u8 *)from)[i];
        else
            ((u8 *)to)[i] = *p;
    }
    return 0;
}

size_t arch_clear_program(void *to, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        u8 *p = program_byte((u64)to + i, true);
        if (!p)
            return n - i;
        *p = 0;
    }
    return 0;
}
bool arch_fixup(unused_arg struct trap_frame *frame) { return false; }

static u64 word(u64 address)
{
    u64 v;
    CHECK_EQ(arch_copy_program(&v, (void *)address, 8), 0);
    return v;
}

static const char *text_at(u64 address)
{
    static char text[128];
    for (unsigned i = 0; i < sizeof(text); i++) {
        CHECK_EQ(arch_copy_program(&text[i], (void *)(address + i), 1), 0);
        if (!text[i])
            return text;
    }
    harness_fail(__FILE__, __LINE__, "a string without end");
}

/* --- programs --- */
struct test_elf {
    struct linux_elf64_ehdr h;
    struct linux_elf64_phdr p[6];
    u8 body[3 * PAGE_SIZE];
};
static struct test_elf elf;
static struct process process;
static struct trap_frame frame;

/* --- the rest of execve: who may be told, and when --- */
static unsigned prepared, committed, left, killed;
static int alone_error;

int exec_prepare(struct exec_change *c, unused_arg struct process *p, unused_arg const char *path,
                 struct file *program)
{
    *c = (struct exec_change){.program = program};
    file_hold(program);
    prepared++;
    return 0;
}
void exec_cancel(struct exec_change *c) { file_drop(c->program); }
void exec_leave_program(unused_arg struct process *p) { left++; }
void exec_commit(struct exec_change *c, struct process *p)
{
    file_drop(p->program);
    p->program = c->program;
    committed++;
}
int process_become_single(void) { return alone_error; }
void process_kill(unused_arg struct process *p, unused_arg int wait_status) { killed++; }

static void make_elf(u16 type)
{
    memset(&elf, 0, sizeof(elf));
    memcpy(elf.h.e_ident, "\177ELF\2\1\1", 7);
    elf.h.e_type = type;
    elf.h.e_machine = EM_X86_64;
    elf.h.e_phoff = sizeof(elf.h);
    elf.h.e_phentsize = sizeof(elf.p[0]);
    elf.h.e_phnum = 3;
    u64 base = type == ET_EXEC ? 0x400000 : 0;
    elf.h.e_entry = base + 0x200;
    elf.p[0] = (struct linux_elf64_phdr){.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = base,
                                         .p_filesz = 0x800, .p_memsz = 0x800, .p_align = 4096};
    /* Half a page of file, then memory without file: two pages and a bit. */
    elf.p[1] = (struct linux_elf64_phdr){.p_type = PT_LOAD, .p_flags = PF_R | PF_W,
                                         .p_offset = 0x1100, .p_vaddr = base + 0x2100,
                                         .p_filesz = 0x700, .p_memsz = 0x2700, .p_align = 4096};
    elf.p[2] = (struct linux_elf64_phdr){.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W};
    memset(elf.body, 0x55, sizeof(elf.body));
}

static void start(void)
{
    memory_start();
    memset(files, 0, sizeof(files));
    memset(&process, 0, sizeof(process));
    prepared = committed = left = killed = 0;
    alone_error = 0;
    for (unsigned i = 0; i < RLIMIT_KINDS; i++)
        process.limits[i] = (struct rlimit_pair){UINT64_MAX, UINT64_MAX};
    process.limits[RLIMIT_STACK].soft = 8 << 20;
}

static int load(const char *path, bool randomize)
{
    static const char *const argv[] = {"zero", "one", NULL}, *const envp[] = {"A=1", NULL};
    struct load_request r = {.path = path, .argv = argv, .envp = envp, .randomize = randomize};
    return load_program(&process, &r, &frame);
}

static u64 auxv(u64 tag)
{
    for (unsigned i = 0; i < process.auxv_words; i += 2) {
        if (process.auxv[i] == tag)
            return process.auxv[i + 1];
    }
    return UINT64_MAX;
}

TEST(a_fixed_program)
{
    start();
    make_elf(ET_EXEC);
    make_file(0, "/bin/a", &elf, sizeof(elf));
    CHECK_EQ(load("/bin/a", false), 0);
    CHECK_EQ(frame_pc(&frame), 0x400200);
    CHECK_EQ(word(0x4027f8), 0x5555555555555555);
    CHECK_EQ(word(0x402800), 0); /* the rest of the file's last page is cleared */
    CHECK_EQ(word(0x4047f0), 0);
    CHECK(!program_byte(0x405000, false));
    CHECK(!program_byte(0x400000, true));
    CHECK_EQ(process.space->brk_start, 0x405000);
    CHECK_EQ(auxv(AT_PHDR), 0x400040);
    CHECK_EQ(auxv(AT_ENTRY), 0x400200);
    CHECK_EQ(auxv(AT_BASE), 0);
    CHECK(process.program == &files[0].file);
    CHECK_EQ(files[0].file.references, 1);
}

TEST(the_first_stack)
{
    start();
    make_elf(ET_EXEC);
    make_file(0, "/bin/a", &elf, sizeof(elf));
    CHECK_EQ(load("/bin/a", true), 0);
    u64 sp = frame_sp(&frame);
    CHECK_EQ(sp % 16, 0);
    CHECK_EQ(word(sp), 2);
    CHECK_STRING(text_at(word(sp + 8)), "zero");
    CHECK_STRING(text_at(word(sp + 16)), "one");
    CHECK_EQ(word(sp + 24), 0);
    CHECK_STRING(text_at(word(sp + 32)), "A=1");
    CHECK_EQ(word(sp + 40), 0);
    CHECK_EQ(word(sp + 48), process.auxv[0]);
    CHECK_STRING(text_at(auxv(AT_EXECFN)), "/bin/a");
    CHECK_STRING(text_at(auxv(AT_PLATFORM)), "x86_64");
    CHECK(word(auxv(AT_RANDOM)) != 0);
    CHECK_EQ(auxv(AT_NULL), 0);
}

TEST(a_relocatable_program_and_its_interpreter)
{
    start();
    make_elf(ET_DYN);
    make_file(1, "/lib/ld.so", &elf, sizeof(elf));
    elf.h.e_phnum = 4;
    elf.p[3] = (struct linux_elf64_phdr){.p_type = PT_INTERP, .p_offset = 0x1800, .p_filesz = 11};
    memcpy((u8 *)&elf + 0x1800, "/lib/ld.so", 11);
    make_file(0, "/bin/a", &elf, sizeof(elf));
    CHECK_EQ(load("/bin/a", false), 0);
    CHECK_EQ(auxv(AT_ENTRY), 0x555555554200);
    CHECK_EQ(auxv(AT_PHDR), 0x555555554040);
    CHECK_EQ(frame_pc(&frame), auxv(AT_BASE) + 0x200);
    CHECK(auxv(AT_BASE) > 0x7f0000000000);
    struct space *first = process.space;
    CHECK_EQ(load("/bin/a", true), 0); /* again, as execve: the old space goes */
    CHECK(auxv(AT_ENTRY) != 0x555555554200);
    CHECK(process.space != first || space_current() == process.space);
    files[1].path = NULL;
    CHECK_EQ(left, 1);
    CHECK_EQ(committed, 2);
    struct space *kept = process.space;
    CHECK_EQ(load("/bin/a", false), -ENOENT);
    CHECK(process.space == kept && space_current() == kept);
    make_file(1, "/lib/ld.so", "no ELF", 6);
    CHECK_EQ(load("/bin/a", false), -ELIBBAD);
    files[1].executable = false;
    CHECK_EQ(load("/bin/a", false), -EACCES);
}

TEST(scripts_are_followed)
{
    start();
    make_elf(ET_EXEC);
    make_file(0, "/bin/a", &elf, sizeof(elf));
    make_file(1, "/s", "#!/bin/a -x y\n", 14);
    make_file(2, "/t", "#!/s\n", 5);
    CHECK_EQ(load("/t", false), 0);
    u64 sp = frame_sp(&frame);
    static const char *const expected[] = {"/bin/a", "-x y", "/s", "/t", "one"};
    CHECK_EQ(word(sp), ARRAY_SIZE(expected));
    for (unsigned i = 0; i < ARRAY_SIZE(expected); i++)
        CHECK_STRING(text_at(word(sp + 8 + 8 * i)), expected[i]);
    CHECK_STRING(text_at(auxv(AT_EXECFN)), "/t");
    CHECK(process.program == &files[0].file);
    make_file(1, "/s", "#!/t\n", 5);
    CHECK_EQ(load("/t", false), -ELOOP);
}

TEST(what_is_no_program)
{
    start();
    make_file(0, "/e", "", 0);
    CHECK_EQ(load("/e", false), -ENOEXEC);
    make_file(1, "/f", "hello, this is a text", 22);
    CHECK_EQ(load("/f", false), -ENOEXEC);
    CHECK_EQ(load("/none", false), -ENOENT);
    make_elf(ET_EXEC);
    elf.p[1].p_filesz = elf.p[1].p_memsz + 1;
    make_file(2, "/g", &elf, sizeof(elf));
    CHECK_EQ(load("/g", false), -EINVAL);
    make_elf(ET_EXEC);
    elf.p[1].p_offset++;
    make_file(3, "/h", &elf, sizeof(elf));
    CHECK_EQ(load("/h", false), -EINVAL);
    process.limits[RLIMIT_STACK].soft = 1;
    make_elf(ET_EXEC);
    make_file(0, "/a", &elf, sizeof(elf));
    static const char *argv[20002];
    for (unsigned i = 0; i < 20000; i++)
        argv[i] = "0123456789";
    struct load_request r = {.path = "/a", .argv = argv, .envp = argv + 20000};
    CHECK_EQ(load_program(&process, &r, &frame), -E2BIG);
}

TEST(the_old_program_goes_on)
{
    start();
    make_elf(ET_EXEC);
    make_file(0, "/bin/a", &elf, sizeof(elf));
    CHECK_EQ(load("/bin/a", false), 0);
    struct space *kept = process.space;
    alone_error = -EAGAIN; /* another thread was faster */
    CHECK_EQ(load("/bin/a", false), -EAGAIN);
    CHECK(process.space == kept && space_current() == kept);
    CHECK_EQ(committed, 1);
    CHECK_EQ(killed, 0);
}

TEST(a_program_that_cannot_be_mapped_kills)
{
    start();
    make_elf(ET_EXEC);
    make_file(0, "/bin/a", &elf, sizeof(elf));
    CHECK_EQ(load("/bin/a", false), 0);
    process.limits[RLIMIT_AS].soft = 2 * PAGE_SIZE;
    CHECK_EQ(load("/bin/a", false), -ENOMEM);
    CHECK_EQ(killed, 1);
}

TEST(nothing_leaks)
{
    start();
    make_elf(ET_DYN);
    make_file(0, "/bin/a", &elf, sizeof(elf));
    CHECK_EQ(load("/bin/a", true), 0);
    u64 free_pages = page_free_count();
    for (unsigned i = 0; i < 50; i++)
        CHECK_EQ(load("/bin/a", true), 0);
    CHECK(page_free_count() + 8 >= free_pages);
}
