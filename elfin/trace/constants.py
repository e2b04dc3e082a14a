# SPDX-License-Identifier: BSD-3-Clause
"""Names of numbers: the constants of abi/linux/*.h as one machine sees them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from functools import cache

from abi.table import ABI, Machine, TypeKind, expand, load

_SUFFIX = re.compile(r"\b(0x[0-9a-fA-F]+|\d+)[uUlL]+\b")
_OCTAL = re.compile(r"(?<![\w.])0([0-7]+)\b")
_UINT64 = re.compile(r"\bUINT64_C\(([^)]*)\)")


@cache
def header(name: str, machine: Machine) -> Mapping[str, str]:
    """Macros of abi/linux/NAME on `machine`: name → text of the value, in the file's order."""
    found: dict[str, str] = {}
    shown = [True]
    for line in (ABI / "linux" / name).read_text().splitlines():
        condition = re.match(r"#if defined\(__(\w+)__\)$", line)
        macro = re.match(r"#define (\w+) +(.+?)\s*(?:/\*.*)?$", line)
        if condition:
            shown.append(condition[1] == machine.value)
        elif line.startswith("#else"):
            shown[-1] = not shown[-1]
        elif line.startswith("#endif"):
            shown.pop()
        elif macro and all(shown):
            found.setdefault(macro[1], macro[2])
    return found


def _value(text: str, macros: Mapping[str, str]) -> int | None:
    """The number that a macro's text stands for; None where it is not one."""
    for _ in range(4):
        text = _SUFFIX.sub(r"\1", _UINT64.sub(r"\1", text))
        text = re.sub(r"\b[A-Za-z_]\w*", lambda m: f"({macros.get(m[0], m[0])})", text)
    text = _OCTAL.sub(r"0o\1", text)
    try:
        return _arithmetic(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError):
        return None


def _arithmetic(node: ast.expr) -> int:
    """Whole numbers with - ~ | << and brackets: all that a header of ours computes with."""
    match node:
        case ast.Constant(value=int(number)):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_arithmetic(operand)
        case ast.UnaryOp(op=ast.Invert(), operand=operand):
            return ~_arithmetic(operand)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _arithmetic(left) | _arithmetic(right)
        case ast.BinOp(left=left, op=ast.LShift(), right=right):
            return _arithmetic(left) << _arithmetic(right)
    raise ValueError("not arithmetic")


@cache
def values(name: str, patterns: tuple[str, ...], machine: Machine) -> tuple[tuple[str, int], ...]:
    """(name, value) of the constants in abi/linux/NAME that the patterns name."""
    macros = header(name, machine)
    found = []
    for constant in expand(patterns, macros):
        value = _value(macros[constant], macros)
        if value is not None:
            found.append((constant, value))
    return tuple(found)


@cache
def name_of(file: str, patterns: tuple[str, ...], machine: Machine, value: int) -> str | None:
    """The first constant with this value."""
    return next((name for name, known in values(file, patterns, machine) if known == value), None)


def enum(file: str, patterns: tuple[str, ...], machine: Machine, value: int) -> str:
    """A name, or the number in hex with what it was looked up as, as strace shows it."""
    name = name_of(file, patterns, machine, value)
    return name if name is not None else f"{value:#x} /* {_family(patterns)} */"


def _family(patterns: Iterable[str]) -> str:
    first = next(iter(patterns)).rstrip("*")
    prefix = first[: first.rindex("_") + 1] if "_" in first.rstrip("_") else first
    return f"{prefix}???"


def flags(known: Iterable[tuple[str, int]], value: int, *, mask: int = 0) -> str:
    """Bits by name, joined with |; under `mask` stands one value; what has no name in hex."""
    names = []
    pairs = tuple(known)
    rest = value
    if mask:
        at_mask = next((n for n, v in pairs if v & ~mask == 0 and v == value & mask), None)
        rest = value & ~mask
        if at_mask is not None:
            names.append(at_mask)
        elif value & mask:
            names.append(f"{value & mask:#x}")
        pairs = tuple((n, v) for n, v in pairs if v & ~mask)
    if not rest and not names:
        zero = next((n for n, v in pairs if v == 0), None)
        return zero or "0"
    for name, bits in pairs:
        if bits and rest & bits == bits:
            names.append(name)
            rest &= ~bits
    if rest:
        names.append(f"{rest:#x}")
    return "|".join(names)


@cache
def _type(name: str, machine: Machine) -> tuple[tuple[tuple[str, int], ...], int, TypeKind]:
    kind = load().types[name]
    macros = header(kind.header, machine)
    mask = _value(macros.get(kind.mask, kind.mask), macros) or 0
    return values(kind.header, kind.constants, machine), mask, kind.kind


def without_mask(name: str, machine: Machine, value: int) -> str:
    """Bits of a flags type of which the value under the mask means nothing (O_CLOEXEC of pipe2)."""
    known, mask, _ = _type(name, machine)
    return flags([(n, v) for n, v in known if v & ~mask], value)


def of_type(name: str, machine: Machine, value: int) -> str:
    """A value of a flags or enum type of types.tbl."""
    known, mask, kind = _type(name, machine)
    if kind is TypeKind.FLAGS:
        return flags(known, value, mask=mask)
    found = next((n for n, v in known if v == value), None)
    return found if found is not None else f"{value:#x} /* {_family(n for n, _ in known)} */"
