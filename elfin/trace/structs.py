# SPDX-License-Identifier: BSD-3-Clause
"""What pointers point to, as strace draws it. A decoder takes (memory, address, machine) and gives
text, or None where the bytes are not there; then the address is shown."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable

from abi.table import Machine
from elfin.trace import constants, text
from elfin.trace.records import Memory

Decoder = Callable[[Memory, int, Machine], str | None]
_S_IFMT = 0o170000
_ELEMENTS = 32


def fields(pairs: Iterable[tuple[str, object]], *, more: bool = False) -> str:
    """``{a=1, b=2, ...}``"""
    inside = ", ".join(f"{name}={value}" for name, value in pairs)
    return f"{{{inside}, ...}}" if more else f"{{{inside}}}"


def unpacked(memory: Memory, address: int, form: str) -> tuple[int, ...] | None:
    """Numbers in little-endian order, as `struct` writes their form."""
    data = memory.all(address, struct.calcsize(f"<{form}"))
    return None if data is None else struct.unpack(f"<{form}", data)


def array(
    memory: Memory, address: int, machine: Machine, count: int, size: int, decode: Decoder
) -> str:
    """``[a, b, ...]`` of at most 32 elements; what cannot be read ends it with its address."""
    shown = []
    for at in range(min(count, _ELEMENTS)):
        element = decode(memory, address + at * size, machine)
        if element is None:
            if not at:
                return text.address(address)
            shown.append(f"... /* {address + at * size:#x} */")
            return f"[{', '.join(shown)}]"
        shown.append(element)
    if count > _ELEMENTS:
        shown.append("...")
    return f"[{', '.join(shown)}]"


def mode(value: int, machine: Machine) -> str:
    """st_mode: ``S_IFREG|0644``."""
    kinds = ("S_IFSOCK", "S_IFLNK", "S_IFREG", "S_IFBLK", "S_IFDIR", "S_IFCHR", "S_IFIFO")
    parts = [constants.name_of("stat.h", kinds, machine, value & _S_IFMT)]
    if parts[0] is None:
        parts = [f"{value & _S_IFMT:#o}".replace("0o", "0")] if value & _S_IFMT else []
    for name, bit in (("S_ISUID", 0o4000), ("S_ISGID", 0o2000), ("S_ISVTX", 0o1000)):
        if value & bit:
            parts.append(name)
    parts.append(text.permissions(value & 0o777))
    return "|".join(part for part in parts if part)


def _device(value: int) -> str:
    major = (value >> 8 & 0xFFF) | (value >> 32 & ~0xFFF)
    minor = (value & 0xFF) | (value >> 12 & 0xFFFFFF00)
    return f"makedev({text.hexadecimal(major)}, {text.hexadecimal(minor)})"


def stat(memory: Memory, address: int, machine: Machine) -> str | None:
    form = "QQQIIIIQqqq" if machine is Machine.X86_64 else "QQIIIIQQqiiq"
    found = unpacked(memory, address, form)
    if found is None:
        return None
    st_mode, rdev, size = (found[3], found[7], found[8])
    if machine is Machine.AARCH64:
        st_mode, rdev, size = (found[2], found[6], found[8])
    is_device = st_mode & _S_IFMT in (0o020000, 0o060000)
    last: tuple[str, object] = ("st_rdev", _device(rdev)) if is_device else ("st_size", size)
    return fields((("st_mode", mode(st_mode, machine)), last), more=True)


def statx(memory: Memory, address: int, machine: Machine) -> str | None:
    found = unpacked(memory, address, "IIQIIIHHQQ")
    if found is None:
        return None
    mask = constants.flags(
        [(n, v) for n, v in constants.values("stat.h", ("STATX_*",), machine) if "ATTR" not in n],
        found[0],
    )
    pairs = (
        ("stx_mask", mask),
        ("stx_attributes", text.hexadecimal(found[2])),
        ("stx_mode", mode(found[6], machine)),
        ("stx_size", found[9]),
    )
    return fields(pairs, more=True)


def statfs(memory: Memory, address: int, machine: Machine) -> str | None:
    found = unpacked(memory, address, "qqQQQQQiiqqq")
    if found is None:
        return None
    kind = constants.name_of("statfs.h", ("TMPFS_MAGIC", "RAMFS_MAGIC", "PROC_SUPER_MAGIC"),
                             machine, found[0]) or f"{found[0]:#x}"  # fmt: skip
    names = ("f_bsize", "f_blocks", "f_bfree", "f_bavail", "f_files", "f_ffree")
    pairs: list[tuple[str, object]] = [("f_type", kind), *zip(names, found[1:7], strict=True)]
    pairs.append(("f_fsid", f"{{val=[{text.hexadecimal(found[7] & 0xFFFFFFFF)}, "
                            f"{text.hexadecimal(found[8] & 0xFFFFFFFF)}]}}"))  # fmt: skip
    known = constants.values("statfs.h", ("ST_*",), machine)
    pairs += [("f_namelen", found[9]), ("f_frsize", found[10])]
    pairs.append(("f_flags", constants.flags(known, found[11])))
    return fields(pairs)


def _pair(first: str, second: str) -> Decoder:
    def decode(memory: Memory, address: int, machine: Machine) -> str | None:
        found = unpacked(memory, address, "qq")
        return None if found is None else fields(((first, found[0]), (second, found[1])))

    return decode


def _two(first: str, second: str, element: Decoder) -> Decoder:
    def decode(memory: Memory, address: int, machine: Machine) -> str | None:
        one, two = element(memory, address, machine), element(memory, address + 16, machine)
        return None if one is None or two is None else fields(((first, one), (second, two)))

    return decode


timespec = _pair("tv_sec", "tv_nsec")
timeval = _pair("tv_sec", "tv_usec")


def timezone(memory: Memory, address: int, machine: Machine) -> str | None:
    found = unpacked(memory, address, "ii")
    names = ("tz_minuteswest", "tz_dsttime")
    return None if found is None else fields(zip(names, found, strict=True))


def rlimit_value(value: int) -> str:
    """In KiB where it is a multiple of one."""
    if value == (1 << 64) - 1:
        return "RLIM64_INFINITY"
    return f"{value // 1024}*1024" if value > 1024 and value % 1024 == 0 else str(value)


def rlimit(memory: Memory, address: int, machine: Machine) -> str | None:
    found = unpacked(memory, address, "QQ")
    if found is None:
        return None
    return fields((("rlim_cur", rlimit_value(found[0])), ("rlim_max", rlimit_value(found[1]))))


def rusage(memory: Memory, address: int, machine: Machine) -> str | None:
    used, system = timeval(memory, address, machine), timeval(memory, address + 16, machine)
    if used is None or system is None:
        return None
    return fields((("ru_utime", used), ("ru_stime", system)), more=True)


def sigset(memory: Memory, address: int, machine: Machine) -> str | None:
    found = memory.number(address)
    return None if found is None else text.signal_set(found, machine)


def sigaction(memory: Memory, address: int, machine: Machine) -> str | None:
    found = unpacked(memory, address, "QQQQ")
    if found is None:
        return None
    handler, bits, restorer, mask = found
    known = [(n, v) for n, v in constants.values("signal.h", ("SA_*",), machine)]
    first = {"SA_RESTORER": 0, "SA_ONSTACK": 1, "SA_RESTART": 2}  # strace's order begins so
    known.sort(key=lambda pair: first.get(pair[0], 9))
    shown = {0: "SIG_DFL", 1: "SIG_IGN", (1 << 64) - 1: "SIG_ERR"}.get(handler, f"{handler:#x}")
    pairs = [
        ("sa_handler", shown),
        ("sa_mask", text.signal_set(mask, machine)),
        ("sa_flags", constants.flags(known, bits)),
    ]
    if bits & 0x04000000:
        pairs.append(("sa_restorer", f"{restorer:#x}"))
    return fields(pairs)


def stack(memory: Memory, address: int, machine: Machine) -> str | None:
    found = unpacked(memory, address, "QiIQ")
    if found is None:
        return None
    known = constants.values("signal.h", ("SS_*",), machine)
    bits = constants.flags(known, found[1] & 0xFFFFFFFF)
    return fields((("ss_sp", text.address(found[0])), ("ss_flags", bits), ("ss_size", found[3])))


def sigevent(memory: Memory, address: int, machine: Machine) -> str | None:
    found = unpacked(memory, address, "Qiii")
    if found is None:
        return None
    value, signal, notify, tid = found
    how = constants.enum("signal.h", ("SIGEV_*",), machine, notify)
    pairs: list[tuple[str, object]] = [
        ("sigev_value", f"{{sival_int={_int32(value)}, sival_ptr={text.address(value)}}}"),
        ("sigev_signo", text.signal_name(signal, machine)),
        ("sigev_notify", how),
    ]
    if how == "SIGEV_THREAD_ID":
        pairs.append(("sigev_notify_thread_id", tid))
    return fields(pairs)


def _int32(value: int) -> int:
    value &= 0xFFFFFFFF
    return value - (1 << 32) if value >> 31 else value


def utsname(memory: Memory, address: int, machine: Machine) -> str | None:
    data = memory.all(address, 65 * 6)
    if data is None:
        return None
    words = [data[at : at + 65].split(b"\0")[0] for at in range(0, 65 * 6, 65)]
    return fields(
        (("sysname", text.quoted(words[0])), ("nodename", text.quoted(words[1]))), more=True
    )


def sysinfo(memory: Memory, address: int, machine: Machine) -> str | None:
    found = unpacked(memory, address, "q3QQQQQQQHHIQQI")
    if found is None:
        return None
    names = ("totalram", "freeram", "sharedram", "bufferram", "totalswap", "freeswap", "procs")
    pairs: list[tuple[str, object]] = [("uptime", found[0]), ("loads", list(found[1:4]))]
    pairs += zip(names, found[4:11], strict=True)
    pairs += [("totalhigh", found[13]), ("freehigh", found[14]), ("mem_unit", found[15])]
    return fields(pairs)


def sched_param(memory: Memory, address: int, machine: Machine) -> str | None:
    found = memory.number(address, 4, signed=True)
    return None if found is None else f"[{found}]"


def utimbuf(memory: Memory, address: int, machine: Machine) -> str | None:
    found = unpacked(memory, address, "qq")
    return None if found is None else fields((("actime", found[0]), ("modtime", found[1])))


def tms(memory: Memory, address: int, machine: Machine) -> str | None:
    found = unpacked(memory, address, "qqqq")
    names = ("tms_utime", "tms_stime", "tms_cutime", "tms_cstime")
    return None if found is None else fields(zip(names, found, strict=True))


def open_how(memory: Memory, address: int, machine: Machine) -> str | None:
    found = unpacked(memory, address, "QQQ")
    if found is None:
        return None
    pairs = [("flags", constants.of_type("open_flags", machine, found[0]))]
    if found[0] & (0o100 | 0o20000000):
        pairs.append(("mode", text.permissions(found[1])))
    known = constants.values("fcntl.h", ("RESOLVE_*",), machine)
    pairs.append(("resolve", constants.flags(known, found[2])))
    return fields(pairs)


def clone_args(memory: Memory, address: int, machine: Machine) -> str | None:
    found = unpacked(memory, address, "8Q")
    if found is None:
        return None
    known = constants.values("sched.h", ("CLONE_*",), machine)
    bits = constants.flags([(n, v) for n, v in known if not n.startswith("CLONE_ARGS")], found[0])
    pairs: list[tuple[str, object]] = [("flags", bits)]
    names = ("pidfd", "child_tid", "parent_tid")
    pairs += [(n, text.address(v)) for n, v in zip(names, found[1:4], strict=True) if v]
    pairs.append(("exit_signal", text.signal_name(found[4], machine)))
    pairs += [("stack", text.address(found[5])), ("stack_size", text.hexadecimal(found[6]))]
    if found[7]:
        pairs.append(("tls", text.address(found[7])))
    return fields(pairs)


def epoll_event(memory: Memory, address: int, machine: Machine) -> str | None:
    found = unpacked(memory, address, "IQ" if machine is Machine.X86_64 else "I4xQ")
    if found is None:
        return None
    known = constants.values("epoll.h", ("EPOLL*",), machine)
    bits = constants.flags([(n, v) for n, v in known if "_" not in n], found[0])
    return f"{{events={bits}, data={{u32={found[1] & 0xFFFFFFFF}, u64={found[1]}}}}}"


DECODERS: dict[str, Decoder] = {
    "stat": stat,
    "statx": statx,
    "statfs": statfs,
    "timespec": timespec,
    "timeval": timeval,
    "timezone": timezone,
    "itimerval": _two("it_interval", "it_value", timeval),
    "itimerspec": _two("it_interval", "it_value", timespec),
    "rlimit": rlimit,
    "rusage": rusage,
    "sigset": sigset,
    "sigaction": sigaction,
    "stack": stack,
    "sigevent": sigevent,
    "utsname": utsname,
    "sysinfo": sysinfo,
    "sched_param": sched_param,
    "utimbuf": utimbuf,
    "tms": tms,
    "open_how": open_how,
    "clone_args": clone_args,
    "epoll_event": epoll_event,
}
