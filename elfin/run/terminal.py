# SPDX-License-Identifier: BSD-3-Clause
"""The host's terminal while the guest edits lines: raw, until the run is over.

Raw means that bytes pass as they are, both ways: echo, line editing, Ctrl-C and the rest are the
guest's. Its modes come back at the end, whatever the end is. A background job does not touch them
(it would be stopped for it): it waits until it is in the foreground.
"""

from __future__ import annotations

import os
import select
import termios
from contextlib import suppress

INTERRUPT = 3  # Ctrl-C

# Indexes into what tcgetattr gives.
_IFLAG, _OFLAG, _CFLAG, _LFLAG, _CC = 0, 1, 2, 3, 6


class RawTerminal:
    """A terminal of ours, by descriptor. ``interrupts`` counts Ctrl-C seen since it was taken."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._before: list[int | list[bytes | int]] | None = None
        self._interrupts = 0
        self._typed_ahead = b""

    def enter(self) -> None:
        """Raw from here on, if we are in the foreground; harmless when it is already."""
        if not in_foreground(self._fd):
            return
        with suppress(termios.error):
            modes = termios.tcgetattr(self._fd)
            if self._before is None:
                self._before = termios.tcgetattr(self._fd)
                self._typed_ahead = typed_lines(self._fd, modes)
            termios.tcsetattr(self._fd, termios.TCSANOW, raw_modes(modes))

    @property
    def is_raw(self) -> bool:
        """Whether enter() has done its work."""
        return self._before is not None

    def leave(self) -> None:
        """The modes of before."""
        if self._before is None or not in_foreground(self._fd):
            return
        with suppress(termios.error):
            termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)
        self._before = None

    @property
    def has_typed_ahead(self) -> bool:
        """Whether take_typed_ahead() will give something: no poll(2) tells of it."""
        return bool(self._typed_ahead)

    def take_typed_ahead(self) -> bytes:
        """Whole lines that were typed before we came: once, before anything is read."""
        data, self._typed_ahead = self._typed_ahead, b""
        return data

    def note(self, data: bytes) -> None:
        """Look for Ctrl-C in what was typed."""
        self._interrupts += data.count(INTERRUPT)

    def take_interrupts(self) -> int:
        """How many since the last call."""
        count, self._interrupts = self._interrupts, 0
        return count


def raw_modes(modes: list[int | list[bytes | int]]) -> list[int | list[bytes | int]]:
    """The modes of a terminal, made raw as cfmakeraw(3) does it."""
    raw = list(modes)
    for index, cleared in (
        (
            _IFLAG,
            termios.IGNBRK | termios.BRKINT | termios.PARMRK | termios.ISTRIP | termios.INLCR
            | termios.IGNCR | termios.ICRNL | termios.IXON,
        ),
        (_OFLAG, termios.OPOST),
        (_CFLAG, termios.CSIZE | termios.PARENB),
        (
            _LFLAG,
            termios.ECHO | termios.ECHONL | termios.ICANON | termios.ISIG | termios.IEXTEN,
        ),
    ):  # fmt: skip
        value = raw[index]
        assert isinstance(value, int)
        raw[index] = value & ~cleared
    flags, characters = raw[_CFLAG], raw[_CC]
    assert isinstance(flags, int) and isinstance(characters, list)
    raw[_CFLAG] = flags | termios.CS8
    characters = list(characters)
    characters[termios.VMIN], characters[termios.VTIME] = 1, 0
    raw[_CC] = characters
    return raw


def typed_lines(fd: int, modes: list[int | list[bytes | int]]) -> bytes:
    """Lines that wait in a terminal that still edits them. An end of input that was typed among
    them would be a NUL byte to who reads raw (n_tty): here it is the character again."""
    flags, characters = modes[_LFLAG], modes[_CC]
    assert isinstance(flags, int) and isinstance(characters, list)
    end = characters[termios.VEOF]
    data = b""
    while flags & termios.ICANON and select.select([fd], [], [], 0)[0]:
        try:
            line = os.read(fd, 4096)
        except OSError:
            break
        data += line or (end if isinstance(end, bytes) else bytes([end]))
        if not line:
            break
    return data


def in_foreground(fd: int) -> bool:
    """Whether we may use the terminal; True where it is no terminal of our session."""
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:
        return True
