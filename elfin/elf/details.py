# SPDX-License-Identifier: BSD-3-Clause
"""What `elfin inspect` needs of a file beyond its header: sections, functions, symbols, pointers.

pyelftools reads sections, symbols, notes and relocations; the function table of .eh_frame_hdr is
read here, because pyelftools parses all of .eh_frame for it (seconds for a libc). Importing this
module costs 60 ms: the path of `run` never does.
"""

from __future__ import annotations

import re
import struct
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection
from elftools.elf.sections import NoteSection, SymbolTableSection

from elfin.host.errors import BadElf
from elfin.model.code import CodeFile, Section, Text

_SHF_ALLOC, _SHF_EXECINSTR = 2, 4
_PF_X = 1
_RELATIVE = {"EM_X86_64": (8, 37), "EM_AARCH64": (1027, 1032)}  # *_RELATIVE, *_IRELATIVE
# R_*_64 or ABS64, GLOB_DAT, JUMP_SLOT
_SYMBOLIC = {"EM_X86_64": (1, 6, 7), "EM_AARCH64": (257, 1025, 1026)}
_SHN_UNDEF, _STT_NOTYPE, _STT_FUNC, _STT_GNU_IFUNC = 0, 0, 2, 10
_SYMBOL = struct.Struct("<IBBHQQ")  # name, info, other, section, value, size
_WORD = re.compile(rb"\0([A-Za-z_][A-Za-z0-9_]+)(?=\0)")
_MACHINES = {"EM_X86_64": "x86_64", "EM_AARCH64": "aarch64"}
_FDE_HEADER = struct.Struct("<IIiI")  # length, CIE pointer, pc begin (pcrel), pc range


def read_code(path: Path) -> CodeFile:
    """Everything about the code of ``path``. BadElf where its section data makes no sense."""
    try:
        with path.open("rb") as file:
            return _Reader(path, ELFFile(file)).read()
    except (ELFError, struct.error, UnicodeDecodeError) as error:
        raise BadElf(f"{path} is damaged: {error}") from error


