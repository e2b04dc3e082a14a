# SPDX-License-Identifier: BSD-3-Clause
"""Disassembles single functions: where system calls stand, with which numbers, and what is called.

A small forward data flow over the function's basic blocks tracks what each register may hold: a few
constants, one of the function's own arguments ("arg0" ...), or nothing known. That recovers
`mov $nr, %eax` however far it stands before the `syscall`, and tells wrappers (musl's syscall_cp,
libc's syscall()) whose number is an argument: their callers then supply it.
Source of the register roles: System V psABI for x86-64, 3.2.3; AAPCS64, 6.1.1; syscall(2).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Any

Value = frozenset[int | str]  # constants and "argN"; absent: unknown
State = dict[str, Value]
Instruction = tuple[int, int, str, str]  # address, size, mnemonic, operands

_MAX_VALUES = 8
_MANY: Value = frozenset(("many",))
_MAX_STEPS = 20_000  # of the data flow, per function: a bound, not a tuning
_X86_WIDTHS = {
    "a": "rax eax ax al", "b": "rbx ebx bx bl", "c": "rcx ecx cx cl", "d": "rdx edx dx dl",
    "si": "rsi esi si sil", "di": "rdi edi di dil", "bp": "rbp ebp bp bpl",
}  # fmt: skip
_NUMBER = re.compile(r"^#?(-?0x[0-9a-f]+|-?\d+)$")
_RIP = re.compile(r"\[rip ([+-]) (0x[0-9a-f]+|\d+)\]")


@dataclass(frozen=True, slots=True)
class Site:
    """One system call instruction; ``numbers`` is None where they are not known."""

    address: int
    numbers: Value | None


@dataclass(frozen=True, slots=True)
class Call:
    """A direct call or tail call, with what the argument registers may hold."""

    target: int
    arguments: Mapping[str, Value]


@dataclass(slots=True)
class Function:
    """What one function does."""

    sites: list[Site] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    references: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Outline:
    """Where one function leads, without data flow: other functions it calls or jumps to, addresses
    it computes, data it reads or jumps through (where a linker puts addresses of imports)."""

    targets: frozenset[int]
    references: frozenset[int]
    data: frozenset[int]


class Machine:
    """What the data flow must know of an instruction set."""

    name = ""
    number_register = ""
    arguments: tuple[str, ...] = ()
    clobbered: frozenset[str] = frozenset()

    def disassembler(self) -> Any:
        """A capstone handle."""
        raise NotImplementedError

    def canonical(self, register: str) -> str | None:
        """The full register that a register's name is part of."""
        raise NotImplementedError

    def is_site(self, mnemonic: str, operands: str) -> bool:
        """True for the system call instruction."""
        raise NotImplementedError

    def raw_sites(self, address: int, content: bytes) -> Iterator[int]:
        """Where the instruction's bytes stand, instruction boundary or not."""
        raise NotImplementedError

    def flow(self, mnemonic: str) -> str:
        """ "call", "jump" (never falls through), "branch", "stop" or ""."""
        raise NotImplementedError

    def assign(self, instruction: Instruction, state: State) -> None:
        """Apply an ordinary instruction to the state."""
        raise NotImplementedError

    def reference(self, instruction: Instruction) -> int | None:
        """An address that the instruction computes, or None."""
        raise NotImplementedError

    def data(self, instruction: Instruction) -> int | None:
        """An address that the instruction reads from, or None where it is not in the code."""
        return None


