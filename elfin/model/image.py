# SPDX-License-Identifier: BSD-3-Clause
"""A root image that lies on disk (or in a memfd) and can be booted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Image:
    """A cpio newc archive whose file data starts at page boundaries.

    ``path`` can be opened for reading for as long as ``fd`` (if not None) is open. ``size`` is in
    bytes. ``largest_file`` is the biggest single file in bytes. ``key`` is the hash of its inputs.
    """

    path: Path
    size: int
    entries: int
    key: str
    largest_file: int = 0
    fd: int | None = None
