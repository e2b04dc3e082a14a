# SPDX-License-Identifier: BSD-3-Clause
"""The rungs, and how a program is run on one of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from elfin.host.errors import HostError
from elfin.model.bench import Rung

LINUX = Rung("linux", "Linux, native", None)
TRAP = Rung("trap", "trap", ("--no-rewrite",))
CALL = Rung("vsyscall", "__kernel_vsyscall", ("--no-rewrite",), "call")
REWRITTEN = Rung("rewritten", "rewritten site", ())
_PACKAGE_PARENT = str(Path(__file__).resolve().parents[2])
_LONGEST_S = 300


def run_on(rung: Rung, platform: str, words: Sequence[str], result: Path | None = None) -> str:
    """Standard output of the program; HostError where it fails."""
    argv = list(words)
    if rung.options is not None:
        told = ["--result", str(result)] if result is not None else []
        argv = [sys.executable, "-m", "elfin", "run", "--platform", platform]
        argv += [*rung.options, *told, "--timeout", str(_LONGEST_S - 10), "--", *words]
    path = os.environ.get("PYTHONPATH")
    joined = _PACKAGE_PARENT if not path else os.pathsep.join((_PACKAGE_PARENT, path))
    try:
        done = subprocess.run(
            argv,
            env={**os.environ, "PYTHONPATH": joined},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=_LONGEST_S,
        )
    except OSError as error:
        raise HostError(f"{argv[0]} cannot be started: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise HostError(f"{words[0]} ({rung.title}) took more than {_LONGEST_S} s") from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise HostError(f"{words[0]} ({rung.title}) ended with {done.returncode}: {last}")
    return done.stdout


@contextmanager
def pinned(platform: str) -> Iterator[None]:
    """Whatever is started in here runs on one CPU, as the process platform does by itself; a VM
    keeps them all, because QEMU has threads of its own."""
    before = os.sched_getaffinity(0)
    if platform == "process":
        os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def machine_name() -> str:
    """The processor, as /proc/cpuinfo calls it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return os.uname().machine
