# SPDX-License-Identifier: BSD-3-Clause
"""Arguments of calls on files, descriptors and sockets that their types alone do not tell."""

from __future__ import annotations

import struct
from collections.abc import Callable

from tests.fuzz.calls.episode import DESCRIPTORS, Episode, Value
from tests.fuzz.calls.values import (
    any_of,
    constant,
    iovec,
    mmessages,
    name,
    output,
    place,
    pollfds,
)

Maker = Callable[[Episode], Value]
Call = Callable[[Episode], list[Value]]
READABLE = ("file", "file", "pipe_out", "stream", "event", "timerfd", "signalfd", "inotify",
            "memfd", "terminal", "special", "copy")  # fmt: skip
WRITABLE = ("file", "file", "pipe_in", "stream", "datagram", "event", "memfd", "terminal",
            "special", "copy")  # fmt: skip
SOCKETS = ("stream", "stream", "datagram", "listener")


def of(*kinds: str) -> Maker:
    """A descriptor of one of these kinds."""
    return lambda e: e.pick(*kinds)


def one_of(*values: int) -> Maker:
    return lambda e: e.random.choice(values)


def target(e: Episode) -> Value:
    """A number for a new descriptor: one in use, or free; never much above."""
    return e.pick(*DESCRIPTORS) if e.one_in(2) else e.random.randrange(3, 80)


# --- whole calls ---

_LOCK_COMMANDS = ("F_GETLK", "F_SETLK", "F_SETLKW", "F_OFD_GETLK", "F_OFD_SETLK", "F_OFD_SETLKW")


def fcntl(e: Episode) -> list[Value]:
    fd = e.pick(*DESCRIPTORS)
    if e.one_in(3):
        lock = e.fields("hhIqqiI", e.random.randrange(3), 0, 0, e.random.randrange(9), 4, 0, 0)
        return [fd, constant("fcntl.h", e.random.choice(_LOCK_COMMANDS)), lock]
    command = any_of(e, "fcntl_command")
    if e.one_in(6):
        fd, command = e.pick("pipe_out", "pipe_in"), constant("fcntl.h", "F_SETPIPE_SZ")
        return [fd, command, e.random.choice((0, 4096, 65536, 1 << 20, 1 << 21))]
    if e.one_in(6):
        return [e.pick("memfd"), constant("fcntl.h", "F_ADD_SEALS"), e.random.randrange(1, 32)]
    return [fd, command, e.random.choice((0, 1, 5, 10, 0x800, 0x402, 40))]


def ioctl(e: Episode) -> list[Value]:
    request = any_of(e, "ioctl_request")
    if e.one_in(2):
        return [e.pick("terminal"), request, e.data(bytes(64)) if e.one_in(2) else output(e)]
    return [e.pick(*DESCRIPTORS), constant("ioctl.h", "FIONREAD"), output(e)]


def select(e: Episode) -> list[Value]:
    sets: list[Value] = []
    for _ in range(3):
        bits = e.random.getrandbits(18) << 3 & 0x3FFF8
        sets.append(0 if e.one_in(3) else e.data(struct.pack("<Q", bits).ljust(128, b"\0")))
    return [e.random.choice((0, 8, 20, 64)), *sets, e.fields("qq", 0, e.random.randrange(900))]


def pselect6(e: Episode) -> list[Value]:
    return [*select(e), 0 if e.one_in(2) else e.fields("QQ", e.data(bytes(8)), 8)]


def poll(e: Episode) -> list[Value]:
    count = e.random.randrange(6)
    return [pollfds(e, count), count, e.random.choice((0, 0, 0, 1))]


def epoll_ctl(e: Episode) -> list[Value]:
    event = e.fields("IQ", e.random.choice((1, 4, 5, 0x80000001, 0x40000005, 0x10000001)), 7)
    of_kinds = ("pipe_out", "pipe_in", "stream", "datagram", "event", "timerfd", "signalfd",
                "inotify", "terminal", "epoll", "copy", "queue", "listener", "pidfd")  # fmt: skip
    return [e.pick("epoll"), e.random.choice((1, 1, 1, 2, 3)), e.pick(*of_kinds), event]


def unix_address(e: Episode) -> tuple[int, int]:
    """sockaddr_un and its length: a file, an abstract name, or none."""
    path = e.random.choice((b"s", b"s", b"d/s", b"\0one", b"\0two", b"\0", b""))
    raw = struct.pack("<H", 1) + path
    return e.data(raw.ljust(110, b"\0")), len(raw) + (not path.startswith(b"\0") and path != b"")


