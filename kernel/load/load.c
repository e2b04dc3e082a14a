/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    load_program: open, follow scripts, read headers, build a new space, fill the frame.
 * Promises: the old program goes on after every error that can be seen before its space is given
 *           up; as on Linux, the process is killed when the new one then cannot be filled.
 * Refuses:  with execve(2)'s errors.
 * See:      execve(2), elf(5)
 */
#include "load/load.h"

#include "abi/linux/auxvec.h"
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi/linux/prctl.h"
#include "abi/linux/resource.h"
#include "abi/linux/signal.h"
#include "files/file.h"
#include "lib/log.h"
#include "lib/random.h"
#include "lib/string.h"
#include "load/exec.h"
#include "load/image.h"
#include "memory/page.h"
#include "task/exit.h"
#include "task/task.h"

#define SCRIPT_DEPTH 5
#define AUXV_MAX 28
#define MMAP_RANDOM_PAGES (1ull << 28)
#define BRK_RANDOM_BYTES (1ull << 30)
#define RSEQ_FEATURE_BYTES 28
#define RSEQ_ALIGN 32
#define CLOCK_TICKS 100

struct program {
    struct file *file, *interpreter_file;
    struct elf_image image, interpreter;
    const struct load_request *request;
    const char *path;               /* of `file` */
    char **argv;                    /* heap, when a script changed it; else NULL: the request's */
};

static long read_file(void *context, u64 offset, void *to, size_t n)
{
    return file_read_at(context, offset, to, n);
}

static int open_program(const char *path, struct file **out)
{
    return file_open_program(AT_FDCWD, path, 0, out);
}

static int read_elf(struct file *f, struct elf_image *out)
{
    struct elf_source source = {.read = read_file, .context = f};
    if (!f->operations->backing || !f->operations->backing(f))
        return -ENOEXEC;
    return elf_read(&source, out);
}

static void free_strings(char **strings)
{
    for (size_t i = 0; strings && strings[i]; i++)
        heap_free(strings[i]);
    heap_free(strings);
}

static void program_release(struct program *p)
{
    elf_release(&p->image);
    elf_release(&p->interpreter);
    if (p->file)
        file_drop(p->file);
    if (p->interpreter_file)
        file_drop(p->interpreter_file);
    free_strings(p->argv);
}

static size_t count_strings(const char *const *strings)
{
    size_t n = 0;
    while (strings && strings[n])
        n++;
    return n;
}

static const char *const *program_argv(const struct program *p)
{
    return p->argv ? (const char *const *)p->argv : p->request->argv;
}

/* argv of a script: interpreter, its argument, the script's path, then the old argv from 1 on. */
static int script_argv(struct program *p, const char *interpreter, const char *argument)
{
    const char *const *old = program_argv(p);
    const char *lead[3] = {interpreter, argument ? argument : p->path, p->path};
    size_t leading = argument ? 3 : 2, given = max_u64(count_strings(old), 1);
    size_t count = leading + given - 1;
    char **fresh = heap_alloc_zeroed((count + 1) * sizeof(*fresh));
    if (!fresh)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        fresh[i] = heap_copy_string(i < leading ? lead[i] : old[i - leading + 1]);
        if (!fresh[i]) {
            free_strings(fresh);
            return -ENOMEM;
        }
    }
    free_strings(p->argv);
    p->argv = fresh;
    p->path = fresh[0];
    return 0;
}

/* When the open file is a script, its interpreter takes its place: *followed. */
static int follow_script(struct program *p, bool *followed)
{
    char head[SCRIPT_HEAD + 1], *interpreter, *argument;
    long n = file_read_at(p->file, 0, head, SCRIPT_HEAD);
    *followed = false;
    if (n < 0)
        return (int)n;
    if (n < 2 || head[0] != '#' || head[1] != '!')
        return 0;
    if (p->request->path_will_close && p->path == p->request->path)
        return -ENOENT; /* the interpreter could not open it any more */
    int error = script_parse(head, (size_t)n, &interpreter, &argument);
    if (!error)
        error = script_argv(p, interpreter, argument);
    if (error)
        return error;
    *followed = true;
    file_drop(p->file);
    p->file = NULL;
    return open_program(p->path, &p->file);
}

