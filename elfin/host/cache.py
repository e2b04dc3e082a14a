# SPDX-License-Identifier: BSD-3-Clause
"""Where Elfin keeps what it can make again."""

from __future__ import annotations

import os
from pathlib import Path


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
