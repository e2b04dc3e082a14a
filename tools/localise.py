#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Make every defined global symbol of an ELF relocatable local, except the exported ones.

The kernel is one relocatable object that foreign objects may one day be linked with, so it must not
claim names such as ``memcpy``. ``ld.lld -r`` cannot hide names and ``objcopy`` knows one machine
only, so this rewrites the symbol table itself (64-bit little-endian ELF, any machine):

- a defined global or weak symbol becomes local unless it is exported;
- locals are sorted before globals, as the ELF specification asks (gABI, "Symbol Table");
- every relocation and section group is renumbered to the new order.

The layout of the file does not change: only bytes inside existing sections are rewritten.

Exported are the names given with ``--keep``, the ``ENTRY(...)`` and ``EXTERN(...)`` of the link
scripts given with ``--script``, and the defined names that begin with ``--public`` and have default
visibility. ``--list`` writes the resulting list, one name per line: the generated list of A3.
"""

from __future__ import annotations

import argparse
import re
import struct
import sys
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

EHDR = struct.Struct("<16sHHIQQQIHHHHHH")
SHDR = struct.Struct("<IIQQQQIIQQ")
SYM = struct.Struct("<IBBHQQ")

ET_REL = 1
SHT_SYMTAB, SHT_RELA, SHT_REL, SHT_GROUP, SHT_SYMTAB_SHNDX = 2, 4, 9, 17, 18
SHN_UNDEF, SHN_COMMON = 0, 0xFFF2
STB_LOCAL, STB_GLOBAL, STB_WEAK = 0, 1, 2
STV_DEFAULT = 0


class LocaliseError(Exception):
    """The file is not something this tool can rewrite; the text says why."""


@dataclass(frozen=True, slots=True)
class Section:
    """The fields of one section header that matter here."""

    index: int
    type: int
    offset: int
    size: int
    link: int
    info: int
    header_offset: int


@dataclass(frozen=True, slots=True)
class Symbol:
    """One symbol table entry with its name and its old index."""

    old_index: int
    name: str
    name_offset: int
    info: int
    other: int
    shndx: int
    value: int
    size: int

    @property
    def bind(self) -> int:
        return self.info >> 4

    @property
    def is_defined(self) -> bool:
        return self.shndx != SHN_UNDEF

    @property
    def visibility(self) -> int:
        return self.other & 3

    def packed(self, *, local: bool) -> bytes:
        """The entry's bytes; ``local`` demotes it (a local symbol has default visibility)."""
        info = (self.info & 15) | (STB_LOCAL << 4) if local else self.info
        other = self.other & ~3 if local else self.other
        return SYM.pack(self.name_offset, info, other, self.shndx, self.value, self.size)


def read_sections(data: bytes | bytearray) -> list[Section]:
    """All section headers of a 64-bit little-endian relocatable.

    Raises:
        LocaliseError: not such a file.
    """
    if len(data) < EHDR.size or bytes(data[:6]) != b"\x7fELF\x02\x01":
        raise LocaliseError("not a 64-bit little-endian ELF file")
    header = EHDR.unpack_from(data)
    kind, section_offset, count = header[1], header[6], header[12]
    if kind != ET_REL:
        raise LocaliseError("not a relocatable object")
    if count == 0 and section_offset:  # more than 65279 sections: the count stands in section 0
        count = SHDR.unpack_from(data, section_offset)[5]
    sections = []
    for index in range(count):
        at = section_offset + index * SHDR.size
        _, type_, _, _, offset, size, link, info, _, _ = SHDR.unpack_from(data, at)
        sections.append(Section(index, type_, offset, size, link, info, at))
    return sections


def read_symbols(data: bytes | bytearray, sections: list[Section], table: Section) -> list[Symbol]:
    """The symbol table's entries in file order."""
    strings = sections[table.link]
    names = bytes(data[strings.offset : strings.offset + strings.size])
    raw = bytes(data[table.offset : table.offset + table.size])
    symbols = []
    for index, (name, info, other, shndx, value, size) in enumerate(SYM.iter_unpack(raw)):
        text = names[name : names.index(b"\0", name)].decode()
        symbols.append(Symbol(index, text, name, info, other, shndx, value, size))
    return symbols


def exported_by_script(text: str) -> set[str]:
    """Names that a link script takes from the object: its ENTRY and EXTERN commands."""
    names: set[str] = set()
    commands = re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL)
    for match in re.finditer(r"\b(?:ENTRY|EXTERN)\s*\(([^)]*)\)", commands):
        names.update(match.group(1).split())
    return names


