# SPDX-License-Identifier: BSD-3-Clause
"""What whole programs cost on each rung: wall seconds, calls, the share that went by a direct door.

The work is the same on every rung and full of calls. Seconds are those of the whole command, so
Elfin's include its start.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from elfin.bench.rungs import LINUX, REWRITTEN, TRAP, pinned, run_on
from elfin.host.errors import NotFound
from elfin.model.bench import ProgramCosts, Rung

RUNGS = (LINUX, TRAP, REWRITTEN)
DIRECT_DOORS = ("jump", "call", "native")
_PYTHON = """
import os
import sys
for turn in range(40_000):
    os.stat("/")
    os.getppid()
file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
for turn in range(20_000):
    os.pwrite(file, b"x" * 100, turn % 4096)
os.unlink(sys.argv[1])
"""
_SQLITE = (
    "pragma journal_mode = memory; pragma synchronous = off; create table t(a integer, b text);"
    + "".join(f"insert into t values ({n}, 'row {n}');" for n in range(3000))
    + "select count(*), sum(a) from t;"
)
_SHELL = "i=0; while [ $i -lt 60000 ]; do echo $i; i=$((i+1)); done >/dev/null"
_FILE = "FILE"  # a word that stands for the path of a file of this run alone
WORK: dict[str, tuple[str, ...]] = {
    "sqlite3": (_FILE, _SQLITE),
    "python3": ("-c", _PYTHON, _FILE),
    "busybox": ("sh", "-c", _SHELL),
}


def measure(
    name: str, platform: str, rounds: int, rootfs: Path | None, say: Callable[[str], None]
) -> ProgramCosts:
    """Run it all; a first round warms the caches and is thrown away. ``rootfs``: a root directory
    that has the program, where the machine has not."""
    program = _program(name, rootfs)
    native = _native(program, rootfs)
    seconds: dict[str, list[float]] = {rung.name: [] for rung in RUNGS}
    calls: dict[str, int] = {}
    direct: dict[str, int] = {}
    with pinned(platform):
        for number in range(rounds + 1):
            for rung in _of(rootfs):
                say(f"{name}, {rung.title} ({number} of {rounds})")
                guest = program if rootfs is None else Path("/") / program.relative_to(rootfs)
                words = native if rung.options is None else (str(guest),)
                took, doors = _once(rung, platform, (*words, *WORK[name]))
                if number:
                    seconds[rung.name].append(took)
                if rung.options is not None:
                    calls[rung.name] = sum(doors.values())
                    direct[rung.name] = sum(doors.get(door, 0) for door in DIRECT_DOORS)
    kept = {rung: tuple(samples) for rung, samples in seconds.items()}
    return ProgramCosts(name, platform, rounds, RUNGS, kept, calls, direct)


def _of(rootfs: Path | None) -> Iterator[Rung]:
    """The rungs, Elfin's in that root directory."""
    for rung in RUNGS:
        if rung.options is None or rootfs is None:
            yield rung
        else:
            yield replace(rung, options=(*rung.options, "--rootfs", str(rootfs)))


def _program(name: str, rootfs: Path | None) -> Path:
    folders = None
    if rootfs is not None:
        folders = os.pathsep.join(str(rootfs / folder) for folder in ("usr/bin", "bin"))
    elif name == "python3":
        folders = "/usr/bin:/bin"  # elsewhere it may be a script, or without its library
    found = shutil.which(name, path=folders)
    if found is None:
        raise NotFound(
            f"{name} is not on this machine", hint=f"apt-get install {name}, or --rootfs"
        )
    return Path(found) if rootfs is not None else Path(found).resolve()


def _native(program: Path, rootfs: Path | None) -> tuple[str, ...]:
    """The words that start it on Linux: by that root's own loader, where it needs one."""
    if rootfs is not None and b"/ld-linux-x86-64.so.2\0" in program.read_bytes()[:4096]:
        folders = [f"{rootfs}/{lib}/x86_64-linux-gnu" for lib in ("usr/lib", "lib")]
        loader = str(rootfs / "lib64/ld-linux-x86-64.so.2")
        return (loader, "--library-path", ":".join(folders), str(program))
    return (str(program),)


def _once(rung: Rung, platform: str, words: tuple[str, ...]) -> tuple[float, dict[str, int]]:
    """(wall seconds, calls by door)."""
    with tempfile.TemporaryDirectory(prefix="elfin-bench-") as folder:
        result = Path(folder) / "result.json"
        home = folder if rung.options is None else "/tmp"  # a guest's /tmp is its own
        words = tuple(f"{home}/work" if word == _FILE else word for word in words)
        start = time.perf_counter()
        run_on(rung, platform, words, result)
        took = time.perf_counter() - start
        doors: dict[str, int] = {}
        if rung.options is not None:
            for by_door in json.loads(result.read_text())["calls"].values():
                for door, times in by_door.items():
                    doors[door] = doors.get(door, 0) + times
    return took, doors
