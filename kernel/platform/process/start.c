/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first C lines of the process platform.
 *
 * Holds:    traits, the boot information, the root image; the machine's host descriptors.
 * Promises: when on_start runs, the kernel image lies in the memfd (MAP_SHARED, at its link
 *           address), paddr space is visible through the window, nothing of the host is left in
 *           the program's range, and this runs in a host task, not in the supervisor.
 * Locking:  none; one thread of one process until host_supervise.
 * Refuses:  a host without what it takes, with a sentence on stderr and status 125.
 * See:      memfd_create(2), mmap(2), proc(5); DESIGN 3.5.
 */
#include "abi/image/boot_info.h"
#include "abi/linux/auxvec.h"
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi/linux/mman.h"
#include "abi/linux/sched.h"
#include "abi/linux/signal.h"
#include "abi/linux/stat.h"
#include "abi/linux/sysinfo.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "platform/process/host.h"

struct host_machine host_machine;
u64 platform_direct_map = HOST_WINDOW;

static struct platform_traits traits = {
    .name = "process",
    .demand_paging = false,
    .sparse_memory = true,
    .program_start = PROGRAM_START,
    .program_end = PROGRAM_END,
    .frames_start = 0,
    .sparse_start = SPARSE_START,
    .sparse_end = SPARSE_END,
    .program_cs = 0x33,
    .program_ss = 0x2b,
    .tick_ns = 10 * 1000 * 1000,
};
static struct platform_range frames_reserved[2];
static struct platform_range program_reserved[3];
static struct platform_blob boot_info, root_image;

const struct platform_traits *platform_traits(void) { return &traits; }
const struct platform_range *platform_frames_reserved(void) { return frames_reserved; }
const struct platform_range *platform_program_reserved(void) { return program_reserved; }
const struct platform_blob *platform_boot_info(void) { return &boot_info; }
const struct platform_blob *platform_root_image(void) { return &root_image; }

noreturn_fn void host_refuse(const char *what, long error)
{
    char line[200];
    if (host_machine.booted) /* the supervisor sees the status */
        host(HOST_exit_group, 125);
    int n = error ? format_text(line, sizeof line, "elfin: %s (host error %ld)\n", what, -error)
                  : format_text(line, sizeof line, "elfin: %s\n", what);
    host(HOST_write, 2, line, n);
    for (;;)
        host(HOST_exit_group, 125);
}

static long host_map(u64 address, u64 length, u64 protection, u64 flags, int fd, u64 offset)
{
    return host(HOST_mmap, address, length, protection, flags, fd, offset);
}

static void copy_to_memfd(long fd, u64 from, u64 to)
{
    if (host(HOST_pwrite64, fd, from, to - from, from - (u64)kernel_start) != (long)(to - from))
        host_refuse("the kernel image cannot be copied to shared memory", 0);
}

/* The kernel's own memory becomes the memfd's. Runs before anything may write to a global: the
 * private pages that execve made are replaced by shared ones with the same bytes. */
static int make_image_resident(void)
{
    u64 start = (u64)kernel_start, data = (u64)kernel_data;
    u64 flags = MAP_SHARED | MAP_FIXED | MAP_NORESERVE;
    long fd = host(HOST_memfd_create, "elfin", HOST_MFD_CLOEXEC | HOST_MFD_NOEXEC_SEAL);
    if (fd == -EINVAL) /* before Linux 6.3 */
        fd = host(HOST_memfd_create, "elfin", HOST_MFD_CLOEXEC);
    if (fd < 0)
        host_refuse("the host gives no memfd", fd);
    long error = host(HOST_ftruncate, fd, MEMFD_BYTES);
    if (error)
        host_refuse("the host limits the size of files (ulimit -f); it must be unlimited", error);
    u64 rodata_end = (u64)kernel_rodata_end;
    copy_to_memfd(fd, start, rodata_end);
    copy_to_memfd(fd, data, (u64)kernel_file_end);
    /* Text and constants are one mapping: each is copied at every fork. */
    if (host_map(start, rodata_end - start, PROT_READ | PROT_EXEC, flags, (int)fd, 0) < 0 ||
        host_map(data, (u64)kernel_end - data, PROT_READ | PROT_WRITE, flags, (int)fd,
                 data - start) < 0)
        host_refuse("the kernel image cannot be mapped from shared memory", 0);
    return (int)fd;
}

