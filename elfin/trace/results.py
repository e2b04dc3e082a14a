# SPDX-License-Identifier: BSD-3-Clause
"""What follows ``= ``: a call's result, and what it says beside the number."""

from __future__ import annotations

from elfin.trace import constants, structs, text
from elfin.trace.call import Call
from elfin.trace.special import fd_set, pollfds

_ADDRESSES = {"mmap", "brk", "mremap", "shmat"}
_MASKS = {"umask"}
_LARGEST_ERROR = 4095


def shown(call: Call) -> str:
    """``3``, ``-1 ENOENT (No such file or directory)``, ``0x7f...``, ``1 (in [3])``."""
    result = call.result
    if result is None:
        return "?"
    if call.name == "rt_sigreturn":
        return _number_or_error(result, call)
    if -_LARGEST_ERROR <= result < 0:
        return text.error(result, call.machine)
    if call.name in _ADDRESSES:
        return f"{result & (1 << 64) - 1:#x}"
    if call.name in _MASKS:
        return text.permissions(result)
    if call.name == "fcntl":
        return _fcntl(call, result)
    return f"{result}{_beside(call, result)}"


def _number_or_error(result: int, call: Call) -> str:
    if -_LARGEST_ERROR <= result < 0:
        return text.error(result, call.machine)
    return str(result)


def _beside(call: Call, result: int) -> str:
    if call.name in ("poll", "ppoll"):
        return _poll(call, result)
    if call.name in ("select", "pselect6"):
        return _select(call, result)
    return ""


def _fcntl(call: Call, result: int) -> str:
    command = constants.of_type("fcntl_command", call.machine, call.unsigned(1, 4))
    if command == "F_GETFL":
        flags = constants.of_type("open_flags", call.machine, result)
        return f"{text.hexadecimal(result)} (flags {flags})"
    if command == "F_GETFD" and result:
        return f"{result:#x} (flags FD_CLOEXEC)"
    if command == "F_GET_SEALS" and result:
        known = constants.values("fcntl.h", ("F_SEAL_*",), call.machine)
        return f"{result:#x} (seals {constants.flags(known, result)})"
    return str(result)


def _left(call: Call, index: int, decode: structs.Decoder) -> str | None:
    address = call.unsigned(index)
    found = decode(call.after, address, call.machine) if address else None
    return f"left {found}" if found else None


def _poll(call: Call, result: int) -> str:
    left = _left(call, 2, structs.timespec) if call.name == "ppoll" else None
    if not result:
        return " (Timeout)"
    parts = [_ready(call)]
    if left:
        parts.append(left)
    return f" ({', '.join(parts)})"


def _ready(call: Call) -> str:
    """Only the entries with something to tell."""
    whole = pollfds(call, call.after, ("revents",))
    entries = whole.removeprefix("[{").removesuffix("}]").split("}, {")
    told = [entry for entry in entries if ", revents=" in entry and not entry.endswith("=0")]
    return "[" + ", ".join(f"{{{entry}}}" for entry in told) + "]"


def _select(call: Call, result: int) -> str:
    decode = structs.timespec if call.name == "pselect6" else structs.timeval
    left = _left(call, 4, decode)
    if not result:
        return " (Timeout)"
    width = max(call.signed(0), 0)
    names = ("in", "out", "exc")
    sets = [fd_set(call.after, call.unsigned(i), width) for i in (1, 2, 3)]
    parts = [f"{n} {s}" for n, s in zip(names, sets, strict=True) if s not in ("NULL", "[]")]
    if left:
        parts.append(left)
    return f" ({', '.join(parts)})"
