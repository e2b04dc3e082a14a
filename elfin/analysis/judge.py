# SPDX-License-Identifier: BSD-3-Clause
"""The verdict: which system calls a program's code can make, held against abi/syscalls.tbl.

What is examined: a static program from its entry; of a dynamic program what can be reached from its
entry through its libraries (trace.py), and in its libc and loader what the functions reach that are
needed there. That is what the code *can* do, not what it will: a program that can call fork() may
never do it. So an absent call makes the verdict "may", unless every libc is known to do without
(`_TOLERATED`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from abi.table import Machine, Row, Support, Table
from elfin.analysis.decode import MACHINES
from elfin.analysis.graph import Graph, Reached
from elfin.analysis.trace import WRAPPER, Trace
from elfin.model.code import CodeFile
from elfin.model.elf import ElfFacts, Linkage
from elfin.model.verdict import CallUse, Library, Outcome, Verdict

_START_UP = "start-up"
_MANY_SITES = 20  # from here on a library is a libc or a loader: follow what is imported from it
_VTABLES = ("__libc_IO_vtables", ".init_array", ".fini_array", ".preinit_array")
_MUSL_STAGES = ("__dls2", "__dls2b", "__dls3")  # musl's loader finds its next stage by name
_ALWAYS_IMPORTED = ("__libc_start_main", "exit", "_exit", "abort")

# Calls whose ENOSYS every caller in a libc turns into another way, or into nothing lost.
_TOLERATED = {
    "rseq": "libcs run without restartable sequences",
    "set_robust_list": "only robust mutexes shared between processes need it",
    "clone3": "libcs fall back to clone",
    "openat2": "callers fall back to openat",
    "statx": "callers fall back to newfstatat",
    "faccessat2": "libcs fall back to faccessat",
    "fchmodat2": "libcs fall back to fchmodat",
    "close_range": "libcs fall back to close",
    "fadvise64": "advice",
    "readahead": "advice",
    "membarrier": "libcs fall back to signals",
    "futex_waitv": "libcs do not need it",
    "sysfs": "statvfs falls back to /proc/mounts",
    "modify_ldt": "segments of 32-bit programs",
    "_sysctl": "removed from Linux",
}
# glibc asks nscd over a Unix socket before it reads /etc/passwd itself (nscd(8)), carries its DNS
# client behind the same table of name services, and logs without a listener.
_NAME_SERVICE_CALLS = frozenset(
    ("socket", "connect", "sendto", "sendmsg", "sendmmsg", "recvfrom", "recvmsg", "bind",
     "setsockopt", "getsockopt", "getsockname", "getpeername")
)  # fmt: skip
_NAME_SERVICE_ROOTS = (
    "getpw", "getgr", "getsp", "initgroups", "getserv", "innetgr", "setnetgrent", "endgrent",
    "getnetgrent", "endspent", "setspent", "setpwent", "endpwent", "setgrent", "getaliasent",
    "glob", "wordexp", "__libc_start_main", "exit", "fgetgrent", "fgetpwent", "cuserid",
    "getlogin", "ruserok", "pthread_create", _START_UP, "syslog", "__syslog_chk", "__vsyslog_chk",
    "vsyslog", "openlog",
)  # fmt: skip

# glibc changes the ids of all threads by a signal whose handler takes the call's number from
# memory: one of the set*id calls, which stand elsewhere in the code with their numbers.
_SETXID_ROOTS = ("set", "initgroups", "pthread_", "__pthread_", "system", "posix_spawn", "popen")


def judge(
    facts: ElfFacts,
    libraries: Sequence[Library],
    codes: Sequence[CodeFile],
    table: Table,
    say: Callable[[str], None] = lambda line: None,
) -> Verdict:
    """The verdict on a program. ``codes``: the program first, then its loader and libraries.
    ``say`` takes what is looked at now."""
    missing = [library for library in libraries if library.host_path is None]
    if missing:
        names = ", ".join(library.name for library in missing)
        reason = f"it needs {names}, which {'is' if len(missing) == 1 else 'are'} not here"
        return Verdict(Outcome.WILL_NOT, facts, (reason,), tuple(libraries))
    loader = libraries[0].host_path if libraries and facts.interpreter else None
    found = list(_found(codes, facts, loader, say))
    calls = tuple(_uses(found, table, Machine(facts.machine)))
    unknown = _unknown(found)
    outcome, reasons = _conclude(calls, unknown)
    sites = tuple(dict.fromkeys((str(code.path), reached.address) for code, reached in unknown))
    return Verdict(outcome, facts, reasons, tuple(libraries), calls, sites)


def _found(
    codes: Sequence[CodeFile], facts: ElfFacts, loader: str | None, say: Callable[[str], None]
) -> Iterator[tuple[CodeFile, Reached]]:
    """Every call that can be reached, with the file it stands in."""
    program = codes[0]
    if facts.linkage is not Linkage.DYNAMIC:
        say(f"following {program.path.name}")
        for reached in Graph(program).reach(_entry_roots(program, "the program")):
            yield program, reached
        return
    libcs = [code for code in codes[1:] if str(code.path) == loader or _is_libc(code)]
    others = [code for code in codes if code not in libcs]
    say(f"following {program.path.name} and {len(others) - 1} libraries")
    names = {name for code in libcs for name in (*code.imports, *code.exports)}
    trace = Trace(others, frozenset(names))
    for index, code in enumerate(others):
        for reached in trace.reached(index):
            yield code, reached
    for code in libcs:
        say(f"following {code.path.name}")
        wanted = trace.needed.union(*(libc.imports for libc in libcs if libc is not code))
        if trace.wrapper_is_followed:
            wanted.discard(WRAPPER)
        roots = _library_roots(code, wanted)
        if str(code.path) == loader:
            roots += _entry_roots(code, _START_UP)
        for reached in Graph(code).reach(roots):
            if reached.number is not None or not reached.via.startswith(_SETXID_ROOTS):
                yield code, reached


def _is_libc(code: CodeFile) -> bool:
    """A library that is entered by name: it has more calls than one can follow from its data."""
    machine = MACHINES[code.machine]
    raw = (site for text in code.texts for site in machine.raw_sites(text.address, text.content))
    return sum(1 for _ in islice(raw, _MANY_SITES)) == _MANY_SITES and "abort" in code.exports


def _entry_roots(code: CodeFile, name: str) -> list[tuple[int, str]]:
    """Where the kernel enters a file, and every function that its data points to."""
    addresses = {code.entry}.union(*code.pointers.values())
    addresses.update(code.exports[stage] for stage in _MUSL_STAGES if stage in code.exports)
    return [(address, name) for address in sorted(addresses)]


def _library_roots(code: CodeFile, wanted: set[str]) -> list[tuple[int, str]]:
    """Where a libc is entered: by what the others need, and by its tables of stdio functions."""
    names = sorted(wanted.union(_ALWAYS_IMPORTED))
    roots = [(code.exports[name], name) for name in names if name in code.exports]
    for section in _VTABLES:
        roots += [(address, _START_UP) for address in sorted(code.pointers.get(section, ()))]
    return roots


def _unknown(found: Iterable[tuple[CodeFile, Reached]]) -> list[tuple[CodeFile, Reached]]:
    return [(code, reached) for code, reached in found if reached.number is None]


def _uses(
    found: Iterable[tuple[CodeFile, Reached]], table: Table, machine: Machine
) -> Iterator[CallUse]:
    """One CallUse per call number, by number."""
    by_number: dict[int, list[tuple[CodeFile, Reached]]] = {}
    for code, reached in found:
        if reached.number is not None:
            by_number.setdefault(reached.number, []).append((code, reached))
    for number, uses in sorted(by_number.items()):
        row = table.by_number(machine, number)
        if row is None:
            continue  # not a call of this machine: the constant was data, or dead code
        sites = tuple(dict.fromkeys((str(code.path), reached.address) for code, reached in uses))
        roots = sorted({reached.via for _, reached in uses})
        yield CallUse(row.name, number, row.support_word, sites, _note(row, roots))


def _note(row: Row, roots: list[str]) -> str:
    """Why an absent call does no harm, else through which functions a call is reached."""
    if row.support is Support.ABSENT:
        if row.name in _TOLERATED:
            return f"harmless: {_TOLERATED[row.name]}"
        if row.name == "execve" and roots == [_START_UP]:
            return "harmless: only a loader that is started as a program does it"
        if row.name in _NAME_SERVICE_CALLS and all(map(_asks_name_services, roots)):
            return "harmless: glibc asks nscd first, then reads the files itself"
    shown = ", ".join(roots[:4])
    return f"through {shown}" + (f" and {len(roots) - 4} more" if len(roots) > 4 else "")


def _asks_name_services(root: str) -> bool:
    return root.startswith(_NAME_SERVICE_ROOTS)


def _conclude(
    calls: Sequence[CallUse], unknown: Sequence[tuple[CodeFile, Reached]]
) -> tuple[Outcome, tuple[str, ...]]:
    absent = [
        call for call in calls if call.support == "absent" and not call.note.startswith("harmless")
    ]
    reasons = []
    if absent:
        names = ", ".join(call.name for call in absent[:8])
        more = f" and {len(absent) - 8} more" if len(absent) > 8 else ""
        reasons.append(
            f"its code can call {names}{more}, which Elfin does not have; it runs as long as it"
            " does not"
        )
    if unknown:
        places = {(code.path, reached.address) for code, reached in unknown}
        word = "place makes" if len(places) == 1 else "places make"
        roots = ", ".join(sorted({reached.via for _, reached in unknown})[:4])
        reasons.append(f"{len(places)} {word} a call whose number is not in the code ({roots})")
    if reasons:
        return Outcome.MAY, tuple(reasons)
    partial = sum(call.support == "partial" for call in calls)
    reason = f"Elfin has all {len(calls)} system calls that its code can make"
    return Outcome.WILL_RUN, (reason + (f", {partial} of them in part" if partial else ""),)
