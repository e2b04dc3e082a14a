# SPDX-License-Identifier: BSD-3-Clause
"""Clause B4: 10,000 processes a round; the second and the third round leave as much memory free.

The program is tests/guest/fork_storm.c, which the guest tests run with fewer.
"""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from tests.guest.programs import PLATFORMS, PROJECT, Program, build, programs
from tests.system.roots import environment

FORKS = 10_000
SECONDS = 280


def _program() -> Program:
    return next(program for program in programs() if program.name == "fork_storm")


@pytest.mark.timeout(SECONDS + 20)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_ten_thousand_forks_a_round(platform: str) -> None:
    """The program checks each child's status and the free memory; it says what was wrong."""
    if platform == "vm" and shutil.which("qemu-system-x86_64") is None:
        pytest.skip("QEMU is not installed")
    if not (PROJECT / "build/kernel/x86_64-full" / f"elfin-{platform}").exists():
        pytest.skip("the kernel is not built")
    argv = [sys.executable, "-m", "elfin", "run", "--platform", platform, "--timeout", str(SECONDS)]
    done = subprocess.run(
        [*argv, "--", str(build(_program())), str(FORKS)],
        env=environment(),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
