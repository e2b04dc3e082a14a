# SPDX-License-Identifier: BSD-3-Clause
"""Every tests/guest/*.c passes on Linux, then on each platform. A crash or a hang costs its own
test only and shows the last lines of the kernel's log."""

from __future__ import annotations

import difflib
import itertools
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.guest import programs
from tests.guest.programs import LINUX, PLATFORMS, Ended, Program

_LOG_LINES = 25
_DIFFERENT_LINES = 60
PROGRAMS = list(programs.programs())


def _ids(program: Program) -> str:
    return program.name


def _complaint(program: Program, ended: Ended, folder: Path) -> str:
    log = folder / "log"
    told = log.read_text(errors="replace").splitlines()[-_LOG_LINES:] if log.exists() else []
    how = "did not end" if ended.status is None else f"ended with {ended.status}"
    words = [f"{program.name} {how}, expected {program.status}", ended.output[-2000:]]
    return "\n".join([*words, "last lines of the kernel's log:" if told else "no log", *told])


def _difference(program: Program, ended: Ended, folder: Path) -> str:
    """Where the output is not Linux's, for a program that asks for the comparison."""
    if not program.compared:
        return ""
    here = folder / "linux"
    here.mkdir()
    there = programs.run_on_linux(program, here)
    if there.status != program.status:
        return f"on Linux it ended with {there.status}"
    expected = there.output.splitlines()
    lines = difflib.unified_diff(expected, ended.output.splitlines(), "linux", "elfin", n=0)
    return "\n".join(itertools.islice(lines, _DIFFERENT_LINES))


@pytest.mark.parametrize("platform", [LINUX, *PLATFORMS])
@pytest.mark.parametrize("program", PROGRAMS, ids=_ids)
def test_guest(program: Program, platform: str, tmp_path: Path) -> None:
    if programs.compiler_missing(program):
        pytest.skip(f"no compiler for {program.libc}")
    if platform == "vm" and shutil.which("qemu-system-x86_64") is None:
        pytest.skip("no QEMU")
    status = "failed"
    ended = Ended(None, "")
    try:
        if platform == LINUX:
            ended = programs.run_on_linux(program, tmp_path)
        else:
            ended = programs.run_on(platform, program, tmp_path)
        differs = _difference(program, ended, tmp_path) if platform != LINUX else ""
        if ended.status == program.status and not differs:
            status = "passed"
        elif ended.status in (None, 124):
            status = "hung"
    except subprocess.CalledProcessError as error:
        pytest.fail(f"{program.name} does not compile:\n{error.stderr}")
    finally:
        programs.record(program, platform, status, ended.calls)
    if status != "passed":
        pytest.fail(_complaint(program, ended, tmp_path) + differs)


def test_a_failing_program_is_seen(tmp_path: Path) -> None:
    """The runner's own check: a program that ends otherwise than it must is not passed."""
    source = tmp_path / "wrong.c"
    source.write_text("int main(void) { return 3; }\n")
    program = Program("wrong", source, "glibc", "static", 0, None, ())
    for platform in (LINUX, "process"):
        run = programs.run_on_linux if platform == LINUX else None
        ended = run(program, tmp_path) if run else programs.run_on(platform, program, tmp_path)
        assert ended.status == 3
        assert "ended with 3, expected 0" in _complaint(program, ended, tmp_path)