def bind(e: Episode) -> list[Value]:
    return [e.pick("listener", "datagram", "stream"), *unix_address(e)]


def connect(e: Episode) -> list[Value]:
    return [e.pick("stream", "datagram"), *unix_address(e)]


def sendto(e: Episode) -> list[Value]:
    where = unix_address(e) if e.one_in(3) else (0, 0)
    fd = e.pick("stream", "datagram")
    return [fd, output(e), e.random.randrange(300), e.random.choice((0x40, 0x4040, 0x80)), *where]


def recvfrom(e: Episode) -> list[Value]:
    flags = e.random.choice((0x40, 0x40, 0x42, 0x60, 0x140))
    where = (output(e), e.fields("i", 110)) if e.one_in(2) else (0, 0)
    return [e.pick("stream", "datagram"), output(e), e.random.randrange(300), flags, *where]


def peer(e: Episode) -> list[Value]:
    return [e.pick(*SOCKETS), output(e), e.fields("i", e.random.choice((0, 2, 20, 110, 128)))]


def accept(e: Episode) -> list[Value]:
    return [e.pick("listener"), *((output(e), e.fields("i", 110)) if e.one_in(2) else (0, 0))]


def _option(e: Episode) -> int:
    known = ("SO_REUSEADDR", "SO_TYPE", "SO_ERROR", "SO_SNDBUF", "SO_RCVBUF", "SO_PASSCRED",
             "SO_PEERCRED", "SO_RCVTIMEO", "SO_SNDTIMEO", "SO_ACCEPTCONN", "SO_DOMAIN",
             "SO_LINGER", "SO_PEEK_OFF", "SO_PEERGROUPS", "SO_RCVLOWAT")  # fmt: skip
    return constant("socket.h", e.random.choice(known)) if e.one_in(2) else any_of(
        e, "socket_option"
    )  # fmt: skip


def getsockopt(e: Episode) -> list[Value]:
    length = e.fields("i", e.random.choice((4, 4, 8, 12, 16, 0, 64)))
    return [e.pick(*SOCKETS), 1, _option(e), output(e), length]


def setsockopt(e: Episode) -> list[Value]:
    value = e.fields("qq", e.random.choice((0, 1, 1, 4096, 1 << 31)), e.random.choice((0, 500)))
    return [e.pick(*SOCKETS), 1, _option(e), value, e.random.choice((4, 4, 8, 16))]


def sendmmsg(e: Episode) -> list[Value]:
    return [e.pick("stream", "datagram"), mmessages(e, 2), 2, e.random.choice((0x40, 0x4040))]


def recvmmsg(e: Episode) -> list[Value]:
    timeout = 0 if e.one_in(2) else e.fields("qq", 0, 1000)
    return [e.pick("stream", "datagram"), mmessages(e, 2), 2, 0x40, timeout]


def socket(e: Episode) -> list[Value]:
    flags = e.random.choice((0, 0x800, 0x80000))
    return [e.random.choice((1, 1, 1, 1, 2, 16)), e.random.choice((1, 2, 5)) | flags, 0]


def memfd_create(e: Episode) -> list[Value]:
    return [name(e), e.random.choice((0, 1, 2, 3, 8, 0x10))]


def openat2(e: Episode) -> list[Value]:
    flags = e.random.choice((0, 2, 0x42, 0x800, 0x10000, 0x200000))
    resolve = e.random.choice((0, 0, 0, 4, 8, 0x10))
    how = e.fields("QQQ", flags, 0o600 if flags & 0x40 else 0, resolve)
    return [-100, name(e) if e.one_in(2) else place(e), how, 24]


def vectored(fd: Maker, *, offset: bool = False, flags: bool = False) -> Call:
    def make(e: Episode) -> list[Value]:
        count = e.random.choice((0, 1, 2, 3, 8))
        values: list[Value] = [fd(e), iovec(e, count) if count else 0, count]
        if offset:
            values += [e.random.choice((0, 1, 4096, 10000)), 0]
        if flags:
            values.append(e.random.choice((0, 0, 1, 2, 8, 16)))
        return values

    return make


def moved(source: Maker, sink: Maker, *, source_first: bool = True) -> Call:
    """splice and its kin: descriptors and offsets that may be given for files only."""

    def make(e: Episode) -> list[Value]:
        ends: list[Value] = []
        for fd in (source, sink):
            given = e.fields("q", e.random.randrange(100)) if e.one_in(3) else 0
            ends += [fd(e), given]
        return [*ends, e.random.choice((0, 1, 100, 5000)), e.random.choice((0, 2, 2, 3))]

    return make


