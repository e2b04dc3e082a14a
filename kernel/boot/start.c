/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ordered list from the first C line that is the same on all platforms to the program's first
 * instruction. Each step says what is true from there on.
 */
#include "abi/image/boot_info.h"
#include "abi/linux/errno.h"
#include "abi/linux/resource.h"
#include "arch/upcalls.h"
#include "boot/boot_info.h"
#include "boot/control.h"
#include "boot/end.h"
#include "devices/random.h"
#include "devices/stream.h"
#include "files/file.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "ipc/ipc.h"
#include "load/load.h"
#include "memory/page.h"
#include "memory/space.h"
#include "net/net.h"
#include "platform/platform.h"
#include "shim/shim.h"
#include "task/task.h"
#include "task/uts.h"
#include "time/timer.h"

#define EXIT_CANNOT_RUN 126
#define EXIT_NOT_FOUND 127

static u64 entered_ns;

static noreturn_fn void cannot_start(const struct boot_info *info, int error)
{
    struct {
        u32 error_number, zero;
        char text[248];
    } event = {.error_number = (u32)-error};

    format_text(event.text, sizeof(event.text), "%s", info->program);
    control_send(ELFIN_EVENT_EXEC_FAILED, &event, (u32)(8 + strlen(event.text) + 1));
    log_line("cannot start %s: error %d", info->program, -error);
    end_with(error == -ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN);
}

static void seed_random(const struct boot_info *info)
{
    u64 cycles = arch_cycles();
    random_seed(info->seed, info->seed_length);
    random_seed(&cycles, sizeof(cycles));
}

static void set_identity(struct process *p, const struct boot_info *info)
{
    struct credentials *c = &p->credentials;

    c->uid = c->euid = c->suid = c->fsuid = info->uid;
    c->gid = c->egid = c->sgid = c->fsgid = info->gid;
    c->group_count = (u32)min_u64(info->group_count, ARRAY_SIZE(c->groups));
    if (c->group_count)
        memcpy(c->groups, info->groups, c->group_count * sizeof(u32));
    if (info->stack_soft)
        p->limits[RLIMIT_STACK] = (struct rlimit_pair){info->stack_soft, info->stack_hard};
    if (info->nofile_soft)
        p->limits[RLIMIT_NOFILE] = (struct rlimit_pair){info->nofile_soft, info->nofile_hard};
    u64 threads = page_total() / 8;
    p->limits[RLIMIT_NPROC] = p->limits[RLIMIT_SIGPENDING] = (struct rlimit_pair){threads, threads};
}

static void set_files(struct process *p, const struct boot_info *info)
{
    int error = 0;

    p->descriptors = descriptors_create();
    p->files = file_context_create(info->cwd, info->umask, &error);
    if (!p->files)
        cannot_start(info, error);
    if (!p->descriptors || files_open_standard_streams(p->descriptors))
        panic("no memory for the standard streams");
}

static noreturn_fn void enter_program(void *unused unused_arg)
{
    u64 took_ns = clock_monotonic_ns() - entered_ns;
    control_send(ELFIN_EVENT_STARTED, &took_ns, sizeof(took_ns));
    arch_resume(thread_frame(current_thread()));
}

/* The first process is there, with files, and its program is mapped; its thread can run. */
static void start_program(const struct boot_info *info)
{
    struct process *p = process_create_first();
    int error = 0;
    struct thread *t = p ? thread_create(p, 0, enter_program, NULL, &error) : NULL;
    struct load_request request = {
        .path = info->program,
        .argv = info->argv,
        .envp = info->envp,
        .randomize = !(info->flags & ELFIN_FLAG_NO_RANDOMIZE),
    };

    if (!t)
        panic("no memory for the first process");
    this_cpu()->current = t;
    set_identity(p, info);
    set_files(p, info);
    error = load_program(p, &request, thread_frame(t));
    if (error)
        cannot_start(info, error);
    space_switch(p->space);
    this_cpu()->current = NULL;
    thread_make_runnable(t);
}

static void start_shim(const struct boot_info *info)
{
    rewrite_start(!(info->flags & ELFIN_FLAG_NO_REWRITE), process_each_frame);
    struct shim_request request = {
        .flags = info->flags,
        .only = info->trace_only,
        .only_count = info->trace_only_count,
        .send_event = control_send,
        .send_records = control_send_records,
    };

    shim_start(&request);
}

noreturn_fn void on_start(void)
{
    const struct platform_blob *blob = platform_boot_info();
    struct boot_info info;

    end_start();                    /* panics and the program's end find their way out */
    memory_start();                 /* frames and heap */
    entered_ns = clock_monotonic_ns();
    scheduler_start();              /* queues; nothing runs yet */
    devices_start();                /* byte channels */
    control_attach_log();           /* log lines reach the SDK */
    control_start();                /* signals from the SDK will be obeyed */
    const char *wrong = boot_info_read(blob->data, blob->size, &info);
    if (wrong)
        panic("%s", wrong);
    seed_random(&info);             /* random numbers */
    uts_set_hostname(info.hostname, strlen(info.hostname));
    int error = files_start();      /* a root, /proc, /dev, /tmp */
    if (error)
        panic("the root image cannot be mounted: error %d", -error);
#if CONFIG_FEATURE_POSIX_SOCKET
    net_start();                    /* sockets show in /proc */
#endif
#if CONFIG_FEATURE_POSIX_IPC
    ipc_start();                    /* so do IPC objects */
#endif
    vdso_start();                   /* time without a call */
    start_shim(&info);              /* doors count and trace as asked */
    start_program(&info);
    platform_tick(true);            /* a spinning thread starves nobody */
    scheduler_run();                /* never comes back */
}