class X86(Machine):
    """x86_64, Intel syntax."""

    name = "x86_64"
    number_register = "a"
    arguments = ("di", "si", "d", "c", "r8", "r9")
    clobbered = frozenset(("a", "c", "d", "si", "di", "r8", "r9", "r10", "r11"))
    _names = {alias: name for name, row in _X86_WIDTHS.items() for alias in row.split()} | {
        f"r{n}{width}": f"r{n}" for n in range(8, 16) for width in ("", "d", "w", "b")
    }
    _reads_only = frozenset(("cmp", "test", "push", "nop", "endbr64", "bt", "ud2", "leave"))

    def disassembler(self) -> Any:
        import capstone

        return capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)

    def canonical(self, register: str) -> str | None:
        return self._names.get(register)

    def is_site(self, mnemonic: str, operands: str) -> bool:
        return mnemonic == "syscall"

    def raw_sites(self, address: int, content: bytes) -> Iterator[int]:
        at = content.find(b"\x0f\x05")
        while at >= 0:
            yield address + at
            at = content.find(b"\x0f\x05", at + 1)

    def flow(self, mnemonic: str) -> str:
        if mnemonic == "call":
            return "call"
        if mnemonic in ("jmp", "notrack jmp"):
            return "jump"
        if mnemonic in ("ret", "hlt", "ud2", "int3"):
            return "stop"
        return "branch" if mnemonic.startswith(("j", "loop")) else ""

    def assign(self, instruction: Instruction, state: State) -> None:
        mnemonic, operands = instruction[2:]
        target, _, source = operands.partition(", ")
        register = self.canonical(target)
        if register is None or mnemonic in self._reads_only:
            return
        value: Value | None = None
        if mnemonic in ("mov", "movabs") and _NUMBER.match(source):
            value = frozenset((int(source, 0) & 0xFFFFFFFF,))
        elif mnemonic in ("mov", "movsxd", "movzx") and self.canonical(source):
            value = state.get(self.canonical(source) or "")
        elif mnemonic in ("xor", "sub") and self.canonical(source) == register:
            value = frozenset((0,))
        elif mnemonic == "or" and source == "-1":
            value = frozenset((0xFFFFFFFF,))
        elif mnemonic.startswith("cmov") and self.canonical(source):
            value = _join(state.get(register), state.get(self.canonical(source) or ""))
        _set(state, register, value)

    def reference(self, instruction: Instruction) -> int | None:
        address, size, mnemonic, operands = instruction
        if mnemonic == "lea":
            match = _RIP.search(operands)
            if match:
                offset = int(match[2], 0)
                return address + size + (offset if match[1] == "+" else -offset)
        elif mnemonic == "mov":
            source = operands.rpartition(", ")[2]
            if source.startswith("0x") and len(source) > 6:
                return int(source, 0)
        return None

    def data(self, instruction: Instruction) -> int | None:
        address, size, mnemonic, operands = instruction
        match = _RIP.search(operands) if mnemonic != "lea" else None
        if match is None:
            return None
        offset = int(match[2], 0)
        return address + size + (offset if match[1] == "+" else -offset)


class Aarch64(Machine):
    """aarch64."""

    name = "aarch64"
    number_register = "x8"
    arguments = tuple(f"x{n}" for n in range(8))
    clobbered = frozenset(f"x{n}" for n in range(19))

    def disassembler(self) -> Any:
        import capstone

        return capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_LITTLE_ENDIAN)

    def canonical(self, register: str) -> str | None:
        return f"x{register[1:]}" if re.fullmatch(r"[wx]\d+", register) else None

    def is_site(self, mnemonic: str, operands: str) -> bool:
        return mnemonic == "svc" and operands in ("#0", "#0x0")

    def raw_sites(self, address: int, content: bytes) -> Iterator[int]:
        at = content.find(b"\x01\x00\x00\xd4")
        while at >= 0:
            if (address + at) % 4 == 0:
                yield address + at
            at = content.find(b"\x01\x00\x00\xd4", at + 1)

    def flow(self, mnemonic: str) -> str:
        if mnemonic in ("bl", "blr"):
            return "call"
        if mnemonic in ("b", "br"):
            return "jump"
        if mnemonic in ("ret", "brk", "udf"):
            return "stop"
        return "branch" if mnemonic.startswith(("b.", "cb", "tb")) else ""

    def assign(self, instruction: Instruction, state: State) -> None:
        mnemonic, operands = instruction[2:]
        target, _, source = operands.partition(", ")
        register = self.canonical(target)
        if register is None or mnemonic in ("cmp", "cmn", "tst", "str", "stp", "strb"):
            return
        value: Value | None = None
        if mnemonic in ("mov", "movz", "movn") and _NUMBER.match(source):
            value = frozenset((int(source.lstrip("#"), 0) & 0xFFFFFFFF,))
        elif mnemonic in ("mov", "sxtw", "uxtw"):
            if source in ("wzr", "xzr"):
                value = frozenset((0,))
            else:
                value = state.get(self.canonical(source) or "")
        _set(state, register, value)

    def reference(self, instruction: Instruction) -> int | None:
        _, _, mnemonic, operands = instruction
        if mnemonic == "adr":
            source = operands.rpartition("#")[2]
            return int(source, 0) if source else None
        return None