def select_exports(symbols: Iterable[Symbol], keep: set[str], public: tuple[str, ...]) -> set[str]:
    """The defined global names that stay global."""
    exports = set()
    for symbol in symbols:
        if symbol.bind == STB_LOCAL or not symbol.is_defined:
            continue
        shown = symbol.visibility == STV_DEFAULT and symbol.name.startswith(public)
        if symbol.name in keep or (public and shown):
            exports.add(symbol.name)
    return exports


def localise(data: bytearray, exports: set[str]) -> None:
    """Rewrite ``data`` in place so that ``exports`` are its only defined global symbols."""
    sections = read_sections(data)
    tables = [section for section in sections if section.type == SHT_SYMTAB]
    if len(tables) != 1:
        raise LocaliseError(f"expected one symbol table, found {len(tables)}")
    table = tables[0]
    symbols = read_symbols(data, sections, table)

    locals_: list[bytes] = []
    globals_: list[bytes] = []
    order_local: list[int] = []
    order_global: list[int] = []
    for symbol in symbols:
        if symbol.shndx == SHN_COMMON:
            raise LocaliseError(f"common symbol {symbol.name}: compile with -fno-common")
        demote = symbol.is_defined and symbol.bind != STB_LOCAL and symbol.name not in exports
        if symbol.bind == STB_LOCAL or demote:
            locals_.append(symbol.packed(local=demote))
            order_local.append(symbol.old_index)
        else:
            globals_.append(symbol.packed(local=False))
            order_global.append(symbol.old_index)

    order = order_local + order_global
    new_index = [0] * len(order)
    for new, old in enumerate(order):
        new_index[old] = new

    data[table.offset : table.offset + table.size] = b"".join(locals_ + globals_)
    struct.pack_into("<I", data, table.header_offset + 44, len(locals_))  # sh_info: first global
    for section in sections:
        if section.link != table.index:
            continue
        if section.type in (SHT_RELA, SHT_REL):
            renumber_relocations(data, section, new_index)
        elif section.type == SHT_GROUP:
            struct.pack_into("<I", data, section.header_offset + 44, new_index[section.info])
        elif section.type == SHT_SYMTAB_SHNDX:
            reorder_section_indexes(data, section, order)


def renumber_relocations(data: bytearray, section: Section, new_index: list[int]) -> None:
    """Give each relocation of ``section`` its symbol's new index."""
    words = array("Q", bytes(data[section.offset : section.offset + section.size]))
    step = 3 if section.type == SHT_RELA else 2
    words[1::step] = array(
        "Q",
        [new_index[info >> 32] << 32 | (info & 0xFFFFFFFF) for info in words[1::step]],
    )
    data[section.offset : section.offset + section.size] = words.tobytes()


def reorder_section_indexes(data: bytearray, section: Section, order: list[int]) -> None:
    """Sort the extended section indexes like the symbols they belong to."""
    words = array("I", bytes(data[section.offset : section.offset + section.size]))
    words = array("I", [words[old] for old in order])
    data[section.offset : section.offset + section.size] = words.tobytes()


def run(arguments: list[str]) -> None:
    """Do what the command line says.

    Raises:
        LocaliseError: the input cannot be rewritten, or an entry symbol is not defined in it.
    """
    parser = argparse.ArgumentParser(description="localise the symbols of a relocatable ELF")
    parser.add_argument("input", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--keep", action="append", default=[], metavar="NAME")
    parser.add_argument("--script", action="append", default=[], type=Path)
    parser.add_argument("--public", action="append", default=[], metavar="PREFIX")
    parser.add_argument("--list", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)

    keep = set(options.keep)
    for script in options.script:
        keep |= exported_by_script(script.read_text(encoding="utf-8"))
    data = bytearray(options.input.read_bytes())
    sections = read_sections(data)
    symbols = [
        symbol
        for table in sections
        if table.type == SHT_SYMTAB
        for symbol in read_symbols(data, sections, table)
    ]
    exports = select_exports(symbols, keep, tuple(options.public))
    missing = keep - exports
    if missing:
        raise LocaliseError(f"to be exported but not defined: {', '.join(sorted(missing))}")
    localise(data, exports)
    options.output.write_bytes(data)
    if options.list:
        options.list.write_text("".join(f"{name}\n" for name in sorted(exports)), encoding="utf-8")


if __name__ == "__main__":
    try:
        run(sys.argv[1:])
    except LocaliseError as error:
        sys.exit(f"localise: {error}")
