# SPDX-License-Identifier: BSD-3-Clause
"""The environment that elfin was given."""

from __future__ import annotations

import os
from pathlib import Path


def given_environment() -> dict[str, str]:
    """os.environ without what Python added: where the locale is C it sets LC_CTYPE for itself and
    its children (PEP 538), and a program would be told a locale that nobody chose."""
    given = dict(os.environ)
    if "LC_CTYPE" in given:
        try:
            original = Path("/proc/self/environ").read_bytes()
        except OSError:
            return given
        if not any(item.startswith(b"LC_CTYPE=") for item in original.split(b"\0")):
            del given["LC_CTYPE"]
    return given