def close_range(e: Episode) -> list[Value]:
    """A few high numbers: an episode lives of its descriptors."""
    first = e.random.randrange(40, 100)
    return [first, first + e.random.randrange(30), e.random.choice((0, 0, 2, 4, 6))]


def fallocate(e: Episode) -> list[Value]:
    mode = e.random.choice((0, 0, 1, 3, 8, 16, 32))
    return [e.pick("file", "memfd"), mode, 4096 * e.random.randrange(5), 4096]


def fsync(e: Episode) -> list[Value]:
    return [e.pick("file", "folder", "memfd")]


def directory(e: Episode) -> list[Value]:
    return [e.pick("folder"), output(e), e.random.choice((24, 100, 1000, 4096))]


def mknod(e: Episode) -> list[Value]:
    kind = e.random.choice((0o010000, 0o100000, 0o140000, 0, 0o020000))
    return [e.data(b"p\0") if e.one_in(2) else name(e), kind | 0o666, 0x103]


def mq_open(e: Episode) -> list[Value]:
    flags = e.random.choice((0x842, 0x842, 2, 0x800, 0x8C2))
    attributes = 0 if e.one_in(2) else e.fields("qqqqqqqq", 0, 4, 64, 0, 0, 0, 0, 0)
    return [e.data(e.random.choice((b"a", b"b", b"q")) + b"\0"), flags, 0o600, attributes]


def inotify_add_watch(e: Episode) -> list[Value]:
    mask = e.random.choice((0xFFF, 0x100, 2, 0x20000002, 0x80000FFF, 0x10000FFF))
    return [e.pick("inotify"), e.data(e.random.choice((b".", b"d", b"a")) + b"\0"), mask]


def pidfd_getfd(e: Episode) -> list[Value]:
    return [e.pick("pidfd"), e.pick(*DESCRIPTORS), 0]


CALLS: dict[str, Call] = {
    "fcntl": fcntl, "ioctl": ioctl, "select": select, "pselect6": pselect6, "poll": poll,
    "epoll_ctl": epoll_ctl, "bind": bind, "connect": connect, "sendto": sendto,
    "recvfrom": recvfrom, "getsockname": peer, "getpeername": peer, "accept": accept,
    "accept4": lambda e: [*accept(e), e.random.choice((0, 0x800, 0x80000))],
    "getsockopt": getsockopt, "setsockopt": setsockopt, "sendmmsg": sendmmsg,
    "recvmmsg": recvmmsg, "socket": socket, "memfd_create": memfd_create, "openat2": openat2,
    "socketpair": lambda e: [1, e.random.choice((1, 2, 5, 0x801)), 0, output(e)],
    "readv": vectored(of(*READABLE)), "writev": vectored(of(*WRITABLE)),
    "preadv": vectored(of("file", "memfd"), offset=True),
    "pwritev": vectored(of("file", "memfd"), offset=True),
    "preadv2": vectored(of("file", "memfd"), offset=True, flags=True),
    "pwritev2": vectored(of("file", "memfd"), offset=True, flags=True),
    "vmsplice": lambda e: [e.pick("pipe_out", "pipe_in"), iovec(e, 2), 2, 2],
    "splice": moved(of("pipe_out", "file"), of("pipe_in", "file")),
    "copy_file_range": lambda e: [*moved(of("file"), of("file", "memfd"))(e)[:5], 0],
    "tee": lambda e: [e.pick("pipe_out"), e.pick("pipe_in"), 4096, 2],
    "close_range": close_range, "fallocate": fallocate, "fsync": fsync, "fdatasync": fsync,
    "syncfs": fsync, "getdents": directory, "getdents64": directory, "mknod": mknod,
    "mknodat": lambda e: [-100, *mknod(e)], "mq_open": mq_open,
    "mq_unlink": lambda e: [e.data(e.random.choice((b"a", b"b", b"q")) + b"\0")],
    "mq_timedsend": lambda e: [e.pick("queue"), output(e), 8, 1, e.fields("qq", 0, 1)],
    "mq_timedreceive": lambda e: [e.pick("queue"), output(e), 64, output(e), e.fields("qq", 0, 1)],
    "inotify_add_watch": inotify_add_watch, "pidfd_getfd": pidfd_getfd,
    "ftruncate": lambda e: [e.pick("file", "memfd"), e.random.choice((0, 1, 5000, 65536))],
    "sync_file_range": lambda e: [e.pick("file"), 0, 4096, e.random.randrange(8)],
}  # fmt: skip

