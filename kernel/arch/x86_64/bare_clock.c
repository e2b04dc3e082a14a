/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time on a bare machine: the TSC, and what it is measured by.
 *
 * Holds:    the scale of the TSC. KVM tells it (pvclock); elsewhere it is measured against the
 *           local APIC's timer, which runs at 1 GHz under QEMU and KVM: first sample at the start,
 *           second when the scale is first asked for, so that the boot itself is the measuring
 *           time and hardly ever anything is waited for.
 * Promises: each sample is the tightest of several, so the error is about 100 ns per sample.
 * Refuses:  leap smearing, suspended machines.
 * See:      Intel SDM volume 3, 10.5.4 and 17.17; Linux's documentation of KVM's MSRs
 */
#include "arch/bare.h"
#include "arch/x86_64/bare_cpu.h"
#include "arch/x86_64/bare_interrupts.h"
#include "arch/x86_64/bare_layout.h"
#include "arch/x86_64/bare_vectors.h"

#define SHIFT 32
#define SAMPLE_TRIES 6
#define MEASURE_NS 400000ull /* at least between the two samples */
#define APIC_DIVIDE_1 0xb
#define APIC_DIVIDE_16 0x3
#define APIC_MASKED 0x10000u
#define TIMER_DIVIDER 16u /* 1 GHz / 16: a count is 16 ns, the longest wait 68 s */

#define CPUID_HYPERVISOR 0x40000000u
#define KVM_FEATURES (CPUID_HYPERVISOR + 1)
#define KVM_FEATURE_CLOCK (1u << 3)
#define MSR_KVM_WALL_CLOCK 0x4b564d00
#define MSR_KVM_SYSTEM_TIME 0x4b564d01

struct sample {
    u64 cycles;
    u32 count; /* of the APIC timer, in ns, running down */
};

struct kvm_clock {
    u32 version, pad0;
    u64 cycles, system_ns;
    u32 multiplier;
    s8 shift;
    u8 flags, pad[2];
};

struct kvm_wall {
    u32 version, seconds, nanoseconds;
};

static struct sample first;
static struct bare_clock scale; /* multiplier 0: not known yet */
static volatile struct kvm_clock kvm_clock __attribute__((aligned(64)));
static volatile struct kvm_wall kvm_wall;

static struct sample take_sample(void)
{
    struct sample best = {0};
    u64 best_width = UINT64_MAX;

    /* Unrolled, each try would be the first run of its code, which an emulator translates then. */
#pragma clang loop unroll(disable)
    for (int i = 0; i < SAMPLE_TRIES; i++) {
        u64 before = rdtsc();
        u32 count = apic_read(APIC_TIMER_COUNT);
        u64 after = rdtsc();
        if (after - before < best_width) {
            best_width = after - before;
            best = (struct sample){before + best_width / 2, count};
        }
    }
    return best;
}

static bool has_kvm_clock(void)
{
    struct cpuid id = cpuid(CPUID_HYPERVISOR, 0);
    return cpuid(1, 0).ecx & CPUID1_ECX_HYPERVISOR && id.ebx == 0x4b4d564b && /* "KVMK" */
           cpuid(KVM_FEATURES, 0).eax & KVM_FEATURE_CLOCK;
}

/* ns = (cycles shifted by `shift`) * multiplier >> 32 in KVM's form; ours has one right shift. */
static bool read_kvm_clock(void)
{
    wrmsr(MSR_KVM_SYSTEM_TIME, ((u64)&kvm_clock - KERNEL_BASE) | 1);
    if (!kvm_clock.multiplier)
        return false;
    scale.multiplier = kvm_clock.multiplier;
    s32 right = SHIFT - kvm_clock.shift;
    while (right > 63) { /* a TSC beyond 2^31 times 1 GHz does not exist; keep the shift legal */
        scale.multiplier >>= 1;
        right--;
    }
    scale.shift = (u32)right;
    scale.cycles_base = first.cycles;
    return true;
}