/* Numbers 0, 1, 2 stay taken, so that no other descriptor gets them. One bit each: was closed. */
static unsigned hold_stdio(void)
{
    unsigned closed = 0;
    for (int fd = 0; fd < 3; fd++)
        if (host(HOST_fcntl, fd, F_GETFD, 0) == -EBADF) {
            closed |= 1u << fd;
            host(HOST_openat, HOST_AT_FDCWD, "/dev/null", O_RDWR);
        }
    return closed;
}

static int parse_descriptor(const char *text)
{
    int value = 0;
    if (!text || !*text)
        host_refuse("usage: elfin-process BOOT_FD IMAGE_FD CONTROL_FD LOG_FD", 0);
    if (text[0] == '-')
        return -1;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || value > 1000000)
            host_refuse("usage: elfin-process BOOT_FD IMAGE_FD CONTROL_FD LOG_FD", 0);
        value = value * 10 + (*text - '0');
    }
    return value;
}

static void parse_arguments(u64 argc, char **argv)
{
    if (argc < 5)
        host_refuse("usage: elfin-process BOOT_FD IMAGE_FD CONTROL_FD LOG_FD", 0);
    host_machine.boot_fd = parse_descriptor(argv[1]);
    host_machine.image_fd = parse_descriptor(argv[2]);
    host_machine.control_fd = parse_descriptor(argv[3]);
    host_machine.log_fd = parse_descriptor(argv[4]);
    host_machine.force_seccomp = argc > 5 && !strcmp(argv[5], "seccomp");
}

static void read_auxv(const struct linux_auxv *aux)
{
    u64 hwcap2 = 0, signal_bytes = 2048;
    for (; aux->tag != AT_NULL; aux++) {
        if (aux->tag == AT_SYSINFO_EHDR)
            host_machine.vdso = aux->value;
        else if (aux->tag == AT_HWCAP2)
            hwcap2 = aux->value;
        else if (aux->tag == AT_MINSIGSTKSZ)
            signal_bytes = aux->value;
    }
    if (!(hwcap2 & HOST_HWCAP2_FSGSBASE))
        host_refuse("the host does not let programs set their fs base (Linux 5.9 and a CPU with "
                    "fsgsbase do); use --platform vm", 0);
    host_machine.signal_stack_bytes =
        align_up(max_u64(4 * signal_bytes, SIGNAL_STACK_MIN_BYTES), PAGE_SIZE);
}

static void map_window(void)
{
    u64 image = (u64)kernel_end - (u64)kernel_start; /* is there already */
    long got = host_map(HOST_WINDOW + image, MEMFD_BYTES - image, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_NORESERVE, host_machine.memfd,
                        image);
    if (got == -ENOMEM)
        host_refuse("the host limits address space (ulimit -v); it must be unlimited for "
                    "--platform process", 0);
    if (got != (long)(HOST_WINDOW + image))
        host_refuse("the host has no room for the memory window", got < 0 ? got : 0);
}

static u64 file_size(int fd)
{
    struct linux_stat st;
    long error = host(HOST_fstat, fd, &st);
    if (error)
        host_refuse("a descriptor that was passed is not open", error);
    return (u64)st.st_size;
}

/* Reads a whole file to paddr space. */
static void read_file(int fd, paddr_t to, u64 size)
{
    for (u64 done = 0; done < size;) {
        long n = host(HOST_pread64, fd, paddr_to_pointer(to + done), size - done, done);
        if (n == -EINTR)
            continue;
        if (n <= 0)
            host_refuse("a file that was passed cannot be read", n);
        done += (u64)n;
    }
}

static void take_boot_info(void)
{
    u64 size = host_machine.boot_fd < 0 ? 0 : file_size(host_machine.boot_fd);
    paddr_t at = align_up((u64)kernel_end - (u64)kernel_start, PAGE_SIZE);
    if (size > 64 * 1024 * 1024)
        host_refuse("the boot information is too large", 0);
    read_file(host_machine.boot_fd, at, size);
    boot_info = (struct platform_blob){paddr_to_pointer(at), size, at};
    host_machine.frames_used = at + align_up(size, PAGE_SIZE);
}

/* The value of a u64 boot record, or 0. */
static u64 boot_number(u32 wanted)
{
    u64 at = ELFIN_BOOT_HEADER_BYTES;
    while (at + ELFIN_RECORD_HEADER_BYTES <= boot_info.size) {
        u32 head[2];
        u64 value;
        memcpy(head, boot_info.data + at, sizeof head);
        at += ELFIN_RECORD_HEADER_BYTES;
        if (head[1] > boot_info.size - at)
            return 0;
        if (head[0] == wanted && head[1] >= sizeof value) {
            memcpy(&value, boot_info.data + at, sizeof value);
            return value;
        }
        at += align_up(head[1], 8);
    }
    return 0;
}

