# SPDX-License-Identifier: BSD-3-Clause
"""Programs of calls from a seed: the same seed, the same program.

An episode begins by making things (files, pipes, sockets, mappings, System V objects ...), whose
numbers stay in slots; calls then take their arguments from there. One argument in some calls is
replaced by a hostile one.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache
from random import Random

from abi.table import Machine, Row, Support, load
from tests.fuzz.calls import descriptors, objects
from tests.fuzz.calls.episode import (
    MAP_BYTES,
    MAP_COUNT,
    MAPS,
    NO_SLOT,
    SLOTS,
    Episode,
    How,
    InSlot,
    Value,
)
from tests.fuzz.calls.values import hostile, output, sane

CALLS = {**descriptors.CALLS, **objects.CALLS}
ARGUMENTS = {**descriptors.ARGUMENTS, **objects.ARGUMENTS}
EPISODE_CALLS = 160
HOSTILE_ONE_IN = 5
NOBODY = 999_999  # a process that is not there

HOW = {
    **dict.fromkeys(
        ("exit", "exit_group", "execve", "execveat", "rt_sigreturn", "setsid"), How.CHILD
    ),
    "fork": How.FORK,
    **dict.fromkeys(("clone", "clone3", "vfork"), How.CLONE),
}
# What ends an episode's use or slows it down: one call in some hundred, less than others.
RARE = {"setuid": 3, "setresuid": 3, "setreuid": 3, "chroot": 3, "sched_setattr": 2,
        "close_range": 3, "setrlimit": 3, "prlimit64": 2, "brk": 2, "clone3": 2,
        "fork": 2, "vfork": 2, "execve": 3, "execveat": 3, "exit": 3, "exit_group": 3,
        "rt_sigreturn": 3, "pause": 3, "rt_sigsuspend": 3, "nanosleep": 2, "mlockall": 3,
        "vhangup": 2}  # fmt: skip
# Calls that do most of a program's work.
FREQUENT = {"read": 4, "write": 4, "mmap": 5, "munmap": 2, "openat": 3, "dup": 2, "epoll_ctl": 3,
            "sendmsg": 3, "recvmsg": 3, "mremap": 3, "mprotect": 2, "splice": 2, "close": 2,
            "futex": 2, "rename": 2, "ioctl": 2, "fcntl": 2, "connect": 2, "accept": 2}  # fmt: skip
RESULTS = {
    "open": "file", "creat": "file", "openat": "file", "openat2": "file", "dup": "copy",
    "dup2": "copy", "dup3": "copy", "epoll_create": "epoll", "epoll_create1": "epoll",
    "eventfd": "event", "eventfd2": "event", "timerfd_create": "timerfd",
    "signalfd": "signalfd", "signalfd4": "signalfd", "inotify_init": "inotify",
    "inotify_init1": "inotify", "memfd_create": "memfd", "mq_open": "queue",
    "pidfd_open": "pidfd", "accept": "stream", "accept4": "stream", "socket": "datagram",
    "shmget": "segment", "semget": "semaphores", "msgget": "messages",
    "inotify_add_watch": "watch", "pkey_alloc": "key", "fork": "child", "clone": "child",
    "clone3": "child", "vfork": "child", "shmat": "place", "pidfd_getfd": "copy",
}  # fmt: skip
# Two descriptors, or one number, that a call stores: argument's position and the slots' kinds.
STORED = {
    "pipe": (0, ("pipe_out", "pipe_in")), "pipe2": (0, ("pipe_out", "pipe_in")),
    "socketpair": (3, ("stream", "stream")), "timer_create": (2, ("timer",)),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Numbered:
    """A row with its place in the executor's counts."""

    row: Row
    index: int
    number: int


@cache
def rows() -> tuple[Numbered, ...]:
    """Every row of x86_64 that is not absent."""
    found = [row for row in load().rows if row.support is not Support.ABSENT]
    pairs = [(row, row.number(Machine.X86_64)) for row in found]
    known = [(row, number) for row, number in pairs if number is not None]
    return tuple(Numbered(row, index, number) for index, (row, number) in enumerate(known))


@cache
def _by_name() -> dict[str, Numbered]:
    return {entry.row.name: entry for entry in rows()}


@cache
def _weights() -> tuple[float, ...]:
    names = [entry.row.name for entry in rows()]
    return tuple(FREQUENT.get(name, 1) / RARE.get(name, 1) for name in names)


def _values(e: Episode, row: Row) -> list[Value]:
    if row.name in CALLS:
        return CALLS[row.name](e)
    own = ARGUMENTS.get(row.name, {})
    return [own[a.name](e) if a.name in own else sane(e, a) for a in row.arguments]


def _emit(e: Episode, name: str, values: list[Value], slot: int = NO_SLOT) -> None:
    """One call, and where its results go."""
    entry = _by_name()[name]
    if slot == NO_SLOT and name in RESULTS:
        slot = e.random.choice(SLOTS[RESULTS[name]])
    e.call(entry.index, entry.number, values, slot, HOW.get(name, How.PLAIN))
    if name in STORED:
        position, kinds = STORED[name]
        address = values[position]
        if isinstance(address, int) and address >= 0x1000_0000:
            for n, kind in enumerate(kinds):
                e.load(e.random.choice(SLOTS[kind]), address + 4 * n)


