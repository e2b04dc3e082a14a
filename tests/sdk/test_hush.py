# SPDX-License-Identifier: BSD-3-Clause
"""tools/hush.py on small objects: calls become no-operations, jumps returns, others are refused."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from elfin.kernel_build.toolchain import zig
from tools.hush import NO_OPERATION, RETURN, hush
from tools.localise import SHT_SYMTAB, LocaliseError, read_sections, read_symbols

NAMES = frozenset({"announce"})


def assembled(tmp_path: Path, text: str) -> bytearray:
    """The object of an assembly source."""
    source, target = tmp_path / "a.S", tmp_path / "a.o"
    source.write_text(f".text\nf:\n{text}\n", encoding="ascii")
    command = [zig(), "cc", "-target", "x86_64-freestanding-none", "-c", str(source)]
    subprocess.run([*command, "-o", str(target)], check=True)
    return bytearray(target.read_bytes())


def is_code(data: bytearray, header: int) -> bool:
    """SHF_EXECINSTR is set."""
    return bool(int.from_bytes(data[header + 8 : header + 16], "little") & 4)


def code(data: bytearray) -> bytes:
    """The bytes of .text, the only section of code."""
    (text,) = (s for s in read_sections(data) if s.type == 1 and is_code(data, s.header_offset))
    return bytes(data[text.offset : text.offset + text.size])


def test_calls_and_jumps(tmp_path: Path) -> None:
    """Other calls stay; the symbol is nobody's wish any more."""
    data = assembled(tmp_path, "call announce\ncall other\nnop\njmp announce")
    before = code(data)
    assert hush(data, NAMES) == 2
    assert code(data) == NO_OPERATION + before[5:11] + RETURN
    sections = read_sections(data)
    (table,) = (s for s in sections if s.type == SHT_SYMTAB)
    undefined = {s.name for s in read_symbols(data, sections, table) if not s.is_defined}
    assert undefined - {""} == {"other"}


def test_nothing_to_do(tmp_path: Path) -> None:
    """An object without announcements is as it was."""
    data = assembled(tmp_path, "call other")
    before = bytes(data)
    assert hush(data, NAMES) == 0
    assert bytes(data) == before


@pytest.mark.parametrize("text", ["leaq announce(%rip), %rax", ".quad announce"])
def test_an_address_is_refused(tmp_path: Path, text: str) -> None:
    """Whoever takes a function's address may call it later."""
    with pytest.raises(LocaliseError):
        hush(assembled(tmp_path, text), NAMES)
