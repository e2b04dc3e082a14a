# SPDX-License-Identifier: BSD-3-Clause
"""A machine that starts in Elfin's kernel at once: 50 bytes of firmware, PVH's start information.

QEMU's microvm would run qboot first, which copies kernel and image through fw_cfg: a tenth of what
a small program's whole boot costs under TCG. Here QEMU itself puts kernel, root image and start
information into memory (its generic loader), and the firmware goes from the reset vector straight
to the kernel's PVH entry. The kernel cannot tell the difference, but that the boot information is
a second module (it looks into fw_cfg where there is none).

See: the x86/HVM direct boot ABI (Xen's pvh.txt); Intel SDM volume 3, 9.1.4 and 9.9.1
"""

from __future__ import annotations

import struct
from typing import NamedTuple

ROM_BYTES = 0x10000
_ROM_END = 1 << 32
_RESET = 0xFFF0  # offset of the first instruction in the last 64 KiB
_CODE, _SEGMENTS, _SEGMENTS_POINTER = 0xFF00, 0xFF80, 0xFF98
_START_MAGIC = 0x336EC578
_RAM = 1
_HEADER, _MODULE, _RANGE = 56, 32, 24  # bytes of hvm_start_info and of the entries of its tables
_TABLES = _HEADER + 2 * _MODULE + 2 * _RANGE
_PAGE = 4096
_EARLY_BYTES = 128 << 10  # behind the kernel: its first page tables
_LOW_RAM = (0x1000, 0x9F000)
_HIGH_RAM = 0x100000
MEMORY_MOST = 2 << 30  # all of it lies below every board's hole


class Placement(NamedTuple):
    """Physical addresses; ``start`` is where the start information and what follows it lies."""

    entry: int
    start: int
    image: int


def place(kernel: bytes, info_bytes: int, image_bytes: int, memory: int) -> Placement | None:
    """Behind the kernel (of which the first page is enough here): its early pages, the start
    information, the image. None: they do not fit, or the memory is not in one piece."""
    end = max(at + size for at, size in _segments(kernel))
    start = _up(end) + _EARLY_BYTES
    image = _up(start + _TABLES + info_bytes)
    if memory > MEMORY_MOST or image + image_bytes > memory:
        return None
    return Placement(_HIGH_RAM, start, image)


def start_information(at: Placement, memory: int, image_bytes: int, boot_info: bytes) -> bytes:
    """struct hvm_start_info with its module list and memory map, then the boot information."""
    modules_at = at.start + _HEADER
    ranges_at = modules_at + 2 * _MODULE
    info = struct.pack("<IIIIQQQQII", _START_MAGIC, 1, 0, 2, modules_at, 0, 0, ranges_at, 2, 0)
    for where, size in ((at.image, image_bytes), (at.start + _TABLES, len(boot_info))):
        info += struct.pack("<QQQQ", where, size, 0, 0)
    for first, end in (_LOW_RAM, (_HIGH_RAM, memory)):
        info += struct.pack("<QQII", first, end - first, _RAM, 0)
    return info + boot_info


def rom(at: Placement) -> bytes:
    """64 KiB that end at 4 GiB: from real mode at the reset vector to ``at.entry`` in 32-bit mode,
    flat segments, ebx = ``at.start``."""
    base = _ROM_END - ROM_BYTES
    enter = b"".join((
        b"\x2e\x66\x0f\x01\x16" + struct.pack("<H", _SEGMENTS_POINTER),  # lgdtl %cs:pointer
        b"\x0f\x20\xc0",                                   # mov %cr0,%eax
        b"\x66\x25" + struct.pack("<I", 0x9FFFFFFF),       # and: caches on
        b"\x0c\x01\x0f\x22\xc0",                           # or $1,%al ; mov %eax,%cr0
    ))  # fmt: skip
    flat_at = _CODE + len(enter) + 8
    enter += b"\x66\xea" + struct.pack("<IH", base + flat_at, 8)  # ljmpl $8,$flat
    flat = b"".join((
        b"\xb8\x10\x00\x00\x00\x8e\xd8\x8e\xc0\x8e\xd0",   # mov $16,%eax ; ds, es, ss
        b"\xbb" + struct.pack("<I", at.start),             # mov $start,%ebx
        b"\xb9" + struct.pack("<I", at.entry) + b"\xff\xe1",  # mov $entry,%ecx ; jmp *%ecx
    ))  # fmt: skip
    segments = struct.pack("<QQQ", 0, 0x00CF9B000000FFFF, 0x00CF93000000FFFF)
    pointer = struct.pack("<HI", len(segments) - 1, base + _SEGMENTS)
    reset = b"\xe9" + struct.pack("<h", _CODE - (_RESET + 3))  # jmp enter
    image = bytearray(ROM_BYTES)
    for where, what in (
        (_CODE, enter + flat), (_SEGMENTS, segments), (_SEGMENTS_POINTER, pointer), (_RESET, reset),
    ):  # fmt: skip
        image[where : where + len(what)] = what
    return bytes(image)


def _segments(elf: bytes) -> list[tuple[int, int]]:
    """Physical address and size in memory of each load segment of a 64-bit ELF file."""
    (table,) = struct.unpack_from("<Q", elf, 32)
    entry_bytes, count = struct.unpack_from("<HH", elf, 54)
    found = []
    for index in range(count):
        at = table + index * entry_bytes
        (kind,) = struct.unpack_from("<I", elf, at)
        paddr, _, in_memory = struct.unpack_from("<QQQ", elf, at + 24)
        if kind == 1:
            found.append((paddr, in_memory))
    return found


def _up(value: int) -> int:
    return -(-value // _PAGE) * _PAGE
