# SPDX-License-Identifier: BSD-3-Clause
"""The Python API: elfin.run, elfin.start, elfin.inspect (CLI.md, "Python").

`run` and `start` are subprocess's run and Popen around ``python -m elfin run``: the guest's machine
must be the child of a process that has one thread and may be killed at any time, which a caller's
process is not. So streams, timeouts, signals and kill() work as subprocess documents them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elfin.model.run import RunResult

if TYPE_CHECKING:
    from elfin.model.verdict import Verdict

_PACKAGE_PARENT = str(Path(__file__).resolve().parent.parent)


class Completed(subprocess.CompletedProcess[Any]):
    """A CompletedProcess with ``stats``: the RunResult, None when the guest was not launched."""

    stats: RunResult | None = None


class Guest(subprocess.Popen[Any]):
    """A Popen of a running guest. ``stats`` is there once it has ended."""

    def __init__(self, argv: Sequence[str], result: Path, **popen: Any) -> None:
        self._result = result
        self._stats: RunResult | None = None
        super().__init__(argv, **popen)

    @property
    def stats(self) -> RunResult | None:
        """The RunResult; None before the end, or when the guest was never launched."""
        if self._stats is None and self.poll() is not None:
            from elfin.report.closing import read_result

            self._stats = read_result(self._result)
            self._forget()
        return self._stats

    def _forget(self) -> None:
        with suppress(OSError):
            self._result.unlink()

    def __exit__(self, *exception: Any) -> None:
        super().__exit__(*exception)
        _ = self.stats


def start(
    args: Sequence[str | os.PathLike[str]],
    *,
    platform: str | None = None,
    accel: str | None = None,
    arch: str | None = None,
    memory: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
    user: str | None = None,
    hostname: str | None = None,
    add: Iterable[str] = (),
    rootfs: str | os.PathLike[str] | None = None,
    log: str | os.PathLike[str] | None = None,
    **popen: Any,
) -> Guest:
    """Start a guest; like subprocess.Popen. ``popen`` takes stdin, stdout, stderr, text, ...

    ``cwd`` is the directory in the guest; ``env``, where given, is its whole environment.
    """
    descriptor, name = tempfile.mkstemp(prefix="elfin-result-", suffix=".json")
    os.close(descriptor)
    options = [
        *_option("--platform", platform),
        *_option("--accel", accel),
        *_option("--arch", arch),
        *_option("--memory", memory),
        *_option("--workdir", cwd),
        *_option("--user", user),
        *_option("--hostname", hostname),
        *_option("--rootfs", rootfs),
        *_option("--log", log),
        *_option("--result", name),
    ]
    for item in add:
        options += ["--add", item]
    if env is not None:
        options.append("--no-env")
        for key, value in env.items():
            options += ["--env", f"{key}={value}"]
    program = [os.fspath(word) for word in args]
    argv = [sys.executable, "-m", "elfin", "run", *options, "--", *program]
    return Guest(argv, Path(name), env=_own_environment(), **popen)


def run(
    args: Sequence[str | os.PathLike[str]],
    *,
    input: bytes | str | None = None,
    capture_output: bool = False,
    timeout: float | None = None,
    check: bool = False,
    **options: Any,
) -> Completed:
    """Run a guest to its end; like subprocess.run, with ``stats``. ``options`` are `start`'s.

    Raises subprocess.TimeoutExpired after ``timeout`` seconds (the guest is then gone), and with
    ``check`` subprocess.CalledProcessError. A program that is not there gives status 127.
    """
    if input is not None:
        options["stdin"] = subprocess.PIPE
    if capture_output:
        options["stdout"] = options["stderr"] = subprocess.PIPE
    with start(args, **options) as guest:
        try:
            stdout, stderr = guest.communicate(input, timeout)
        except BaseException:
            guest.kill()
            raise
    completed = Completed(list(args), guest.returncode, stdout, stderr)
    completed.stats = guest.stats
    if check:
        completed.check_returncode()
    return completed


def inspect(program: str | os.PathLike[str]) -> Verdict:
    """What a program is, needs, and whether it will run."""
    from elfin import pipeline

    return pipeline.inspect(os.fspath(program))


def _option(name: str, value: str | os.PathLike[str] | None) -> list[str]:
    return [] if value is None else [f"{name}={os.fspath(value)}"]


def _own_environment() -> dict[str, str]:
    """Ours, with this very elfin first in the child's module path."""
    path = os.environ.get("PYTHONPATH")
    joined = _PACKAGE_PARENT if not path else os.pathsep.join((_PACKAGE_PARENT, path))
    return {**os.environ, "PYTHONPATH": joined}
