# SPDX-License-Identifier: BSD-3-Clause
"""Values of the table's types: sane ones, which mostly succeed, and hostile ones."""

from __future__ import annotations

import struct
from collections.abc import Callable

from abi.table import Argument, Direction, Machine, TypeKind, load
from elfin.trace import constants
from tests.fuzz.calls.episode import (
    ARENA,
    ARENA_BYTES,
    DESCRIPTORS,
    KEPT,
    MAP_BYTES,
    MAP_COUNT,
    MAPS,
    MASK,
    NO_ACCESS_PAGE,
    OUTPUT,
    READ_ONLY_PAGE,
    SELF,
    SHARED_PAGE,
    Episode,
    Value,
)

X86 = Machine.X86_64
AT_FDCWD = -100
PAGE = 4096

NAMES = (b"a", b"b", b"c", b"d", b"d/a", b"d/b", b"d/e", b"d/e/a", b"e", b"l", b"p", b"s", b"d/l")
PLACES = (
    b".", b"..", b"d", b"d/.", b"/", b"/dev/null", b"/dev/zero", b"/dev/full", b"/dev/urandom",
    b"/dev/ptmx", b"/dev/tty", b"/dev/shm", b"/proc", b"/proc/self", b"/proc/self/maps",
    b"/proc/self/fd", b"/proc/self/fd/3", b"/proc/self/status", b"/proc/self/stat",
    b"/proc/self/exe", b"/proc/self/cwd", b"/proc/self/cmdline", b"/proc/self/task",
    b"/proc/meminfo", b"/proc/stat", b"/proc/cpuinfo", b"/proc/mounts", b"/proc/uptime",
    b"/proc/sys/kernel/pid_max", b"/proc/sysvipc/shm", b"/proc/self/mountinfo", b"/proc/net/unix",
    b"/proc/self/environ", b"/proc/self/limits", b"/proc/self/fdinfo/3", b"/proc/1/stat",
    b"/sys", b"/sys/devices/system/cpu/online", b"/tmp", b"/proc/self/root", b"/proc/self/comm",
    b"/proc/self/statm", b"/proc/loadavg", b"/proc/self/auxv", b"/proc/self/smaps", b"/dev/pts",
)  # fmt: skip
BAD_NAMES = (b"", b"x" * 255, b"x" * 256, b"d/" * 2040, b"y" * 4096, b"none/a", b"a/b", b"l/l/l",
             b"\xff\xfe", b"//", b"d//a", b"/none", b"%n%s", b"a/.", b"d/..")  # fmt: skip

POINTERS = (
    0, 1, 8, 0xFFF, ARENA + ARENA_BYTES - 1, ARENA + ARENA_BYTES - 4, ARENA + ARENA_BYTES - 8,
    ARENA + ARENA_BYTES - 12, ARENA + ARENA_BYTES, ARENA + 1, ARENA + 3, ARENA - 8,
    READ_ONLY_PAGE, READ_ONLY_PAGE + 0xFF8, NO_ACCESS_PAGE, NO_ACCESS_PAGE - 4, SHARED_PAGE,
    0x7000_0000, MAPS + 3 * MAP_BYTES, 0x2000_0000_0000, 0x2000_0000_1000, 0x7E80_0000_0000,
    0x7E80_0000_1000, 0x7E80_0010_0000, 0x7E8F_FFFF_FFF8, 0x7E7F_FFFF_FFFC, 0x7FFF_FFFF_EFFC,
    0x7FFF_FFFF_FFFF, 0x8000_0000_0000, 0xFFFF_8000_0000_0000, 0xFFFF_FFFF_8010_0000, MASK,
    MASK - 7, MASK - 4095, 0x8000_0000_0000_0000, 1 << 47,
)  # fmt: skip
NUMBERS = (
    0, 1, 2, 3, 7, 8, 63, 64, 65, 127, 128, 255, 256, 511, 1023, 1024, 1025, 4095, 4096, 4097,
    8192, 65535, 65536, 1 << 20, 1 << 24, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32,
    (1 << 32) + 1, (1 << 40), (1 << 47) - 4096, (1 << 62), (1 << 63) - 1, 1 << 63, MASK, MASK - 1,
    MASK - 4094, MASK - 4095, MASK - 4096, 0xDEAD_BEEF, 0x5555_5555_5555_5555,
)  # fmt: skip


