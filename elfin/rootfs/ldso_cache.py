# SPDX-License-Identifier: BSD-3-Clause
"""Reads /etc/ld.so.cache in the format that glibc writes since 2.2 (magic "glibc-ld.so.cache1.1").

A header of 48 bytes (magic and version 20, count u32, string bytes u32, flags u8, 3 unused, offset
of extensions u32, 12 unused), then entries of 24 bytes (flags i32, name u32, path u32, OS version
u32, hwcap u64), then strings; offsets count from the header. An old-format part may come first.
Source: glibc's sysdeps/generic/dl-cache.h. A cache that makes no sense is empty, as for ld.so.
"""

from __future__ import annotations

import os
import struct

_MAGIC = b"glibc-ld.so.cache1.1"
_HEADER_BYTES = 48
_ENTRY = struct.Struct("<iIIIQ")
# FLAG_ELF_LIBC6 (3) with the machine's bits; an entry of another machine is not for this program.
_FLAGS = {"x86_64": 0x0303, "aarch64": 0x0A03}


def parse(raw: bytes, machine: str) -> dict[str, tuple[str, ...]]:
    """Library name → paths in the cache's order (variants for newer CPUs come first)."""
    start = raw.find(_MAGIC)
    if start < 0 or len(raw) < start + _HEADER_BYTES:
        return {}
    count, _ = struct.unpack_from("<II", raw, start + len(_MAGIC))
    if start + _HEADER_BYTES + count * _ENTRY.size > len(raw):
        return {}
    found: dict[str, list[str]] = {}
    entries = raw[start + _HEADER_BYTES : start + _HEADER_BYTES + count * _ENTRY.size]
    for flags, name_at, path_at, _, _ in _ENTRY.iter_unpack(entries):
        name, path = _string(raw, start + name_at), _string(raw, start + path_at)
        if flags == _FLAGS.get(machine) and name and path:
            found.setdefault(name, []).append(path)
    return {name: tuple(paths) for name, paths in found.items()}


def _string(raw: bytes, at: int) -> str:
    end = raw.find(b"\0", at)
    return os.fsdecode(raw[at:end]) if 0 <= at < end else ""