/* Opens the program and what it needs, and reads their headers; nothing is changed yet. */
static int open_all(struct program *p)
{
    bool followed = true;
    int error = p->file ? 0 : open_program(p->path, &p->file);
    for (int depth = 0; !error && followed; depth++) {
        if (depth > SCRIPT_DEPTH)
            return -ELOOP;
        error = follow_script(p, &followed);
    }
    if (!error)
        error = read_elf(p->file, &p->image);
    if (error || !p->image.interpreter)
        return error;
    error = open_program(p->image.interpreter, &p->interpreter_file);
    if (error)
        return error;
    error = read_elf(p->interpreter_file, &p->interpreter);
    return error == -ENOEXEC ? -ELIBBAD : error;
}

static u64 pie_wish(const struct program *p)
{
    if (!p->image.interpreter) /* static-PIE: a program that is its own loader goes where those go */
        return 0;
    u64 random = p->request->randomize ? random_u64() % MMAP_RANDOM_PAGES * PAGE_SIZE : 0;
    return align_down(platform_traits()->program_end / 3 * 2, PAGE_SIZE) + random;
}

static u64 break_start(const struct program *p, const struct loaded_image *main)
{
    bool moved = p->image.relocatable && !p->image.interpreter;
    u64 start = align_up(moved ? align_down(platform_traits()->program_end / 3 * 2, PAGE_SIZE)
                               : main->memory_end, PAGE_SIZE);
    if (!p->request->randomize)
        return start;
    return align_up(start + (moved ? 0 : PAGE_SIZE) + random_u64() % BRK_RANDOM_BYTES, PAGE_SIZE);
}

static int map_images(struct program *p, struct space *s, struct loaded_image *main,
                      struct loaded_image *interpreter)
{
    struct file *f = p->file, *i = p->interpreter_file;
    int error = image_map(s, &p->image, f->operations->backing(f), pie_wish(p), main);
    if (!error && i)
        error = image_map(s, &p->interpreter, i->operations->backing(i), 0, interpreter);
    if (error)
        return error;
    s->code_start = main->code_start;
    s->code_end = main->code_end;
    s->data_start = main->data_start;
    s->data_end = main->data_end;
    s->brk_start = s->brk_end = break_start(p, main);
    return vdso_map(s);
}

struct auxv {
    u64 words[AUXV_MAX][2];
    unsigned count;
};

/* In Linux's order; the pointers into the stack are filled in when it is built. */
static void make_auxv(const struct program *p, const struct space *s, const struct process *process,
                      const struct loaded_image *main, const struct loaded_image *interpreter,
                      struct auxv *a)
{
    const struct credentials *c = &process->credentials;
    const u64 all[][2] = {
        {AT_SYSINFO, s->kernel_call},
        {AT_SYSINFO_EHDR, s->vdso_base},
        {AT_MINSIGSTKSZ, arch_signal_frame_size()},
        {AT_HWCAP, arch_hwcap()},
        {AT_PAGESZ, PAGE_SIZE},
        {AT_CLKTCK, CLOCK_TICKS},
        {AT_PHDR, p->image.headers_vaddr ? p->image.headers_vaddr + main->bias : 0},
        {AT_PHENT, 56},
        {AT_PHNUM, p->image.header_count},
        {AT_BASE, interpreter->bias},
        {AT_FLAGS, 0},
        {AT_ENTRY, main->entry},
        {AT_UID, c->uid},
        {AT_EUID, c->euid},
        {AT_GID, c->gid},
        {AT_EGID, c->egid},
        {AT_SECURE, c->uid != c->euid || c->gid != c->egid},
        {AT_RANDOM, 0},
        {AT_HWCAP2, arch_hwcap2()},
        {AT_EXECFN, 0},
        {AT_PLATFORM, 0},
        {AT_RSEQ_FEATURE_SIZE, RSEQ_FEATURE_BYTES},
        {AT_RSEQ_ALIGN, RSEQ_ALIGN},
        {AT_NULL, 0},
    };
    _Static_assert(ARRAY_SIZE(all) <= AUXV_MAX, "make AUXV_MAX larger");

    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        bool vdso = all[i][0] == AT_SYSINFO || all[i][0] == AT_SYSINFO_EHDR;
        bool absent = (vdso && !all[i][1]) || (all[i][0] == AT_PLATFORM && !arch_platform_name());
        if (!absent)
            memcpy(a->words[a->count++], all[i], sizeof(all[i]));
    }
}

