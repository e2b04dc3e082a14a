# SPDX-License-Identifier: BSD-3-Clause
"""Calls whose arguments or result say more than their types do."""

from __future__ import annotations

from collections.abc import Callable

from abi.table import Machine
from elfin.trace import constants, structs, text
from elfin.trace.arguments import (
    argument,
    filled_text,
    generic,
    number_at,
    path_at,
)
from elfin.trace.call import LATER, Call
from elfin.trace.records import Memory

Special = Callable[[Call], list[str]]
_CREATES = 0o100 | 0o20000000  # O_CREAT, and O_TMPFILE without its O_DIRECTORY


def arguments(call: Call) -> list[str]:
    """Every argument; LATER for what only the return can show."""
    special = _SPECIAL.get(call.name)
    return special(call) if special and call.row else generic(call)


def _out(call: Call, index: int, show: Callable[[Memory, int], str | None]) -> str:
    """A pointer that the call fills."""
    address = call.unsigned(index)
    if not address:
        return "NULL"
    if call.result is None:
        return LATER
    found = show(call.after, address) if call.stored else None
    return text.address(address) if found is None else found


def _opening(call: Call) -> list[str]:
    shown = generic(call)
    assert call.row is not None
    flags = next(i for i, a in enumerate(call.row.arguments) if a.type.name == "open_flags")
    return shown if call.unsigned(flags, 4) & _CREATES else shown[: flags + 1]


def _mmap(call: Call) -> list[str]:
    shown = generic(call)
    shown[5] = text.hexadecimal(call.unsigned(5))
    return shown


def _mremap(call: Call) -> list[str]:
    shown = generic(call)
    return shown if call.unsigned(3) & 2 else shown[:4]


def _mknod(call: Call) -> list[str]:
    shown = generic(call)
    at = len(shown) - 2
    value = call.unsigned(at, 4)
    shown[at] = structs.mode(value, call.machine)
    return shown if value & 0o170000 in (0o020000, 0o060000) else shown[:-1]


def _no_flags(call: Call) -> list[str]:
    """faccessat, fchmodat: Linux looks at three arguments."""
    return generic(call)[:3]


# --- descriptors ---


def _ioctl(call: Call) -> list[str]:
    shown = generic(call)
    request, address = shown[1], call.unsigned(2)
    if request in ("FIOCLEX", "FIONCLEX", "TIOCSCTTY", "TIOCNOTTY", "TIOCEXCL", "TIOCNXCL"):
        return shown[:2]
    shown[2] = text.address(address)
    if request in ("TCGETS", "TCSETS", "TCSETSW", "TCSETSF"):
        return [*shown[:2], _either(call, 2, request == "TCGETS", _termios)]
    if request in ("TIOCGWINSZ", "TIOCSWINSZ"):
        return [*shown[:2], _either(call, 2, request == "TIOCGWINSZ", _winsize)]
    if request in ("FIONREAD", "TIOCGPGRP", "TIOCOUTQ", "TIOCGSID", "TIOCGPTN"):
        return [*shown[:2], _out(call, 2, lambda m, a: number_at(m, a, "int"))]
    if request in ("FIONBIO", "FIOASYNC", "TIOCSPGRP", "TIOCSPTLCK"):
        return [*shown[:2], number_at(call.before, address, "int")]
    if request in ("TCFLSH", "TCXONC", "TCSBRK", "TCSBRKP"):
        shown[2] = str(call.signed(2))
    return shown


def _either(call: Call, index: int, is_out: bool, show: Callable[[Memory, int], str | None]) -> str:
    if is_out:
        return _out(call, index, show)
    found = show(call.before, call.unsigned(index))
    return text.address(call.unsigned(index)) if found is None else found


def _winsize(memory: Memory, address: int) -> str | None:
    found = structs.unpacked(memory, address, "HHHH")
    names = ("ws_row", "ws_col", "ws_xpixel", "ws_ypixel")
    return None if found is None else structs.fields(zip(names, found, strict=True))


def _termios(memory: Memory, address: int) -> str | None:
    found = structs.unpacked(memory, address, "IIII")
    if found is None:
        return None
    names = ("c_iflag", "c_oflag", "c_cflag", "c_lflag")
    pairs = zip(names, (text.hexadecimal(v) for v in found), strict=True)
    return structs.fields(pairs, more=True)