def constant(header: str, name: str) -> int:
    """One constant of abi/linux/HEADER."""
    return dict(constants.values(header, (name,), X86))[name]


def numbers(header: str, *patterns: str) -> tuple[int, ...]:
    """The constants that the patterns name."""
    return tuple(value for _, value in constants.values(header, patterns, X86))


# --- memory ---


def output(e: Episode) -> int:
    """Where a call may write some pages."""
    return OUTPUT + 16 * e.random.randrange(256)


def name(e: Episode) -> int:
    """A file in the working directory, which may be there."""
    return e.data(e.random.choice(NAMES) + b"\0")


def place(e: Episode) -> int:
    """A file that is only looked at."""
    return e.data(e.random.choice(PLACES) + b"\0") if e.one_in(2) else name(e)


def vector(e: Episode, strings: list[bytes]) -> int:
    """argv: addresses and a null."""
    return e.fields("Q" * (len(strings) + 1), *(e.data(s + b"\0") for s in strings), 0)


def iovec(e: Episode, count: int) -> int:
    """``count`` parts, some empty."""
    parts: list[int] = []
    for _ in range(count):
        size = e.random.choice((0, 1, 7, 64, 1000, 4096))
        bad = e.one_in(40)
        parts += [e.random.choice(POINTERS) if bad else output(e), size]
    return e.fields("Q" * len(parts), *parts)


def timespec(e: Episode) -> int:
    """Short enough for a call that waits."""
    return e.fields("qq", 0, e.random.choice((0, 1, 1000, 100_000, 900_000)))


def sigset(e: Episode) -> int:
    """Some signals, seldom the one that ends waiting."""
    bits = e.random.getrandbits(64) & e.random.getrandbits(64)
    return e.data(struct.pack("<Q", bits if e.one_in(20) else bits & ~(1 << 13)))


def siginfo(e: Episode) -> int:
    code = e.random.choice((-1, -1, -1, -2, -6, 0, 1, 0x80))
    head = struct.pack("<iiiiiiQ", e.random.randrange(65), 0, code, 0, 1, 0, 7)
    return e.data(head.ljust(128, b"\0"))


def sigaction(e: Episode) -> int:
    """Default or ignored: the executor's own handlers stay as they are mostly."""
    flags = e.random.choice((0, 0x10000000, 0x40000000, 4, 2, 1, 0x08000000, 0x80000000))
    return e.data(struct.pack("<QQQQ", e.random.choice((0, 1, 1, 1)), flags, 0, 0))


def sigevent(e: Episode) -> int:
    notify, number = e.random.choice((0, 0, 1, 4, 9)), e.random.choice((10, 12, 34, 40, 64, 0))
    return e.fields("QiiiiQQQQQ", 7, number, notify, SELF, 0, 0, 0, 0, 0, 0)


def itimerspec(e: Episode) -> int:
    return e.fields("qqqq", 0, e.random.choice((0, 1_000_000)), 0, e.random.choice((0, 1, 500_000)))


def itimerval(e: Episode) -> int:
    return e.fields("qqqq", 0, e.random.choice((0, 3000)), 0, e.random.choice((0, 1, 1000)))


def pollfds(e: Episode, count: int) -> int:
    values: list[Value] = []
    for _ in range(count):
        values += [e.pick(*DESCRIPTORS), e.random.choice((0, 1, 4, 5, 0x2000, 0x7FFF)), 0]
    return e.fields("ihh" * count, *values) if count else output(e)


def _fd_set(e: Episode) -> int:
    return e.data(struct.pack("<Q", e.random.getrandbits(20) << 3).ljust(128, b"\0"))


