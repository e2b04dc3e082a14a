# SPDX-License-Identifier: BSD-3-Clause
"""Small valid inputs from which the fuzzers start: without them they would only see refusals."""

from __future__ import annotations

import struct
from collections.abc import Sequence

PT_LOAD, PT_INTERP, PT_GNU_STACK = 1, 3, 0x6474E551
EHDR = struct.Struct("<16sHHIQQQIHHHHHH")
PHDR = struct.Struct("<IIQQQQQQ")
Header = tuple[int, int, int, int, int, int, int]  # type flags offset vaddr filesz memsz align


def elf(kind: int, headers: Sequence[Header], tail: bytes = b"", machine: int = 62) -> bytes:
    """An ELF file of type ``kind`` (2 EXEC, 3 DYN) with these program headers."""
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    size = EHDR.size + PHDR.size * len(headers)
    head = EHDR.pack(
        ident, kind, machine, 1, 0x401000, EHDR.size, 0, 0, 64, 56, len(headers), 64, 0, 0
    )
    body = b"".join(
        PHDR.pack(type_, flags, offset, vaddr, vaddr, filesz, memsz, align)
        for type_, flags, offset, vaddr, filesz, memsz, align in headers
    )
    return (head + body + tail).ljust(size, b"\0")


def elf_seeds() -> dict[str, bytes]:
    """Programs of each shape, and files one step from being one."""
    interpreter = b"/lib64/ld-linux-x86-64.so.2\0"
    text = (PT_LOAD, 5, 0, 0x400000, 0x1000, 0x1000, 0x1000)
    data = (PT_LOAD, 6, 0x1000, 0x401000, 0x10, 0x5000, 0x1000)
    stack = (PT_GNU_STACK, 6, 0, 0, 0, 0, 16)
    at = EHDR.size + PHDR.size * 3
    named = (PT_INTERP, 4, at, at, len(interpreter), len(interpreter), 1)
    pie = (PT_LOAD, 5, 0, 0, 0x200, 0x200, 0x200000)
    return {
        "static": elf(2, [text, data, stack]),
        "dynamic": elf(3, [pie, named, stack], interpreter),
        "no-nul": elf(3, [pie, named, stack], interpreter.replace(b"\0", b"x")),
        "no-load": elf(2, [stack]),
        "cut": elf(3, [pie, named, stack])[:-8],
        "machine": elf(2, [text], machine=183),
        "huge-align": elf(3, [(PT_LOAD, 5, 0, 0, 1, 1, 1 << 62)]),
        "backwards": elf(2, [(PT_LOAD, 5, 0, 0x400000, 0x20, 0x10, 0x1000)]),
        "beyond": elf(2, [(PT_LOAD, 5, 0, 0x7FFFFFFFF000, 0x10, 0x10, 0x1000)]),
        "skewed": elf(2, [(PT_LOAD, 5, 8, 0x400000, 0x10, 0x10, 0x1000)]),
        "overflow": elf(2, [(PT_LOAD, 5, (1 << 63) - 0x1000, 0, 0x10, 0x10, 0x1000)]),
    }


def cpio(entries: Sequence[tuple[str, bytes]], *, page: bool = False) -> bytes:
    """A newc archive; with ``page`` file data is followed by zeros up to a page, as ours is."""
    out = b""
    for number, (name, content) in enumerate([*entries, ("TRAILER!!!", b"")]):
        fields = (number, 0o100644, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
        out += b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
        out += bytes(-len(out) % 4) + content
        out += bytes(-len(out) % (4096 if page and content else 4))
    return out


def cpio_seeds() -> dict[str, bytes]:
    """Archives with and without page alignment, cut and with odd digits."""
    plain = cpio([("etc", b""), ("etc/passwd", b"root:x:0:0\n"), ("bin/sh", b"\x7fELF" * 9)])
    paged = cpio([("a", b"one"), ("b", b"two")], page=True)
    return {
        "plain": plain,
        "paged": paged,
        "upper": plain.replace(b"0000000b", b"0000000B"),
        "cut": plain[:150],
        "empty": cpio([]),
        "bad-digit": plain.replace(b"000081a4", b"0000x1a4", 1),
        "no-name": plain.replace(b"0000000b", b"00000000", 1),
        "too-long": plain.replace(b"00000024", b"0fffffff", 1),
        "zeros": plain[:116] + bytes(40) + plain[116:],
    }
