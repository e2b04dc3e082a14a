# SPDX-License-Identifier: BSD-3-Clause
"""Arguments of calls on memory, processes, signals, time and System V objects."""

from __future__ import annotations

import struct

from tests.fuzz.calls.descriptors import Call, Maker, one_of
from tests.fuzz.calls.episode import (
    KEPT,
    MAP_BYTES,
    MAP_COUNT,
    MAPS,
    SELF,
    SHARED_PAGE,
    SLOTS,
    STACK_BYTES,
    STACK_COUNT,
    STACKS,
    Episode,
    InSlot,
    Value,
)
from tests.fuzz.calls.values import PAGE, any_of, constant, output, sigset, timespec, vector

# --- memory ---


def area(e: Episode) -> int:
    """An address among the mappings."""
    at = MAPS + MAP_BYTES * e.random.randrange(MAP_COUNT)
    return at + PAGE * e.random.randrange(16) if e.one_in(3) else at


def length(e: Episode) -> int:
    return PAGE * e.random.choice((1, 1, 2, 4, 16, 64, 256))


def protection(e: Episode) -> int:
    return e.random.choice((0, 1, 3, 3, 3, 5, 7))


def mmap(e: Episode) -> list[Value]:
    """Private or shared, anonymous or of a file; mostly where later calls will look for it."""
    flags = e.random.choice((0x02, 0x02, 0x01))
    fixed = e.random.choice((0x10, 0x10, 0x10, 0x100000, 0))
    extra = e.random.choice((0, 0, 0, 0x4000, 0x8000, 0x20000, 0x100, 0x40))
    if e.one_in(3):
        fd: Value = e.pick("file", "memfd", "special")
        return [area(e), length(e), protection(e), flags | fixed, fd, PAGE * e.random.randrange(3)]
    return [area(e), length(e), protection(e), flags | fixed | extra | 0x20, -1, 0]


def mremap(e: Episode) -> list[Value]:
    flags = e.random.choice((0, 1, 1, 3, 5, 7))
    return [area(e), length(e), length(e), flags, area(e)]


def span(*more: Maker) -> Call:
    """An address, a length, and what follows."""
    return lambda e: [area(e), length(e), *(make(e) for make in more)]


def shmat(e: Episode) -> list[Value]:
    return [e.pick("segment"), 0 if e.one_in(2) else area(e), e.random.choice((0, 0, 0o10000))]


# --- processes ---

_FORK_FLAGS = (0, 0x200, 0x400, 0x1000000, 0x200000, 0x8000, 0x4000, 0x40000)
_THREAD = 0x10F00
_SHARED = 0x4100  # CLONE_VM | CLONE_VFORK


def _stack(e: Episode) -> int:
    return STACKS + STACK_BYTES * e.random.randrange(1, STACK_COUNT + 1)


def thread(e: Episode) -> list[Value]:
    """Arguments of clone for a thread as libcs make them, or a process that shares memory."""
    flags = e.random.choice((_THREAD, _THREAD, _THREAD | 0x40000, 0x100 | 17, 0x700 | 17))
    extra = e.random.choice((0, 0x200000, 0x1000000, 0x100000))
    word = KEPT + 0x9020 + 4 * e.random.randrange(4)
    return [flags | extra, _stack(e), word, word, 0]


def _clone_flags(e: Episode) -> tuple[int, int]:
    """Flags and a stack that goes with them."""
    stack = _stack(e)
    kind = e.random.randrange(4)
    if kind == 0:
        return _THREAD | e.random.choice((0, 0x40000, 0x200000, 0x100000, 0x1000000)), stack
    if kind == 1:
        return _SHARED | 17, e.random.choice((0, stack))
    if kind == 2:
        return 0x100 | 17 | e.random.choice((0, 0x800, 0x200)), stack
    flags = 17
    for _ in range(2):
        flags |= e.random.choice(_FORK_FLAGS)
    return flags, 0


