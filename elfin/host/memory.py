# SPDX-License-Identifier: BSD-3-Clause
"""How much memory this machine has."""

from __future__ import annotations

from pathlib import Path


def memory_bytes() -> int:
    """Memory and swap together, from /proc/meminfo; without bound where that cannot be read."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        sizes = dict(line.split(":", 1) for line in lines if ":" in line)
        return sum(int(sizes[name].split()[0]) << 10 for name in ("MemTotal", "SwapTotal"))
    except (OSError, ValueError, KeyError):
        return 1 << 63
