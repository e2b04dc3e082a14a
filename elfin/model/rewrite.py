# SPDX-License-Identifier: BSD-3-Clause
"""The text of an ELF file as the rewriter reads it, and its plan: what becomes of each site."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntFlag


@dataclass(frozen=True, slots=True)
class Segment:
    """File bytes at their virtual address; both in bytes from 0."""

    address: int
    offset: int
    content: bytes

    @property
    def end(self) -> int:
        """One past the last address."""
        return self.address + len(self.content)


@dataclass(frozen=True, slots=True)
class TextFile:
    """What a plan is made from. All addresses are virtual, as the file has them.

    ``texts`` are the segments that are mapped executable and never writable, ``data`` those mapped
    otherwise. ``functions`` are (start, end) from unwind tables, symbols and Go's function table,
    sorted and not overlapping. ``entries`` are addresses at which code is known to be entered, by
    calls or by exceptions. ``pointers`` are text addresses that stand in data. ``signal_frames``
    are starts of functions that unwinders know to be signal trampolines. ``dynamic`` tells whether
    other files can share its process, ``fixed`` whether it lies where its addresses say.
    """

    machine: str
    size: int
    dynamic: bool
    fixed: bool
    texts: tuple[Segment, ...] = ()
    data: tuple[Segment, ...] = ()
    functions: tuple[tuple[int, int], ...] = ()
    entries: frozenset[int] = frozenset()
    pointers: frozenset[int] = frozenset()
    signal_frames: frozenset[int] = frozenset()


class Method(Enum):
    """How a site is reached without a trap; the value is the binary form's."""

    MOV_JUMP = 1
    WINDOW = 2


class Dead(IntFlag):
    """What the code behind a site provably never reads; bits of the binary form."""

    NOTHING = 0
    FLAGS = 1
    RCX = 2
    R11 = 4


@dataclass(frozen=True, slots=True)
class Patch:
    """One site that becomes a jump. ``start`` counts the patch's bytes before the site."""

    offset: int
    address: int
    method: Method
    start: int
    length: int
    dead: Dead


@dataclass(frozen=True, slots=True)
class Kept:
    """One place with a system call's bytes that stays as it is, and why."""

    offset: int
    address: int
    reason: str
    is_code: bool = True


@dataclass(frozen=True, slots=True)
class RewritePlan:
    """The plan of one file of ``size`` bytes; both lists by offset. ``checksum`` is the CRC-32 of
    the bytes that the patches replace, one after another."""

    size: int
    checksum: int
    patches: tuple[Patch, ...] = ()
    kept: tuple[Kept, ...] = ()
