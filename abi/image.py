# SPDX-License-Identifier: BSD-3-Clause
"""The only reader of abi/image/*.h: numbers, and the record form of the boot information.

Layout (boot_info.h): header u64 magic, u32 version, u32 total bytes; then records u32 type,
u32 length, payload padded with zeros to a multiple of 8. Little-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

_HEADERS = Path(__file__).resolve().parent / "image"
_HEADER = struct.Struct("<QII")
_RECORD = struct.Struct("<II")


def _numbers(name: str) -> dict[str, int]:
    """``#define NAME number`` lines of one header."""
    found = {}
    for line in (_HEADERS / name).read_text(encoding="ascii").splitlines():
        words = line.split()
        if len(words) >= 3 and words[0] == "#define" and words[2][0].isdigit():
            found[words[1]] = int(words[2], 0)
    return found


CONSTANTS = _numbers("boot_info.h")


class BadBootInfo(ValueError):
    """Bytes that are not boot information."""


def record(kind: int, payload: bytes) -> bytes:
    """One record, padded."""
    return _RECORD.pack(kind, len(payload)) + payload + bytes(-len(payload) % 8)


def encode(records: Iterable[tuple[int, bytes]]) -> bytes:
    """Boot information from (type, payload) pairs."""
    body = b"".join(record(kind, payload) for kind, payload in records)
    total = _HEADER.size + len(body)
    return (
        _HEADER.pack(CONSTANTS["ELFIN_BOOT_MAGIC"], CONSTANTS["ELFIN_BOOT_VERSION"], total) + body
    )


def decode(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The (type, payload) pairs of boot information. Raises BadBootInfo."""
    if len(data) < _HEADER.size:
        raise BadBootInfo("shorter than its header")
    magic, version, total = _HEADER.unpack_from(data)
    if magic != CONSTANTS["ELFIN_BOOT_MAGIC"] or version != CONSTANTS["ELFIN_BOOT_VERSION"]:
        raise BadBootInfo("not boot information of this version")
    if total != len(data):
        raise BadBootInfo(f"says {total} bytes, has {len(data)}")
    at = _HEADER.size
    while at < total:
        if at + _RECORD.size > total:
            raise BadBootInfo("a record is cut")
        kind, length = _RECORD.unpack_from(data, at)
        end = at + _RECORD.size + length
        if end + -length % 8 > total:
            raise BadBootInfo(f"record {kind} reaches beyond the end")
        yield kind, data[at + _RECORD.size : end]
        at = end + -length % 8
