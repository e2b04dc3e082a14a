# SPDX-License-Identifier: BSD-3-Clause
"""Find QEMU."""

from __future__ import annotations

import os
from pathlib import Path

from elfin.model.program import Arch


def find_qemu(arch: Arch) -> Path | None:
    """qemu-system-ARCH in PATH (ELFIN_QEMU names another one)."""
    own = os.environ.get("ELFIN_QEMU")
    if own:
        return Path(own) if os.access(own, os.X_OK) else None
    name = f"qemu-system-{arch.value}"
    for directory in os.environ.get("PATH", os.defpath).split(os.pathsep):
        candidate = Path(directory or ".", name)
        if os.access(candidate, os.X_OK) and candidate.is_file():
            return candidate
    return None
