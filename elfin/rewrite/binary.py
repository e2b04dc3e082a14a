# SPDX-License-Identifier: BSD-3-Clause
"""Plans in the form the kernel reads (docs/decisions/0801-rewrite-plans.md)."""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping

from elfin.model.rewrite import Dead, Method, RewritePlan

MAGIC = b"ELFINRW1"
PATH = "/.elfin/rewrite"  # in the root image
_HEADER = struct.Struct("<8sII")
_NAME = struct.Struct("<II")
_FILE = struct.Struct("<QII")
_ENTRY = struct.Struct("<IBBBB")
_OFFSET_MOST = 0xFFFF_FFFF

Decoded = dict[str, tuple[int, int, list[tuple[int, Method, int, int, Dead]]]]


def encode(plans: Mapping[str, RewritePlan]) -> bytes:
    """One blob for all files, by path in the image; a plan without patches is left out."""
    useful = {path: plan for path, plan in sorted(plans.items()) if plan.patches}
    parts = [_HEADER.pack(MAGIC, len(useful), 0)]
    for path, plan in useful.items():
        name = os.fsencode(path)
        parts.append(_NAME.pack(len(name), 0) + name + bytes(-len(name) % 8))
        parts.append(_FILE.pack(plan.size, len(plan.patches), plan.checksum))
        for patch in plan.patches:
            numbers = (patch.method.value, patch.length, patch.start, patch.dead.value)
            parts.append(_ENTRY.pack(patch.offset, *numbers))
    return b"".join(parts)


def fits(plan: RewritePlan) -> bool:
    """Whether the form can say where the sites are: 32 bits."""
    return all(patch.offset <= _OFFSET_MOST for patch in plan.patches)


def decode(blob: bytes) -> Decoded:
    """{path: (size, checksum, [(offset, method, length, start, dead)])}. ValueError where the blob
    is not what `encode` writes."""
    try:
        magic, count, _ = _HEADER.unpack_from(blob)
        if magic != MAGIC:
            raise ValueError("not a rewrite plan")
        at, found = _HEADER.size, Decoded()
        for _ in range(count):
            length, _ = _NAME.unpack_from(blob, at)
            path = os.fsdecode(blob[at + _NAME.size : at + _NAME.size + length])
            at += _NAME.size + length + -length % 8
            size, entries, checksum = _FILE.unpack_from(blob, at)
            at += _FILE.size
            raw = blob[at : at + entries * _ENTRY.size]
            at += len(raw)
            patches = [
                (offset, Method(method), size_, start, Dead(dead))
                for offset, method, size_, start, dead in _ENTRY.iter_unpack(raw)
            ]
            if len(patches) != entries:
                raise ValueError("it is cut")
            found[path] = size, checksum, patches
    except struct.error as error:
        raise ValueError(f"it is cut: {error}") from error
    if at != len(blob):
        raise ValueError("bytes behind its end")
    return found
