# SPDX-License-Identifier: BSD-3-Clause
"""Bytes, numbers and errors in strace's spelling."""

from __future__ import annotations

import os
from collections.abc import Iterable

from abi.table import Machine
from elfin.trace import constants

TEXT_BYTES = 32  # strace's -s
SIGNAL_COUNT = 64
_ESCAPES = {0x22: '\\"', 0x5C: "\\\\", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}
_RESTARTS = {
    512: "ERESTARTSYS (To be restarted if SA_RESTART is set)",
    513: "ERESTARTNOINTR (To be restarted)",
    514: "ERESTARTNOHAND (To be restarted if no handler)",
    516: "ERESTART_RESTARTBLOCK (Interrupted by signal)",
}
_KERNEL_SIGRTMIN = 32


def quoted(data: bytes, *, cut: bool = False) -> str:
    """A C string literal; ``cut`` says that more bytes follow."""
    parts = []
    for at, byte in enumerate(data):
        if byte in _ESCAPES:
            parts.append(_ESCAPES[byte])
        elif 32 <= byte < 127:
            parts.append(chr(byte))
        else:
            digit_follows = data[at + 1 : at + 2].isdigit()
            parts.append(f"\\{byte:03o}" if digit_follows else f"\\{byte:o}")
    return f'"{"".join(parts)}"' + ("..." if cut else "")


def shortened(data: bytes, whole: int) -> str:
    """Of ``whole`` bytes, ``data`` being the first, as much as strace shows."""
    return quoted(data[:TEXT_BYTES], cut=whole > TEXT_BYTES)


def in_hex(data: bytes, whole: int) -> str:
    """Bytes that are no text."""
    body = "".join(f"\\x{byte:02x}" for byte in data[:TEXT_BYTES])
    return f'"{body}"' + ("..." if whole > TEXT_BYTES else "")


def address(value: int) -> str:
    """A pointer."""
    return f"{value:#x}" if value else "NULL"


def hexadecimal(value: int) -> str:
    """A number that is not counted in; 0 needs no prefix."""
    return f"{value:#x}" if value else "0"


def permissions(mode: int) -> str:
    """The argument of open, mkdir, chmod: octal, at least three digits."""
    return f"0{mode:o}".rjust(3, "0") if mode else "000"


def signal_name(number: int, machine: Machine) -> str:
    """``SIGINT``, ``SIGRTMIN``, ``SIGRT_3``; the number where there is no such signal."""
    if _KERNEL_SIGRTMIN <= number <= SIGNAL_COUNT:
        at = number - _KERNEL_SIGRTMIN
        return f"SIGRT_{at}" if at else "SIGRTMIN"
    pattern = ("SIG*",)
    for name, value in constants.values("signal.h", pattern, machine):
        if value == number and number and "_" not in name and name not in ("SIGIOT", "SIGPOLL"):
            return name
    return str(number)


def signal_set(mask: int, machine: Machine) -> str:
    """``[INT TERM]``; ``~[...]`` when most are in it."""
    inside = [n for n in range(1, SIGNAL_COUNT + 1) if mask >> (n - 1) & 1]
    if len(inside) > SIGNAL_COUNT * 2 // 3:
        outside = [n for n in range(1, SIGNAL_COUNT + 1) if not mask >> (n - 1) & 1]
        return f"~[{_short_names(outside, machine)}]"
    return f"[{_short_names(inside, machine)}]"


def _short_names(numbers: Iterable[int], machine: Machine) -> str:
    return " ".join(signal_name(n, machine).removeprefix("SIG") for n in numbers)


def errno_name(number: int, machine: Machine) -> str:
    """``ENOENT``; the number where Linux has none."""
    return constants.name_of("errno.h", ("E*",), machine, number) or f"errno {number}"


def error(result: int, machine: Machine) -> str:
    """What follows ``= `` after a call that failed or is to be restarted."""
    number = -result
    if number in _RESTARTS:
        return f"? {_RESTARTS[number]}"
    return f"-1 {errno_name(number, machine)} ({os.strerror(number)})"


def wait_status(status: int, machine: Machine) -> str:
    """A status of wait(2), with the macros that take it apart."""
    if status & 0xFF == 0x7F:
        name = signal_name(status >> 8 & 0xFF, machine)
        return f"{{WIFSTOPPED(s) && WSTOPSIG(s) == {name}}}"
    if status == 0xFFFF:
        return "{WIFCONTINUED(s)}"
    if status & 0x7F:
        core = " && WCOREDUMP(s)" if status & 0x80 else ""
        name = signal_name(status & 0x7F, machine)
        return f"{{WIFSIGNALED(s) && WTERMSIG(s) == {name}{core}}}"
    return f"{{WIFEXITED(s) && WEXITSTATUS(s) == {status >> 8 & 0xFF}}}"
