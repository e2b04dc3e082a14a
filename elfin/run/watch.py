# SPDX-License-Identifier: BSD-3-Clause
"""Where the trace goes: the kernel's records to whoever draws them, their text to a file or to our
own stderr, without ever blocking the loop."""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from elfin.host.errors import HostError
from elfin.run.streams import FileSink, HostOutput, Sink

_CONGESTED_BYTES = 1 << 20
_LAST_WRITE_MS = 10_000


class Watch:
    """Text that waits until its sink takes it. ``record`` and ``end`` are set by who draws."""

    def __init__(self, path: Path | None) -> None:
        self._sink = _sink(path)
        self._held = bytearray()
        self._to_stderr = path is None
        self._line_end = "\n"
        self._broken = False
        self.record: Callable[[int, bytes], None] = lambda kind, payload: None
        self.end: Callable[[], None] = lambda: None

    @property
    def fd(self) -> int:
        """What poll watches."""
        return self._sink.fd

    @property
    def holding(self) -> bool:
        """There is text that the sink has not taken."""
        return bool(self._held)

    @property
    def congested(self) -> bool:
        """So much of it that the kernel has to wait."""
        return len(self._held) > _CONGESTED_BYTES

    def terminal_is_raw(self) -> None:
        """Our terminal will not make a new line of \\n: stderr needs a \\r before it."""
        if self._to_stderr and os.isatty(2):
            self._line_end = "\r\n"

    def write(self, text: str) -> None:
        """Text to go out; dropped once the sink is broken: the run goes on."""
        if not self._broken:
            self._held += text.replace("\n", self._line_end).encode("utf-8", "replace")

    def step(self) -> None:
        """Write what the sink takes now."""
        try:
            taken = self._sink.write(memoryview(bytes(self._held[:65536])))
        except OSError:
            self._broken = True
            self._held.clear()
            return
        del self._held[:taken]

    def finish(self) -> None:
        """The machine has ended: the rest is written, as long as somebody reads."""
        self.end()
        poll = select.poll()
        with suppress(OSError, ValueError):
            poll.register(self.fd, select.POLLOUT)
        while self._held and poll.poll(_LAST_WRITE_MS):
            self.step()
        self._sink.close()


def _sink(path: Path | None) -> Sink:
    if path is None:
        return HostOutput(2)
    try:
        return FileSink(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise HostError(f"cannot write --trace {path}: {reason}") from error
