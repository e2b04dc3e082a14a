# SPDX-License-Identifier: BSD-3-Clause
"""The fast reader: header, program headers and dynamic section of one ELF file, in ~0.2 ms.

`elfin run` reads every library of a program with it; pyelftools (60 ms to import) serves only
`elfin inspect` (see details.py). Layouts: System V ABI, chapters 4 and 5; elf(5).
Everything is checked against the file's size before it is used: a file cut anywhere inside what a
loader reads is a BadElf, never an IndexError.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path

from elfin.host.errors import BadElf, CannotRun, NotFound
from elfin.model.elf import ElfFacts, ElfType, Linkage, LoadSegment, SegmentFlags

SUPPORTED = "Elfin runs x86_64 and aarch64"

_EHDR = struct.Struct("<HHIQQQIHHHHHH")  # from e_type on
_PHDR = struct.Struct("<IIQQQQQQ")
_DYN = struct.Struct("<QQ")
_NOTE = struct.Struct("<III")

_PT_LOAD, _PT_DYNAMIC, _PT_INTERP, _PT_NOTE, _PT_TLS, _PT_GNU_STACK = 1, 2, 3, 4, 7, 0x6474E551
_DT_NEEDED, _DT_STRTAB, _DT_STRSZ, _DT_SONAME, _DT_RPATH, _DT_RUNPATH = 1, 5, 10, 14, 15, 29
_DT_FLAGS_1, _DF_1_PIE = 0x6FFFFFFB, 0x08000000
_NT_GNU_BUILD_ID = 3

_TYPES = {1: ElfType.REL, 2: ElfType.EXEC, 3: ElfType.DYN, 4: ElfType.CORE}
_MACHINES = {
    3: "i386", 8: "mips", 20: "ppc", 21: "ppc64", 22: "s390x", 40: "arm", 43: "sparc64",
    62: "x86_64", 183: "aarch64", 243: "riscv", 258: "loongarch",
}  # fmt: skip
_RUNNABLE = frozenset(("x86_64", "aarch64"))
_SANE_BYTES = 1 << 24  # no string table of a dynamic section, and no note, is larger


@dataclass(frozen=True, slots=True)
class _Segment:
    kind: int
    flags: int
    offset: int
    address: int
    file_size: int
    memory_size: int
    align: int


class _File:
    """Positioned reads of one open file, each checked against its size."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.descriptor = descriptor
        self.size = os.fstat(descriptor).st_size

    def read(self, offset: int, size: int) -> bytes:
        """Exactly ``size`` bytes; BadElf where the file ends before."""
        if offset < 0 or size < 0 or offset + size > self.size:
            raise self.truncated(offset + size)
        return os.pread(self.descriptor, size, offset)

    def truncated(self, needed: int) -> BadElf:
        """The error of a file that ends too early."""
        promise = f"its headers speak of {needed:,} bytes, the file has {self.size:,}"
        return BadElf(f"{self.path} is truncated: {promise}", hint="copy or download it again")


def read_facts(path: Path) -> ElfFacts:
    """The facts of a program or library that Elfin's kernels could map.

    Raises NotFound (no such file), CannotRun (a directory, unreadable), BadElf (not an ELF, empty,
    truncated, 32-bit, wrong machine or byte order, an object file or core dump).
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise NotFound(f"{path} does not exist") from error
    except OSError as error:
        raise CannotRun(f"{path} cannot be read: {error.strerror}") from error
    try:
        return _facts(_File(path, descriptor))
    except IsADirectoryError as error:
        raise CannotRun(f"{path} is a directory, not a program") from error
    finally:
        os.close(descriptor)


def is_elf(path: Path) -> bool:
    """True when the file starts with ELF's magic; False for anything else, absent files too."""
    try:
        with path.open("rb") as file:
            return file.read(4) == b"\x7fELF"
    except OSError:
        return False


def _facts(file: _File) -> ElfFacts:
    ident = os.pread(file.descriptor, 20, 0)
    _check_ident(file, ident)
    fields = _EHDR.unpack(file.read(16, _EHDR.size))
    kind, machine_number, _, entry, table, _, _, _, entry_size, count = fields[:10]
    machine = _MACHINES.get(machine_number, f"machine {machine_number}")
    _check_machine(file.path, machine)
    elf_type = _TYPES.get(kind, ElfType.OTHER)
    if elf_type not in (ElfType.EXEC, ElfType.DYN):
        raise _not_a_program(file.path, elf_type)
    if count == 0 or entry_size != _PHDR.size:
        raise BadElf(f"{file.path} has no program headers; it cannot be loaded")
    raw = file.read(table, count * entry_size)
    segments = [_segment(*fields) for fields in _PHDR.iter_unpack(raw)]
    _check_extents(file, segments)
    return _assemble(file, machine, elf_type, entry, segments)