def _any_call(e: Episode) -> None:
    entry = e.random.choices(rows(), _weights())[0]
    row = entry.row
    if row.name == "clone" and not e.one_in(3):
        slot = e.random.choice(SLOTS["child"])
        e.call(entry.index, entry.number, objects.thread(e), slot, How.THREAD)
        return
    values = _values(e, row)
    if values and e.one_in(HOSTILE_ONE_IN):
        place = e.random.randrange(min(len(values), len(row.arguments)))
        values[place] = hostile(e, row.arguments[place])
        if row.name in STORED and place == STORED[row.name][0]:
            e.call(entry.index, entry.number, values)
            return
    _emit(e, row.name, values)


# --- how an episode begins ---


def _text(e: Episode, name: bytes) -> int:
    return e.data(name + b"\0")


def _begin_files(e: Episode) -> None:
    _emit(e, "mkdir", [_text(e, b"d"), 0o777])
    for n, slot in enumerate(SLOTS["file"][:3]):
        flags = (0x42, 0x842, 0x442)[n]
        _emit(e, "open", [_text(e, (b"a", b"b", b"d/a")[n]), flags, 0o666], slot)
        text = e.data(bytes(range(256)) * 8)
        _emit(e, "write", [InSlot(slot), text, e.random.choice((100, 2048))])
    _emit(e, "open", [_text(e, b"."), 0x10000, 0], SLOTS["folder"][0])
    _emit(e, "open", [_text(e, b"d"), 0x10000, 0], SLOTS["folder"][1])
    special = e.random.choice((b"/dev/zero", b"/dev/null", b"/proc/self/maps", b"/proc/stat"))
    _emit(e, "open", [_text(e, special), e.random.choice((0, 2)), 0], SLOTS["special"][0])
    _emit(e, "open", [_text(e, b"/dev/ptmx"), 0x902, 0], SLOTS["terminal"][0])
    _emit(e, "mknod", [_text(e, b"p"), 0o010666, 0])
    _emit(
        e,
        "symlink",
        [
            _text(
                e,
                e.random.choice((b"a", b"d", b"l")),
            ),
            _text(e, b"l"),
        ],
    )
    _emit(e, "memfd_create", [_text(e, b"m"), 2], SLOTS["memfd"][0])


def _begin_streams(e: Episode) -> None:
    for _ in range(2):
        _emit(e, "pipe2", [output(e), e.random.choice((0x800, 0x800, 0))])
        kind = e.random.choice((1, 1, 2, 5))
        _emit(e, "socketpair", [1, kind | 0x800, 0, output(e)])
        _emit(e, "sendto", [e.pick("stream"), output(e), 100, 0x40, 0, 0])
    _emit(e, "socket", [1, 0x802, 0], SLOTS["datagram"][0])
    _emit(e, "socket", [1, 0x801, 0], SLOTS["listener"][0])
    where = e.data(struct.pack("<H", 1) + b"\0one")
    _emit(e, "bind", [InSlot(SLOTS["listener"][0]), where, 6])
    _emit(e, "listen", [InSlot(SLOTS["listener"][0]), 4])
    _emit(e, "socket", [1, 0x801, 0], SLOTS["stream"][4])
    _emit(e, "connect", [InSlot(SLOTS["stream"][4]), e.data(b"\1\0\0one"), 6])
    for name, values in (
        ("epoll_create1", [0]), ("eventfd2", [1, 0x800]), ("timerfd_create", [1, 0x800]),
        ("inotify_init1", [0x800]), ("timer_create", [1, 0, output(e)]),
    ):  # fmt: skip
        _emit(e, name, list(values))
    _emit(e, "signalfd4", [-1, e.data(b"\0\2\0\0\0\0\0\0"), 8, 0x800])
    _emit(e, "mq_open", [_text(e, b"q"), 0x842, 0o600, 0])


def _begin_memory(e: Episode) -> None:
    for n in range(e.random.randrange(3, MAP_COUNT)):
        flags = e.random.choice((0x32, 0x32, 0x31))
        _emit(e, "mmap", [MAPS + MAP_BYTES * n, 0x10000, 3, flags, -1, 0])
    _emit(e, "mmap", [MAPS, 0x4000, 3, 0x11, InSlot(SLOTS["file"][0]), 0])
    _emit(e, "brk", [0], SLOTS["end"][0])
    _emit(e, "shmget", [1, 4096, 0o1666])
    _emit(e, "semget", [1, 4, 0o1666])
    _emit(e, "msgget", [1, 0o1666])


def _become_user(e: Episode) -> None:
    _emit(e, "setgroups", [0, 0])
    _emit(e, "setgid", [1000])
    _emit(e, "setuid", [1000])


def episode(seed: str, number: int) -> Episode:
    """Episode ``number`` of a program."""
    random = Random(f"{seed}/{number}")
    e = Episode(random, root=random.randrange(5) < 2)
    for slot in SLOTS["child"]:
        e.set(slot, NOBODY)
    beginnings = [_begin_files, _begin_streams, _begin_memory]
    if not e.root:
        _become_user(e)
    for begin in beginnings:
        begin(e)
    if e.one_in(4):
        e.fail(e.random.choice((10, 40, 200)))
    for _ in range(e.random.choice((0, 0, 1, 2))):
        _emit(e, "fork", [])
    while e.calls < EPISODE_CALLS:
        _any_call(e)
    return e


def program(seed: str, first: int, count: int) -> bytes:
    """``count`` episodes from ``first`` on, in the executor's form."""
    return b"".join(episode(seed, number).finish() for number in range(first, first + count))
