# SPDX-License-Identifier: BSD-3-Clause
"""One episode: operations in the executor's form (executor.h), and which slot holds what."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import IntEnum
from random import Random

ARENA = 0x1000_0000
ARENA_BYTES = 0x4_0000
READ_ONLY_PAGE = ARENA + ARENA_BYTES + 0x1000
NO_ACCESS_PAGE = ARENA + ARENA_BYTES + 0x2000
SHARED_PAGE = ARENA + ARENA_BYTES + 0x3000
ROOM = 0x1_0000  # of the arena for what one call's pointers point to
OUTPUT = ARENA + ROOM  # calls write here
OUTPUT_BYTES = 0x1_0000
KEPT = ARENA + 2 * ROOM  # what the kernel keeps pointers to: stacks, robust lists
STACKS = 0x1800_0000  # of threads
STACK_BYTES = 0x1_0000
STACK_COUNT = 16
MAPS = 0x2000_0000  # MAP_COUNT places for mappings that calls on memory work on
MAP_BYTES = 0x10_0000
MAP_COUNT = 12

MASK = (1 << 64) - 1
NO_SLOT = 255
_KINDS = {
    # descriptors
    "file": 4, "folder": 2, "pipe_out": 2, "pipe_in": 2, "stream": 5, "datagram": 2,
    "listener": 1, "epoll": 2, "event": 2, "timerfd": 1, "signalfd": 1, "inotify": 1, "memfd": 1,
    "queue": 2, "pidfd": 1, "terminal": 1, "special": 1, "copy": 3,
    # other objects
    "child": 4, "timer": 2, "segment": 2, "semaphores": 2, "messages": 2, "watch": 2, "key": 1,
    "place": 2, "end": 1,
}  # fmt: skip
DESCRIPTORS = tuple(_KINDS)[: tuple(_KINDS).index("copy") + 1]


def _slots() -> dict[str, tuple[int, ...]]:
    numbers = iter(range(1, NO_SLOT))
    return {kind: tuple(next(numbers) for _ in range(many)) for kind, many in _KINDS.items()}


SLOTS = _slots()


class How(IntEnum):
    """How the executor makes a call."""

    PLAIN = 0
    CHILD = 1
    FORK = 2
    THREAD = 3
    CLONE = 4


@dataclass(frozen=True, slots=True)
class InSlot:
    """A value that is known only when the episode runs: what is in a slot, and an addend."""

    slot: int
    addend: int = 0


SELF = InSlot(0)
Value = int | InSlot


def _encode(value: Value) -> bytes:
    if isinstance(value, InSlot):
        return struct.pack("<BBQ", 1, value.slot, value.addend & MASK)
    return struct.pack("<BQ", 0, value & MASK)


@dataclass(slots=True)
class Episode:
    """Collects operations. ``root``: its calls are made as the superuser."""

    random: Random
    root: bool
    code: bytearray = field(default_factory=bytearray)
    calls: int = 0
    _free: int = ARENA

    def memory(self, size: int) -> int:
        """The address of ``size`` bytes for the call that is being made."""
        address = self._free
        self._free += size + 15 & ~15
        assert self._free <= ARENA + ROOM
        return address

    def write(self, address: int, data: bytes) -> int:
        """``data`` at ``address``, which is returned."""
        self.code += struct.pack("<BQI", 2, address, len(data)) + data
        return address

    def data(self, data: bytes) -> int:
        """The address of ``data`` in memory of the call."""
        return self.write(self.memory(len(data)), data)

    def store(self, address: int, width: int, value: Value) -> None:
        """A value of ``width`` bytes at ``address``."""
        self.code += struct.pack("<BQB", 3, address, width) + _encode(value)

    def fields(self, layout: str, *values: Value, at: int | None = None) -> int:
        """A structure: ``layout`` as for struct.pack, values that may be in slots; its address."""
        layout = f"<{layout}"
        known = [0 if isinstance(value, InSlot) else value for value in values]
        places = [struct.calcsize(layout[: n + 1]) for n in range(1, len(layout))]
        wrapped = [_wrap(code, value) for code, value in zip(layout[1:], known, strict=True)]
        packed = struct.pack(layout, *wrapped)
        address = self.data(packed) if at is None else self.write(at, packed)
        for end, code, value in zip(places, layout[1:], values, strict=True):
            if isinstance(value, InSlot):
                width = struct.calcsize(f"<{code}")
                self.store(address + end - width, width, value)
        return address

    def call(
        self, row: int, number: int, values: list[Value], slot: int = NO_SLOT, how: How = How.PLAIN
    ) -> None:
        """One call; its memory may be used again by the next one."""
        head = struct.pack("<BHHBBB", 1, row, number, how, slot, len(values))
        self.code += head + b"".join(map(_encode, values))
        self.calls += 1
        self._free = ARENA

    def load(self, slot: int, address: int) -> None:
        """After a call that succeeded, the int at ``address`` goes into ``slot``."""
        self.code += struct.pack("<BBQ", 4, slot, address)

    def set(self, slot: int, value: int) -> None:
        self.code += struct.pack("<BBQ", 5, slot, value & MASK)

    def fail(self, one_in: int) -> None:
        """From now on the kernel gets no memory, one time in so many."""
        self.code += struct.pack("<BH", 6, one_in)

    def pick(self, *kinds: str) -> InSlot:
        """A slot of one of these kinds."""
        return InSlot(self.random.choice(SLOTS[self.random.choice(kinds)]))

    def one_in(self, sides: int) -> bool:
        return self.random.randrange(sides) == 0

    def finish(self) -> bytes:
        """The episode as it stands in a program."""
        return struct.pack("<I", len(self.code)) + bytes(self.code)


def _wrap(code: str, value: int) -> int:
    """``value`` cut to the field's width."""
    bits = 8 * struct.calcsize(f"<{code}")
    value &= (1 << bits) - 1
    return value - (1 << bits) if code.islower() and value >> bits - 1 else value