def _segment(kind: int, flags: int, offset: int, address: int, _: int, *sizes: int) -> _Segment:
    return _Segment(kind, flags, offset, address, *sizes)


def _assemble(
    file: _File, machine: str, elf_type: ElfType, entry: int, segments: list[_Segment]
) -> ElfFacts:
    tags = _dynamic(file, segments)
    strings = _strings(file, segments, tags)
    interpreter = _interpreter(file, segments)
    stack = [s.flags for s in segments if s.kind == _PT_GNU_STACK]
    return ElfFacts(
        path=file.path,
        machine=machine,
        bits=64,
        little_endian=True,
        type=elf_type,
        linkage=_linkage(elf_type, interpreter, tags),
        entry=entry,
        interpreter=interpreter,
        soname=next((strings(value) for tag, value in tags if tag == _DT_SONAME), None),
        needed=tuple(strings(value) for tag, value in tags if tag == _DT_NEEDED),
        rpath=_paths(strings(value) for tag, value in tags if tag == _DT_RPATH),
        runpath=_paths(strings(value) for tag, value in tags if tag == _DT_RUNPATH),
        segments=tuple(_load(s) for s in segments if s.kind == _PT_LOAD),
        build_id=_build_id(file, segments),
        executable_stack=bool(stack and stack[0] & SegmentFlags.X),
        tls=any(s.kind == _PT_TLS for s in segments),
    )


def _load(segment: _Segment) -> LoadSegment:
    return LoadSegment(
        offset=segment.offset,
        address=segment.address,
        file_size=segment.file_size,
        memory_size=segment.memory_size,
        flags=SegmentFlags(segment.flags & 7),
        align=segment.align,
    )


def _check_ident(file: _File, ident: bytes) -> None:
    path = file.path
    if not ident:
        raise BadElf(f"{path} is empty, not a program")
    if ident[:4] != b"\x7fELF"[: len(ident)] or len(ident) < 4:
        raise BadElf(f"{path} is not an ELF program ({_looks_like(ident)})")
    if len(ident) < 20:
        raise file.truncated(64)
    order = "<" if ident[5] == 1 else ">"
    machine = _MACHINES.get(struct.unpack(order + "H", ident[18:20])[0], "unknown machine")
    if ident[4] == 1:
        name = "x32" if machine == "x86_64" else machine
        raise BadElf(f"{path} is a 32-bit program ({name}); {SUPPORTED}")
    if ident[4] != 2 or ident[5] not in (1, 2):
        raise BadElf(f"{path} has a damaged ELF header (class {ident[4]}, byte order {ident[5]})")
    if ident[5] == 2:
        raise BadElf(f"{path} is a big-endian program ({machine}); {SUPPORTED}")


def _looks_like(head: bytes) -> str:
    known = {
        b"MZ": "a Windows program",
        b"#!": "a script",
        b"PK": "a zip archive",
        b"\x1f\x8b": "a gzip file",
        b"\xcf\xfa\xed\xfe": "a macOS program",
        b"\xca\xfe\xba\xbe": "a Java class or macOS program",
        b"!<arch>": "a static library or package",
    }
    for magic, name in known.items():
        if head.startswith(magic):
            return name
    if all(byte >= 32 or byte in b"\t\n\r" for byte in head):
        return "it looks like text; a script needs a #! line"
    return "it starts with " + head[:4].hex(" ")


def _check_machine(path: Path, machine: str) -> None:
    if machine not in _RUNNABLE:
        raise BadElf(f"{path} is a {machine} program; {SUPPORTED}")


def _not_a_program(path: Path, kind: ElfType) -> BadElf:
    if kind is ElfType.REL:
        return BadElf(f"{path} is an object file, not a program", hint="link it first")
    if kind is ElfType.CORE:
        return BadElf(f"{path} is a core dump, not a program")
    return BadElf(f"{path} is an ELF file of an unknown type, not a program")


