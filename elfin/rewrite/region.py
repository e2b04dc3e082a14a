# SPDX-License-Identifier: BSD-3-Clause
"""The code around call sites, disassembled along the paths that lead through it.

Holds: a region is a run of whole functions; its instructions are found by following flow from every
address at which it may be entered, never by sweeping, because text holds data too. A place where no
path arrives is not an instruction here.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

from elfin.model.rewrite import Segment, TextFile

_CHUNK = 512  # bytes disassembled at a time
_LONGEST = 15  # bytes of an instruction
_TABLE_MOST = 4096  # entries of a jump table
_NUMBER = re.compile(r"^-?(0x[0-9a-f]+|\d+)$")
_RIP = re.compile(r"\[rip ([+-]) (0x[0-9a-f]+|\d+)\]")
_ABSOLUTE_TABLE = re.compile(r"\[\w+\*8 \+ (0x[0-9a-f]+)\]")
_SHORT = re.compile(rb"(?=([\x70-\x7f\xe0-\xe3\xeb].))", re.DOTALL)  # jcc, loop, jmp
_ENDS = frozenset(("ret", "retf", "retfq", "hlt", "ud0", "ud1", "ud2", "int3", "iretq", "sysret"))


class Instruction(NamedTuple):
    """One instruction as capstone's light interface has it."""

    address: int
    size: int
    mnemonic: str
    operands: str

    @property
    def end(self) -> int:
        """The address behind it."""
        return self.address + self.size

    @property
    def is_jump(self) -> bool:
        """Goes elsewhere and never falls through."""
        return self.mnemonic.endswith("jmp")

    @property
    def is_branch(self) -> bool:
        """Goes elsewhere or falls through."""
        return self.mnemonic.startswith(("j", "loop", "xbegin", "bnd j", "notrack j"))

    @property
    def is_call(self) -> bool:
        """Calls, and comes back if the function does."""
        return self.mnemonic.endswith("call")

    @property
    def ends(self) -> bool:
        """Nothing follows it."""
        return self.is_jump or self.mnemonic.split()[-1] in _ENDS

    @property
    def target(self) -> int | None:
        """Where a direct jump, branch or call goes."""
        if (self.is_branch or self.is_jump or self.is_call) and _NUMBER.match(self.operands):
            return int(self.operands, 0)
        return None

    @property
    def reference(self) -> int | None:
        """The address of a rip-relative operand."""
        match = _RIP.search(self.operands)
        if match is None:
            return None
        return self.end + (int(match[2], 0) if match[1] == "+" else -int(match[2], 0))


@cache
def disassembler(detail: bool = False) -> Any:
    """A capstone handle."""
    import capstone

    handle = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    handle.detail = detail
    return handle


