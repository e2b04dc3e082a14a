# SPDX-License-Identifier: BSD-3-Clause
"""The boot information of one run, in a memfd that the platform hands to the kernel."""

from __future__ import annotations

import os
import resource
import struct
import time
from pathlib import Path
from typing import NamedTuple

from abi import image as boot_format
from elfin.model.program import ProgramSpec
from elfin.model.run import RunOptions
from elfin.run.streams import StdioKind

_C = boot_format.CONSTANTS


class BootFacts(NamedTuple):
    """What differs from run to run beside the program: the three streams, the size of the
    terminal (rows, columns), whether its lines are edited in the guest, memory in bytes (0: the
    machine's own bound), the clock, the seed."""

    stdio: tuple[StdioKind, StdioKind, StdioKind]
    memory: int
    wall_clock_ns: int
    seed: bytes
    winsize: tuple[int, int] | None = None
    terminal_mode: bool = False
    cpu_mhz: int = 0
    stack_limit: tuple[int, int] = (8 << 20, (1 << 64) - 1)
    nofile_limit: tuple[int, int] = (1024, 1 << 20)


def facts_now(
    stdio: tuple[StdioKind, StdioKind, StdioKind],
    memory: int,
    winsize: tuple[int, int] | None,
    terminal_mode: bool = False,
) -> BootFacts:
    """The facts of a run that starts now; limits are this process's own."""
    return BootFacts(
        stdio=stdio,
        memory=memory,
        wall_clock_ns=time.time_ns(),
        seed=os.urandom(32),
        winsize=winsize,
        terminal_mode=terminal_mode,
        cpu_mhz=_cpu_mhz(),
        stack_limit=_limit(resource.RLIMIT_STACK),
        nofile_limit=_limit(resource.RLIMIT_NOFILE),
    )


def boot_info(spec: ProgramSpec, options: RunOptions, facts: BootFacts) -> bytes:
    """The bytes of the boot information (abi/image/boot_info.h)."""
    identity = options.identity
    ids = (identity.uid, identity.gid, *identity.groups)
    flags = 0 if options.randomize else _C["ELFIN_FLAG_NO_RANDOMIZE"]
    flags |= 0 if options.rewrite else _C["ELFIN_FLAG_NO_REWRITE"]
    if options.count:
        flags |= _C["ELFIN_FLAG_COUNT"]
    if options.outcomes:
        flags |= _C["ELFIN_FLAG_RESULTS"]
    if options.times:
        flags |= _C["ELFIN_FLAG_TIME"]
    if options.trace:
        flags |= _C["ELFIN_FLAG_TRACE"]
    if facts.terminal_mode:
        flags |= _C["ELFIN_FLAG_TERMINAL"]
    records: list[tuple[int, bytes]] = [
        (_C["ELFIN_BOOT_ARGV"], _strings(spec.argv)),
        (_C["ELFIN_BOOT_ENVP"], _strings(tuple(f"{key}={value}" for key, value in spec.env))),
        (_C["ELFIN_BOOT_PROGRAM"], _strings((spec.guest_path,))),
        (_C["ELFIN_BOOT_CWD"], _strings((spec.cwd,))),
        (_C["ELFIN_BOOT_HOSTNAME"], _strings((options.hostname,))),
        (_C["ELFIN_BOOT_IDS"], struct.pack(f"<{len(ids)}I", *ids)),
        (_C["ELFIN_BOOT_STDIO"], struct.pack("<3I", *(kind.value for kind in facts.stdio))),
        (_C["ELFIN_BOOT_WALL_CLOCK"], struct.pack("<Q", facts.wall_clock_ns)),
        (_C["ELFIN_BOOT_RANDOM_SEED"], facts.seed),
        (_C["ELFIN_BOOT_MEMORY_LIMIT"], struct.pack("<Q", facts.memory)),
        (_C["ELFIN_BOOT_FLAGS"], struct.pack("<Q", flags)),
        (_C["ELFIN_BOOT_RLIMIT_STACK"], struct.pack("<QQ", *facts.stack_limit)),
        (_C["ELFIN_BOOT_RLIMIT_NOFILE"], struct.pack("<QQ", *facts.nofile_limit)),
        (_C["ELFIN_BOOT_UMASK"], struct.pack("<I", options.umask)),
        (_C["ELFIN_BOOT_CPU_MHZ"], struct.pack("<I", facts.cpu_mhz)),
    ]
    if options.trace_only:
        only = struct.pack(f"<{len(options.trace_only)}I", *options.trace_only)
        records.append((_C["ELFIN_BOOT_TRACE_ONLY"], only))
    if facts.winsize is not None:
        records.append((_C["ELFIN_BOOT_WINSIZE"], struct.pack("<HH", *facts.winsize)))
    return boot_format.encode(records)


def boot_file(data: bytes) -> int:
    """A memfd that holds the boot information, read from its start."""
    fd = os.memfd_create("elfin-boot", os.MFD_CLOEXEC)
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _strings(values: tuple[str, ...]) -> bytes:
    return b"".join(os.fsencode(value) + b"\0" for value in values)


def _limit(which: int) -> tuple[int, int]:
    soft, hard = resource.getrlimit(which)
    return soft & (1 << 64) - 1, hard & (1 << 64) - 1


def _cpu_mhz() -> int:
    """From /proc/cpuinfo's first "cpu MHz"; 0 where it is not told."""
    try:
        with Path("/proc/cpuinfo").open("rb") as info:
            for line in info.read(4096).splitlines():
                if line.startswith(b"cpu MHz"):
                    return int(float(line.split(b":")[1]))
    except (OSError, ValueError):
        pass
    return 0