def _check_extents(file: _File, segments: list[_Segment]) -> None:
    if not any(s.kind == _PT_LOAD for s in segments):
        raise BadElf(f"{file.path} has nothing to load; it is not a program")
    for segment in segments:
        if segment.kind in (_PT_LOAD, _PT_DYNAMIC, _PT_INTERP):
            end = segment.offset + segment.file_size
            if end > file.size:
                raise file.truncated(end)
        if segment.kind == _PT_LOAD and segment.file_size > segment.memory_size:
            raise BadElf(f"{file.path} is damaged: a segment is larger in the file than in memory")


def _interpreter(file: _File, segments: list[_Segment]) -> str | None:
    for segment in segments:
        if segment.kind == _PT_INTERP:
            if not 2 <= segment.file_size <= 4096:  # PATH_MAX, as the kernel checks it
                raise BadElf(f"{file.path} is damaged: its interpreter's name is not a path")
            raw = file.read(segment.offset, segment.file_size)
            return os.fsdecode(raw.split(b"\0", 1)[0])
    return None


def _dynamic(file: _File, segments: list[_Segment]) -> list[tuple[int, int]]:
    for segment in segments:
        if segment.kind == _PT_DYNAMIC:
            size = segment.file_size - segment.file_size % _DYN.size
            tags: list[tuple[int, int]] = []
            for tag, value in _DYN.iter_unpack(file.read(segment.offset, size)):
                if tag == 0:
                    break
                tags.append((tag, value))
            return tags
    return []


class _Strings:
    """The dynamic string table, called with an offset."""

    def __init__(self, path: Path, raw: bytes) -> None:
        self._path = path
        self._raw = raw

    def __call__(self, offset: int) -> str:
        end = self._raw.find(b"\0", offset)
        if offset >= len(self._raw) or end < 0:
            raise BadElf(f"{self._path} is damaged: a name lies outside its string table")
        return os.fsdecode(self._raw[offset:end])


def _strings(file: _File, segments: list[_Segment], tags: list[tuple[int, int]]) -> _Strings:
    values = dict(tags)
    address, size = values.get(_DT_STRTAB), values.get(_DT_STRSZ, 0)
    if address is None:
        return _Strings(file.path, b"")
    for segment in segments:
        start = segment.address
        if segment.kind == _PT_LOAD and start <= address < start + segment.file_size:
            if size > _SANE_BYTES:
                break
            return _Strings(file.path, file.read(segment.offset + address - start, size))
    raise BadElf(f"{file.path} is damaged: its dynamic string table lies outside the file")


def _paths(values: object) -> tuple[str, ...]:
    assert hasattr(values, "__iter__")
    return tuple(part for value in values for part in value.split(":") if part)


def _linkage(kind: ElfType, interpreter: str | None, tags: list[tuple[int, int]]) -> Linkage:
    if interpreter is not None:
        return Linkage.DYNAMIC
    if kind is ElfType.EXEC:
        return Linkage.STATIC
    flags = dict(tags).get(_DT_FLAGS_1, 0)
    has_needed = any(tag in (_DT_NEEDED, _DT_SONAME) for tag, _ in tags)
    if flags & _DF_1_PIE or not has_needed:
        return Linkage.STATIC_PIE
    return Linkage.SHARED_LIBRARY


def _build_id(file: _File, segments: list[_Segment]) -> str | None:
    for segment in segments:
        if segment.kind != _PT_NOTE or segment.offset + segment.file_size > file.size:
            continue
        raw = file.read(segment.offset, min(segment.file_size, _SANE_BYTES))
        found = _find_note(raw, b"GNU\0", _NT_GNU_BUILD_ID, segment.align)
        if found is not None:
            return found.hex()
    return None


def _find_note(raw: bytes, owner: bytes, kind: int, align: int) -> bytes | None:
    step = 8 if align == 8 else 4
    at = 0
    while at + _NOTE.size <= len(raw):
        name_size, size, note_kind = _NOTE.unpack_from(raw, at)
        name_at = at + _NOTE.size
        body_at = name_at + -(-name_size // 4) * 4 if step == 4 else _up(name_at + name_size, 8)
        if raw[name_at : name_at + name_size] == owner and note_kind == kind:
            return raw[body_at : body_at + size]
        at = _up(body_at + size, step)
    return None


def _up(value: int, step: int) -> int:
    return -(-value // step) * step