void bare_clock_start(void)
{
    apic_start();
    apic_write(APIC_TIMER_VECTOR, APIC_MASKED | VECTOR_TIMER);
    apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_1);
    apic_write(APIC_TIMER_START, UINT32_MAX);
    first = take_sample();
    if (has_kvm_clock())
        read_kvm_clock();
}

static void measure(void)
{
    struct sample second;

    while (first.count - apic_read(APIC_TIMER_COUNT) < MEASURE_NS)
        arch_pause();
    second = take_sample();
    scale.cycles_base = first.cycles;
    scale.shift = SHIFT;
    scale.multiplier =
        ((u64)(first.count - second.count) << SHIFT) / (second.cycles - first.cycles);
}

void bare_clock_read(struct bare_clock *out)
{
    if (!scale.multiplier)
        measure();
    *out = scale;
}

u64 bare_clock_ns(void)
{
    if (!scale.multiplier) /* not measured yet: the APIC itself is the clock */
        return first.count - apic_read(APIC_TIMER_COUNT);
    return (u64)((unsigned __int128)(rdtsc() - scale.cycles_base) * scale.multiplier >>
                 scale.shift);
}

void bare_timer_arm(u64 delay_ns)
{
    static bool ready;

    if (!ready) { /* the timer served as the clock until now */
        struct bare_clock unused;
        bare_clock_read(&unused);
        apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_16);
        apic_write(APIC_TIMER_VECTOR, VECTOR_TIMER);
        ready = true;
    }
    u64 count = delay_ns / TIMER_DIVIDER + 1;
    apic_write(APIC_TIMER_START, (u32)min_u64(count, UINT32_MAX));
}

u64 bare_timer_longest_ns(void)
{
    return (u64)UINT32_MAX * TIMER_DIVIDER;
}

/* --- the wall clock --- */

#define PORT_RTC_INDEX 0x70
#define PORT_RTC_DATA 0x71
#define RTC_UPDATING 0x80
#define RTC_ABSENT 0xff

static u32 rtc(u8 index)
{
    out8(PORT_RTC_INDEX, index);
    return in8(PORT_RTC_DATA);
}

static u32 from_bcd(u32 v)
{
    return (v >> 4) * 10 + (v & 15);
}

/* Days from 1970-01-01 (proleptic Gregorian): years begin in March, so leap days end them. */
static u64 days_since_1970(u32 year, u32 month, u32 day)
{
    year -= month <= 2;
    u32 day_of_year = (153 * (month + (month > 2 ? (u32)-3 : 9)) + 2) / 5 + day - 1;
    return (u64)year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719468;
}

static u64 rtc_wall_ns(void)
{
    if (rtc(10) == RTC_ABSENT)
        return 0;
    for (int i = 0; i < 100000 && rtc(10) & RTC_UPDATING; i++)
        arch_pause();
    u32 year = from_bcd(rtc(9)), month = from_bcd(rtc(8)), day = from_bcd(rtc(7));
    u32 hour = from_bcd(rtc(4)), minute = from_bcd(rtc(2)), second = from_bcd(rtc(0));
    if (month < 1 || month > 12 || day < 1 || day > 31)
        return 0;
    u64 days = days_since_1970(2000 + year, month, day);
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * NSEC_PER_SEC;
}

u64 bare_wall_ns(void)
{
    u64 now_ns = bare_clock_ns();

    if (!has_kvm_clock())
        return rtc_wall_ns() - now_ns;
    wrmsr(MSR_KVM_WALL_CLOCK, (u64)&kvm_wall - KERNEL_BASE);
    /* the wall time at which KVM's system time was 0; ours starts at kvm_clock.cycles later */
    s64 since = (s64)(first.cycles - kvm_clock.cycles);
    u64 start_ns = kvm_clock.system_ns +
                   (u64)(s64)((__int128)since * (s64)scale.multiplier >> scale.shift);
    return kvm_wall.seconds * NSEC_PER_SEC + kvm_wall.nanoseconds + start_ns;
}
