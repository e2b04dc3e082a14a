#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Take the announcements of stores out of an x86_64 relocatable.

``hush.py INPUT OUTPUT NAME...`` overwrites every call of the functions named by a no-operation of
the same five bytes, and every jump to one (a call in the last place of its function) by a return.

The kernel's common objects are compiled once for all platforms, and say before each store what they
are about to overwrite (kernel/lib/undo.h, decision 0302). Only the process platform listens. Its
kernel is linked from the objects as they are; the others from what this tool makes of them.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.localise import SHT_RELA, SHT_SYMTAB, SYM, LocaliseError, read_sections, read_symbols

RELA = struct.Struct("<QQq")
SHN_ABS = 0xFFF1
R_NONE, R_PC32, R_PLT32 = 0, 2, 4
CALL, JUMP = 0xE8, 0xE9
NO_OPERATION = bytes.fromhex("0f1f440000")
RETURN = bytes.fromhex("c3cccccccc")


def hush(data: bytearray, names: frozenset[str]) -> int:
    """Rewrite ``data`` in place; the number of calls and jumps that are gone.

    Raises:
        LocaliseError: one of the functions is used otherwise than by a direct call or jump.
    """
    sections = read_sections(data)
    (table,) = (section for section in sections if section.type == SHT_SYMTAB)
    hushed = {s.old_index for s in read_symbols(data, sections, table) if s.name in names}
    for index in hushed:  # no longer wanted from anywhere: defined, as nothing
        struct.pack_into("<H", data, table.offset + index * SYM.size + 6, SHN_ABS)
    count = 0
    for section in sections:
        if section.type != SHT_RELA:
            continue
        target = sections[section.info]
        for at in range(section.offset, section.offset + section.size, RELA.size):
            offset, info, _ = RELA.unpack_from(data, at)
            if info >> 32 not in hushed:
                continue
            start = target.offset + offset - 1
            if info & 0xFFFFFFFF not in (R_PC32, R_PLT32) or data[start] not in (CALL, JUMP):
                raise LocaliseError(f"an announcement is no call, at {offset:#x} of a section")
            data[start : start + 5] = NO_OPERATION if data[start] == CALL else RETURN
            RELA.pack_into(data, at, offset, R_NONE, 0)
            count += 1
    return count


def main() -> int:
    """Run as a build step."""
    source, target, *names = sys.argv[1:]
    data = bytearray(Path(source).read_bytes())
    try:
        hush(data, frozenset(names))
    except LocaliseError as error:
        print(f"hush: {source}: {error}", file=sys.stderr)
        return 1
    Path(target).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
