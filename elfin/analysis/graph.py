# SPDX-License-Identifier: BSD-3-Clause
"""The call graph of one file, walked lazily from some roots: which system calls can be reached.

An edge is a direct call or jump to another function, or an address taken of one (`lea`). Calls
through tables in data are edges only from the tables the caller names (a libc's stdio vtables).
Where a stripped file has no function table, functions begin where something calls them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from elfin.analysis.decode import (
    MACHINES,
    Function,
    Outline,
    Site,
    instructions,
    outline,
    study,
)
from elfin.model.code import CodeFile, Text

_LONGEST_FUNCTION = 1 << 20
_DEEPEST_WRAPPER = 4
_LOOSE_SHARE = 50  # one site in so many may lie outside all functions
_NAMED_SHARE = 0.9  # of a text in functions: then what lies behind one is taken for its rest
_LOOSE_BYTES = 4096  # of code without a known end
_MOV_EAX = (b"\xb8", 5, 1)  # mov $imm32, %eax: opcode, length, offset of the constant
_MOV_RAX = (b"\x48\xc7\xc0", 7, 3)  # mov $imm32, %rax


@dataclass(frozen=True, slots=True)
class Reached:
    """A call number that can be reached; ``number`` None: not known. ``via`` are root names."""

    number: int | None
    address: int
    via: str


@dataclass(slots=True)
class Graph:
    """One file's functions, studied when first visited."""

    code: CodeFile
    _functions: list[tuple[int, int]] = field(init=False)
    _starts: list[int] = field(init=False)
    _studied: dict[int, Function] = field(default_factory=dict)
    _outlined: dict[int, Outline] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ends = dict(self.code.functions)
        for text in self.code.texts:
            ends.update(self._discover(text, self.code.functions))
        functions = sorted(ends.items())
        self._functions = sorted([*functions, *self._uncovered(functions)])
        self._starts = [start for start, _ in self._functions]

    def raw_sites(self) -> Iterator[int]:
        """Every place where the instruction's bytes stand, aligned with instructions or not."""
        machine = MACHINES[self.code.machine]
        for text in self.code.texts:
            yield from machine.raw_sites(text.address, text.content)

    def real_sites(self) -> Iterator[Site]:
        """Every site in the file that is an instruction, with its numbers."""
        starts = {start for start in map(self.containing, self.raw_sites()) if start is not None}
        for start in sorted(starts):
            yield from self.function(start).sites

    def _end(self, start: int) -> int:
        return self._functions[bisect_right(self._starts, start) - 1][1]

    def containing(self, address: int) -> int | None:
        """The start of the function that holds an address."""
        index = bisect_right(self._starts, address) - 1
        if index < 0 or address >= self._functions[index][1]:
            return None
        return self._starts[index]

    def function(self, start: int) -> Function:
        """What the function at ``start`` does."""
        if start not in self._studied:
            end = self._end(start)
            content = self._bytes(start, min(end, start + _LONGEST_FUNCTION))
            found = study(MACHINES[self.code.machine], start, content)
            found.sites = [self._sharpened(site) for site in found.sites]
            self._add_misread_sites(found, start, end)
            self._studied[start] = found
        return self._studied[start]

    def outline(self, start: int) -> Outline:
        """Where the function at ``start`` leads: quicker than `function`."""
        if start not in self._outlined:
            content = self._bytes(start, min(self._end(start), start + _LONGEST_FUNCTION))
            self._outlined[start] = outline(MACHINES[self.code.machine], start, content)
        return self._outlined[start]

    def has_sites(self, start: int) -> bool:
        """Whether the instruction's bytes stand in the function at ``start``."""
        content = self._bytes(start, min(self._end(start), start + _LONGEST_FUNCTION))
        return next(MACHINES[self.code.machine].raw_sites(start, content), None) is not None

    def reach(self, roots: Iterable[tuple[int, str]]) -> Iterator[Reached]:
        """Every site that ``roots`` (function start, name) lead to, once per root name."""
        by_start: dict[int, set[str]] = {}
        queue: deque[tuple[int, str]] = deque()
        for start, name in roots:
            inside = self.containing(start)
            if inside is not None:
                queue.append((inside, name))
        while queue:
            start, name = queue.popleft()
            names = by_start.setdefault(start, set())
            if name in names:
                continue
            names.add(name)
            queue.extend((target, name) for target in self.successors(start))
        for start, names in by_start.items():
            for name in sorted(names):
                yield from self._numbers(start, name, by_start)

    def numbers_in(self, functions: Iterable[int], name: str) -> Iterator[Reached]:
        """The sites of these functions, of which ``name`` is the only root."""
        by_start = {start: {name} for start in sorted(functions)}
        for start in by_start:
            yield from self._numbers(start, name, by_start)

    def successors(self, start: int) -> set[int]:
        """The functions of this file that the one at ``start`` calls or names."""
        found = self.outline(start)
        targets = {self.containing(target) for target in found.targets}
        for address in found.references:
            inside = self.containing(address)
            if inside in (address, address - 1):  # __restore_rt's FDE begins a byte early
                targets.add(inside)
        return {target for target in targets if target is not None and target != start}

    def _numbers(self, start: int, name: str, by_start: dict[int, set[str]]) -> Iterator[Reached]:
        if not self.has_sites(start):
            return
        for site in self.function(start).sites:
            if site.numbers is None:
                yield Reached(None, site.address, name)
                continue
            for value in site.numbers:
                if isinstance(value, int):
                    yield Reached(value, site.address, name)
                else:
                    yield from self._from_callers(start, value, site.address, name, by_start, 0)

    def _from_callers(
        self,
        start: int,
        argument: str,
        address: int,
        name: str,
        by_start: dict[int, set[str]],
        depth: int,
    ) -> Iterator[Reached]:
        """The number is an argument of ``start``: what do its reached callers pass?"""
        register = MACHINES[self.code.machine].arguments[int(argument.removeprefix("arg"))]
        if depth > _DEEPEST_WRAPPER or name in self.code.names.get(start, ()):
            yield Reached(None, address, name)
            return
        for caller, names in by_start.items():
            if name not in names or start not in self.outline(caller).targets:
                continue
            for call in self.function(caller).calls:
                if call.target != start:
                    continue
                values = call.arguments.get(register)
                if values is None or "many" in values:
                    yield Reached(None, address, name)
                    continue
                for value in values:
                    if isinstance(value, int):
                        yield Reached(value, address, name)
                    else:
                        yield from self._from_callers(
                            caller, value, address, name, by_start, depth + 1
                        )

    def _bytes(self, start: int, end: int) -> bytes:
        for text in self.code.texts:
            if text.address <= start < text.end:
                return text.content[start - text.address : end - text.address]
        return b""

    def _sharpened(self, site: Site) -> Site:
        """A number that stands right before the site, for code the data flow could not follow."""
        if site.numbers is None and self.code.machine == "x86_64":
            for opcode, length, at in (_MOV_RAX, _MOV_EAX):
                before = self._bytes(site.address - length, site.address)
                if before.startswith(opcode) and len(before) == length:
                    number = int.from_bytes(before[at : at + 4], "little")
                    return Site(site.address, frozenset((number,)))
        return site

    def _add_misread_sites(self, found: Function, start: int, end: int) -> None:
        """`mov $nr, %rax; syscall` where an FDE begins a byte early (__restore_rt does)."""
        if self.code.machine != "x86_64" or found.sites:
            return
        machine = MACHINES["x86_64"]
        for address in machine.raw_sites(start, self._bytes(start, end)):
            site = self._sharpened(Site(address, None))
            if site.numbers is not None and end - start < 32:
                found.sites.append(site)

    def _uncovered(self, functions: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """Named places in no function (assembly without size, like _start): up to the next one."""
        starts = [start for start, _ in functions]
        for place in sorted({self.code.entry, *self.code.names}):
            index = bisect_right(starts, place) - 1
            if index >= 0 and place < functions[index][1]:
                continue
            following = starts[index + 1] if index + 1 < len(starts) else place + _LOOSE_BYTES
            for text in self.code.texts:
                if text.address <= place < text.end:
                    yield place, min(following, place + _LOOSE_BYTES, text.end)

    def _discover(
        self, text: Text, functions: Sequence[tuple[int, int]]
    ) -> Iterator[tuple[int, int]]:
        """Functions in those parts of a text that no table names: they begin where one is called.

        Only for a file that has sites there: the linear sweep costs a second per MiB.
        """
        covered = [(a, b) for a, b in functions if text.address <= a < text.end]
        sites = list(MACHINES[self.code.machine].raw_sites(text.address, text.content))
        loose = [site for site in sites if not _covers(covered, site)]
        named = sum(min(b, text.end) - a for a, b in covered)
        few = len(loose) * _LOOSE_SHARE <= len(sites)
        if covered and (few or named > len(text.content) * _NAMED_SHARE):
            yield from _stretched(text, covered, loose)
            return
        jumps: list[tuple[int, int]] = []
        starts = {text.address, self.code.entry, *self._sweep(text, jumps)}
        starts.update(*self.code.pointers.values())
        fresh = {a for a in starts if text.address <= a < text.end and not _covers(covered, a)}
        bounds = sorted({*fresh, *(a for a, _ in covered), text.end})
        for source, target in jumps:  # a jump into another function is a tail call
            elsewhere = bisect_right(bounds, source) != bisect_right(bounds, target)
            inside = text.address <= target < text.end and not _covers(covered, target)
            if elsewhere and inside:
                fresh.add(target)
        bounds = sorted({*fresh, *bounds})
        for start, following in pairwise(bounds):
            if start in fresh:
                yield start, following

    def _sweep(self, text: Text, jumps: list[tuple[int, int]]) -> Iterator[int]:
        """Every address that a linear disassembly sees called, taken or marked as an entry.

        Direct jumps are added to ``jumps`` as (from, to).
        """
        machine = MACHINES[self.code.machine]
        at, step = 0, 4 if machine.name == "aarch64" else 1
        while at < len(text.content):
            code = instructions(machine, text.address + at, text.content[at:])
            for instruction in code:
                place, _, mnemonic, operands = instruction
                if mnemonic in ("call", "bl") and operands.lstrip("#").startswith("0x"):
                    yield int(operands.lstrip("#"), 0)
                elif mnemonic in ("jmp", "b") and operands.lstrip("#").startswith("0x"):
                    jumps.append((place, int(operands.lstrip("#"), 0)))
                elif mnemonic == "endbr64":
                    yield place
                else:
                    yield machine.reference(instruction) or text.address
            at = (code[-1][0] + code[-1][1] - text.address if code else at) + step


def _stretched(
    text: Text, functions: Sequence[tuple[int, int]], places: Iterable[int]
) -> Iterator[tuple[int, int]]:
    """Functions that end, by their tables, before one of the places (glibc's clone does), up to the
    next function."""
    for place in places:
        index = bisect_right(functions, (place, 1 << 64))
        start = functions[index - 1][0] if index else text.address
        yield start, functions[index][0] if index < len(functions) else text.end


def _covers(functions: Sequence[tuple[int, int]], address: int) -> bool:
    """True when one of the sorted ranges holds the address."""
    index = bisect_right(functions, (address, 1 << 64)) - 1
    return index >= 0 and address < functions[index][1]