def clone(e: Episode) -> list[Value]:
    flags, stack = _clone_flags(e)
    if e.one_in(10):
        flags |= any_of(e, "clone_flags")
    return [flags, stack, output(e), output(e), 0]


def clone3(e: Episode) -> list[Value]:
    flags, stack = _clone_flags(e)
    signal = 0 if flags & 0x18000 else flags & 0xFF
    flags &= ~0xFF
    size = 0x1000 if stack else 0
    values = (flags, output(e), output(e), output(e), signal, stack - size, size, 0, 0, 0, 0)
    return [e.fields("Q" * 11, *values), e.random.choice((64, 80, 88, 88))]


def execve(e: Episode) -> list[Value]:
    path = e.random.choice((b"/proc/self/exe", b"/proc/self/exe", b"a", b"/dev/null"))
    arguments = vector(e, [b"x", b"executed"])
    return [e.data(path + b"\0"), arguments, vector(e, [b"A=1"])]


def execveat(e: Episode) -> list[Value]:
    return [-100, *execve(e), e.random.choice((0, 0, 0x100, 0x1000))]


def wait4(e: Episode) -> list[Value]:
    return [e.random.choice((-1, -1, 0, e.pick("child"))), output(e), 1, output(e)]


def waitid(e: Episode) -> list[Value]:
    kind = e.random.choice((0, 0, 1, 2, 3))
    ids: Value = e.pick("child") if kind == 1 else e.pick("pidfd") if kind == 3 else 0
    return [kind, ids, output(e), e.random.choice((5, 5, 0xD, 0x1000005)), output(e)]


def prctl(e: Episode) -> list[Value]:
    option = any_of(e, "prctl_option")
    get_pointer = e.random.choice((0, 1, 2, 50)) if e.one_in(2) else output(e)
    return [option, get_pointer, 0, 0, 0]


def arch_prctl(e: Episode) -> list[Value]:
    return [any_of(e, "arch_prctl_code"), output(e)]


def sched_attributes(e: Episode) -> list[Value]:
    policy = e.random.choice((0, 0, 3, 5))
    attributes = e.fields("IIQiIQQQ", 48, policy, 0, e.random.randrange(5), 0, 0, 0, 0)
    return [SELF, attributes, 0]


def priority_who(e: Episode) -> Value:
    return e.random.choice((0, 0, SELF))


# --- signals ---

_CALM = (0, 0, 10, 12, 16, 17, 23, 28, 34, 35, 50, 64)  # what the executor catches


def signal_number(e: Episode) -> int:
    """Seldom one that ends or stops the episode."""
    return any_of(e, "signal") if e.one_in(60) else e.random.choice(_CALM)


def somebody(e: Episode) -> Value:
    return e.random.choice((SELF, SELF, SELF, e.pick("child")))


def queued(e: Episode) -> int:
    return e.data(struct.pack("<iiiiiiQ", 0, 0, -1, 0, 1, 0, 7).ljust(128, b"\0"))


# --- futexes ---


def word(e: Episode) -> int:
    """A futex that threads and children may share, zero mostly."""
    return e.random.choice((KEPT + 0x9000, KEPT + 0x9004, SHARED_PAGE, SHARED_PAGE + 8))


_FUTEX = ("FUTEX_WAIT", "FUTEX_WAKE", "FUTEX_REQUEUE", "FUTEX_CMP_REQUEUE", "FUTEX_WAKE_OP",
          "FUTEX_LOCK_PI", "FUTEX_UNLOCK_PI", "FUTEX_TRYLOCK_PI", "FUTEX_WAIT_BITSET",
          "FUTEX_WAKE_BITSET", "FUTEX_WAIT_REQUEUE_PI", "FUTEX_CMP_REQUEUE_PI")  # fmt: skip