def _fcntl(call: Call) -> list[str]:
    shown = generic(call)
    command, value = shown[1], call.unsigned(2)
    if command in ("F_GETFD", "F_GETFL", "F_GETOWN", "F_GETSIG", "F_GETLEASE", "F_GETPIPE_SZ"):
        return shown[:2]
    if command == "F_GET_SEALS":
        return shown[:2]
    if command == "F_SETFD":
        shown[2] = "FD_CLOEXEC" if value == 1 else text.hexadecimal(value)
    elif command == "F_SETFL":
        shown[2] = constants.of_type("open_flags", call.machine, value)
    elif command in ("F_GETLK", "F_OFD_GETLK"):
        shown[2] = _out(call, 2, lambda m, a: _flock(m, a, call.machine))
    elif command in ("F_SETLK", "F_SETLKW", "F_OFD_SETLK", "F_OFD_SETLKW"):
        shown[2] = _flock(call.before, value, call.machine) or text.address(value)
    elif command == "F_ADD_SEALS":
        known = constants.values("fcntl.h", ("F_SEAL_*",), call.machine)
        shown[2] = constants.flags(known, value)
    else:
        shown[2] = str(call.signed(2))
    return shown


def _flock(memory: Memory, address: int, machine: Machine) -> str | None:
    found = structs.unpacked(memory, address, "hhxxxxqqi")
    if found is None:
        return None
    kind = constants.enum("fcntl.h", ("F_RDLCK", "F_WRLCK", "F_UNLCK"), machine, found[0])
    whence = constants.enum("fcntl.h", ("SEEK_*",), machine, found[1])
    pairs = [("l_type", kind), ("l_whence", whence), ("l_start", found[2]), ("l_len", found[3])]
    if found[4]:
        pairs.append(("l_pid", found[4]))
    return structs.fields(pairs)


def _pipe(call: Call) -> list[str]:
    shown = generic(call)
    shown[0] = _out(call, 0, _two_descriptors)
    return shown


def _two_descriptors(memory: Memory, address: int) -> str | None:
    found = structs.unpacked(memory, address, "ii")
    return None if found is None else f"[{found[0]}, {found[1]}]"


def _socketpair(call: Call) -> list[str]:
    shown = generic(call)
    shown[3] = _out(call, 3, _two_descriptors)
    return shown


def _vector(call: Call) -> list[str]:
    shown = generic(call)
    reads = call.name.startswith(("read", "preadv"))
    if reads and call.result is None:
        shown[1] = LATER
    else:
        memory = call.after if reads and call.stored else call.before
        limit = call.result if reads and call.stored else None
        shown[1] = _iovec(call, memory, limit)
    if call.name.startswith("p"):  # the offset comes in two halves
        shown[3:5] = [str(call.signed(3, 8))]
    return shown


def _iovec(call: Call, memory: Memory, filled: int | None) -> str:
    left = filled

    def element(pieces: Memory, address: int, machine: Machine) -> str | None:
        nonlocal left
        found = structs.unpacked(pieces, address, "QQ")
        if found is None:
            return None
        base, length = found
        whole = length if left is None else min(length, left)
        left = None if left is None else left - whole
        data = pieces.some(base, min(whole, text.TEXT_BYTES))
        complete = len(data) == min(whole, text.TEXT_BYTES)
        shown = text.shortened(data, whole) if complete else text.address(base)
        return structs.fields((("iov_base", shown), ("iov_len", length)))

    count = call.unsigned(2, 4)
    return structs.array(memory, call.unsigned(1), call.machine, count, 16, element)


def _getdents(call: Call) -> list[str]:
    shown = generic(call)
    address = call.unsigned(1)
    if call.result is None:
        shown[1] = LATER
    elif call.stored:
        count = _entries(call.after.some(address, call.result), call.result)
        s = "y" if count == 1 else "ies"
        shown[1] = f"{text.address(address)} /* {count} entr{s} */"
    else:
        shown[1] = text.address(address)
    return shown


def _entries(data: bytes, whole: int) -> int:
    """Records by their d_reclen."""
    at = count = 0
    while at + 18 <= len(data):
        at += max(int.from_bytes(data[at + 16 : at + 18], "little"), 24)
        count += 1
    return count if at >= whole else 0


