# SPDX-License-Identifier: BSD-3-Clause
"""Random calls on files: every result is Linux's, line by line.

``file_storm.c`` makes the same calls for the same seed and prints what each answered: value or
errno, and what it saw (types, sizes, bytes). Its directory is a tmpfs on both sides.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import shutil
from pathlib import Path

import pytest

from tests.guest import programs

STEPS = 4000
STORM = next(p for p in programs.programs() if p.name == "file_storm")

# Seed, and whether an ordinary user makes the calls (as root, who becomes one now and then).
STORMS = (("1", ()), ("2", ()), ("3", ()), ("4", ("user",)), ("5", ("user",)))

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")


@pytest.mark.parametrize("platform", programs.PLATFORMS)
@pytest.mark.parametrize(("seed", "more"), STORMS)
def test_every_answer_is_linuxs(
    seed: str, more: tuple[str, ...], platform: str, tmp_path: Path
) -> None:
    if more and os.geteuid() != 0:
        pytest.skip("becoming another user needs root")
    program = dataclasses.replace(STORM, arguments=(seed, str(STEPS), *more))
    linux = programs.run_on_linux(program, tmp_path)
    elfin = programs.run_on(platform, program, tmp_path)
    left, right = linux.output.splitlines(), elfin.output.splitlines()
    assert len(left) > STEPS
    difference = list(difflib.unified_diff(left, right, "Linux", platform, n=2, lineterm=""))
    assert not difference, "\n".join(difference[:40])
    assert linux.status == elfin.status == 0
