# SPDX-License-Identifier: BSD-3-Clause
"""`--trace-only`: names and classes of calls, as `strace -e trace=` has them."""

from __future__ import annotations

from collections.abc import Callable

from abi.table import Direction, Machine, Row, Table, load
from elfin.host.errors import OptionError

_DESCRIPTOR = {"fd", "dirfd"}
_PROCESS = {"clone", "clone3", "fork", "vfork", "execve", "execveat", "exit", "exit_group", "wait4",
            "waitid", "kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo",
            "pidfd_open", "pidfd_send_signal", "unshare"}  # fmt: skip
_MEMORY = {"mmap", "munmap", "mprotect", "pkey_mprotect", "brk", "mremap", "madvise", "msync",
           "mincore", "mlock", "mlock2", "munlock", "mlockall", "munlockall", "remap_file_pages",
           "mseal", "map_shadow_stack", "process_madvise", "shmat", "shmdt", "io_setup",
           "io_destroy"}  # fmt: skip
_SIGNALS = {"kill", "tkill", "tgkill", "pause", "sigaltstack", "signalfd", "signalfd4",
            "pidfd_send_signal"}  # fmt: skip
_IPC = ("shm", "sem", "msg")


def numbers(text: str, machine: Machine) -> tuple[int, ...]:
    """Call numbers of a list like ``%file,openat,!close``. Raises OptionError."""
    table = load()
    rows = table.of_machine(machine)
    chosen: set[str] = set()
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        raise OptionError("--trace-only names no call", hint="--trace-only %file,openat")
    negated = words[0].startswith("!")
    words[0] = words[0].removeprefix("!")
    for word in words:
        chosen |= _names(word, rows, table, machine)
    picked = [row for row in rows if (row.name in chosen) is not negated]
    return tuple(row.number(machine) or 0 for row in picked)


def _names(word: str, rows: list[Row], table: Table, machine: Machine) -> set[str]:
    if word.startswith("%"):
        test = _CLASSES.get(word[1:])
        if test is None:
            known = " ".join(f"%{name}" for name in sorted(_CLASSES))
            raise OptionError(f"--trace-only {word}: there is no such class", hint=known)
        return {row.name for row in rows if test(row)}
    if word == "all":
        return {row.name for row in rows}
    if table.by_name(machine, word) is None:
        if any(row.name == word for row in table.rows):
            return set()  # of the other machine: nothing to trace here
        raise OptionError(
            f"--trace-only {word}: Linux has no such call", hint="docs/reference/calls.md"
        )
    return {word}


def _takes_path(row: Row) -> bool:
    return any(argument.type.name == "path" for argument in row.arguments)


def _takes_descriptor(row: Row) -> bool:
    takes = any(argument.type.name in _DESCRIPTOR for argument in row.arguments)
    gives = any(a.direction is Direction.OUT and a.name == "fds" for a in row.arguments)
    return takes or gives


_CLASSES: dict[str, Callable[[Row], bool]] = {
    "file": _takes_path,
    "desc": _takes_descriptor,
    "process": lambda row: row.name in _PROCESS,
    "network": lambda row: row.feature == "posix-socket",
    "net": lambda row: row.feature == "posix-socket",
    "memory": lambda row: row.name in _MEMORY,
    "signal": lambda row: row.name in _SIGNALS or row.name.startswith("rt_sig"),
    "ipc": lambda row: row.name.startswith(_IPC),
    "creds": lambda row: row.feature == "posix-identity",
    "clock": lambda row: row.name.startswith(("clock_", "time", "gettimeofday", "settimeofday")),
}