def futex(e: Episode) -> list[Value]:
    name = e.random.choice(_FUTEX)
    operation = constant("futex.h", name) | 128 * e.one_in(2)
    waits = "WAIT" in name or name == "FUTEX_LOCK_PI"
    fourth: Value = timespec(e) if waits else e.random.randrange(3)
    third = 0xFFFFFFFF if "BITSET" in name else 0
    if name == "FUTEX_WAKE_OP":
        third = e.random.getrandbits(32) & 0x35_00_F0_0F
    return [word(e), operation, e.random.randrange(2), fourth, word(e), third]


def waiters(e: Episode, count: int) -> int:
    values: list[Value] = []
    for _ in range(count):
        values += [e.random.choice((0, 1)), word(e), 2 | 128 * e.one_in(2), 0]
    return e.fields("QQII" * count, *values)


def futex_waitv(e: Episode) -> list[Value]:
    count = e.random.randrange(1, 4)
    return [waiters(e, count), count, 0, e.fields("qq", 0, 1), 1]


# --- System V objects ---


def semop(e: Episode) -> list[Value]:
    count = e.random.randrange(1, 4)
    values: list[Value] = []
    for _ in range(count):
        flags = 0x800 | e.random.choice((0, 0x1000))
        values += [e.random.randrange(4), e.random.choice((1, 1, -1, 0, 2)), flags]
    return [e.pick("semaphores"), e.fields("Hhh" * count, *values), count]


def semctl(e: Episode) -> list[Value]:
    command = e.random.choice((2, 11, 12, 13, 14, 15, 16, 17, 16, 17, 18, 19, 20, 3))
    which: Value = 0 if command in (3, 18, 19, 20) else e.pick("semaphores")
    if e.one_in(20):
        command = 0
    given = output(e) if command in (2, 13, 17, 18, 19, 20, 3) else e.random.randrange(5)
    return [which, e.random.randrange(4), command, given]


def control(kind: str, commands: tuple[int, ...], of_index: tuple[int, ...]) -> Call:
    """shmctl and msgctl."""

    def make(e: Episode) -> list[Value]:
        command = e.random.choice(commands)
        which: Value = 0 if command in of_index else e.pick(kind)
        if command == 0 and not e.one_in(4):
            command = 2
        return [which, command, output(e)]

    return make


def key(e: Episode) -> int:
    return e.random.choice((0, 1, 2, 3))


def msgsnd(e: Episode) -> list[Value]:
    kind, size = e.random.randrange(1, 4), e.random.choice((0, 1, 8, 100, 2000))
    text = e.fields("q", kind)
    e.memory(size)
    return [e.pick("messages"), text, size, 0x800]


def msgrcv(e: Episode) -> list[Value]:
    flags = 0x800 | e.random.choice((0, 0o10000, 0o20000, 0o40000))
    return [e.pick("messages"), output(e), 4096, e.random.choice((0, 0, 1, -3)), flags]


# --- tables ---

