# SPDX-License-Identifier: BSD-3-Clause
"""What long work does now: one line on a terminal that rewrites itself; nothing in a pipe."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_ERASE = "\r\x1b[K"  # to the line's start, and empty it (ECMA-48: EL)
_WIDTH = 79


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """A function that shows a line; the line is gone when the block ends."""
    try:
        shown = os.isatty(2)
    except OSError:
        shown = False

    def say(line: str) -> None:
        if shown:
            _write(f"{_ERASE}elfin: {line}"[: _WIDTH + len(_ERASE)])

    try:
        yield say
    finally:
        if shown:
            _write(_ERASE)


def _write(text: str) -> None:
    with suppress(OSError):
        os.write(2, text.encode(errors="replace"))
