/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The boot information: what the SDK tells the kernel about one run, and what the kernel tells
 * the SDK while it runs and when it ends.
 *
 * Layout: a header, then records. A record is a type, a length in bytes (payload only) and the
 * payload, padded with zeros to a multiple of 8. All numbers little-endian. A list of strings is
 * the strings one after another, each with its NUL. Unknown records are skipped by the reader.
 *
 * vm: the file arrives through fw_cfg as opt/org.elfin/boot. process: as a file descriptor.
 * The same record form (no header) flows on the control channel, in both directions.
 * Only #define lines with a number are read by abi/image.py; keep them so.
 */
#pragma once

#define ELFIN_BOOT_MAGIC 0x31304946464c45 /* "ELFFI01" */
#define ELFIN_BOOT_HEADER_BYTES 16        /* u64 magic, u32 version, u32 total bytes */
#define ELFIN_BOOT_VERSION 1
#define ELFIN_RECORD_HEADER_BYTES 8       /* u32 type, u32 length */

/* Boot records (SDK -> kernel, in the boot information). */
#define ELFIN_BOOT_ARGV 1          /* string list */
#define ELFIN_BOOT_ENVP 2          /* string list */
#define ELFIN_BOOT_PROGRAM 3       /* string: path in the guest */
#define ELFIN_BOOT_CWD 4           /* string */
#define ELFIN_BOOT_HOSTNAME 5      /* string */
#define ELFIN_BOOT_IDS 6           /* u32 uid, u32 gid, then u32 supplementary groups */
#define ELFIN_BOOT_STDIO 7         /* u32[3]: ELFIN_STDIO_* of descriptors 0, 1, 2 */
#define ELFIN_BOOT_WALL_CLOCK 8    /* u64 ns since the Unix epoch, read just before the launch */
#define ELFIN_BOOT_RANDOM_SEED 9   /* 32 bytes */
#define ELFIN_BOOT_MEMORY_LIMIT 10 /* u64 bytes: bound of guest memory on the process platform */
#define ELFIN_BOOT_FLAGS 11        /* u64: ELFIN_FLAG_* */
#define ELFIN_BOOT_WINSIZE 12      /* u16 rows, u16 columns */
#define ELFIN_BOOT_RLIMIT_STACK 13 /* u64 soft, u64 hard */
#define ELFIN_BOOT_RLIMIT_NOFILE 14 /* u64 soft, u64 hard */
#define ELFIN_BOOT_UMASK 15        /* u32 */
#define ELFIN_BOOT_CPU_MHZ 16      /* u32, for /proc/cpuinfo on the process platform; 0 unknown */
#define ELFIN_BOOT_TRACE_ONLY 17   /* u32 call numbers to trace; none: all */

#define ELFIN_STDIO_CLOSED 0
#define ELFIN_STDIO_PIPE 1
#define ELFIN_STDIO_TTY 2
#define ELFIN_STDIO_NULL 3
#define ELFIN_STDIO_FILE 4
#define ELFIN_STDIO_SOCKET 5

#define ELFIN_FLAG_NO_RANDOMIZE 1 /* no ASLR */
#define ELFIN_FLAG_TRACE 2        /* ELFIN_EVENT_TRACE_* for calls, signals, ends of threads */
#define ELFIN_FLAG_COUNT 4        /* count calls by name and door; report with ELFIN_EVENT_COUNT */
#define ELFIN_FLAG_RESULTS 8      /* count results; report with ELFIN_EVENT_RESULT */
#define ELFIN_FLAG_TERMINAL 32    /* the host's terminal is raw: lines are edited in the guest */
#define ELFIN_FLAG_NO_REWRITE 64  /* call sites stay as they are: every `syscall` traps */
#define ELFIN_FLAG_TIME 16        /* time calls; report with ELFIN_EVENT_TIME */

/* Control records, kernel -> SDK. */
#define ELFIN_EVENT_STARTED 64    /* u64 ns from kernel entry to the program's first instruction */
#define ELFIN_EVENT_EXIT 65       /* u32 status as wait(2) reports it, u32 0 */
#define ELFIN_EVENT_PANIC 66      /* text; exit status 125 */
#define ELFIN_EVENT_MEMORY 67     /* u64 peak bytes in use, u64 total bytes */
#define ELFIN_EVENT_ABSENT 68     /* u32 call number, u32 times: an absent or ignored row was called */
#define ELFIN_EVENT_COUNT 69      /* u32 call number, u32 door, u64 times */
#define ELFIN_EVENT_OOM 70        /* text: who was killed and why */
#define ELFIN_EVENT_STDIO_CLOSED 71 /* u32 descriptor that the guest closed */
#define ELFIN_EVENT_EXEC_FAILED 72  /* u32 errno, u32 0, text: the program could not be started */
#define ELFIN_EVENT_RESULT 80     /* u32 call number, u32 errno (0: none), u64 times */
#define ELFIN_EVENT_TIME 81       /* u32 call number, u32 door, u64 ns between entry and return */
/* The tracer's. MEMORY belongs to the thread's ENTRY or RETURN that comes next: what arguments
 * point to. A call ends with its RETURN or with the thread's END. */
#define ELFIN_EVENT_TRACE_ENTRY 84  /* u32 tid, u32 pid, u32 call number, u32 door, u64[6] */
#define ELFIN_EVENT_TRACE_MEMORY 85 /* u32 tid, u32 0, u64 address, bytes */
#define ELFIN_EVENT_TRACE_RETURN 86 /* u32 tid, u32 call number, s64 result, u64 ns it took */
#define ELFIN_EVENT_TRACE_SIGNAL 87 /* u32 tid, u32 0, siginfo (128 bytes): is delivered */
#define ELFIN_EVENT_TRACE_END 88    /* u32 tid, u32 status as wait(2) reports it */

/* Control records, SDK -> kernel. */
#define ELFIN_COMMAND_SIGNAL 96   /* u32 signal number, u32 0 */
#define ELFIN_COMMAND_WINSIZE 97  /* u16 rows, u16 columns, u32 0 */

/* virtio-serial port numbers on vm (nr= of virtserialport). */
#define ELFIN_PORT_STDIN 1
#define ELFIN_PORT_STDOUT 2
#define ELFIN_PORT_STDERR 3
#define ELFIN_PORT_LOG 4
#define ELFIN_PORT_CONTROL 5
#define ELFIN_PORT_COUNT 6

/* Process platform: argv of the kernel's host executable, decimal descriptor numbers:
 *   elfin-process BOOT_FD IMAGE_FD CONTROL_FD LOG_FD      (0, 1, 2 are the program's own) */