static void set_limits(void)
{
    struct linux_sysinfo info = {0};
    host(HOST_sysinfo, &info);
    u64 limit = boot_number(ELFIN_BOOT_MEMORY_LIMIT);
    host_machine.memory_limit = limit ? limit : info.totalram * info.mem_unit;
    traits.memory_limit = host_machine.memory_limit;
    traits.frames_end = align_down(
        host_machine.frames_used + min_u64(host_machine.memory_limit, FRAMES_MAX_BYTES), PAGE_SIZE);
    frames_reserved[0] = (struct platform_range){0, host_machine.frames_used};
}

/* The image is shown to programs as it lies in the host's file. Where that file may not be mapped
 * executable (noexec mount), it is copied to the memfd instead. */
static void take_root_image(void)
{
    int fd = host_machine.image_fd;
    if (fd < 0)
        return;
    u64 size = file_size(fd);
    host_machine.image_bytes = align_up(size, PAGE_SIZE);
    if (!size)
        return;
    paddr_t at = IMAGE_PADDR;
    long probe = host_map(0, PAGE_SIZE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    if (probe == -EPERM) {
        host_machine.image_in_memfd = true;
        traits.sparse_end -= host_machine.image_bytes;
        at = traits.sparse_end;
        read_file(fd, at, size);
    } else {
        if (probe > 0)
            host(HOST_munmap, probe, PAGE_SIZE);
        long got = host_map(HOST_WINDOW + IMAGE_PADDR, size, PROT_READ, MAP_SHARED | MAP_FIXED, fd,
                            0);
        if (got < 0)
            host_refuse("the root image cannot be mapped", got);
    }
    root_image = (struct platform_blob){paddr_to_pointer(at), size, at};
}

static void reserve_ranges(void)
{
    program_reserved[0] = (struct platform_range){HOST_RANGE, HOST_RANGE_BYTES};
    /* A host that seals its vDSO keeps it where it was. */
    if (host_machine.vdso &&
        (host_machine.vdso < HOST_RANGE || host_machine.vdso >= HOST_RANGE_END))
        program_reserved[1] = (struct platform_range){host_machine.vdso - 0x10000, 0x20000};
}

static int watch_children(void)
{
    u64 mask = LINUX_SIGMASK(SIGCHLD);
    long fd = host(HOST_signalfd4, -1, &mask, 8, O_CLOEXEC | O_NONBLOCK);
    long request = host(HOST_eventfd2, 0, O_CLOEXEC | O_NONBLOCK);
    long idle = host(HOST_eventfd2, 0, O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || request < 0 || idle < 0)
        host_refuse("the host gives no signalfd or eventfd", fd < 0 ? fd : idle);
    host_supervision.request_fd = (int)request;
    host_supervision.idle_fd = (int)idle;
    host_supervision.pid = (s32)host(HOST_getpid);
    return (int)fd;
}

/* From _start (hosted.S) with the stack as execve(2) made it. */
noreturn_fn void host_start(u64 *stack);
noreturn_fn void host_start(u64 *stack)
{
    u64 all = ~0ul;
    host(HOST_rt_sigprocmask, SIG_SETMASK, &all, 0, 8);
    unsigned closed = hold_stdio();
    int memfd = make_image_resident();
    /* From here on globals may be written. */
    host_machine.memfd = memfd;
    for (unsigned i = 0; i < 3; i++)
        host_machine.stdio_closed[i] = closed >> i & 1;
    char **argv = (char **)(stack + 1), **envp = argv + stack[0] + 1;
    parse_arguments(stack[0], argv);
    while (*envp)
        envp++;
    read_auxv((const struct linux_auxv *)(envp + 1));
    host_leftovers_find(); /* first: in the legacy layout the vDSO lies where the window goes */
    map_window();
    host_shadow_start();
    take_boot_info();
    set_limits();
    take_root_image();
    reserve_ranges();
    host_clock_start();
    host(HOST_setpgid, 0, 0);
    int child_events = watch_children();
    host_supervision.power_status = -1;
    host_tasks[1].state = TASK_USED;
    host_supervision.tasks_end = 2;
    extern char host_boot_stack_end[];
    long pid = hosted_clone(CLONE_FILES | CLONE_PARENT_SETTID | SIGCHLD, (u64)host_boot_stack_end,
                            host_task_boot, NULL, &host_tasks[1].pid);
    if (pid < 0)
        host_refuse("the host refuses another process (ulimit -u)", pid);
    host_supervise(child_events);
}
