# SPDX-License-Identifier: BSD-3-Clause
"""The judgement of a program against Elfin's system-call table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from elfin.model.elf import ElfFacts


class Outcome(Enum):
    """What `elfin inspect` concludes; the value is its exit status."""

    WILL_RUN = 0
    WILL_NOT = 1
    MAY = 3


@dataclass(frozen=True, slots=True)
class CallUse:
    """One system call the program's code can make.

    ``support`` is the table's word (full, partial, ignored, denied:ERRNO, absent); ``sites`` are
    the places (file name, virtual address) where it was seen; ``note`` says what of it is covered.
    """

    name: str
    number: int
    support: str
    sites: tuple[tuple[str, int], ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Library:
    """One entry of the library closure. ``host_path`` is None where it was not found."""

    name: str
    guest_path: str | None
    host_path: str | None
    needed_by: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome with its reasons, each one sentence, the deciding one first."""

    outcome: Outcome
    facts: ElfFacts
    reasons: tuple[str, ...] = ()
    libraries: tuple[Library, ...] = ()
    calls: tuple[CallUse, ...] = ()
    unknown_sites: tuple[tuple[str, int], ...] = ()
