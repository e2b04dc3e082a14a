/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the machine ends: pid 1 is gone, or the kernel panicked. The SDK hears of it on the control
 * channel first, then everything written leaves the machine, then the power goes off.
 */
#include "boot/end.h"

#include "abi/image/boot_info.h"
#include "arch/arch.h"
#include "boot/control.h"
#include "devices/stream.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "memory/page.h"
#include "platform/platform.h"
#include "shim/shim.h"
#include "task/task.h"

#define BACKTRACE_MAX 24

noreturn_fn void end_with(int status)
{
    devices_flush();
    platform_power_off(status);
}

static noreturn_fn void program_ended(int wait_status)
{
    u64 memory[2] = {page_peak_used() * PAGE_SIZE, page_total() * PAGE_SIZE};
    u32 event[2] = {(u32)wait_status, 0};
    int killed_by = wait_status & 0x7f;

    shim_report();
    control_send(ELFIN_EVENT_MEMORY, memory, sizeof(memory));
    control_send(ELFIN_EVENT_EXIT, event, sizeof(event));
    end_with(killed_by ? 128 + killed_by : (wait_status >> 8) & 0xff);
}

static void out_of_memory(const char *text)
{
    control_send(ELFIN_EVENT_OOM, text, (u32)strlen(text) + 1);
}

static size_t describe_backtrace(char *out, size_t size)
{
    u64 addresses[BACKTRACE_MAX];
    size_t count = arch_backtrace(arch_frame_pointer(), addresses, BACKTRACE_MAX), used = 0;

    for (size_t i = 0; i < count && used < size; i++)
        used += (size_t)format_text(out + used, size - used, "\n  %#llx",
                                    (unsigned long long)addresses[i]);
    return min_u64(used, size - 1);
}

/* May run anywhere, even before memory; a panic in here goes straight to power-off. */
static noreturn_fn void panicked(const char *text)
{
    static bool again;
    static char whole[4096];

    if (again) {
        platform_emergency_write(text, strlen(text));
        platform_power_off(EXIT_PANIC);
    }
    again = true;
    size_t n = (size_t)format_text(whole, sizeof(whole), "elfin: kernel panic: %s", text);
    n = min_u64(n, sizeof(whole) - 1);
    n += describe_backtrace(whole + n, sizeof(whole) - n);
    n += shim_recent_calls(whole + n, sizeof(whole) - n);
    if (stream_get(CHANNEL_CONTROL)) {
        control_send(ELFIN_EVENT_PANIC, whole, (u32)n + 1);
        end_with(EXIT_PANIC);
    }
    platform_emergency_write(whole, n);
    platform_emergency_write("\n", 1);
    platform_power_off(EXIT_PANIC);
}

void end_start(void)
{
    panic_set_hook(panicked);
    task_set_power_off(program_ended);
    task_set_tell_out_of_memory(out_of_memory);
}
