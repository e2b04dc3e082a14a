# SPDX-License-Identifier: BSD-3-Clause
"""Traces of one command: strace's on Linux, Elfin's own, and both as what is to be compared.

    python -m tests.system.traced ROOT FOLDER ARGV...

is the launcher on Linux's side: it enters ROOT as native.py does, stops itself until strace holds
it, then becomes the program. What strace saw before that execve is cut off.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.system import native

_ATTACH_SECONDS = 20
_END_SECONDS = 60
_PREFIX = re.compile(r"(?:\[pid +(?P<ours>\d+)\] |(?P<theirs>\d+) +)?(?P<rest>.*)$")
_UNFINISHED = re.compile(r"(?P<name>\w+)\(.* <unfinished \.\.\.>$")
_RESUMED = re.compile(r"<\.\.\. (?P<name>\w+) resumed>.*?\)\s+= (?P<result>.*)$")
_CALL = re.compile(r"(?P<name>\w+)\(.*\)\s+= (?P<result>.*?)$")
_FIRST = 1  # the id of Elfin's first thread, whose lines have no prefix while it is alone
# Where ld.so looks for libraries for the very CPU it runs on: QEMU's is another than the host's.
_HWCAPS = "/glibc-hwcaps/"
_ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
_CREATE = {"clone", "clone3", "fork", "vfork"}
_GIVES_ID = _CREATE | {
    "getpid", "gettid", "getppid", "set_tid_address", "wait4", "waitid", "getpgrp", "getpgid",
    "getsid", "setsid",
}  # fmt: skip


class CannotTrace(Exception):
    """Linux's side cannot be traced here; the text says why."""


@dataclass(slots=True)
class Thread:
    """What one thread did. ``calls`` are (name, result with addresses and ids masked); signals, and
    returns from handlers with the result of whatever they interrupted, stand apart: when they
    strike is no program's choice."""

    calls: list[tuple[str, str]] = field(default_factory=list)
    signals: list[str] = field(default_factory=list)
    end: str = ""


def normalised(lines: Iterable[str]) -> dict[str, Thread]:
    """Lines of `strace -f` or of `elfin run --trace` → threads by place in the tree: "0" is the
    first, "0.1" the second that it created. Ids become the place of who has them, or "outside"."""
    raw: dict[int, list[tuple[str, str]]] = {}
    ends: dict[int, Thread] = {}
    for tid, kind, text in _events(lines):
        thread = ends.setdefault(tid, Thread())
        if kind == "signal":
            thread.signals.append(text)
        elif kind == "rt_sigreturn":
            thread.signals.append("a handler returned")
        elif kind == "end":
            thread.end = text
        else:
            raw.setdefault(tid, []).append((kind, text))
    if not raw:
        return {}
    places = _places(next(iter(raw)), raw)
    found = {}
    for tid, calls in raw.items():
        thread = ends[tid]
        thread.calls = [(name, _masked(name, result, places)) for name, result in calls]
        found[places.get(str(tid), f"unknown {tid}")] = thread
    return found


def _events(lines: Iterable[str]) -> Iterator[tuple[int, str, str]]:
    """(thread, "signal", name), (thread, "end", how), (thread, call's name, result); a call has
    its place where it began."""
    alive: list[int] = []
    pending: dict[int, tuple[int, str]] = {}  # thread → (index in out, name)
    out: list[tuple[int, str, str]] = []
    for line in lines:
        match = _PREFIX.match(line.rstrip("\n"))
        assert match is not None
        rest = match["rest"]
        if not rest or rest.startswith(("strace:", "elfin:")) or _HWCAPS in rest:
            continue
        named = match["ours"] or match["theirs"]
        tid = int(named) if named else (alive[0] if alive else _FIRST)
        if tid not in alive:
            alive.append(tid)
        if rest.startswith("--- "):
            out.append((tid, "signal", rest.split()[1]))
        elif rest.startswith("+++ "):
            out.append((tid, "end", rest.strip("+ ")))
            alive.remove(tid)
        elif unfinished := _UNFINISHED.match(rest):
            pending[tid] = (len(out), unfinished["name"])
            out.append((tid, unfinished["name"], "never returned"))
        elif resumed := _RESUMED.match(rest):
            at, name = pending.pop(tid)
            if name != resumed["name"]:
                raise ValueError(f"{name} was resumed as {resumed['name']}")
            out[at] = (tid, name, resumed["result"])
        elif call := _CALL.match(rest):
            out.append((tid, call["name"], call["result"]))
        else:
            raise ValueError(f"not a line of a trace: {line!r}")
    return iter(out)


