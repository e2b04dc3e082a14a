# SPDX-License-Identifier: BSD-3-Clause
"""Where Elfin keeps what it can make again."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

_DAY_S = 24 * 3600


def cache_dir() -> Path:
    """ELFIN_CACHE_DIR, else XDG_CACHE_HOME/elfin, else ~/.cache/elfin.

    What platformdirs.user_cache_dir answers on Linux, without its import (12 ms of a warm run);
    tests/sdk/test_host.py compares the two.
    """
    own = os.environ.get("ELFIN_CACHE_DIR")
    if own:
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME", "").strip()
    return Path(base or Path("~/.cache").expanduser()) / "elfin"


def remark_is_due(name: str) -> bool:
    """Whether a remark that only people at a terminal want is to be made: once a day."""
    try:
        if not os.isatty(2):
            return False
        stamp = cache_dir() / f"said-{name}"
        with suppress(FileNotFoundError):
            if time.time() - stamp.stat().st_mtime < _DAY_S:
                return False
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.touch()
    except OSError:
        pass  # no place to remember it: say it again
    return True
