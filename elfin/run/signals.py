# SPDX-License-Identifier: BSD-3-Clause
"""Signals that the user sends to `elfin run`: taken out of a pipe by the poll loop, passed on."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from types import FrameType

FORWARDED = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGWINCH,
    signal.SIGTSTP,
    signal.SIGCONT,
)


class Inbox:
    """While open, forwarded signals do nothing here but arrive in ``fd`` (one byte each).

    A signal that was ignored when we started (nohup, a shell's background job) stays ignored.
    """

    def __init__(self) -> None:
        self.fd, self._write = os.pipe()
        os.set_blocking(self.fd, False)
        os.set_blocking(self._write, False)
        self._before: dict[signal.Signals, object] = {}

    def open(self) -> None:
        """Start to collect. Only the main thread may."""
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in FORWARDED:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, _noted)

    def take(self) -> list[int]:
        """Signal numbers that arrived since the last call, in order."""
        try:
            return [number for number in os.read(self.fd, 4096) if number in FORWARDED]
        except BlockingIOError:
            return []

    def close(self) -> None:
        """Put everything back."""
        signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            with suppress(OSError, ValueError, TypeError):
                signal.signal(number, handler)  # type: ignore[arg-type]
        self._before.clear()
        os.close(self.fd)
        os.close(self._write)


def _noted(_number: int, _frame: FrameType | None) -> None:
    """The number already lies in the wakeup pipe."""
