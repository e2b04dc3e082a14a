/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    nothing; where a thread's area lies stands in struct thread.
 * Promises: the area says CPU 0, the only one, as long as it is registered. A program that was
 *           interrupted inside a critical section goes on at its abort handler; outside, the
 *           pointer to a section that it left is taken back.
 * Refuses:  sections of another version, with flags (as Linux since 6.1), or whose abort handler
 *           lacks the signature: SIGSEGV.
 */
#include "task/rseq.h"

#include "abi/linux/errno.h"
#include "abi/linux/futex.h"

#define AREA_ALIGN 32
#define NOT_REGISTERED ((u32)RSEQ_CPU_ID_UNINITIALIZED)

static struct user_ptr field(struct user_ptr area, u64 offset) { return user_at(area, offset); }

static int write_ids(struct user_ptr area, u32 cpu_id)
{
    if (write_program_u32(field(area, offsetof(struct linux_rseq, cpu_id_start)), 0) ||
        write_program_u32(field(area, offsetof(struct linux_rseq, cpu_id)), cpu_id) ||
        write_program_u32(field(area, offsetof(struct linux_rseq, node_id)), 0) ||
        write_program_u32(field(area, offsetof(struct linux_rseq, mm_cid)), 0))
        return -EFAULT;
    return 0;
}

int rseq_unregister(struct thread *t, struct user_ptr area, u32 length, u32 signature)
{
    if (!t->rseq_address || t->rseq_address != area.address || t->rseq_length != length)
        return -EINVAL;
    if (t->rseq_signature != signature)
        return -EPERM;
    int error = write_ids(area, NOT_REGISTERED);
    if (!error)
        t->rseq_address = 0;
    return error;
}

int rseq_register(struct thread *t, struct user_ptr area, u32 length, u32 signature)
{
    if (t->rseq_address) {
        if (t->rseq_address != area.address || t->rseq_length != length)
            return -EINVAL;
        return t->rseq_signature == signature ? -EBUSY : -EPERM;
    }
    if (length < LINUX_RSEQ_ORIGINAL_SIZE || !is_aligned(area.address, AREA_ALIGN))
        return -EINVAL;
    if (!program_address_ok(area, length))
        return -EFAULT;
    int error = write_ids(area, 0);
    if (error)
        return error;
    t->rseq_address = area.address;
    t->rseq_length = length;
    t->rseq_signature = signature;
    return 0;
}

/* What the program's pointer points to, when it is a section of ours. */
static bool fetch_section(struct linux_rseq_cs *section, struct user_ptr from, u32 signature)
{
    u32 before_abort;

    if (copy_from_program(section, from, sizeof(*section)) || section->version || section->flags)
        return false;
    if (section->start_ip + section->post_commit_offset < section->start_ip ||
        section->abort_ip - section->start_ip < section->post_commit_offset)
        return false;
    struct user_ptr mark = {section->abort_ip - sizeof(before_abort)};
    return !read_program_u32(&before_abort, mark) && before_abort == signature;
}

static void kill(void)
{
    struct linux_siginfo info = {.si_signo = SIGSEGV, .si_code = SI_KERNEL};

    signal_force(SIGSEGV, &info);
}

void rseq_interrupted(struct trap_frame *frame)
{
    const struct thread *t = current_thread();
    struct user_ptr pointer = {t->rseq_address + offsetof(struct linux_rseq, rseq_cs)};
    struct linux_rseq_cs section;
    u64 at;

    if (!t->rseq_address)
        return;
    if (read_program_u64(&at, pointer)) {
        kill();
        return;
    }
    if (!at)
        return;
    if (!fetch_section(&section, (struct user_ptr){at}, t->rseq_signature) ||
        write_program_u64(pointer, 0)) {
        kill();
        return;
    }
    if (frame_pc(frame) - section.start_ip < section.post_commit_offset)
        frame_set_pc(frame, section.abort_ip);
}
