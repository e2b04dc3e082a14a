# SPDX-License-Identifier: BSD-3-Clause
"""The tracer's control records → events. See boot_info.h, ELFIN_EVENT_TRACE_*."""

from __future__ import annotations

import struct
from typing import NamedTuple

from abi.image import CONSTANTS

ENTRY = CONSTANTS["ELFIN_EVENT_TRACE_ENTRY"]
MEMORY = CONSTANTS["ELFIN_EVENT_TRACE_MEMORY"]
RETURN = CONSTANTS["ELFIN_EVENT_TRACE_RETURN"]
SIGNAL = CONSTANTS["ELFIN_EVENT_TRACE_SIGNAL"]
END = CONSTANTS["ELFIN_EVENT_TRACE_END"]

_ENTRY = struct.Struct("<IIII6Q")
_MEMORY = struct.Struct("<IIQ")
_RETURN = struct.Struct("<IIqQ")
_PAIR = struct.Struct("<II")


class Memory:
    """Pieces of one thread's memory at one moment."""

    def __init__(self) -> None:
        self._pieces: list[tuple[int, bytes]] = []

    def add(self, address: int, data: bytes) -> None:
        """One more piece; one that follows the last directly is joined to it."""
        if self._pieces:
            start, before = self._pieces[-1]
            if start + len(before) == address:
                self._pieces[-1] = (start, before + data)
                return
        self._pieces.append((address, data))

    @property
    def first(self) -> int | None:
        """Where the first piece lies."""
        return self._pieces[0][0] if self._pieces else None

    def some(self, address: int, size: int) -> bytes:
        """As many of ``size`` bytes as were sent."""
        best = b""
        for start, data in self._pieces:
            if start <= address < start + len(data):
                found = data[address - start : address - start + size]
                best = max(best, found, key=len)
        return best

    def all(self, address: int, size: int) -> bytes | None:
        """``size`` bytes, or None where they are not all there."""
        found = self.some(address, size)
        return found if len(found) == size else None

    def number(self, address: int, size: int = 8, *, signed: bool = False) -> int | None:
        """One little-endian number."""
        data = self.all(address, size)
        return None if data is None else int.from_bytes(data, "little", signed=signed)


class Entry(NamedTuple):
    """A call begins."""

    tid: int
    pid: int
    number: int
    door: int
    arguments: tuple[int, ...]
    memory: Memory


class Return(NamedTuple):
    """A call ends; ``took_ns`` since its entry."""

    tid: int
    number: int
    result: int
    took_ns: int
    memory: Memory


class Signal(NamedTuple):
    """A signal is delivered; ``info`` is struct linux_siginfo."""

    tid: int
    info: bytes


class End(NamedTuple):
    """A thread has ended, with a status as wait(2) reports it."""

    tid: int
    status: int


Event = Entry | Return | Signal | End


class Reader:
    """Records in the channel's order → events; keeps the pieces of memory that come before."""

    def __init__(self) -> None:
        self._memory: dict[int, Memory] = {}

    def take(self, kind: int, payload: bytes) -> Event | None:
        """The event of one record; None for a piece of memory. Raises struct.error."""
        if kind == MEMORY:
            tid, _, address = _MEMORY.unpack_from(payload)
            self._memory.setdefault(tid, Memory()).add(address, payload[_MEMORY.size :])
            return None
        if kind == ENTRY:
            tid, pid, number, door, *arguments = _ENTRY.unpack_from(payload)
            return Entry(tid, pid, number, door, tuple(arguments), self._of(tid))
        if kind == RETURN:
            tid, number, result, took_ns = _RETURN.unpack_from(payload)
            return Return(tid, number, result, took_ns, self._of(tid))
        tid, second = _PAIR.unpack_from(payload)
        if kind == SIGNAL:
            return Signal(tid, payload[_PAIR.size :])
        return End(tid, second)

    def _of(self, tid: int) -> Memory:
        return self._memory.pop(tid, None) or Memory()