MACHINES: dict[str, Machine] = {"x86_64": X86(), "aarch64": Aarch64()}


def _set(state: State, register: str, value: Value | None) -> None:
    if value is None:
        state.pop(register, None)
    else:
        state[register] = value


def _join(one: Value | None, other: Value | None) -> Value | None:
    """What either way brings. A way that brings nothing known does not count: compilers do not read
    a register that one way leaves undefined; such ways are calls that never return."""
    if one is None or other is None:
        return one or other
    both = one | other
    return both if len(both) <= _MAX_VALUES and "many" not in both else _MANY


@cache
def _handle(name: str) -> Any:
    return MACHINES[name].disassembler()


def instructions(machine: Machine, address: int, content: bytes) -> list[Instruction]:
    """Linear disassembly until the first byte that is no instruction."""
    return list(_handle(machine.name).disasm_lite(content, address))


def outline(machine: Machine, address: int, content: bytes) -> Outline:
    """Where the function at ``address`` leads."""
    targets, references, data = set[int](), set[int](), set[int]()
    end = address + len(content)
    for instruction in _handle(machine.name).disasm_lite(content, address):
        mnemonic, operands = instruction[2:]
        if mnemonic == "call" or machine.flow(mnemonic):
            target = _target(machine, instruction)
            if target is not None and not address < target < end:
                targets.add(target)
        if operands:
            reference = machine.reference(instruction)
            if reference is not None:
                references.add(reference)
            elif "rip" in operands:
                read = machine.data(instruction)
                if read is not None:
                    data.add(read)
    return Outline(frozenset(targets), frozenset(references), frozenset(data))


def study(machine: Machine, address: int, content: bytes) -> Function:
    """Everything about one function that lies at ``address``."""
    code = instructions(machine, address, content)
    found = Function()
    end = address + len(content)
    interesting = any(machine.is_site(mnemonic, ops) for _, _, mnemonic, ops in code)
    calls = []
    for instruction in code:
        target = _target(machine, instruction)
        flow = machine.flow(instruction[2])
        if target is not None and (flow == "call" or not address <= target < end):
            calls.append((instruction[0], target))
        reference = machine.reference(instruction)
        if reference is not None:
            found.references.add(reference)
    states = _states(machine, code) if interesting or calls else {}
    for place, target in calls:
        state = states.get(place, {})
        known = {name: state[name] for name in machine.arguments if name in state}
        found.calls.append(Call(target, known))
    for place, _, mnemonic, operands in code:
        if machine.is_site(mnemonic, operands):
            value = states.get(place, {}).get(machine.number_register)
            numbers = None if value is None or "many" in value else value
            found.sites.append(Site(place, numbers))
    return found


def _target(machine: Machine, instruction: Instruction) -> int | None:
    """Where a direct call, jump or branch goes."""
    if not machine.flow(instruction[2]):
        return None
    operand = instruction[3].rpartition(", ")[2]
    return int(operand.lstrip("#"), 0) if _NUMBER.match(operand) else None