class _Reader:
    """One open file."""

    def __init__(self, path: Path, elf: ELFFile) -> None:
        self.path, self.elf = path, elf
        self.names: dict[int, dict[str, None]] = defaultdict(dict)
        self.bounds: dict[int, int] = {}  # start → end
        self.exports: dict[str, int] = {}
        self.imports: set[str] = set()
        self.dynamic_symbols: list[str] = []

    def read(self) -> CodeFile:
        """The whole of it."""
        texts = tuple(self._texts())
        self._unwind_functions()
        self._symbols()
        functions = tuple(_disjoint(self.bounds.items()))
        dynamic = self.elf.get_section_by_name(".dynamic") or self._segment("PT_DYNAMIC")
        return CodeFile(
            path=self.path,
            machine=_MACHINES.get(self.elf["e_machine"], str(self.elf["e_machine"])),
            entry=self.elf["e_entry"],
            soname=self._soname(),
            sections=tuple(self._sections()),
            texts=texts,
            functions=functions,
            names={start: tuple(names) for start, names in self.names.items()},
            exports=self.exports,
            imports=frozenset(self.imports),
            pointers=self._pointers(functions, texts),
            slots=self._slots(),
            words=self._words(),
            properties=tuple(self._properties()),
            dynamic=dynamic is not None,
        )

    def _sections(self) -> Iterator[Section]:
        for section in self.elf.iter_sections():
            yield Section(
                section.name,
                str(section["sh_type"]).removeprefix("SHT_"),
                section["sh_addr"],
                section["sh_offset"],
                section["sh_size"],
                bool(section["sh_flags"] & _SHF_EXECINSTR),
            )

    def _texts(self) -> Iterator[Text]:
        """Executable sections; executable segments where the sections were stripped."""
        found = False
        for section in self.elf.iter_sections():
            wanted = _SHF_ALLOC | _SHF_EXECINSTR
            if section["sh_flags"] & wanted == wanted and section["sh_type"] == "SHT_PROGBITS":
                found = True
                yield Text(section["sh_addr"], section.data())
        if not found:
            for segment in self.elf.iter_segments("PT_LOAD"):
                if segment["p_flags"] & _PF_X:
                    yield Text(segment["p_vaddr"], segment.data())

    def _segment(self, kind: str) -> object | None:
        return next(self.elf.iter_segments(kind), None)

    def _soname(self) -> str | None:
        for segment in self.elf.iter_segments("PT_DYNAMIC"):
            assert isinstance(segment, DynamicSegment)
            for tag in segment.iter_tags("DT_SONAME"):
                return str(getattr(tag, "soname", ""))
        return None

    def _symbols(self) -> None:
        """Both symbol tables, by hand: pyelftools takes a minute for the 200,000 of a big one."""
        for name in (".dynsym", ".symtab"):
            section = self.elf.get_section_by_name(name)
            if not isinstance(section, SymbolTableSection):
                continue
            strings = self.elf.get_section(section["sh_link"]).data()
            raw = section.data()
            usable = len(raw) - len(raw) % _SYMBOL.size
            for at, info, _, home, start, size in _SYMBOL.iter_unpack(raw[:usable]):
                symbol = strings[at : strings.find(b"\0", at)].decode(errors="replace")
                if name == ".dynsym":
                    self.dynamic_symbols.append(symbol)
                if symbol:
                    self._symbol(symbol, info & 15, home, start, size, dynamic=name == ".dynsym")

    def _symbol(
        self, name: str, kind: int, home: int, start: int, size: int, *, dynamic: bool
    ) -> None:
        if home == _SHN_UNDEF:
            if dynamic and kind in (_STT_NOTYPE, _STT_FUNC):
                self.imports.add(name)
            return
        if kind not in (_STT_FUNC, _STT_GNU_IFUNC):
            return
        self.names[start].setdefault(name)
        if dynamic:
            self.exports[name] = start
        if size:  # __clone's FDE ends before its syscall; its symbol does not
            self.bounds[start] = max(self.bounds.get(start, 0), start + size)

    def _slots(self) -> dict[int, str]:
        """Where the loader writes addresses of dynamic symbols: PLT, GOT and plain data."""
        kinds = _SYMBOLIC.get(self.elf["e_machine"], ())
        found = {}
        for section in self.elf.iter_sections():
            if isinstance(section, RelocationSection) and section.is_RELA():
                for place, info, _ in struct.iter_unpack("<QQq", section.data()):
                    if info & 0xFFFFFFFF in kinds and info >> 32 < len(self.dynamic_symbols):
                        found[place] = self.dynamic_symbols[info >> 32]
        return found

    def _words(self) -> frozenset[str]:
        """Identifiers among the constants, where names are looked up at run time."""
        if not self.imports & {"dlsym", "dlvsym"}:
            return frozenset()
        found: set[str] = set()
        for section in self.elf.iter_sections():
            if section["sh_type"] == "SHT_PROGBITS" and section.name.startswith(
                (".rodata", ".data")
            ):
                found.update(word.decode() for word in _WORD.findall(section.data()))
        return frozenset(found)

    def _unwind_functions(self) -> None:
        """(start, end) of every FDE, through the sorted table of .eh_frame_hdr.

        LSB Core, "DWARF Extensions": version 1, then the encodings 0x1b 0x03 0x3b, which every
        toolchain writes; another encoding leaves the symbols to say where functions are.
        """
        header = self.elf.get_section_by_name(".eh_frame_hdr")
        frames = self.elf.get_section_by_name(".eh_frame")
        if header is None or frames is None:
            return
        raw, content = header.data(), frames.data()
        if raw[:4] != b"\x01\x1b\x03\x3b":
            return
        base, start = header["sh_addr"], frames["sh_addr"]
        (count,) = struct.unpack_from("<I", raw, 8)
        for index in range(min(count, (len(raw) - 12) // 8)):
            pc, at = struct.unpack_from("<ii", raw, 12 + 8 * index)
            offset = base + at - start
            if 0 <= offset <= len(content) - _FDE_HEADER.size:
                size = _FDE_HEADER.unpack_from(content, offset)[3]
                self.bounds[base + pc] = base + pc + size

    def _pointers(
        self, functions: Sequence[tuple[int, int]], texts: Sequence[Text]
    ) -> dict[str, frozenset[int]]:
        """Function addresses in data: relocated ones, and plain ones in a fixed-address program.

        Without a function table every word that points into the text may be one.
        """
        starts: Container[int] = {start for start, _ in functions}
        if not functions:
            starts = _Ranges(tuple(range(text.address, text.end) for text in texts))
        found: dict[str, set[int]] = defaultdict(set)
        data = [s for s in self.elf.iter_sections() if s["sh_flags"] & _SHF_ALLOC and s["sh_addr"]]
        data.sort(key=lambda section: section["sh_addr"])
        addresses = [section["sh_addr"] for section in data]
        kinds = _RELATIVE.get(self.elf["e_machine"], ())
        for section in self.elf.iter_sections():
            if not isinstance(section, RelocationSection) or not section.is_RELA():
                continue
            for place, kind, addend in _relocations(section.data()):
                if kind in kinds and addend in starts:
                    index = bisect_right(addresses, place) - 1
                    found[data[index].name if index >= 0 else "?"].add(addend)
        if self.elf["e_type"] == "ET_EXEC":
            for section in data:
                if section["sh_type"] == "SHT_NOBITS" or section["sh_flags"] & _SHF_EXECINSTR:
                    continue
                words = memoryview(section.data()[: section["sh_size"] & ~7]).cast("Q")
                found[section.name].update(word for word in words if word in starts)
        return {name: frozenset(values) for name, values in found.items() if values}

    def _properties(self) -> Iterator[str]:
        for section in self.elf.iter_sections():
            if not isinstance(section, NoteSection) or section.name != ".note.gnu.property":
                continue
            for note in section.iter_notes():
                for item in note["n_desc"] if isinstance(note["n_desc"], list) else ():
                    yield from _property(str(item["pr_type"]), item["pr_data"])


class _Ranges:
    """Addresses that lie in one of a few ranges."""

    def __init__(self, ranges: Sequence[range]) -> None:
        self._ranges = ranges

    def __contains__(self, address: object) -> bool:
        return any(address in one for one in self._ranges)


def _relocations(raw: bytes) -> Iterator[tuple[int, int, int]]:
    """(place, type, addend) of Elf64_Rela entries."""
    for place, info, addend in struct.iter_unpack("<QQq", raw):
        yield place, info & 0xFFFFFFFF, addend


_X86_FEATURES = ((1, "IBT"), (2, "SHSTK"))
_X86_ISA = ((1, "x86-64-baseline"), (2, "x86-64-v2"), (4, "x86-64-v3"), (8, "x86-64-v4"))


def _property(kind: str, value: object) -> Iterator[str]:
    if not isinstance(value, int):
        return
    if kind == "GNU_PROPERTY_X86_FEATURE_1_AND":
        names = [name for bit, name in _X86_FEATURES if value & bit]
        yield f"x86 feature: {', '.join(names)}"
    elif kind == "GNU_PROPERTY_X86_ISA_1_NEEDED":
        names = [name for bit, name in _X86_ISA if value & bit]
        yield f"x86 ISA needed: {', '.join(names)}"


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
