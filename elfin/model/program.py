# SPDX-License-Identifier: BSD-3-Clause
"""What the user asked to run, before anything was read from disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path


class Arch(Enum):
    """An instruction set Elfin has a kernel for. The value is the name used everywhere."""

    X86_64 = "x86_64"
    AARCH64 = "aarch64"


class View(Enum):
    """Which files the program sees (CLI.md, "What it sees")."""

    HOST = "host"
    IMAGE = "image"


@dataclass(frozen=True, slots=True)
class Addition:
    """One ``--add HOST[:GUEST]``: a host file or directory put into the image."""

    host: Path
    guest: str


@dataclass(frozen=True, slots=True)
class ProgramSpec:
    """A program, found on the host, with everything that decides what its image holds.

    ``host_path`` is the file after symlinks (an ELF: scripts were already replaced by their
    interpreter). ``guest_path`` is the absolute path the guest starts (what AT_EXECFN shows); it
    may be a symlink in the guest. ``invoked_as`` is the absolute path as found in PATH, symlinks
    not followed: the tree must hold it too. ``rootfs`` replaces the host's root for every look-up
    of a library or interpreter; None is ``/``. ``files`` are further host files the program
    starts from (a script run through its interpreter).
    """

    host_path: Path
    guest_path: str
    argv: tuple[str, ...]
    env: tuple[tuple[str, str], ...] = ()
    cwd: str = "/"
    view: View = View.IMAGE
    arch: Arch = Arch.X86_64
    invoked_as: str | None = None
    rootfs: Path | None = None
    additions: tuple[Addition, ...] = field(default=())
    files: tuple[Path, ...] = ()