CALLS: dict[str, Call] = {
    "mmap": mmap, "munmap": span(), "mprotect": span(protection), "mremap": mremap,
    "madvise": span(lambda e: any_of(e, "madvice")), "msync": span(one_of(1, 2, 4, 6)),
    "mincore": span(output), "mlock": span(), "mlock2": span(one_of(0, 1)), "munlock": span(),
    "pkey_mprotect": span(protection, one_of(-1, 0, 1)), "shmat": shmat,
    "shmdt": lambda e: [e.pick("place")], "brk": lambda e: [InSlot(SLOTS["end"][0], length(e))],
    "clone": clone, "clone3": clone3, "execve": execve, "execveat": execveat, "wait4": wait4,
    "waitid": waitid, "prctl": prctl, "arch_prctl": arch_prctl, "futex": futex,
    "futex_waitv": futex_waitv, "sched_setattr": sched_attributes,
    "futex_requeue": lambda e: [waiters(e, 2), 0, 1, 1],
    "futex_wake": lambda e: [word(e), 0xFFFFFFFF, 1, 2 | 128 * e.one_in(2)],
    "futex_wait": lambda e: [word(e), e.one_in(2), 0xFFFFFFFF, 2, e.fields("qq", 0, 1), 1],
    "semop": semop, "semtimedop": lambda e: [*semop(e), timespec(e)], "semctl": semctl,
    "shmctl": control("segment", (0, 1, 2, 2, 3, 11, 12, 13, 14, 15), (3, 13, 14, 15)),
    "msgctl": control("messages", (0, 1, 2, 2, 3, 11, 12, 13), (3, 11, 12, 13)),
    "msgsnd": msgsnd, "msgrcv": msgrcv,
    "shmget": lambda e: [key(e), e.random.choice((1, 4096, 65536)), 0o1666],
    "semget": lambda e: [key(e), e.random.choice((1, 4, 4)), 0o1666],
    "msgget": lambda e: [key(e), 0o1666],
    "rseq": lambda e: [KEPT + 0x8100, 32, e.random.choice((0, 1)), 0x53053053],
    "set_robust_list": lambda e: [e.fields("Qqq", KEPT + 0x8000, -8, 0, at=KEPT + 0x8000), 24],
    "membarrier": lambda e: [e.random.choice((0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512)), 0, 0],
    "rt_sigtimedwait": lambda e: [sigset(e), output(e), e.fields("qq", 0, 1), 8],
}  # fmt: skip

_SEND: dict[str, Maker] = {"pid": somebody, "tid": somebody, "tgid": lambda e: SELF,
                           "signal": signal_number, "info": queued}  # fmt: skip
ARGUMENTS: dict[str, dict[str, Maker]] = {
    **dict.fromkeys(("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"), _SEND),
    "rt_sigaction": {"signal": one_of(1, 2, 10, 12, 17, 23, 28, 34, 50, 64)},
    "rt_sigprocmask": {"set": sigset},
    "setpriority": {"which": one_of(0), "who": priority_who, "nice": one_of(0, 5, 10, 19)},
    "getpriority": {"which": one_of(0, 1, 2), "who": priority_who},
    "sched_getaffinity": {"size": one_of(8, 16, 128)},
    "sched_setaffinity": {
        "size": one_of(8, 128),
        "mask": lambda e: e.data(b"\1".ljust(128, b"\0")),
    },
    "sched_setscheduler": {"policy": one_of(0, 0, 3, 5), "pid": lambda e: SELF},
    "sched_getattr": {"size": one_of(48, 56, 64), "flags": one_of(0)},
    "setgroups": {"count": one_of(0, 1, 4)},
    "getgroups": {"size": one_of(0, 16, 64)},
    "sethostname": {"length": one_of(0, 1, 8)},
    "setdomainname": {"length": one_of(0, 1, 8)},
    "prlimit64": {"pid": lambda e: SELF},
    "setpgid": {"pid": one_of(0), "pgid": one_of(0)},
    "alarm": {"seconds": one_of(0, 1)},
    "pidfd_open": {"pid": somebody, "flags": one_of(0, 0, 0x800)},
    "clock_nanosleep": {"flags": one_of(0)},
    "personality": {"persona": one_of(0, 0, 0xFFFFFFFF, 0x40000, 0x400000)},
    "setitimer": {"which": one_of(0, 1, 2)},
    "timer_create": {"clock": one_of(0, 1, 2, 3, 7), "event": lambda e: 0},
    "getrandom": {"flags": one_of(0, 1, 2)},
    "pkey_alloc": {"flags": one_of(0), "access_rights": one_of(0, 1, 3)},
    "mlockall": {"flags": one_of(1, 3, 5)},
    "set_tid_address": {"tid": lambda e: KEPT + 0x9010},
    **{
        call: {"timer": lambda e: e.pick("timer")}
        for call in ("timer_settime", "timer_gettime", "timer_getoverrun", "timer_delete")
    },
}
