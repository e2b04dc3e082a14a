# SPDX-License-Identifier: BSD-3-Clause
"""What the code behind a call site provably never reads: arithmetic flags, rcx, r11.

Every path is followed until the thing is overwritten. Where a path leaves what is known (a return,
a call, an indirect jump), or is long, the thing counts as read: a caller written in assembly may.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from elfin.model.rewrite import Dead
from elfin.rewrite.region import Instruction, Region, disassembler

_FAR_ENOUGH = 64  # instructions
_LEAVES = frozenset(("ret", "retf", "retfq", "iretq", "int", "int3", "ud2", "hlt", "sysret"))
# These write all six arithmetic flags whatever their operands are (SDM 1, appendix A).
_WRITES_FLAGS = frozenset(("cmp", "test", "add", "sub", "and", "or", "xor", "neg"))
_READS_FLAGS = ("pushf", "lahf", "syscall")
_PARTS = {"rcx": ("rcx", "ecx", "cx", "cl", "ch"), "r11": ("r11", "r11d", "r11w", "r11b")}

Effect = Callable[[Instruction], str]


def dead_behind(region: Region, address: int) -> Dead:
    """What nobody reads from this address on."""
    dead = Dead.NOTHING
    if not _is_live(region, address, _flags):
        dead |= Dead.FLAGS
    for name, bit in (("rcx", Dead.RCX), ("r11", Dead.R11)):
        if not _is_live(region, address, lambda one, name=name: _register(region, one, name)):  # type: ignore[misc]
            dead |= bit
    return dead


def _is_live(region: Region, address: int, effect: Effect) -> bool:
    todo, seen = [address], set[int]()
    while todo:
        at = todo.pop()
        if at in seen:
            continue
        seen.add(at)
        one = region.code.get(at)
        if one is None or len(seen) > _FAR_ENOUGH:
            return True
        what = effect(one)
        if what == "reads":
            return True
        if what == "writes":
            continue
        if one.is_call or one.mnemonic.split()[-1] in _LEAVES:
            return True
        if one.is_jump or one.is_branch:
            if one.target is None:
                return True
            todo.append(one.target)
        if not one.is_jump:
            todo.append(one.end)
    return False


def _flags(one: Instruction) -> str:
    word = one.mnemonic.split()[-1]  # without lock, rep
    if word in _WRITES_FLAGS and " " not in one.mnemonic:
        return "writes"
    if word.startswith(_READS_FLAGS) or _tests_flags(one):
        return "reads"
    return ""


def _tests_flags(one: Instruction) -> bool:
    """By name: every instruction whose name ends in a condition, and those that use CF or ZF."""
    word = one.mnemonic.split()[-1]
    if word.startswith(
        ("set", "cmov", "fcmov", "adc", "adox", "sbb", "rcl", "rcr", "cmc", "into", "salc")
    ):
        return True
    if word.startswith("loop"):
        return word != "loop"
    return word.startswith("j") and word not in ("jmp", "jrcxz", "jecxz", "ljmp")


def _register(region: Region, one: Instruction, name: str) -> str:
    if one.mnemonic == "syscall":
        return "writes"
    detail = _detail(region, one)
    if detail is None:
        return "reads"
    parts = _PARTS[name]
    read, written = detail
    if any(part in read for part in parts):
        return "reads"
    return "writes" if any(part in written for part in parts[:2]) else ""


def _detail(region: Region, one: Instruction) -> tuple[set[str], set[str]] | None:
    """Names of the registers that an instruction reads and writes; None where that is unknown."""
    handle: Any = disassembler(detail=True)
    for found in handle.disasm(region.bytes_at(one.address, one.size), one.address, 1):
        read, written = found.regs_access()
        if found.mnemonic.startswith("cmov"):
            read = [*read, *written]  # it may leave its target as it was
        return {found.reg_name(r) for r in read}, {found.reg_name(r) for r in written}
    return None