def _rlimit(e: Episode) -> int:
    high = e.random.choice((MASK, 1 << 20, 1 << 30, 1024, 64))
    return e.fields("QQ", e.random.choice((high, high, high // 2)), high)


def _open_how(e: Episode) -> int:
    flags = any_of(e, "open_flags") | (0x42 if e.one_in(2) else 0)
    resolve = e.random.choice((0, 0, 0, 1, 2, 4, 8, 0x10, 0x20))
    return e.fields("QQQ", flags, 0o600 if flags & 0x40 else 0, resolve)


def _times(e: Episode) -> int:
    nanoseconds = e.random.choice((0, 999_999, 0x3FFFFFFF, 0x3FFFFFFE))
    return e.fields("qqqq", e.random.randrange(1 << 31), nanoseconds, 5, nanoseconds)


def message(e: Episode, at: int | None = None) -> int:
    """A msghdr, sometimes with descriptors or a name, for both directions."""
    count = e.random.randrange(4)
    control, length = 0, 0
    if e.one_in(3):
        rights = [e.pick(*DESCRIPTORS) for _ in range(e.random.randrange(1, 4))]
        length = 16 + 4 * len(rights)
        control = e.fields("Qii" + "i" * len(rights), length, 1, 1, *rights)
    elif e.one_in(3):
        control, length = output(e), e.random.choice((16, 20, 24, 64, 256))
        e.write(control, struct.pack("<Qii", e.random.choice((12, 16, 28)), 1, 2))
    where, size = (output(e), 110) if e.one_in(6) else (0, 0)
    head = (where, size, 0, iovec(e, count) if count else 0, count, control, length, 0, 0)
    return e.fields("QiIQQQQII", *head, at=at)


EPOLL_BITS = (1, 4, 5, 1 | 1 << 31, 5 | 1 << 30, 1 | 1 << 28, 4 | 1 << 29, 0x2019)
STRUCTS: dict[str, Callable[[Episode], int]] = {
    "iovec": lambda e: iovec(e, 8),
    "timespec": timespec,
    "timeval": lambda e: e.fields("qq", 0, e.random.choice((0, 1, 500))),
    "timezone": lambda e: e.fields("ii", 0, 0),
    "itimerval": itimerval,
    "itimerspec": itimerspec,
    "timex": lambda e: e.data(bytes(208)),
    "utimbuf": lambda e: e.fields("qq", 5, e.random.randrange(1 << 31)),
    "pollfd": lambda e: pollfds(e, 4),
    "fd_set": _fd_set,
    "sigset": sigset,
    "sigset_argument": lambda e: e.fields("QQ", sigset(e), 8),
    "sigaction": sigaction,
    "siginfo": siginfo,
    "sigevent": sigevent,
    "stack": lambda e: e.fields("QiiQ", KEPT, e.random.choice((0, 0, 2)), 0, 0x4000),
    "mq_attr": lambda e: e.fields("qqqqqqqq", 0x800 * e.one_in(2), 4, 64, 0, 0, 0, 0, 0),
    "rlimit": _rlimit,
    "open_how": _open_how,
    "msghdr": message,
    "mmsghdr": lambda e: mmessages(e, 2),
    "epoll_event": lambda e: e.fields("IQ", e.random.choice(EPOLL_BITS), e.random.getrandbits(64)),
    "sched_param": lambda e: e.fields("i", 0),
    "robust_list_head": lambda e: e.fields("Qqq", KEPT + 0x8000, -8, 0, at=KEPT + 0x8000),
    "rseq": lambda e: e.write(KEPT + 0x8100, bytes(32)),
    "cap_header": lambda e: e.fields("Ii", e.random.choice((0x20080522, 0x20080522, 0)), 0),
    "cap_data": lambda e: e.data(bytes(24)),
}


def mmessages(e: Episode, count: int) -> int:
    """An array of mmsghdr."""
    block = e.memory(64 * count)
    for n in range(count):
        message(e, at=block + 64 * n)
        e.store(block + 64 * n + 56, 8, 0)
    return block


# --- flags and enums ---


def any_of(e: Episode, type_name: str) -> int:
    """A value of a flags or enum type: one constant, or a few bits."""
    kind = load().types[type_name]
    known = numbers(kind.header, *kind.constants)
    if kind.kind is TypeKind.ENUM:
        return e.random.choice(known)
    value = 0
    for _ in range(e.random.choice((0, 0, 1, 1, 1, 2, 3))):
        value |= e.random.choice(known)
    return value


# --- by type ---


def number(e: Episode) -> int:
    return e.random.choice(NUMBERS) if e.one_in(4) else e.random.randrange(16)


SCALARS: dict[str, Callable[[Episode], Value]] = {
    "fd": lambda e: e.pick(*DESCRIPTORS),
    "dirfd": lambda e: e.pick("folder") if e.one_in(4) else AT_FDCWD,
    "int": lambda e: e.random.randrange(4),
    "uint": lambda e: e.random.randrange(4),
    "long": number,
    "ulong": number,
    "u64": number,
    "size": lambda e: e.random.choice((0, 1, 8, 16, 100, 1024, 4096, 5000, 20000)),
    "off": lambda e: e.random.choice((0, 0, 1, 10, 100, 4096, 4097, 12288, 65536, 1 << 20)),
    "mode": lambda e: e.random.choice((0o777, 0o666, 0o700, 0o755, 0o600, 0o7777, 0)),
    "pid": lambda e: e.random.choice((SELF, SELF, SELF, 0, e.pick("child"))),
    "uid": lambda e: e.random.choice((1000, 1000, 0, -1)),
    "gid": lambda e: e.random.choice((1000, 1000, 0, -1)),
    "addr": lambda e: MAPS + MAP_BYTES * e.random.randrange(MAP_COUNT),
    "ptr": output,
    "str": name,
    "path": place,
    "strv": lambda e: vector(e, [b"x"]),
    "buf": lambda e: e.data(e.random.randbytes(e.random.choice((1, 8, 64, 300)))),
    "out_buf": output,
}


def sane(e: Episode, argument: Argument) -> Value:
    """A value that the call may like."""
    kind = argument.type
    if argument.name == "sigset_size":
        return 8
    if kind.kind in (TypeKind.FLAGS, TypeKind.ENUM):
        return any_of(e, kind.name)
    if kind.kind is TypeKind.SCALAR:
        return SCALARS[kind.name](e)
    if argument.direction is Direction.OUT:
        return 0 if e.one_in(12) else output(e)
    return STRUCTS[kind.name](e) if kind.name in STRUCTS else e.data(bytes(256))


# --- hostile ---


def bad_pointer(e: Episode) -> int:
    address = e.random.choice(POINTERS)
    return address + 4096 * e.random.randrange(8) if e.one_in(8) else address & MASK


def hostile(e: Episode, argument: Argument) -> Value:
    """A value that the call must survive."""
    kind = argument.type
    if kind.name == "path" or (kind.name == "str" and e.one_in(2)):
        if e.one_in(2):
            return e.data(e.random.choice(BAD_NAMES) + b"\0")
        return bad_pointer(e)
    if kind.kind is TypeKind.STRUCT and e.one_in(3) and argument.direction is not Direction.OUT:
        return e.data(e.random.randbytes(256))
    if kind.kind is TypeKind.STRUCT or kind.c_type == "struct user_ptr":
        return bad_pointer(e)
    if kind.name in ("fd", "dirfd"):
        return e.random.choice((-1, 2, 999, 1 << 30, -100, (1 << 31) - 1, 1 << 31))
    if kind.name == "pid":
        return bad_pid(e)
    if kind.name == "addr":
        return bad_pointer(e)
    if e.one_in(6):
        return e.random.getrandbits(64)
    return e.random.choice(NUMBERS)


def bad_pid(e: Episode) -> int:
    """Never one that lets the superuser harm the executor, which is process 1."""
    few = (999_999, -999_999, (1 << 31) - 1, -(1 << 31), 12345)
    return e.random.choice(few if e.root else (*few, 1, 1, -1, -1))