# --- waiting ---


def _poll(call: Call) -> list[str]:
    shown = generic(call)
    shown[0] = pollfds(call, call.before, ("events",))
    if call.name == "ppoll":
        shown[2] = _timeout(call, 2)
        shown[3] = argument(call, 3)
    return shown


def pollfds(call: Call, memory: Memory, names: tuple[str, ...]) -> str:
    if not call.unsigned(0):
        return "NULL"

    def element(pieces: Memory, address: int, machine: Machine) -> str | None:
        found = structs.unpacked(pieces, address, "iHH")
        if found is None:
            return None
        if found[0] < 0:
            return structs.fields((("fd", found[0]),))
        known = constants.values("poll.h", ("POLL*",), machine)
        events = {"events": found[1], "revents": found[2]}
        shown = [(name, constants.flags(known, events[name])) for name in names]
        return structs.fields((("fd", found[0]), *shown))

    return structs.array(memory, call.unsigned(0), call.machine, call.unsigned(1, 4), 8, element)


def _timeout(call: Call, index: int) -> str:
    """A timeout that the call may change: strace shows what was asked for."""
    address = call.unsigned(index)
    if not address:
        return "NULL"
    found = structs.timespec(call.before, address, call.machine)
    return text.address(address) if found is None else found


def _select(call: Call) -> list[str]:
    width = max(call.signed(0), 0)
    shown = [str(call.signed(0))]
    shown += [fd_set(call.before, call.unsigned(i), width) for i in (1, 2, 3)]
    address = call.unsigned(4)
    decode = structs.timespec if call.name == "pselect6" else structs.timeval
    timeout = decode(call.before, address, call.machine) if address else "NULL"
    shown.append(timeout or text.address(address))
    if call.name == "pselect6":
        shown.append(_sigset_argument(call, 5))
    return shown


def fd_set(memory: Memory, address: int, width: int) -> str:
    if not address:
        return "NULL"
    data = memory.all(address, 128)
    if data is None:
        return text.address(address)
    members = int.from_bytes(data, "little")
    return f"[{' '.join(str(n) for n in range(min(width, 1024)) if members >> n & 1)}]"


def _sigset_argument(call: Call, index: int) -> str:
    address = call.unsigned(index)
    found = structs.unpacked(call.before, address, "QQ") if address else None
    if found is None:
        return text.address(address)
    return structs.fields((("sigmask", text.address(found[0]) if found[0] else "NULL"),
                           ("sigsetsize", found[1])))  # fmt: skip


def _epoll_wait(call: Call) -> list[str]:
    shown = generic(call)
    address = call.unsigned(1)
    if call.result is None:
        shown[1] = LATER
    elif call.stored:
        size = 12 if call.machine is Machine.X86_64 else 16
        shown[1] = structs.array(
            call.after, address, call.machine, call.result, size, structs.epoll_event
        )
    else:
        shown[1] = text.address(address)
    return shown


# --- processes, time, signals ---


def _clone(call: Call) -> list[str]:
    """In strace's order, with names; pointers only where a flag makes the call use them."""
    bits = call.unsigned(0)
    signal = bits & 0xFF
    known = constants.values("sched.h", ("CLONE_*",), call.machine)
    named = [(n, v) for n, v in known if not n.startswith("CLONE_ARGS") and v & 0xFF == 0]
    flags = constants.flags(named, bits & ~0xFF) if bits & ~0xFF else ""
    name = text.signal_name(signal, call.machine) if signal else ""
    tls_at, child_at = (4, 3) if call.machine is Machine.X86_64 else (3, 4)
    shown = [f"child_stack={text.address(call.unsigned(1))}"]
    shown.append(f"flags={'|'.join(part for part in (flags, name) if part) or '0'}")
    if bits & 0x00100000:
        shown.append(_named("parent_tid={}", _out(call, 2, _tid)))
    if bits & 0x00080000:
        shown.append(f"tls={text.address(call.unsigned(tls_at))}")
    if bits & (0x01000000 | 0x00200000):
        shown.append(f"child_tidptr={text.address(call.unsigned(child_at))}")
    return shown


def _named(form: str, shown: str) -> str:
    return LATER if shown == LATER else form.format(shown)


def _tid(memory: Memory, address: int) -> str:
    return number_at(memory, address, "int")


