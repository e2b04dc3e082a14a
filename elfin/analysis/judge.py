# SPDX-License-Identifier: BSD-3-Clause
"""The verdict: which system calls a program's code can make, held against abi/syscalls.tbl.

What is examined: a static program from its entry; of a dynamic program every file's own sites, and
in its libc and loader what the functions reach that some other file imports. That is what the code
*can* do, not what it will: a program that imports fork() may never call it. So an absent call makes
the verdict "may", unless every libc is known to do without (`_TOLERATED`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from abi.table import Machine, Row, Support, Table
from elfin.analysis.graph import Graph, Reached
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


def judge(
    facts: ElfFacts, libraries: Sequence[Library], codes: Sequence[CodeFile], table: Table
) -> Verdict:
    """The verdict on a program. ``codes``: the program first, then its loader and libraries."""
    missing = [library for library in libraries if library.host_path is None]
    if missing:
        names = ", ".join(library.name for library in missing)
        reason = f"it needs {names}, which {'is' if len(missing) == 1 else 'are'} not here"
        return Verdict(Outcome.WILL_NOT, facts, (reason,), tuple(libraries))
    loader = libraries[0].host_path if libraries and facts.interpreter else None
    found = [(code, reached) for code in codes for reached in _reached(code, codes, facts, loader)]
    calls = tuple(_uses(found, table, Machine(facts.machine)))
    unknown = _unknown(found)
    outcome, reasons = _conclude(calls, unknown)
    sites = tuple(dict.fromkeys((str(code.path), reached.address) for code, reached in unknown))
    return Verdict(outcome, facts, reasons, tuple(libraries), calls, sites)


def _reached(
    code: CodeFile, codes: Sequence[CodeFile], facts: ElfFacts, loader: str | None
) -> Iterator[Reached]:
    """Every call that one file contributes."""
    graph = Graph(code)
    program = code is codes[0]
    if program and facts.linkage is not Linkage.DYNAMIC:
        yield from graph.reach(_entry_roots(code, "the program"))
        return
    sites = list(graph.real_sites())
    if program or len(sites) < _MANY_SITES:
        for site in sites:
            for number in site.numbers or ("not known",):
                known = number if isinstance(number, int) else None
                yield Reached(known, site.address, code.path.name)
        return
    roots = _library_roots(code, codes)
    if str(code.path) == loader:
        roots += _entry_roots(code, _START_UP)
    yield from graph.reach(roots)


def _entry_roots(code: CodeFile, name: str) -> list[tuple[int, str]]:
    """Where the kernel enters a file, and every function that its data points to."""
    addresses = {code.entry}.union(*code.pointers.values())
    addresses.update(code.exports[stage] for stage in _MUSL_STAGES if stage in code.exports)
    return [(address, name) for address in sorted(addresses)]


def _library_roots(code: CodeFile, codes: Sequence[CodeFile]) -> list[tuple[int, str]]:
    """Where a libc is entered: by imports of the others, and by its tables of stdio functions."""
    wanted = {name for other in codes if other is not code for name in other.imports}
    wanted.update(_ALWAYS_IMPORTED)
    roots = [(code.exports[name], name) for name in sorted(wanted) if name in code.exports]
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
        word = "place" if len(places) == 1 else "places"
        roots = ", ".join(sorted({reached.via for _, reached in unknown})[:4])
        reasons.append(
            f"{len(places)} {word} make a call whose number is not in the code ({roots})"
        )
    if reasons:
        return Outcome.MAY, tuple(reasons)
    partial = sum(call.support == "partial" for call in calls)
    reason = f"Elfin has all {len(calls)} system calls that its code can make"
    return Outcome.WILL_RUN, (reason + (f", {partial} of them in part" if partial else ""),)
