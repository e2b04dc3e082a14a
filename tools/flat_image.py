# SPDX-License-Identifier: BSD-3-Clause
"""Lay a linked aarch64 kernel out as a Linux Image: what stands in memory, byte for byte.

    flat_image.py KERNEL.elf IMAGE

The boot loaders of aarch64 (QEMU's -kernel, Firecracker) hand a root image and a device tree only
to this form. Its 64-byte header is the kernel's own first bytes (arch/aarch64/bare_start.S).
See: Linux's arm64 boot protocol.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

HEADER_MAGIC = b"ARM\x64"
MAGIC_OFFSET = 56
PT_LOAD = 1


def segments(elf: bytes) -> list[tuple[int, bytes]]:
    """(physical address, contents) of each loaded segment that has bytes in the file."""
    (offset,) = struct.unpack_from("<Q", elf, 32)
    size, count = struct.unpack_from("<HH", elf, 54)
    found = []
    for i in range(count):
        kind, _, start, _, paddr, length, _, _ = struct.unpack_from(
            "<IIQQQQQQ", elf, offset + i * size
        )
        if kind == PT_LOAD and length:
            found.append((paddr, elf[start : start + length]))
    return sorted(found)


def flat_image(elf: bytes) -> bytes:
    """The Image of an ELF. ValueError: it does not start with the header."""
    parts = segments(elf)
    base = parts[0][0]
    out = bytearray()
    for paddr, contents in parts:
        out.extend(bytes(paddr - base - len(out)))
        out.extend(contents)
    if out[MAGIC_OFFSET : MAGIC_OFFSET + len(HEADER_MAGIC)] != HEADER_MAGIC:
        raise ValueError("the kernel does not start with an Image header")
    return bytes(out)


def main() -> None:
    """Command line: input ELF, output file."""
    source, target = map(Path, sys.argv[1:3])
    target.write_bytes(flat_image(source.read_bytes()))


if __name__ == "__main__":
    main()
