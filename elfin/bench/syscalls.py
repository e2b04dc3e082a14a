# SPDX-License-Identifier: BSD-3-Clause
"""What single calls cost on each rung: `syscalls.c`, one static binary, run on all of them in turn.

A round runs every rung once; the first round warms caches and is thrown away. What is told is the
median of the rounds, less what the measuring loop itself costs in the same run.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from elfin.bench.rungs import CALL, LINUX, REWRITTEN, TRAP, machine_name, pinned, run_on
from elfin.host.command import run_command
from elfin.host.errors import HostError, OptionError
from elfin.model.bench import CallCosts, Rung

SOURCE = Path(__file__).with_name("syscalls.c")
RUNGS = (LINUX, TRAP, CALL, REWRITTEN)
OPERATIONS = (
    "getpid", "getpid-checked", "getppid", "unknown", "read-bad", "clock_gettime",
    "clock_gettime-call", "read-zero", "write-null", "futex-wake", "epoll-8", "pipe", "ping-pong",
    "mmap-munmap",
)  # fmt: skip
_FLAGS = (
    "-O2", "-ffreestanding", "-fno-stack-protector", "-fno-pic", "-static", "-nostdlib",
)  # fmt: skip


def measure(
    cache: Path,
    platform: str,
    operations: Sequence[str],
    rounds: int,
    milliseconds: int,
    say: Callable[[str], None],
) -> CallCosts:
    """Run it all. ``milliseconds``: how long each operation is repeated, per rung and round."""
    for name in operations:
        if name not in OPERATIONS:
            raise OptionError(f"{name} is not measured", hint=" ".join(OPERATIONS))
    program = built(cache)
    samples: dict[str, dict[str, list[float]]] = {name: {} for name in operations or OPERATIONS}
    with pinned(platform):
        for number in range(rounds + 1):
            for rung in RUNGS:
                say(f"{rung.title} ({number} of {rounds})")
                for name, ns in _once(program, rung, platform, operations, milliseconds).items():
                    if number and name in samples:
                        samples[name].setdefault(rung.name, []).append(ns)
    return CallCosts(
        platform,
        machine_name(),
        os.uname().release,
        rounds,
        RUNGS,
        {name: {r: tuple(ns) for r, ns in by.items()} for name, by in samples.items() if by},
    )


def built(cache: Path) -> Path:
    """The measuring program, compiled once per source: by gcc, else by the toolchain's clang."""
    content = SOURCE.read_bytes()
    program = cache / "bench" / f"syscalls-{hashlib.sha256(content).hexdigest()[:16]}"
    if not program.exists():
        try:
            program.parent.mkdir(parents=True, exist_ok=True)
            private = program.with_name(f".new-{os.getpid()}-{program.name}")
            run_command([*_compiler(), *_FLAGS, str(SOURCE), "-o", str(private)])
            private.rename(program)
        except OSError as error:
            raise HostError(f"cannot write {program}: {error.strerror}") from error
    return program


def _compiler() -> list[str]:
    if shutil.which("gcc"):
        return ["gcc", "-no-pie"]
    spec = importlib.util.find_spec("ziglang")
    if spec is not None and spec.submodule_search_locations:
        zig = Path(spec.submodule_search_locations[0]) / "zig"
        return [str(zig), "cc", "-target", "x86_64-linux-none"]
    raise HostError(
        "the measuring program needs a C compiler, and there is none",
        hint="apt-get install gcc, or pip install 'elfin[build]'",
    )


def _once(
    program: Path, rung: Rung, platform: str, operations: Sequence[str], milliseconds: int
) -> dict[str, float]:
    """Nanoseconds by operation, the loop taken off."""
    words = [str(program), rung.door, str(milliseconds), *operations]
    found = {}
    for line in run_on(rung, platform, words).splitlines():
        name, count, took = line.split()
        found[name] = int(took) / int(count)
    loop = found.pop("loop", None)
    if loop is None:
        raise HostError(f"{program} ({rung.title}) printed no figures")
    return {name: max(ns - loop, 0.0) for name, ns in found.items()}
