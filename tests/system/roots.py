# SPDX-License-Identifier: BSD-3-Clause
"""Root directories for rows, built by `elfin rootfs debian` under build/roots."""

from __future__ import annotations

import fcntl
import functools
import os
import subprocess
import sys
from pathlib import Path

from elfin.image.fixed import fixed_entries
from elfin.model.root import EntryKind
from tests.system import made
from tests.system.native import GUEST_FOLDER

PROJECT = Path(__file__).resolve().parents[2]
ROOTS = PROJECT / "build" / "roots"


def environment() -> dict[str, str]:
    """Of every elfin that tests start: its cache lies in build/, not in the user's."""
    return {"ELFIN_CACHE_DIR": str(PROJECT / "build" / "cache"), **os.environ}


class RootUnavailable(Exception):
    """The root could not be built (no network, no apt); the text is elfin's own sentence."""


TOOLS = {"golang": ("golang-go",)}  # roots that only recipes of made.py use


def _tool_root(name: str) -> Path:
    return ensure_root(name, TOOLS[name])


@functools.cache
def ensure_root(name: str, packages: tuple[str, ...]) -> Path:
    """The root directory ``name``, built if it is not there with these very packages; looked at
    once per process."""
    ROOTS.mkdir(parents=True, exist_ok=True)
    root = ROOTS / name
    with (ROOTS / f".{name}.lock").open("w") as lock:  # two pytest workers want it at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = [
            sys.executable,
            "-m",
            "elfin",
            "rootfs",
            "debian",
            "--slim",
            "-q",
            "-o",
            str(root),
        ]
        done = subprocess.run(
            [*command, *packages],
            cwd=PROJECT,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RootUnavailable(done.stderr.strip() or f"status {done.returncode}")
        _lay_fixed_files(root)
        try:
            made.make(name, root, _tool_root)
        except made.CannotMake as error:
            raise RootUnavailable(str(error)) from error
    return root


def _lay_fixed_files(root: Path) -> None:
    """What Elfin's image has besides the tree, so that Linux sees the same passwd, hosts, ..."""
    (root / GUEST_FOLDER.lstrip("/")).mkdir(exist_ok=True)
    for entry in fixed_entries(0, 0, "/root", "root"):
        target = root / entry.path.lstrip("/")
        if target.exists() or target.is_symlink():
            continue
        if entry.kind is EntryKind.DIRECTORY:
            target.mkdir(parents=True)
            target.chmod(entry.mode)
        elif entry.kind is EntryKind.FILE:
            content = (
                entry.data if entry.data is not None else entry.source and entry.source.read_bytes()
            )
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content or b"")
            target.chmod(entry.mode)
