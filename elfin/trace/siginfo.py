# SPDX-License-Identifier: BSD-3-Clause
"""struct linux_siginfo, as strace shows it between `---`."""

from __future__ import annotations

import struct

from abi.table import Machine
from elfin.trace import constants, structs, text

_CODES = {
    "SIGILL": ("ILL_*",),
    "SIGFPE": ("FPE_*",),
    "SIGSEGV": ("SEGV_*",),
    "SIGBUS": ("BUS_*",),
    "SIGTRAP": ("TRAP_*",),
    "SIGCHLD": ("CLD_*",),
    "SIGIO": ("POLL_*",),
}
_FAULTS = ("SIGILL", "SIGFPE", "SIGSEGV", "SIGBUS", "SIGTRAP")
_SI_TIMER, _SI_QUEUE, _SI_KERNEL = -2, -1, 0x80
_CLD_EXITED = 1


def siginfo(info: bytes, machine: Machine) -> str:
    """``{si_signo=SIGCHLD, si_code=CLD_EXITED, ...}``; 128 bytes."""
    number, error, code = struct.unpack_from("<iii", info)
    if not number:
        return "{}"
    name = text.signal_name(number, machine)
    pairs: list[tuple[str, object]] = [("si_signo", name)]
    pairs.append(("si_code", _code_name(name, code, machine)))
    if error:
        pairs.append(("si_errno", error))
    return structs.fields([*pairs, *_rest(name, code, info, machine)])


def _code_name(name: str, code: int, machine: Machine) -> str:
    general = constants.name_of("signal.h", ("SI_*",), machine, code)
    if code > 0 and code != _SI_KERNEL:
        return constants.enum("signal.h", _CODES.get(name, ("SI_*",)), machine, code)
    return general or str(code)


def _rest(name: str, code: int, info: bytes, machine: Machine) -> list[tuple[str, object]]:
    sender, uid = struct.unpack_from("<iI", info, 16)
    if code == _SI_KERNEL:
        return []
    if code > 0 and name == "SIGCHLD":
        status, used, system = struct.unpack_from("<i4xqq", info, 24)
        shown = status if code == _CLD_EXITED else text.signal_name(status, machine)
        times: list[tuple[str, object]] = [("si_utime", used), ("si_stime", system)]
        return [("si_pid", sender), ("si_uid", uid), ("si_status", shown), *times]
    if code > 0 and name in _FAULTS:
        return [("si_addr", text.address(struct.unpack_from("<Q", info, 16)[0]))]
    if code > 0 and name == "SIGIO":
        band, fd = struct.unpack_from("<qi", info, 16)
        return [("si_band", band), ("si_fd", fd)]
    (value,) = struct.unpack_from("<Q", info, 24)
    if code == _SI_TIMER:
        timer, overrun = struct.unpack_from("<ii", info, 16)
        return [("si_timerid", timer), ("si_overrun", overrun), ("si_value", _value(value))]
    if code == _SI_QUEUE:
        return [("si_pid", sender), ("si_uid", uid), ("si_value", _value(value))]
    return [("si_pid", sender), ("si_uid", uid)]


def _value(value: int) -> str:
    low = value & 0xFFFFFFFF
    number = low - (1 << 32) if low >> 31 else low
    return f"{{sival_int={number}, sival_ptr={text.address(value)}}}"
