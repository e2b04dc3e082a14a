# SPDX-License-Identifier: BSD-3-Clause
"""Arguments of a call → text, from the table's types; `special` knows the calls that differ."""

from __future__ import annotations

from collections.abc import Callable

from abi.table import Argument, Direction, TypeKind
from elfin.trace import constants, structs, text
from elfin.trace.call import LATER, Call
from elfin.trace.records import Memory

_AT_FDCWD = -100
_NUMBERS = {"int": (4, True), "uint": (4, False), "long": (8, True), "u64": (8, False),
            "off": (8, True), "size": (8, False), "uid": (4, False), "gid": (4, False)}  # fmt: skip
_ELEMENTS = 32
_TIMES = {"utimensat", "utimes", "futimesat"}


def generic(call: Call) -> list[str]:
    """Every argument as its type says; LATER for what only the return can show."""
    if call.row is None:
        return [text.hexadecimal(value) for value in call.arguments]
    return [argument(call, index) for index in range(len(call.row.arguments))]


def argument(call: Call, index: int) -> str:
    """One argument."""
    assert call.row is not None
    wanted = call.row.arguments[index]
    kind = wanted.type
    size = 4 if kind.c_type in ("int", "u32") else 8
    if kind.kind in (TypeKind.FLAGS, TypeKind.ENUM):
        if kind.name == "signal":
            return text.signal_name(call.signed(index), call.machine)
        if kind.name == "open_flags" and not call.name.startswith("open"):
            return constants.without_mask(kind.name, call.machine, call.unsigned(index, size))
        return constants.of_type(kind.name, call.machine, call.unsigned(index, size))
    if kind.kind is TypeKind.STRUCT:
        return _pointed(call, index, wanted)
    return _FORMATS[kind.trace](call, index, size)


def _signed(call: Call, index: int, size: int) -> str:
    return str(call.signed(index, size))


def _unsigned(call: Call, index: int, size: int) -> str:
    return str(call.unsigned(index, size))


def _hex(call: Call, index: int, size: int) -> str:
    return text.hexadecimal(call.unsigned(index, size))


def _octal(call: Call, index: int, size: int) -> str:
    return text.permissions(call.unsigned(index, size))


def _address(call: Call, index: int, size: int) -> str:
    return text.address(call.unsigned(index))


def _directory(call: Call, index: int, size: int) -> str:
    return "AT_FDCWD" if call.signed(index) == _AT_FDCWD else str(call.signed(index))


def string(call: Call, index: int, size: int = 8) -> str:
    """A path, whole."""
    return path_at(call.before, call.unsigned(index))


def path_at(memory: Memory, address: int) -> str:
    """The string there; its address where it cannot be read to its end."""
    data = memory.some(address, 4096)
    if b"\0" not in data:
        return text.address(address)
    return text.quoted(data[: data.index(b"\0")])


def _strings(call: Call, index: int, size: int) -> str:
    """argv shows its strings, envp how many there are."""
    assert call.row is not None
    address = call.unsigned(index)
    if call.row.arguments[index].name != "argv":
        return _count_of_strings(call.before, address)
    shown: list[str] = []
    for at in range(_ELEMENTS + 1):
        pointer = call.before.number(address + 8 * at)
        if pointer is None:
            return text.address(address)
        if not pointer:
            return f"[{', '.join(shown)}]"
        if at == _ELEMENTS:
            break
        data = call.before.some(pointer, text.TEXT_BYTES + 1)
        body = data.split(b"\0")[0]
        shown.append(text.shortened(body, len(body)) if data else text.address(pointer))
    return f"[{', '.join(shown)}, ...]"


def _count_of_strings(memory: Memory, address: int) -> str:
    count = 0
    while address:
        pointer = memory.number(address + 8 * count)
        if pointer is None:
            return text.address(address)
        if not pointer:
            break
        count += 1
    return (
        f"{text.address(address)} /* {count} var{'' if count == 1 else 's'} */"
        if address
        else "NULL"
    )


def count_beside(call: Call, index: int) -> int:
    """The argument after, or before, that counts what this one points to."""
    assert call.row is not None
    for neighbour in (index + 1, index - 1):
        if 0 <= neighbour < len(call.row.arguments):
            kind = call.row.arguments[neighbour].type
            if kind.name in ("size", "int", "uint"):
                return call.unsigned(neighbour, 8 if kind.name == "size" else 4)
    return 0


def _text_in(call: Call, index: int, size: int) -> str:
    address, whole = call.unsigned(index), count_beside(call, index)
    data = call.before.some(address, min(whole, text.TEXT_BYTES))
    if len(data) < min(whole, text.TEXT_BYTES):
        return text.address(address)
    return text.shortened(data, whole) if address else "NULL"


def _text_out(call: Call, index: int, size: int) -> str:
    if call.result is None:
        return LATER
    address = call.unsigned(index)
    if not call.stored:
        return text.address(address)
    return filled_text(call, address, call.result)


def filled_text(call: Call, address: int, whole: int) -> str:
    """Bytes that the call stored."""
    data = call.after.some(address, min(whole, text.TEXT_BYTES))
    if len(data) < min(whole, text.TEXT_BYTES):
        return text.address(address)
    return text.shortened(data, whole)


_FORMATS: dict[str, Callable[[Call, int, int], str]] = {
    "signed": _signed,
    "unsigned": _unsigned,
    "hex": _hex,
    "octal": _octal,
    "address": _address,
    "fd": _signed,
    "dirfd": _directory,
    "string": string,
    "string_vector": _strings,
    "buffer_in": _text_in,
    "buffer_out": _text_out,
}


def _pointed(call: Call, index: int, wanted: Argument) -> str:
    """A pointer to a struct: what is there at the moment that its direction names."""
    address = call.unsigned(index)
    if not address:
        return "NULL"
    if wanted.direction is Direction.IN:
        return at_address(call, index, call.before)
    if call.result is None:
        return LATER
    if not call.stored:
        return text.address(address)
    if wanted.direction is Direction.INOUT:
        return at_address(call, index, call.before)
    return at_address(call, index, call.after)


def at_address(call: Call, index: int, memory: Memory) -> str:
    """The struct, number or array that an argument points to, out of this memory."""
    assert call.row is not None
    name, address = call.row.arguments[index].type.name, call.unsigned(index)
    if name in _NUMBERS:
        return number_at(memory, address, name)
    if name == "addr":
        value = memory.number(address)
        return text.address(address) if value is None else f"[{text.address(value)}]"
    if name in ("timespec", "timeval") and call.name in _TIMES:
        return structs.array(memory, address, call.machine, 2, 16, structs.DECODERS[name])
    decode = structs.DECODERS.get(name)
    found = decode(memory, address, call.machine) if decode else None
    return text.address(address) if found is None else found


def number_at(memory: Memory, address: int, name: str) -> str:
    """``[5]``"""
    size, signed = _NUMBERS[name]
    value = memory.number(address, size, signed=signed)
    return text.address(address) if value is None else f"[{value}]"