static struct space *create_space(const struct process *process, const struct load_request *r)
{
    struct space *s = space_create();
    if (!s)
        return NULL;
    s->limit_as = process->limits[RLIMIT_AS].soft;
    s->limit_data = process->limits[RLIMIT_DATA].soft;
    s->bottom_up = process->personality & ADDR_COMPAT_LAYOUT;
    space_set_layout(s, process->limits[RLIMIT_STACK].soft, r->randomize);
    return s;
}

/* Fills the current, empty space. */
static int build(struct program *p, struct process *process, struct space *s,
                 struct auxv *auxv, u64 *entry, u64 *sp)
{
    struct loaded_image main, interpreter = {0};
    struct stack_request stack = {
        .argv = program_argv(p), .envp = p->request->envp, .filename = p->request->path,
        .randomize = p->request->randomize, .executable = p->image.executable_stack,
        .limit = s->stack_limit, .auxv = auxv->words};
    int error = stack_check(&stack);
    if (!error)
        error = map_images(p, s, &main, &interpreter);
    if (error)
        return error;
    make_auxv(p, s, process, &main, &interpreter, auxv);
    stack.auxv_count = auxv->count;
    *entry = p->interpreter_file ? interpreter.entry : main.entry;
    return stack_build(s, &stack, sp);
}

static int check_arguments(const struct program *p, const struct process *process)
{
    struct stack_request stack = {
        .argv = program_argv(p), .envp = p->request->envp, .filename = p->request->path,
        .limit = process->limits[RLIMIT_STACK].soft};
    return stack_check(&stack);
}

/* The process takes the space and leaves its old one; the old program is gone from here on. */
static void enter_space(struct process *process, struct space *s)
{
    struct space *old = process->space;
    if (old)
        exec_leave_program(process);
    process->space = s;
    space_switch(s); /* program memory is opened in the current space only */
    if (old)
        space_drop(old);
}

static int load_opened(struct program *p, struct process *process, struct trap_frame *frame)
{
    bool first = !process->space;
    struct auxv auxv = {.count = 0};
    u64 entry = 0, sp = 0;
    struct exec_change change = {0};
    int error = check_arguments(p, process);
    if (!error)
        error = exec_prepare(&change, process, p->request->path, p->file);
    struct space *s = error ? NULL : create_space(process, p->request);
    if (!error && !s)
        error = -ENOMEM;
    if (!error && !first)
        error = process_become_single();
    if (error) {
        exec_cancel(&change);
        if (s)
            space_drop(s);
        return error;
    }
    enter_space(process, s);
    exec_commit(&change, process);
    error = build(p, process, s, &auxv, &entry, &sp);
    if (error && !first)
        process_kill(process, SIGKILL);
    memcpy(process->auxv, auxv.words, auxv.count * 2 * sizeof(u64));
    process->auxv_words = auxv.count * 2;
    frame_init_program(frame, entry, sp);
    return error;
}

int load_program(struct process *process, const struct load_request *request,
                 struct trap_frame *frame)
{
    struct program p = {.request = request, .path = request->path, .file = request->file};
    if (p.file)
        file_hold(p.file);
    int error = open_all(&p);
    if (!error)
        error = load_opened(&p, process, frame);
    program_release(&p);
    return error;
}
