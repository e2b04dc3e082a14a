/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time: the structs that carry it and the clocks that tell it.
 *
 * Holds: facts; x86_64 and aarch64 agree.
 * See:   clock_gettime(2), nanosleep(2), gettimeofday(2), setitimer(2), timerfd_create(2), times(2)
 */
#pragma once

#include <stdint.h>

struct linux_timespec {
    int64_t tv_sec;
    int64_t tv_nsec;
};

struct linux_timeval {
    int64_t tv_sec;
    int64_t tv_usec;
};

struct linux_timezone {
    int32_t tz_minuteswest;
    int32_t tz_dsttime;
};

struct linux_itimerspec {
    struct linux_timespec it_interval;
    struct linux_timespec it_value;
};

struct linux_itimerval {
    struct linux_timeval it_interval;
    struct linux_timeval it_value;
};

struct linux_utimbuf {
    int64_t actime;
    int64_t modtime;
};

/* times(2); in units of 1 / LINUX_USER_HZ s */
struct linux_tms {
    int64_t tms_utime;
    int64_t tms_stime;
    int64_t tms_cutime;
    int64_t tms_cstime;
};
#define LINUX_USER_HZ 100

#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define CLOCK_THREAD_CPUTIME_ID 3
#define CLOCK_MONOTONIC_RAW 4
#define CLOCK_REALTIME_COARSE 5
#define CLOCK_MONOTONIC_COARSE 6
#define CLOCK_BOOTTIME 7
#define CLOCK_REALTIME_ALARM 8
#define CLOCK_BOOTTIME_ALARM 9
#define CLOCK_TAI 11

#define TIMER_ABSTIME 0x01

#define ITIMER_REAL 0
#define ITIMER_VIRTUAL 1
#define ITIMER_PROF 2

/* timerfd */
#define TFD_TIMER_ABSTIME (1 << 0)
#define TFD_TIMER_CANCEL_ON_SET (1 << 1)
#define TFD_NONBLOCK 00004000
#define TFD_CLOEXEC 02000000

/* adjtimex(2) */
struct linux_timex {
    uint32_t modes;
    uint32_t padding0;
    int64_t offset;
    int64_t freq;
    int64_t maxerror;
    int64_t esterror;
    int32_t status;
    int32_t padding1;
    int64_t constant;
    int64_t precision;
    int64_t tolerance;
    struct linux_timeval time;
    int64_t tick;
    int64_t ppsfreq;
    int64_t jitter;
    int32_t shift;
    int32_t padding2;
    int64_t stabil;
    int64_t jitcnt;
    int64_t calcnt;
    int64_t errcnt;
    int64_t stbcnt;
    int32_t tai;
    int32_t padding3[11];
};
#define ADJ_OFFSET_SINGLESHOT 0x8001
#define ADJ_OFFSET_SS_READ 0xa001
#define STA_UNSYNC 0x0040
#define TIME_ERROR 5