def _blocks(machine: Machine, code: list[Instruction]) -> dict[int, list[Instruction]]:
    """Basic blocks by first address."""
    known = {instruction[0] for instruction in code}
    leaders = {code[0][0]} if code else set()
    for instruction, following in pairwise(code):
        flow = machine.flow(instruction[2])
        target = _target(machine, instruction)
        if flow in ("jump", "branch") and target in known:
            leaders.add(target)
        if flow in ("jump", "branch", "stop"):
            leaders.add(following[0])
    blocks: dict[int, list[Instruction]] = {}
    here: list[Instruction] = []
    for instruction in code:
        if instruction[0] in leaders:
            here = blocks.setdefault(instruction[0], [])
        here.append(instruction)
    return blocks


def _states(machine: Machine, code: list[Instruction]) -> dict[int, State]:
    """Register contents before every call and every site, to a fixed point."""
    blocks = _blocks(machine, code)
    if not blocks:
        return {}
    first = next(iter(blocks))
    entry = {name: frozenset((f"arg{n}",)) for n, name in enumerate(machine.arguments)}
    inputs: dict[int, State] = {first: dict(entry)}
    reached, recorded = set[int](), dict[int, State]()
    todo, steps = [first], 0
    while True:
        while todo and steps < _MAX_STEPS:
            start = todo.pop()
            reached.add(start)
            steps += len(blocks[start])
            state = dict(inputs[start])
            _run_block(machine, blocks[start], state, recorded)
            for successor in _successors(machine, blocks, start):
                if _flow_into(inputs, successor, state):
                    todo.append(successor)
        rest = next((start for start in blocks if _waits(blocks, start, inputs)), None)
        if rest is None or steps >= _MAX_STEPS:
            return recorded
        inputs[rest] = _at_indirect_jump(machine, code, recorded)
        todo.append(rest)


def _waits(blocks: dict[int, list[Instruction]], start: int, inputs: dict[int, State]) -> bool:
    """True for a block that no direct flow reaches and that is not just padding."""
    return start not in inputs and any(word[2] != "nop" for word in blocks[start])


def _at_indirect_jump(
    machine: Machine, code: list[Instruction], recorded: dict[int, State]
) -> State:
    """What is known where only a jump table leads: what was known at the jump; else nothing."""
    for instruction in code:
        jumps = machine.flow(instruction[2]) == "jump" and _target(machine, instruction) is None
        if jumps and instruction[0] in recorded:
            return dict(recorded[instruction[0]])
    return {}


def _run_block(
    machine: Machine, block: Iterable[Instruction], state: State, recorded: dict[int, State]
) -> None:
    for instruction in block:
        address, _, mnemonic, operands = instruction
        if machine.is_site(mnemonic, operands):
            recorded[address] = dict(state)
            state.pop("a", None)
            state.pop("x0", None)
            continue
        flow = machine.flow(mnemonic)
        if flow:
            recorded[address] = dict(state)
            if flow == "call":
                for name in machine.clobbered:
                    state.pop(name, None)
            continue
        machine.assign(instruction, state)


def _successors(
    machine: Machine, blocks: dict[int, list[Instruction]], start: int
) -> Iterator[int]:
    last = blocks[start][-1]
    flow = machine.flow(last[2])
    target = _target(machine, last)
    if flow in ("jump", "branch") and target in blocks:
        yield target
    following = last[0] + last[1]
    if flow not in ("jump", "stop") and following in blocks:
        yield following


def _flow_into(inputs: dict[int, State], block: int, state: State) -> bool:
    """Join ``state`` into a block's input; True when that changed it."""
    if block not in inputs:
        inputs[block] = dict(state)
        return True
    old = inputs[block]
    joined = {name: _join(old.get(name), state.get(name)) or _MANY for name in {*old, *state}}
    if joined == old:
        return False
    inputs[block] = joined
    return True