def _wait4(call: Call) -> list[str]:
    shown = generic(call)

    def status(memory: Memory, address: int) -> str | None:
        value = memory.number(address, 4)
        return None if value is None else f"[{text.wait_status(value, call.machine)}]"

    shown[1] = _out(call, 1, status)
    if call.result == 0:
        shown[1] = text.address(call.unsigned(1))
    return shown


def _waitid(call: Call) -> list[str]:
    from elfin.trace.siginfo import siginfo

    shown = generic(call)

    def info(memory: Memory, address: int) -> str | None:
        data = memory.all(address, 128)
        return None if data is None else siginfo(data, call.machine)

    shown[2] = _out(call, 2, info)
    return shown


def _nanosleep(call: Call) -> list[str]:
    """What is left is told only to who was interrupted."""
    shown = generic(call)
    last = len(shown) - 1
    address = call.unsigned(last)
    if not address:
        shown[last] = "NULL"
    elif call.result is None:
        shown[last] = LATER
    else:
        left = structs.timespec(call.after, address, call.machine) if call.interrupted else None
        shown[last] = text.address(address) if left is None else left
    return shown


def _rt_sigreturn(call: Call) -> list[str]:
    """The mask that the frame on the stack puts back."""
    frame = call.before.first
    if frame is None:
        return []
    offset = 296 if call.machine is Machine.X86_64 else 128 + 40
    mask = call.before.number(frame + offset)
    return [] if mask is None else [f"{{mask={text.signal_set(mask, call.machine)}}}"]


def _sigtimedwait(call: Call) -> list[str]:
    from elfin.trace.siginfo import siginfo

    shown = generic(call)

    def info(memory: Memory, address: int) -> str | None:
        data = memory.all(address, 128)
        return None if data is None else siginfo(data, call.machine)

    shown[1] = _out(call, 1, info)
    return shown


def _futex(call: Call) -> list[str]:
    operation = call.unsigned(1, 4)
    command, private = operation & 127, operation & 128
    name = constants.name_of("futex.h", ("FUTEX_WAIT", "FUTEX_WAKE", "FUTEX_*"),
                             call.machine, command) or f"{command:#x}"  # fmt: skip
    shown = [text.address(call.unsigned(0)), name + ("_PRIVATE" if private else "")]
    if operation & 256:
        shown[1] += "|FUTEX_CLOCK_REALTIME"
    value, time = str(call.unsigned(2, 4)), _timeout(call, 3)
    bits = call.unsigned(5, 4)
    mask = "FUTEX_BITSET_MATCH_ANY" if bits == 0xFFFFFFFF else text.hexadecimal(bits)
    second, count = text.address(call.unsigned(4)), str(call.unsigned(3, 4))
    match command:
        case 0:  # WAIT
            return [*shown, value, time]
        case 1:  # WAKE
            return [*shown, value]
        case 9:  # WAIT_BITSET
            return [*shown, value, time, mask]
        case 10:  # WAKE_BITSET
            return [*shown, value, mask]
        case 3:  # REQUEUE
            return [*shown, value, count, second]
        case 4 | 12:  # CMP_REQUEUE
            return [*shown, value, count, second, str(call.unsigned(5, 4))]
        case 5:  # WAKE_OP
            return [*shown, value, count, second, text.hexadecimal(bits)]
        case 6 | 13:  # LOCK_PI
            return [*shown, time]
        case 7 | 8:  # UNLOCK_PI, TRYLOCK_PI
            return shown
        case 11:  # WAIT_REQUEUE_PI
            return [*shown, value, time, second]
    return [*shown, value, text.address(call.unsigned(3)), second, text.hexadecimal(bits)]


def _getrandom(call: Call) -> list[str]:
    shown = generic(call)
    if call.stored and call.result is not None:
        data = call.after.some(call.unsigned(0), min(call.result, text.TEXT_BYTES))
        shown[0] = text.in_hex(data, call.result)
    return shown


def _getcwd(call: Call) -> list[str]:
    shown = generic(call)
    if call.stored:
        shown[0] = path_at(call.after, call.unsigned(0))
    return shown


def _readlink(call: Call) -> list[str]:
    shown = generic(call)
    at = len(shown) - 2
    if call.stored and call.result is not None:
        shown[at] = filled_text(call, call.unsigned(at), call.result)
    return shown


