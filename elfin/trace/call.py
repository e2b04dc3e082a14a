# SPDX-License-Identifier: BSD-3-Clause
"""One traced call: its row, its arguments as the kernel saw them, what they point to."""

from __future__ import annotations

from dataclasses import dataclass, field

from abi.table import Machine, Row
from elfin.trace.records import Memory

LATER = "\0later"  # an argument that is known at the return only


@dataclass(slots=True)
class Call:
    """``result`` is None until the call returns; ``before`` and ``after`` are the memory then."""

    machine: Machine
    row: Row | None
    number: int
    arguments: tuple[int, ...]
    before: Memory
    after: Memory = field(default_factory=Memory)
    result: int | None = None

    @property
    def name(self) -> str:
        return self.row.name if self.row else f"syscall_{self.number:#x}"

    @property
    def stored(self) -> bool:
        """It returned, and what it stores is there."""
        return self.result is not None and self.result >= 0

    @property
    def interrupted(self) -> bool:
        """A signal ended it."""
        return self.result is not None and (self.result == -4 or self.result <= -512)

    def unsigned(self, index: int, size: int = 8) -> int:
        """An argument's low bytes."""
        return self.arguments[index] & (1 << 8 * size) - 1

    def signed(self, index: int, size: int = 4) -> int:
        """An argument as a signed number."""
        value = self.unsigned(index, size)
        return value - (1 << 8 * size) if value >> (8 * size - 1) else value
