# SPDX-License-Identifier: BSD-3-Clause
"""One run: what was asked for, and how it went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from elfin.model.program import Arch


class Platform(Enum):
    """The machine the kernel runs on."""

    VM = "vm"
    PROCESS = "process"


class Accel(Enum):
    """How QEMU executes the guest."""

    AUTO = "auto"
    KVM = "kvm"
    TCG = "tcg"


class Machine(Enum):
    """QEMU's board."""

    MICROVM = "microvm"
    Q35 = "q35"
    VIRT = "virt"


class EndedBy(Enum):
    """Who ended the run."""

    PROGRAM = "program"
    SIGNAL = "signal"
    TIMEOUT = "timeout"
    USER = "user"
    PANIC = "panic"
    ELFIN = "elfin"


@dataclass(frozen=True, slots=True)
class Identity:
    """uid, gid and supplementary groups the program runs with."""

    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run; None means "decide". Sizes in bytes, times in seconds.

    ``terminal``: terminal mode; None: when stdin and stdout are terminals.
    ``count``: calls by door; ``outcomes``: by errno; ``times``: how long they took; ``trace``: each
    of them, ``trace_only`` (numbers) these alone.
    """

    platform: Platform | None = None
    accel: Accel = Accel.AUTO
    arch: Arch | None = None
    machine: Machine | None = None
    memory: int | None = None
    timeout: float | None = None
    stop_timeout: float = 10.0
    hostname: str = "elfin"
    identity: Identity = Identity()
    umask: int = 0o022
    log: Path | None = None
    stats: bool = False
    count: bool = False
    outcomes: bool = False
    times: bool = False
    trace: bool = False
    trace_only: tuple[int, ...] = ()
    result: Path | None = None
    randomize: bool = True
    rewrite: bool = True
    terminal: bool | None = None


@dataclass(frozen=True, slots=True)
class CallCount:
    """How often one call came through one door, and how long it took, where that was asked for."""

    name: str
    door: str
    times: int
    took_ns: int = 0


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended.

    ``status`` is what `elfin run` exits with (CLI.md, "Ending"). ``signal`` is set when a signal
    killed the program. ``boot_ns`` is launch of the platform's binary → first byte from the guest,
    ``started_ns`` kernel entry → first instruction, as the kernel measured it.
    ``absent`` counts calls Elfin does not have, by name; ``outcomes`` how calls ended, by name and
    then by errno's name or ``ok``, where that was asked for.
    """

    status: int
    ended_by: EndedBy
    platform: Platform
    accel: Accel | None = None
    signal: int | None = None
    boot_ns: int | None = None
    started_ns: int | None = None
    wall_ns: int = 0
    peak_bytes: int | None = None
    total_bytes: int | None = None
    calls: tuple[CallCount, ...] = ()
    absent: Mapping[str, int] = field(default_factory=dict)
    outcomes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    message: str | None = None
