# SPDX-License-Identifier: BSD-3-Clause
"""Runs a helper program of the host to its end: apt-get, and whatever else a verb needs.

Not for guests: those are elfin.run's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from elfin.host.errors import HostError

_LAST_LINES = 4


def find_command(name: str, package: str) -> str:
    """The path of a host program; HostError names the Debian package that has it."""
    search = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/bin:/bin"
    path = shutil.which(name, path=search)
    if path is None:
        raise HostError(f"{name} is not installed", hint=f"apt-get install {package}")
    return path


def run_command(
    argv: Sequence[str], env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> str:
    """Standard output of a command that must succeed; its last words are part of the error.

    The locale is C, so that output can be parsed. ``env`` is laid over the environment.
    """
    environment = {**os.environ, "LC_ALL": "C", **(env or {})}
    try:
        done = subprocess.run(
            argv,
            env=environment,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
    except OSError as error:
        raise HostError(f"{argv[0]} could not be started: {error.strerror}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-_LAST_LINES:]
        words = " / ".join(line.strip() for line in said) or "it said nothing"
        name = argv[0].rpartition("/")[2]
        raise HostError(f"{name} failed with status {done.returncode}: {words}")
    return done.stdout