class Region:
    """Instructions and branch targets between two addresses of one text segment."""

    def __init__(self, file: TextFile, text: Segment, start: int, end: int) -> None:
        self.start, self.end = start, end
        self.code: dict[int, Instruction] = {}
        self.targets: set[int] = set()
        self._file, self._text = file, text
        self._decoded: dict[int, Instruction | None] = {}
        self._indirect = False
        self._tables: set[tuple[int, int, int]] = set()  # where, and the function that uses it

    def walk(self, roots: Iterable[int]) -> None:
        """Follow every path from these addresses, through jump tables too."""
        todo = [root for root in roots if self.start <= root < self.end]
        self.targets.update(todo)
        seen: set[tuple[int, int, int]] = set()
        while todo:
            while todo:
                self._follow(todo.pop(), todo)
            if self._indirect:
                for table in self._tables - seen:
                    todo.extend(self._entries(*table))
                seen |= self._tables
                self.targets.update(todo)

    def before(self, address: int) -> Instruction | None:
        """The one instruction that falls through to this address."""
        found = [
            one
            for size in range(1, _LONGEST + 1)
            if (one := self.code.get(address - size)) is not None and one.size == size
        ]
        return found[0] if len(found) == 1 and not found[0].ends else None

    def bytes_at(self, address: int, size: int) -> bytes:
        """Bytes of the text."""
        at = address - self._text.address
        return self._text.content[at : at + size]

    def may_be_entered(self, start: int, end: int) -> bool:
        """Whether anything leads strictly between the two: a known way, or bytes nearby that no
        path reaches and that would be a short branch, were they code."""
        if any(place in self.targets for place in range(start + 1, end)):
            return True
        first = max(start - 127, self._text.address)
        nearby = self.bytes_at(first, end + 129 - first)
        for match in _SHORT.finditer(nearby):
            at = first + match.start()
            distance = (match[1][1] ^ 0x80) - 0x80
            if start < at + 2 + distance < end and not self._is_reached(at):
                return True
        return False

    def _is_reached(self, address: int) -> bool:
        """Whether the byte belongs to an instruction."""
        for back in range(_LONGEST):
            one = self.code.get(address - back)
            if one is not None and one.size > back:
                return True
        return False

    def _follow(self, address: int, todo: list[int]) -> None:
        while self.start <= address < self.end and address not in self.code:
            one = self._decode(address)
            if one is None:
                return
            self.code[address] = one
            target = one.target
            if target is not None and self.start <= target < self.end:
                self.targets.add(target)
                todo.append(target)
            self._note_table(one, target)
            if one.ends:
                return
            address = one.end

    def _note_table(self, one: Instruction, target: int | None) -> None:
        if one.is_jump and target is None and one.reference is None:
            self._indirect = True
        if one.mnemonic == "lea" and one.reference is not None:
            self._tables.add((one.reference, *self._function(one.address)))
        match = _ABSOLUTE_TABLE.search(one.operands)
        if match is not None:
            self._tables.add((-int(match[1], 0), *self._function(one.address)))

    def _function(self, address: int) -> tuple[int, int]:
        functions = self._file.functions
        index = bisect_right(functions, (address, 1 << 64)) - 1
        if index >= 0 and address < functions[index][1]:
            return functions[index]
        return self.start, self.end

    def _entries(self, table: int, start: int, end: int) -> Iterator[int]:
        """Targets in a jump table: 32-bit distances from its own start, or (negative: the address)
        64-bit addresses. Only those in the function, which uses it; it ends where an entry leads
        out of the text."""
        width = 4 if table > 0 else 8
        raw = self._data(abs(table), width * _TABLE_MOST)
        for at in range(0, len(raw) - width + 1, width):
            value = int.from_bytes(raw[at : at + width], "little", signed=width == 4)
            target = table + value if table > 0 else value
            if not self._text.address <= target < self._text.end:
                return
            if start <= target < end:
                yield target

    def _data(self, address: int, size: int) -> bytes:
        for segment in (*self._file.data, *self._file.texts):
            if segment.address <= address < segment.end:
                at = address - segment.address
                return segment.content[at : at + size]
        return b""

    def _decode(self, address: int) -> Instruction | None:
        if address not in self._decoded:
            self._decoded[address] = None
            raw = self.bytes_at(address, min(_CHUNK, self.end - address + _LONGEST))
            for fields in disassembler().disasm_lite(raw, address):
                self._decoded.setdefault(fields[0], None)
                self._decoded[fields[0]] = Instruction(*fields)
        return self._decoded[address]


# jmp, jcc, call and xbegin with a 32-bit distance; lea of a rip-relative address
_FAR = re.compile(
    rb"[\xe8\xe9]|\x0f[\x80-\x8f]|\xc7\xf8|[\x48\x4c]\x8d[\x05\x0d\x15\x1d\x25\x2d\x35\x3d]"
)


def arrivals(file: TextFile, ranges: Iterable[tuple[int, int]]) -> set[int]:
    """Every address in these ranges that a 32-bit jump, call or lea of the file names; of a program
    at a fixed address also every 32-bit value of its text, as an instruction may hold it.

    Looked for byte by byte, instruction boundary or not: too many cost a site, too few a program.
    """
    wanted = sorted(ranges)
    starts = [start for start, _ in wanted]
    pages = {page for start, end in wanted for page in range(start >> 12, (end >> 12) + 1)}
    named = itertools.chain.from_iterable(_named(file, text) for text in file.texts)
    found: set[int] = set()
    for target in named:
        if target >> 12 in pages:
            index = bisect_right(starts, target) - 1
            if index >= 0 and target < wanted[index][1]:
                found.add(target)
    return found


def _named(file: TextFile, text: Segment) -> Iterator[int]:
    content, base = text.content, text.address
    for match in _FAR.finditer(content):
        at = match.end()
        yield base + at + 4 + int.from_bytes(content[at : at + 4], "little", signed=True)
    if file.fixed:
        for shift in range(4):
            size = (len(content) - shift) & ~3
            if size > 0:
                yield from memoryview(content)[shift : shift + size].cast("I")


def regions(file: TextFile, text: Segment, places: Iterable[int], reach: int) -> Iterator[Region]:
    """Runs of functions that hold the places and what a short branch to them may stand in."""
    bounds = [text.address, text.end]
    for start, end in file.functions:
        bounds += (start, end)
    bounds = sorted({bound for bound in bounds if text.address <= bound <= text.end})
    spans: list[tuple[int, int]] = []
    for place in sorted(places):
        first = max(bisect_right(bounds, place - reach) - 1, 0)
        last = min(bisect_left(bounds, place + reach), len(bounds) - 1)
        span = bounds[first], bounds[last]
        if spans and span[0] <= spans[-1][1]:
            span = min(spans[-1][0], span[0]), max(spans.pop()[1], span[1])
        spans.append(span)
    for start, end in spans:
        yield Region(file, text, start, end)
