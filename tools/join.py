#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Join relocatables with ``ld.lld -r`` without joining their sections.

``join.py LINKER OUTPUT OBJECT...`` runs ``LINKER ld.lld -r``. The linker makes one section of all
that have the same name, and the last link keeps or drops a section as a whole: two files that both
have a static function ``entries``, or plain ``.text`` from assembly, would keep one another alive.
So where a name occurs again, the later object is given to the linker as a copy whose section has a
number behind its name.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.localise import EHDR, SHDR, read_sections

SHF_ALLOC, SHF_MERGE, SHF_GROUP = 0x2, 0x10, 0x200
KINDS = (".text", ".data", ".rodata", ".bss")


def rename_repeated(data: bytes, seen: dict[str, int]) -> bytes | None:
    """``data`` with new names for sections whose names are in ``seen``; None when there are none.

    Args:
        data: a 64-bit little-endian relocatable.
        seen: section name → how often it occurred; brought up to date.
    """
    sections = read_sections(data)
    names_at = EHDR.unpack_from(data)[13]
    table = sections[names_at]
    names = data[table.offset : table.offset + table.size]
    grown = bytearray(names)
    renamed: list[tuple[int, int]] = []
    for section in sections:
        name_offset, _, flags = SHDR.unpack_from(data, section.header_offset)[:3]
        name = names[name_offset : names.index(b"\0", name_offset)].decode()
        if not flags & SHF_ALLOC or flags & (SHF_MERGE | SHF_GROUP) or not name.startswith(KINDS):
            continue
        times = seen.get(name, 0)
        seen[name] = times + 1
        if times and section.size:
            renamed.append((section.header_offset, len(grown)))
            grown += f"{name}.{times}\0".encode()
    if not renamed:
        return None
    out = bytearray(data)
    for header_offset, name_offset in renamed:
        out[header_offset : header_offset + 4] = name_offset.to_bytes(4, "little")
    at = table.header_offset
    out[at + 24 : at + 32] = len(out).to_bytes(8, "little")  # sh_offset: the new table, at the end
    out[at + 32 : at + 40] = len(grown).to_bytes(8, "little")  # sh_size
    return bytes(out + grown)


def main() -> int:
    """Rename where needed, then run the linker; its status."""
    linker, output, *objects = sys.argv[1:]
    seen: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        inputs = []
        for number, name in enumerate(objects):
            changed = rename_repeated(Path(name).read_bytes(), seen)
            if changed is not None:
                name = str(Path(folder) / f"{number}.o")
                Path(name).write_bytes(changed)
            inputs.append(name)
        command = [linker, "ld.lld", "-r", "-o", output, *inputs]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