def _rseq(call: Call) -> list[str]:
    return [
        text.address(call.unsigned(0)),
        *(text.hexadecimal(call.unsigned(i, 4)) for i in (1, 2, 3)),
    ]


def _no_out(index: int) -> Special:
    """An address whose content strace does not show."""

    def shown(call: Call) -> list[str]:
        found = generic(call)
        found[index] = text.address(call.unsigned(index))
        return found

    return shown


def _prctl(call: Call) -> list[str]:
    shown = generic(call)
    option = shown[0]
    if option in ("PR_GET_DUMPABLE", "PR_GET_KEEPCAPS", "PR_GET_NO_NEW_PRIVS", "PR_GET_SECCOMP"):
        return shown[:1] if option != "PR_GET_NO_NEW_PRIVS" else shown
    if option == "PR_SET_NAME":
        return [option, path_at(call.before, call.unsigned(1))]
    if option == "PR_GET_NAME":
        return [option, _out(call, 1, path_at)]
    if option == "PR_SET_PDEATHSIG":
        return [option, text.signal_name(call.signed(1), call.machine)]
    if option in ("PR_SET_DUMPABLE", "PR_SET_KEEPCAPS", "PR_SET_CHILD_SUBREAPER"):
        return [option, str(call.unsigned(1))]
    return shown


def _affinity(call: Call) -> list[str]:
    """The CPUs, not the bytes."""
    shown = generic(call)
    address = call.unsigned(2)
    memory = call.before
    size = min(call.unsigned(1), 32)
    if call.name == "sched_getaffinity":
        if call.result is None:
            return [*shown[:2], LATER]
        memory, size = call.after, min(call.result, 32) if call.stored else 0
    data = memory.some(address, size)
    bits = int.from_bytes(data, "little")
    cpus = " ".join(str(n) for n in range(8 * len(data)) if bits >> n & 1)
    return [*shown[:2], f"[{cpus}]" if data else text.address(address)]


def _setgroups(call: Call) -> list[str]:
    count, address = call.signed(0), call.unsigned(1)
    memory = call.before
    if call.name == "getgroups":
        if call.result is None:
            return [str(count), LATER]
        memory, number = call.after, call.result if call.stored and count else -1
    else:
        number = count
    if number < 0 or not address:
        return [str(count), text.address(address)]

    def element(pieces: Memory, at: int, machine: Machine) -> str | None:
        found = pieces.number(at, 4)
        return None if found is None else str(found)

    return [str(count), structs.array(memory, address, call.machine, number, 4, element)]


_SPECIAL: dict[str, Special] = {
    **dict.fromkeys(("open", "openat"), _opening),
    **dict.fromkeys(("mknod", "mknodat"), _mknod),
    **dict.fromkeys(("faccessat", "fchmodat"), _no_flags),
    **dict.fromkeys(("pipe", "pipe2"), _pipe),
    **dict.fromkeys(("poll", "ppoll"), _poll),
    **dict.fromkeys(("select", "pselect6"), _select),
    **dict.fromkeys(("epoll_wait", "epoll_pwait", "epoll_pwait2"), _epoll_wait),
    **dict.fromkeys(("getdents", "getdents64"), _getdents),
    **dict.fromkeys(("nanosleep", "clock_nanosleep"), _nanosleep),
    **dict.fromkeys(("getgroups", "setgroups"), _setgroups),
    **dict.fromkeys(("readlink", "readlinkat"), _readlink),
    **dict.fromkeys(("readv", "writev", "preadv", "pwritev", "preadv2", "pwritev2"), _vector),
    **dict.fromkeys(("sched_getaffinity", "sched_setaffinity"), _affinity),
    "mmap": _mmap,
    "mremap": _mremap,
    "ioctl": _ioctl,
    "fcntl": _fcntl,
    "socketpair": _socketpair,
    "clone": _clone,
    "wait4": _wait4,
    "waitid": _waitid,
    "rt_sigreturn": _rt_sigreturn,
    "rt_sigtimedwait": _sigtimedwait,
    "futex": _futex,
    "getrandom": _getrandom,
    "getcwd": _getcwd,
    "rseq": _rseq,
    "prctl": _prctl,
    "set_robust_list": _no_out(0),
    "set_tid_address": _no_out(0),
}
