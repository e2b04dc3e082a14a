# SPDX-License-Identifier: BSD-3-Clause
"""What the rewriter needs of a file: executable bytes, where functions lie, where code is entered.

Read by hand, because it is done for every executable file of an image: node's 80 MB take about a
second here, and minutes in pyelftools. Function bounds come from .eh_frame (LSB Core, 10.6), both
symbol tables and, in Go programs, the function table of the runtime (go/src/internal/abi: 1.18+).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from elfin.model.rewrite import Segment, TextFile

_EHDR = struct.Struct("<HHIQQQIHHHHHH")  # from e_type on
_PHDR = struct.Struct("<IIQQQQQQ")
_SHDR = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_MACHINES = {62: "x86_64", 183: "aarch64"}
_X86_64 = 62
_ET_EXEC, _ET_DYN = 2, 3
_PT_LOAD, _PT_DYNAMIC, _PT_INTERP, _PT_GNU_EH_FRAME = 1, 2, 3, 0x6474E550
_PF_X, _PF_W = 1, 2
_SHT_SYMTAB, _SHT_DYNSYM = 2, 11
_STT_NOTYPE, _STT_FUNC, _STT_GNU_IFUNC = 0, 2, 10
_DT_NEEDED, _DT_FLAGS_1, _DF_1_PIE = 1, 0x6FFFFFFB, 0x08000000
_DT_RELA, _DT_RELASZ, _DT_RELRSZ, _DT_RELR = 7, 8, 35, 36
_OMITTED = 0xFF  # DW_EH_PE_omit
_ULEB_MOST = 10  # bytes of a 64-bit number
_GO_TABLES = (b"\xf0\xff\xff\xff\0\0", b"\xf1\xff\xff\xff\0\0")  # Go 1.18, 1.20


def read_text(path: Path) -> TextFile | None:
    """The text of the file ``path``. OSError where it cannot be read."""
    return text_of(path.read_bytes())


def text_of(content: bytes) -> TextFile | None:
    """The text of a file's bytes; None for what is no 64-bit little-endian program or library. A
    file without the bytes of a system call has no text here.

    A table that makes no sense is left out: the plan then knows less and keeps more.
    """
    if not content.startswith(b"\x7fELF\x02\x01"):
        return None
    try:
        return _Reader(content).read()
    except (struct.error, IndexError):
        return None


class _Reader:
    """One file's bytes."""

    def __init__(self, content: bytes) -> None:
        self.raw = content
        header = _EHDR.unpack_from(content, 16)
        self.kind, self.machine, _, self.entry, program_at, section_at = header[:6]
        self.programs = self._table(_PHDR, program_at, header[9])
        self.sections = self._table(_SHDR, section_at, header[11])
        self.names_at = header[12]
        self.segments = list(self._segments())
        self.bounds: dict[int, int] = {}  # start → end
        self.entries: set[int] = {self.entry}
        self.signal_frames: set[int] = set()

    def read(self) -> TextFile | None:
        """All of it."""
        if self.kind not in (_ET_EXEC, _ET_DYN) or self.machine not in _MACHINES:
            return None
        texts = tuple(s for flags, s in self.segments if flags & _PF_X and not flags & _PF_W)
        if self.machine != _X86_64 or not any(b"\x0f\x05" in text.content for text in texts):
            return TextFile(_MACHINES[self.machine], len(self.raw), True, False)
        with suppress(struct.error, IndexError):
            self._unwind_table()
        with suppress(struct.error, IndexError):
            self._symbols()
        with suppress(struct.error, IndexError):
            self._go_functions()
        dynamic = any(kind == _PT_DYNAMIC for kind, *_ in self.programs)
        interpreted = any(kind == _PT_INTERP for kind, *_ in self.programs)
        return TextFile(
            machine=_MACHINES[self.machine],
            size=len(self.raw),
            fixed=self.kind == _ET_EXEC,
            dynamic=interpreted or (dynamic and not self._is_static_pie()),
            texts=texts,
            data=tuple(s for flags, s in self.segments if not flags & _PF_X),
            functions=tuple(_disjoint(self.bounds.items())),
            entries=frozenset(self.entries),
            pointers=frozenset(self._pointers(texts)),
            signal_frames=frozenset(self.signal_frames),
        )

    def _table(self, entry: struct.Struct, offset: int, count: int) -> list[tuple[int, ...]]:
        if not offset or offset + count * entry.size > len(self.raw):
            return []
        return [entry.unpack_from(self.raw, offset + i * entry.size) for i in range(count)]

    def _segments(self) -> Iterator[tuple[int, Segment]]:
        for kind, flags, offset, address, _, size, _, _ in self.programs:
            if kind == _PT_LOAD and size:
                yield flags, Segment(address, offset, self.raw[offset : offset + size])

    def _offset(self, address: int) -> int | None:
        for _, segment in self.segments:
            if segment.address <= address < segment.end:
                return segment.offset + address - segment.address
        return None

    def _section(self, name: bytes) -> tuple[int, int, int] | None:
        """(address, offset, size)."""
        if self.names_at >= len(self.sections):
            return None
        names = self.sections[self.names_at][4]
        for at, _, _, address, offset, size, *_ in self.sections:
            if self.raw.startswith(name + b"\0", names + at):
                return address, offset, size
        return None

    def _dynamic(self) -> dict[int, int]:
        for kind, _, offset, _, _, size, _, _ in self.programs:
            if kind == _PT_DYNAMIC:
                raw = self.raw[offset : offset + size - size % 16]
                return dict(struct.iter_unpack("<QQ", raw))
        return {}

    def _is_static_pie(self) -> bool:
        """A program that needs nothing: the file is alone in its process."""
        tags = self._dynamic()
        return bool(tags.get(_DT_FLAGS_1, 0) & _DF_1_PIE) and _DT_NEEDED not in tags

    # -- where functions are -------------------------------------------------------------------

    def _unwind_table(self) -> None:
        place = self._section(b".eh_frame")
        if place is None:
            place = self._unwind_segment()
        if place is None:
            return
        address, offset, size = place
        at, end = offset, min(offset + size, len(self.raw))
        kinds: dict[int, bytes] = {}
        while at + 8 <= end:
            length, back = struct.unpack_from("<II", self.raw, at)
            if length in (0, 0xFFFFFFFF):
                if length:
                    return
                at += 4
                continue
            if back:
                common = at + 4 - back
                if common not in kinds:
                    kinds[common] = self._augmentation(common)
                self._frame(at, address + at - offset, kinds[common])
            at += 4 + length

    def _unwind_segment(self) -> tuple[int, int, int] | None:
        """.eh_frame of a file without section headers: its table points to it."""
        for kind, _, offset, address, _, size, _, _ in self.programs:
            if kind == _PT_GNU_EH_FRAME and size >= 8:
                version, encoding = self.raw[offset], self.raw[offset + 1]
                (back,) = struct.unpack_from("<i", self.raw, offset + 4)
                start = self._offset(address + 4 + back)
                if (version, encoding) == (1, 0x1B) and start is not None:
                    return address + 4 + back, start, len(self.raw) - start
        return None

    def _augmentation(self, at: int) -> bytes:
        """The letters of a CIE whose addresses are 32-bit and relative; else nothing."""
        end = self.raw.find(b"\0", at + 9)
        letters = self.raw[at + 9 : end]
        if not letters.startswith(b"z") or end - at > 24:
            return b""
        at = end + 1
        for _ in range(4):  # code and data alignment, return register, augmentation's length
            _, at = self._uleb(at)
        for letter in letters[1:].decode("latin-1"):
            if letter == "R":
                return letters if self.raw[at] == 0x1B else b""
            if letter == "L" and self.raw[at] != 0x1B:
                letters = letters.replace(b"L", b"l")  # in a form that is not read here
            at += {"L": 1, "P": 1 + _encoded_size(self.raw[at])}.get(letter, 0)
        return b""

    def _frame(self, at: int, address: int, letters: bytes) -> None:
        if not letters:
            return
        begin, size = struct.unpack_from("<iI", self.raw, at + 8)
        start = address + 8 + begin
        if size:
            self.bounds[start] = max(self.bounds.get(start, 0), start + size)
            self.entries.add(start)
            if b"S" in letters:  # its FDE begins a byte early, for unwinders that step back
                self.signal_frames.add(start)
                self.entries.add(start + 1)
            if b"L" in letters:
                self._landing_pads(start, at + 16, address + 16)

    def _landing_pads(self, start: int, at: int, address: int) -> None:
        """Where exceptions enter a function, from the call-site table that its FDE points to (LSB
        Core, 10.6.2): 32-bit relative pointer, no landing base, numbers as ULEB128."""
        size, at = self._uleb(at)
        (back,) = struct.unpack_from("<i", self.raw, at)
        table = self._offset(address + 1 + back) if size >= 4 and back else None
        if table is None or self.raw[table] != _OMITTED:
            return
        at = table + 2
        if self.raw[table + 1] != _OMITTED:
            _, at = self._uleb(at)
        encoding = self.raw[at]
        length, at = self._uleb(at + 1)
        end = at + length
        while encoding == 1 and at < end:
            for _ in range(2):
                _, at = self._uleb(at)
            pad, at = self._uleb(at)
            _, at = self._uleb(at)
            if pad:
                self.entries.add(start + pad)

    def _uleb(self, at: int) -> tuple[int, int]:
        """A ULEB128 number and the place behind it. struct.error where it is too long for one."""
        value = 0
        for index in range(_ULEB_MOST):
            byte = self.raw[at + index]
            value |= (byte & 0x7F) << 7 * index
            if not byte & 0x80:
                return value, at + index + 1
        raise struct.error("a ULEB128 number of more than 64 bits")

    def _symbols(self) -> None:
        for _, kind, _, _, offset, size, *_ in self.sections:
            if kind not in (_SHT_SYMTAB, _SHT_DYNSYM):
                continue
            raw = self.raw[offset : offset + size]
            for _, info, _, home, start, length in _SYMBOL.iter_unpack(raw[: len(raw) // 24 * 24]):
                if not home or info & 15 not in (_STT_NOTYPE, _STT_FUNC, _STT_GNU_IFUNC):
                    continue
                self.entries.add(start)
                if length and info & 15:
                    self.bounds[start] = max(self.bounds.get(start, 0), start + length)

    def _go_functions(self) -> None:
        """Go's pclntab: (entry, where its record is) pairs of 32 bits, relative to the text."""
        for _, segment in self.segments:
            for magic in _GO_TABLES:
                at = segment.content.find(magic + b"\x01\x08")
                if at >= 0 and at % 8 == 0:
                    self._go_table(segment.content, at)
                    return

    def _go_table(self, raw: bytes, at: int) -> None:
        count, _, text, *_, table = struct.unpack_from("<QQQQQQQQ", raw, at + 8)
        if not 0 < count < len(raw) // 8 or at + table + 8 * count + 4 > len(raw):
            return
        words = struct.unpack_from(f"<{2 * count + 1}I", raw, at + table)
        starts = [text + word for word in words[::2]]
        for start, end in pairwise(starts):
            self.entries.add(start)
            self.bounds.setdefault(start, end)

    # -- what points into the text -------------------------------------------------------------

    def _pointers(self, texts: tuple[Segment, ...]) -> list[int]:
        if not texts:
            return []
        lowest, highest = min(text.address for text in texts), max(text.end for text in texts)
        if self.kind == _ET_EXEC:
            return [w for view in self._words() for w in view if lowest <= w < highest]
        return [word for word in self._relocated() if lowest <= word < highest]

    def _words(self) -> Iterator[memoryview]:
        """Every aligned word of a program at a fixed address may be a pointer."""
        for flags, segment in self.segments:
            if not flags & _PF_X:
                skip = -segment.address % 8
                size = (len(segment.content) - skip) & ~7
                if size > 0:
                    yield memoryview(segment.content)[skip : skip + size].cast("Q")

    def _relocated(self) -> Iterator[int]:
        """Addends of RELA entries, and the words that RELR entries name."""
        tags = self._dynamic()
        start = self._offset(tags.get(_DT_RELA, 0)) if _DT_RELA in tags else None
        if start is not None:
            raw = self.raw[start : start + tags.get(_DT_RELASZ, 0)]
            yield from struct.unpack(f"<{len(raw) // 8}Q", raw[: len(raw) & ~7])[2::3]
        start = self._offset(tags.get(_DT_RELR, 0)) if _DT_RELR in tags else None
        if start is not None:
            raw = self.raw[start : start + tags.get(_DT_RELRSZ, 0)]
            for place in _packed(struct.unpack(f"<{len(raw) // 8}Q", raw[: len(raw) & ~7])):
                at = self._offset(place)
                if at is not None and at + 8 <= len(self.raw):
                    yield int.from_bytes(self.raw[at : at + 8], "little")


def _packed(words: Iterable[int]) -> Iterator[int]:
    """Places that SHT_RELR names: an address, then bitmaps of the 63 words behind it."""
    where = 0
    for word in words:
        if not word & 1:
            yield word
            where = word + 8
            continue
        for bit in range(63):
            if word >> (bit + 1) & 1:
                yield where + 8 * bit
        where += 63 * 8


def _encoded_size(encoding: int) -> int:
    """Bytes of a pointer in a DWARF encoding (LSB Core, 10.5)."""
    return {0: 8, 2: 2, 3: 4, 4: 8}.get(encoding & 7, 8)


def _disjoint(bounds: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Sorted ranges; those that overlap become one."""
    start, end = 0, 0
    for begin, stop in sorted(bounds):
        if begin < end:
            end = max(end, stop)
            continue
        if start < end:
            yield start, end
        start, end = begin, stop
    if start < end:
        yield start, end