def _places(first: int, raw: dict[int, list[tuple[str, str]]]) -> dict[str, str]:
    """Thread id as text → place."""
    places = {str(first): "0"}
    waiting = [first]
    while waiting:
        parent = waiting.pop()
        born = [r for name, r in raw.get(parent, []) if name in _CREATE and r.isdecimal()]
        for count, child in enumerate(born, 1):
            places[child] = f"{places[str(parent)]}.{count}"
            if int(child) in raw:
                waiting.append(int(child))
    return places


def _masked(name: str, result: str, places: dict[str, str]) -> str:
    if name == "getppid" and result == "0":
        return "the id of outside"
    if name in _GIVES_ID and result.isdecimal() and result != "0":
        return f"the id of {places.get(result, 'outside')}"
    return re.sub(r"left \{[^}]*\}", "left TIME", _ADDRESS.sub("ADDRESS", result))


def difference(linux: dict[str, Thread], elfin: dict[str, Thread]) -> str:
    """Empty when every thread made the same calls with the same results and ended alike."""
    said = []
    if linux.keys() != elfin.keys():
        said.append(f"threads: Linux {sorted(linux)}, Elfin {sorted(elfin)}")
    for place in sorted(linux.keys() & elfin.keys()):
        one, two = linux[place], elfin[place]
        for at in range(max(len(one.calls), len(two.calls))):
            theirs = one.calls[at] if at < len(one.calls) else None
            ours = two.calls[at] if at < len(two.calls) else None
            if theirs != ours:
                said.append(f"thread {place}, call {at}: Linux {theirs}, Elfin {ours}")
                break
        if sorted(one.signals) != sorted(two.signals):
            said.append(f"thread {place}: signals: Linux {one.signals}, Elfin {two.signals}")
        if one.end != two.end:
            said.append(f"thread {place}: Linux {one.end}, Elfin {two.end}")
    return "\n".join(said)


# --- Linux's side ---


def strace_linux(
    argv: list[str], root: Path | None, folder: Path, environment: dict[str, str], log: Path
) -> list[str]:
    """The program's lines of `strace -f`. Raises CannotTrace."""
    here = [sys.executable, "-m", "tests.system.traced", str(root or ""), str(folder), *argv]
    launched = subprocess.Popen(
        here,
        cwd=Path(__file__).resolve().parents[2],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        _, status = os.waitpid(launched.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            raise CannotTrace("the root cannot be entered here")
        tracer = subprocess.Popen(
            ["strace", "-f", "-o", str(log), "-p", str(launched.pid)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        _wait_for_tracer(launched.pid, tracer)
        os.kill(launched.pid, signal.SIGCONT)
        launched.communicate(timeout=_END_SECONDS)
        tracer.communicate(timeout=_END_SECONDS)
    finally:
        if launched.returncode is None:
            launched.kill()
            launched.wait()
    lines = log.read_text(errors="replace").splitlines()
    began = re.compile(r"\d+ +execve\(.*\) += 0$")  # earlier ones tried other folders of PATH
    start = next((i for i, line in enumerate(lines) if began.match(line)), None)
    if start is None:
        raise CannotTrace("strace saw no execve")
    return lines[start + 1 :]


def _wait_for_tracer(pid: int, tracer: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _ATTACH_SECONDS
    while time.monotonic() < deadline:
        if tracer.poll() is not None:
            assert tracer.stderr is not None
            raise CannotTrace(tracer.stderr.read().decode(errors="replace").strip())
        status = Path(f"/proc/{pid}/status").read_text()
        if "TracerPid:\t0" not in status:
            return
        time.sleep(0.01)
    tracer.kill()
    raise CannotTrace("strace did not attach")


def main() -> None:
    """The launcher."""
    root, folder, *argv = sys.argv[1:]
    if root:
        native.enter(root, folder)
    else:
        os.chdir(folder)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    os.environ.pop("LC_CTYPE", None)  # Python's own: PEP 538
    os.kill(os.getpid(), signal.SIGSTOP)
    os.execvpe(argv[0], argv, os.environ)


if __name__ == "__main__":
    main()
