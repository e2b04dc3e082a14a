# SPDX-License-Identifier: BSD-3-Clause
"""Classify every `syscall` of a file: mov-jump, window, or kept, with the reason.

The rules (DESIGN 3.4, docs/decisions/0801-rewrite-plans.md):
- a site is an instruction that a path leads to; the same bytes elsewhere are left alone;
- mov-jump: `mov $nr, %eax` (b8 imm32) directly before it, and nobody enters the mov's inside;
- window: the `syscall` and neighbours that can be executed elsewhere, five bytes or more, of which
  only the first may be entered: by a jump, a table, a pointer, an exception or another function;
- a signal trampoline that unwinders recognise by its bytes is kept.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import product

from elfin.model.rewrite import Kept, Method, Patch, RewritePlan, Segment, TextFile
from elfin.rewrite.liveness import dead_behind
from elfin.rewrite.region import Instruction, Region, arrivals, regions

SYSCALL = b"\x0f\x05"
_MOV_EAX, _MOV_BYTES = 0xB8, 5
_JUMP_BYTES = 5
_NEIGHBOURS = 4  # instructions on one side of a site that a window may take
_SHORT_REACH = 2 + 128 + 15 * _NEIGHBOURS  # how far from a site a short branch into its patch is
# `mov $15, %rax; syscall`: libgcc's and LLVM's unwinders know a signal frame by these bytes
_RESTORER = b"\x48\xc7\xc0\x0f\x00\x00\x00\x0f\x05"
_RESTORER_WORD = _RESTORER[1:]  # as such an unwinder has them among its constants
# Instructions whose effect depends on where they stand, that enter or leave the kernel, or that
# change what the machine does next.
_STAYS = re.compile(
    r"call|ret|j|loop|xbegin|xend|xabort|syscall|sys|int|iret|hlt|ud|in$|out$|ins|outs|cli|sti|popf"
    r"|endbr|enter|leave|lcall|ljmp|wr(fs|gs|msr|pkru)|swapgs|lss|rsm|mwait|monitor|rdpru|bnd|notrack"
)

_NO_PATH = "no path leads to it"
_INSIDE = "its bytes are part of another instruction, or data"
_UNWINDERS = "unwinders know a signal frame by these bytes"
_ENTERED = "a jump may lead behind its first bytes"
_NO_ROOM = "its neighbours cannot be moved"


def plan(file: TextFile) -> RewritePlan:
    """The plan of one file. Costs disassembling the functions that hold the bytes `0f 05`."""
    patches: list[Patch] = []
    kept: list[Kept] = []
    if file.machine == "x86_64":
        for text in file.texts:
            for found in _plan_text(file, text):
                (patches if isinstance(found, Patch) else kept).append(found)  # type: ignore[arg-type]
    patches.sort(key=lambda patch: patch.offset)
    kept.sort(key=lambda one: one.offset)
    return RewritePlan(file.size, _checksum(file, patches), tuple(patches), tuple(kept))


def raw_sites(text: Segment) -> list[int]:
    """Addresses of the bytes, whatever they are."""
    found = []
    at = text.content.find(SYSCALL)
    while at >= 0:
        found.append(text.address + at)
        at = text.content.find(SYSCALL, at + 1)
    return found


def _checksum(file: TextFile, patches: Iterable[Patch]) -> int:
    value = 0
    for patch in patches:
        for text in file.texts:
            if text.address <= patch.address < text.end:
                at = patch.address - patch.start - text.address
                value = zlib.crc32(text.content[at : at + patch.length], value)
    return value


def _plan_text(file: TextFile, text: Segment) -> Iterator[Patch | Kept]:
    places = raw_sites(text)
    areas = list(regions(file, text, places, _SHORT_REACH))
    entered = arrivals(file, [(area.start, area.end) for area in areas])
    entered |= file.entries | file.pointers | {start for start, _ in file.functions}
    for area in areas:
        here = [place for place in places if area.start <= place < area.end]
        area.walk({address for address in entered if area.start <= address < area.end})
        yield from _Sites(file, text, area).classify(here)


class _Sites:
    """The sites of one region."""

    def __init__(self, file: TextFile, text: Segment, area: Region) -> None:
        self.file, self.text, self.area = file, text, area
        self.free_from = 0  # the end of the last patch

    def classify(self, places: list[int]) -> Iterator[Patch | Kept]:
        """One verdict per place, in order."""
        for address in places:
            found = self._verdict(address)
            if isinstance(found, Patch):
                self.free_from = address - found.start + found.length
            yield found

    def _verdict(self, address: int) -> Patch | Kept:
        one = self.area.code.get(address)
        if one is None or one.mnemonic != "syscall":
            inside = any(
                (other := self.area.code.get(address - back)) is not None and other.size > back
                for back in range(1, 15)
            )
            return self._keep(address, _INSIDE if inside else _NO_PATH, is_code=False)
        if self._is_known_by_its_bytes(address):
            return self._keep(address, _UNWINDERS)
        return self._mov_jump(address) or self._window(address)

    def _keep(self, address: int, reason: str, *, is_code: bool = True) -> Kept:
        return Kept(self._offset(address), address, reason, is_code)

    def _offset(self, address: int) -> int:
        return self.text.offset + address - self.text.address

    def _is_known_by_its_bytes(self, address: int) -> bool:
        start = address - len(_RESTORER) + len(SYSCALL)
        if self.area.bytes_at(start, len(_RESTORER)) != _RESTORER:
            return False
        if {start, start - 1} & self.file.signal_frames:
            return False  # its unwind table says so, and is asked first
        if self.file.dynamic:
            return True
        segments = (*self.file.texts, *self.file.data)
        known = sum(segment.content.count(_RESTORER_WORD) for segment in segments)
        return known > sum(text.content.count(_RESTORER) for text in self.file.texts)

    def _mov_jump(self, address: int) -> Patch | None:
        start = address - _MOV_BYTES
        one = self.area.code.get(start)
        if one is None or one.size != _MOV_BYTES or start < self.free_from:
            return None
        if self.area.bytes_at(start, 1)[0] != _MOV_EAX or self.area.may_be_entered(start, address):
            return None
        return self._patch(address, Method.MOV_JUMP, _MOV_BYTES, _MOV_BYTES)

    def _patch(self, address: int, method: Method, start: int, length: int) -> Patch:
        dead = dead_behind(self.area, address + len(SYSCALL))
        return Patch(self._offset(address), address, method, start, length, dead)

    def _window(self, address: int) -> Patch | Kept:
        """The window that moves least: no memory operands if it can be, then none before the site,
        then the fewest."""
        found: list[tuple[int, int, int, int, int]] = []
        reason = _NO_ROOM
        for before, behind in product(self._befores(address), list(self._behinds(address))):
            moved = before + behind
            start = address - sum(one.size for one in before)
            end = address + len(SYSCALL) + sum(one.size for one in behind)
            if end - start < _JUMP_BYTES or start < self.free_from:
                continue
            if self.area.may_be_entered(start, end) or self._overlaps(start, end, moved):
                reason = _ENTERED
                continue
            touches = sum("[" in one.operands for one in moved)
            found.append((touches, len(before), len(moved), start, end))
        if not found:
            return self._keep(address, reason)
        start, end = min(found)[3:]
        return self._patch(address, Method.WINDOW, address - start, end - start)

    def _befores(self, address: int) -> Iterator[tuple[Instruction, ...]]:
        """Nothing, the instruction before the site, the two before it, ..."""
        taken: tuple[Instruction, ...] = ()
        yield taken
        while len(taken) < _NEIGHBOURS:
            one = self.area.before(taken[0].address if taken else address)
            if one is None or not _can_move(one):
                return
            taken = (one, *taken)
            yield taken

    def _behinds(self, address: int) -> Iterator[tuple[Instruction, ...]]:
        """Nothing, the instruction behind the site, the two behind it, ..."""
        taken: tuple[Instruction, ...] = ()
        yield taken
        at = address + len(SYSCALL)
        while len(taken) < _NEIGHBOURS:
            one = self.area.code.get(at)
            if one is None or not _can_move(one):
                return
            taken, at = (*taken, one), one.end
            yield taken

    def _overlaps(self, start: int, end: int, moved: tuple[Instruction, ...]) -> bool:
        """Whether some path decodes the patched bytes differently."""
        known = {one.address for one in moved}
        inner = {place for place in range(start, end) if place in self.area.code}
        sites = {place for place in inner if self.area.code[place].mnemonic == "syscall"}
        return bool(inner - known - sites) or len(sites) != 1


def _can_move(one: Instruction) -> bool:
    """Whether it does the same somewhere else."""
    return not any(_STAYS.match(word) for word in one.mnemonic.split()) and one.reference is None
