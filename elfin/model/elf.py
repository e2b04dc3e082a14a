# SPDX-License-Identifier: BSD-3-Clause
"""What one ELF file says about itself. Facts only: judgement is Verdict's."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntFlag
from pathlib import Path


class ElfType(Enum):
    """e_type as the loader sees it."""

    EXEC = "exec"
    DYN = "dyn"
    REL = "rel"
    CORE = "core"
    OTHER = "other"


class Linkage(Enum):
    """How the program gets its libraries."""

    STATIC = "static"
    STATIC_PIE = "static-pie"
    DYNAMIC = "dynamic"
    SHARED_LIBRARY = "shared-library"


class SegmentFlags(IntFlag):
    """p_flags."""

    X = 1
    W = 2
    R = 4


@dataclass(frozen=True, slots=True)
class LoadSegment:
    """One PT_LOAD; all in bytes."""

    offset: int
    address: int
    file_size: int
    memory_size: int
    flags: SegmentFlags
    align: int


@dataclass(frozen=True, slots=True)
class ElfFacts:
    """Header, dynamic section and load segments of one ELF file.

    ``machine`` is Elfin's name where it has one ("x86_64", "aarch64"), else readelf's ("i386");
    ``bits`` is 32 or 64. ``interpreter`` is PT_INTERP. ``rpath`` and ``runpath`` are split at ':'
    and not expanded ($ORIGIN stays).
    """

    path: Path
    machine: str
    bits: int
    little_endian: bool
    type: ElfType
    linkage: Linkage
    entry: int
    interpreter: str | None = None
    soname: str | None = None
    needed: tuple[str, ...] = ()
    rpath: tuple[str, ...] = ()
    runpath: tuple[str, ...] = ()
    segments: tuple[LoadSegment, ...] = ()
    build_id: str | None = None
    executable_stack: bool = False
    tls: bool = False

    @property
    def pie(self) -> bool:
        """True when the loader chooses the base address."""
        return self.type is ElfType.DYN

    @property
    def load_bytes(self) -> int:
        """Bytes of address space from the first to the last load segment."""
        if not self.segments:
            return 0
        low = min(s.address for s in self.segments)
        return max(s.address + s.memory_size for s in self.segments) - low