_FD: dict[str, tuple[str, ...]] = {
    "read": READABLE, "write": WRITABLE, "pread64": ("file", "memfd"),
    "pwrite64": ("file", "memfd"), "lseek": ("file", "memfd", "folder"), "fstat": DESCRIPTORS,
    "fchdir": ("folder",), "listen": ("listener", "stream"), "fadvise64": ("file", "memfd"),
    "readahead": ("file",), "timerfd_settime": ("timerfd",), "timerfd_gettime": ("timerfd",),
    "inotify_rm_watch": ("inotify",), "sendmsg": SOCKETS, "recvmsg": SOCKETS,
    "shutdown": SOCKETS, "close": ("copy", "copy", "copy", *DESCRIPTORS),
    "flock": ("file", "folder"), "fchmod": ("file", "folder"), "fchown": ("file", "folder"),
}  # fmt: skip
NAMED = (
    "open", "creat", "openat", "rename", "renameat", "renameat2", "mkdir", "mkdirat", "rmdir",
    "unlink", "unlinkat", "link", "linkat", "symlink", "symlinkat", "chmod", "fchmodat",
    "fchmodat2", "chown", "lchown", "fchownat", "truncate", "utime", "utimes", "futimesat",
    "utimensat", "setxattr", "lsetxattr", "removexattr", "lremovexattr",
)  # fmt: skip
PATHS = ("path", "oldpath", "newpath", "linkpath")

ARGUMENTS: dict[str, dict[str, Maker]] = {
    **{call: {"fd": of(*kinds)} for call, kinds in _FD.items()},
    **{call: dict.fromkeys(PATHS, name) for call in NAMED},
    "dup2": {"newfd": target},
    "dup3": {"newfd": target, "flags": one_of(0, 0x80000)},
    "sendfile": {"out_fd": of(*WRITABLE), "in_fd": of("file"), "offset": lambda e: 0},
    "epoll_create": {"size": one_of(1, 5)},
    "mq_notify": {"queue": of("queue")},
    "mq_getsetattr": {"queue": of("queue")},
    "signalfd": {"fd": lambda e: e.pick("signalfd") if e.one_in(2) else -1},
    "signalfd4": {
        "fd": lambda e: e.pick("signalfd") if e.one_in(2) else -1,
        "flags": one_of(0, 0x800, 0x80000),
    },
    "timerfd_create": {"clock": one_of(0, 1, 7), "flags": one_of(0, 0x800, 0x80000)},
    "pipe2": {"flags": one_of(0, 0x800, 0x800, 0x4000, 0x80000)},
    "chroot": {"path": name},
    "inotify_rm_watch": {"fd": of("inotify"), "watch": lambda e: e.pick("watch")},
    "statx": {"flags": one_of(0, 0x100, 0x1000, 0x2000)},
    "newfstatat": {"flags": one_of(0, 0x100, 0x1000)},
    "faccessat2": {"flags": one_of(0, 0x100, 0x200)},
    "recvmsg": {"fd": of("stream", "datagram"), "flags": one_of(0x40, 0x42, 0x40000040)},
    "sendmsg": {"fd": of("stream", "datagram"), "flags": one_of(0x40, 0x4040)},
    "pidfd_send_signal": {
        "pidfd": of("pidfd"), "signal": one_of(0, 0, 10, 12, 34), "info": lambda e: 0,
        "flags": one_of(0),
    },
}  # fmt: skip
for _call in ("fchownat", "fchmodat2", "utimensat"):
    ARGUMENTS.setdefault(_call, {})["flags"] = one_of(0, 0x100, 0)
ARGUMENTS.setdefault("linkat", {})["flags"] = one_of(0, 0, 0x400, 0x1000)
for _call in ("epoll_wait", "epoll_pwait", "epoll_pwait2"):
    ARGUMENTS[_call] = {"epfd": of("epoll"), "maxevents": one_of(1, 4, 64), "timeout_ms": one_of(0)}
ARGUMENTS["open"]["mode"] = ARGUMENTS["openat"]["mode"] = one_of(0o600, 0o666)
for _call in ("open", "openat"):
    ARGUMENTS[_call]["flags"] = one_of(
        0, 1, 2, 0x42, 0x42, 0xC2, 0x242, 0x442, 0x800, 0x842, 0x10000, 0x200000, 0x410002
    )
