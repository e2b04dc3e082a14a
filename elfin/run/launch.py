# SPDX-License-Identifier: BSD-3-Clause
"""What both platforms' launches share: our own streams, the image's descriptor, the log file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from elfin.host.errors import HostError
from elfin.model.image import Image
from elfin.run.streams import StdioKind, kind_of
from elfin.run.terminal import RawTerminal


class Streams(NamedTuple):
    """This process's own 0, 1, 2 and what they are to the guest. In terminal mode it edits lines,
    and ``raw`` is our terminal where stdin is one."""

    kinds: tuple[StdioKind, StdioKind, StdioKind]
    terminal_mode: bool = False
    raw: RawTerminal | None = None

    @property
    def terminal(self) -> int | None:
        """The first of them that is a terminal."""
        return next((fd for fd, kind in enumerate(self.kinds) if kind is StdioKind.TTY), None)

    def winsize(self) -> tuple[int, int] | None:
        """Rows and columns of the terminal."""
        if self.terminal is None:
            return None
        with suppress(OSError):
            size = os.get_terminal_size(self.terminal)
            return size.lines, size.columns
        return None


def own_streams(opened: Sequence[bool], terminal: bool | None) -> Streams:
    """Our 0, 1, 2. ``terminal``: None for terminal mode when 0 and 1 are terminals; True makes them
    the guest's terminal whatever they are."""
    first, second, third = (kind_of(fd) if opened[fd] else StdioKind.CLOSED for fd in range(3))
    typed = first is StdioKind.TTY
    if terminal is None:
        terminal = typed and second is StdioKind.TTY
    elif terminal:
        first, second = (
            kind if kind is StdioKind.CLOSED else StdioKind.TTY for kind in (first, second)
        )
    return Streams((first, second, third), terminal, RawTerminal(0) if terminal and typed else None)


def image_fd(image: Image) -> int:
    """A descriptor of the image of our own, at its start."""
    if image.fd is None:
        return os.open(image.path, os.O_RDONLY | os.O_CLOEXEC)
    return os.open(f"/proc/self/fd/{image.fd}", os.O_RDONLY | os.O_CLOEXEC)


def open_log(path: Path | None) -> int:
    if path is None:
        return os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise HostError(f"cannot write --log {path}: {reason}") from error
