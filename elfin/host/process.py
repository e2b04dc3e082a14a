# SPDX-License-Identifier: BSD-3-Clause
"""Start a process that does not outlive this one, and watch it.

`subprocess` is not used on the path of `run`: the child needs its own process group, exact
descriptors, sometimes PR_SET_PDEATHSIG, and a quick start. The caller is single-threaded (the
CLI), so a plain fork is safe.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from typing import NamedTuple

from elfin.host.errors import PlatformError

_PR_SET_PDEATHSIG = 1  # prctl(2)


class Launch(NamedTuple):
    """What to execute; the environment is ``env`` and nothing else. ``stdio`` are this process's
    descriptors that become 0, 1, 2 (None: closed); ``keep`` are descriptors (at least 3) the child
    inherits under their own number. ``die_with_us``: SIGKILL when this process ends in any way."""

    argv: tuple[str, ...]
    stdio: tuple[int | None, int | None, int | None]
    keep: tuple[int, ...] = ()
    die_with_us: bool = False
    env: tuple[tuple[str, str], ...] = ()


class Child:
    """A started process; ``fd`` is a pidfd, readable when it has ended."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.fd = os.pidfd_open(pid)
        self._status: int | None = None

    def poll(self) -> int | None:
        """The wait(2) status once it has ended, else None."""
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._status = status
        return self._status

    def kill(self) -> None:
        """SIGKILL to it and its process group."""
        if self.poll() is not None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def wait(self, timeout_s: float) -> int | None:
        """Wait at most this long for the end; the wait(2) status or None."""
        poller = select.poll()
        poller.register(self.fd, select.POLLIN)
        poller.poll(max(0, int(timeout_s * 1000)))
        return self.poll()

    def close(self) -> None:
        """Release the pidfd. The process must have ended."""
        os.close(self.fd)


@cache
def plug_closed_stdio() -> tuple[bool, bool, bool]:
    """Which of 0, 1, 2 were open at the first call. Closed ones are filled with /dev/null, so that
    no descriptor made later lands there: the root image did, and the program read it as stdin."""
    is_open = []
    for fd in range(3):
        try:
            os.fstat(fd)
            is_open.append(True)
        except OSError:
            is_open.append(False)
    for state in is_open:
        if not state:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number: the first closed one
    return is_open[0], is_open[1], is_open[2]


def spawn(launch: Launch) -> Child:
    """Execute in a new process; raises PlatformError when the binary cannot be executed.

    The child gets its own process group, default signal dispositions and an empty mask.
    """
    return _fork(launch) if launch.die_with_us else _posix_spawn(launch)


def _posix_spawn(launch: Launch) -> Child:
    """posix_spawn(3): 0.3 ms, where a fork of this interpreter takes 2.5."""
    actions: list[tuple[int, int, int] | tuple[int, int]] = []
    for at, fd in enumerate(launch.stdio):
        if fd is None:
            actions.append((os.POSIX_SPAWN_CLOSE, at))
        else:
            assert fd == at or fd >= 3, "a source below 3 would be overwritten"
            actions.append((os.POSIX_SPAWN_DUP2, fd, at))
    for fd in launch.keep:
        os.set_inheritable(fd, True)
    try:
        pid = os.posix_spawn(
            launch.argv[0],
            launch.argv,
            dict(launch.env),
            file_actions=actions,
            setpgroup=0,
            setsigmask=(),
            setsigdef=signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP},
        )
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise PlatformError(f"cannot execute {launch.argv[0]}: {reason}") from error
    return Child(pid)


def _fork(launch: Launch) -> Child:
    """By hand, because PR_SET_PDEATHSIG must be set between fork and exec."""
    import ctypes  # 5 ms that a run on the process platform need not pay

    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()
    report_read, report_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        _become(launch, parent, report_write, prctl)
    os.close(report_write)
    with os.fdopen(report_read, "rb") as report:
        failure = report.read()
    if failure:
        os.waitpid(pid, 0)
        raise PlatformError(f"cannot execute {launch.argv[0]}: {failure.decode()}")
    return Child(pid)


def _become(launch: Launch, parent: int, report: int, prctl: Callable[..., object]) -> None:
    """In the child: never returns."""
    try:
        os.setpgid(0, 0)
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(125)
        for number in signal.valid_signals():
            with suppress(OSError, ValueError):  # KILL, STOP and libc's own
                signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        _place(launch.stdio)
        for fd in launch.keep:
            os.set_inheritable(fd, True)
        os.execve(launch.argv[0], launch.argv, dict(launch.env))
    except OSError as error:
        os.write(report, (error.strerror or str(error)).lower().encode())
    except BaseException as error:  # nothing may escape into the parent's stack
        os.write(report, repr(error).encode())
    os._exit(125)


def _place(stdio: Sequence[int | None]) -> None:
    """0, 1, 2 as asked. Sources below 3 are moved up first, so that order does not matter."""
    sources = [None if fd is None else (os.dup(fd) if fd != at else fd)
               for at, fd in enumerate(stdio)]  # fmt: skip
    for at, fd in enumerate(sources):
        if fd is None:
            with suppress(OSError):
                os.close(at)
        elif fd == at:
            os.set_inheritable(at, True)
        else:
            os.dup2(fd, at, inheritable=True)
