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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from elfin.model.run import RunResult

if TYPE_CHECKING:
    from elfin.model.verdict import Verdict

StrPath = str | os.PathLike[str]
Stream = int | IO[Any] | None
Additions = Mapping[StrPath, StrPath] | Iterable[StrPath]

_PACKAGE_PARENT = str(Path(__file__).resolve().parent.parent)


class Completed(subprocess.CompletedProcess[Any]):
    """A CompletedProcess with ``stats``: the RunResult, None when the guest was not launched."""

    stats: RunResult | None = None


class Guest(subprocess.Popen[Any]):
    """A Popen of a running guest. ``args`` is the guest's command line, ``stats`` (a RunResult) is
    there once it has ended."""

    def __init__(
        self, argv: Sequence[str], words: Sequence[str], result: Path, **popen: Any
    ) -> None:
        self._result = result
        self._stats: RunResult | None = None
        super().__init__(argv, **popen)
        self.args = list(words)  # what TimeoutExpired and repr() name

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
    args: Sequence[StrPath],
    *,
    platform: str | None = None,
    accel: str | None = None,
    arch: str | None = None,
    memory: str | int | None = None,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
    user: str | None = None,
    hostname: str | None = None,
    add: Additions = (),
    rootfs: StrPath | None = None,
    log: StrPath | None = None,
    stdin: Stream = None,
    stdout: Stream = None,
    stderr: Stream = None,
    text: bool | None = None,
    encoding: str | None = None,
    errors: str | None = None,
    bufsize: int = -1,
    start_new_session: bool = False,
) -> Guest:
    """Start a guest; like subprocess.Popen, whose are the parameters from ``stdin`` on.

    ``args`` is the program and its arguments. ``memory`` is a number of bytes or a size like
    "64M". ``env``, where given, is the guest's whole environment, ``cwd`` its directory. ``add``
    puts host files and folders into the guest: a list of "HOST" or "HOST:GUEST", or a dict
    {host: guest}. The others are `elfin run`'s options of the same name.

    Raises TypeError and ValueError for arguments that cannot be meant. What `elfin run` itself
    refuses is a sentence on stderr and status 125 to 127.
    """
    words = _words(args)
    descriptor, name = tempfile.mkstemp(prefix="elfin-result-", suffix=".json")
    os.close(descriptor)
    options = [
        *_option("--platform", platform),
        *_option("--accel", accel),
        *_option("--arch", arch),
        *_option("--memory", _memory(memory)),
        *_option("--workdir", cwd),
        *_option("--user", user),
        *_option("--hostname", hostname),
        *_option("--rootfs", rootfs),
        *_option("--log", log),
        *_option("--result", name),
    ]
    for item in _additions(add):
        options += ["--add", item]
    if env is not None:
        options.append("--no-env")
        for key, value in env.items():
            options += ["--env", f"{key}={value}"]
    return Guest(
        [sys.executable, "-m", "elfin", "run", *options, "--", *words],
        words,
        Path(name),
        env=_own_environment(),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        text=text,
        encoding=encoding,
        errors=errors,
        bufsize=bufsize,
        start_new_session=start_new_session,
    )


def run(
    args: Sequence[StrPath],
    *,
    input: bytes | str | None = None,
    capture_output: bool = False,
    timeout: float | None = None,
    check: bool = False,
    platform: str | None = None,
    accel: str | None = None,
    arch: str | None = None,
    memory: str | int | None = None,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
    user: str | None = None,
    hostname: str | None = None,
    add: Additions = (),
    rootfs: StrPath | None = None,
    log: StrPath | None = None,
    stdin: Stream = None,
    stdout: Stream = None,
    stderr: Stream = None,
    text: bool | None = None,
    encoding: str | None = None,
    errors: str | None = None,
) -> Completed:
    """Run a guest to its end; like subprocess.run, with ``stats`` (a RunResult) in the answer.

    The parameters from ``platform`` on are `start`'s. Raises subprocess.TimeoutExpired after
    ``timeout`` seconds (the guest is then gone), and with ``check`` subprocess.CalledProcessError.
    A program that is not there gives status 127.
    """
    if input is not None:
        if stdin is not None:
            raise ValueError("stdin and input may not both be given")
        stdin = subprocess.PIPE
    if capture_output:
        if stdout is not None or stderr is not None:
            raise ValueError("stdout and stderr may not be given with capture_output")
        stdout = stderr = subprocess.PIPE
    with start(
        args,
        platform=platform,
        accel=accel,
        arch=arch,
        memory=memory,
        env=env,
        cwd=cwd,
        user=user,
        hostname=hostname,
        add=add,
        rootfs=rootfs,
        log=log,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        text=text,
        encoding=encoding,
        errors=errors,
    ) as guest:
        try:
            out, err = guest.communicate(input, timeout)
        except BaseException:
            guest.kill()
            raise
    completed = Completed(list(args), guest.returncode, out, err)
    completed.stats = guest.stats
    if check:
        completed.check_returncode()
    return completed


def inspect(program: StrPath) -> Verdict:
    """What a program is, needs, and whether it will run. Raises the errors of elfin.host.errors."""
    from elfin import pipeline

    return pipeline.inspect(os.fspath(program))


def _words(args: Sequence[StrPath]) -> list[str]:
    if isinstance(args, str | bytes | os.PathLike):
        raise TypeError(
            f"args is a list of words, like ['ls', '-l'], not {args!r}: elfin starts no shell"
        )
    words = [os.fspath(word) for word in args]
    if not words:
        raise ValueError("args is empty: its first word is the program")
    return words


def _memory(memory: str | int | None) -> str | None:
    """-m's spelling; a number is bytes, of which the option takes whole KiB."""
    if memory is None or isinstance(memory, str):
        return memory
    if isinstance(memory, bool) or not isinstance(memory, int):
        raise TypeError(f"memory is a number of bytes or a size like '64M', not {memory!r}")
    return f"{-(-memory // 1024)}K"


def _additions(add: Additions) -> Iterator[str]:
    if isinstance(add, str | bytes | os.PathLike):
        raise TypeError(f"add is a list of paths or a dict of them, not {add!r}")
    if not isinstance(add, Mapping):
        yield from (os.fspath(item) for item in add)
        return
    for host, guest in add.items():
        if ":" in os.fspath(host):
            raise ValueError(f"add: {host!s} has a colon, which --add takes for its separator")
        yield f"{os.fspath(host)}:{os.fspath(guest)}"


def _option(name: str, value: StrPath | None) -> list[str]:
    return [] if value is None else [f"{name}={os.fspath(value)}"]


def _own_environment() -> dict[str, str]:
    """Ours, with this very elfin first in the child's module path."""
    path = os.environ.get("PYTHONPATH")
    joined = _PACKAGE_PARENT if not path else os.pathsep.join((_PACKAGE_PARENT, path))
    return {**os.environ, "PYTHONPATH": joined}
