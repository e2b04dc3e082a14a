# SPDX-License-Identifier: BSD-3-Clause
"""The code of one ELF file, as far as one needs it to say which system calls it can make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Section:
    """One section header; addresses and sizes in bytes. ``kind`` is readelf's word (PROGBITS)."""

    name: str
    kind: str
    address: int
    offset: int
    size: int
    executable: bool


@dataclass(frozen=True, slots=True)
class Text:
    """Executable bytes at their virtual address."""

    address: int
    content: bytes

    @property
    def end(self) -> int:
        """One past the last address."""
        return self.address + len(self.content)


@dataclass(frozen=True, slots=True)
class CodeFile:
    """Executable bytes, function bounds and names of one file.

    ``functions`` are (start, end), sorted, not overlapping; from .eh_frame and the symbol tables.
    ``names`` maps a function's start to its names, the exported ones first. ``exports`` and
    ``imports`` are dynamic symbols without version. ``pointers`` are addresses of functions that
    stand in data, by the name of the section they stand in. ``slots`` are the words that a loader
    fills with the address of a dynamic symbol; ``words`` are identifiers among the constants, of a
    file that looks names up while it runs (dlsym). ``properties`` are GNU properties in readelf's
    words.
    """

    path: Path
    machine: str
    entry: int
    soname: str | None
    sections: tuple[Section, ...] = ()
    texts: tuple[Text, ...] = ()
    functions: tuple[tuple[int, int], ...] = ()
    names: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    exports: Mapping[str, int] = field(default_factory=dict)
    imports: frozenset[str] = frozenset()
    pointers: Mapping[str, frozenset[int]] = field(default_factory=dict)
    slots: Mapping[int, str] = field(default_factory=dict)
    words: frozenset[str] = frozenset()
    properties: tuple[str, ...] = ()
    dynamic: bool = False
