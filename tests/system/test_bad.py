# SPDX-License-Identifier: BSD-3-Clause
"""Clause A7: bad input and bad circumstances (bad.toml), on both platforms."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.system import bad

CASES = bad.load()


@pytest.fixture(scope="session")
def corpus() -> None:
    build = bad.PROJECT / "tests" / "corpus" / "build.py"
    subprocess.run([sys.executable, str(build)], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.usefixtures("corpus")
@pytest.mark.parametrize("case", CASES, ids=[f"{c.platform}: {c.name}" for c in CASES])
def test_case(case: bad.Case, tmp_path: Path) -> None:
    reason = bad.cannot_run_here(case)
    if reason is not None:
        pytest.skip(reason)
    with bad.nothing_left_running():
        ended = bad.HOWS[case.how](case, bad.Bench(tmp_path))
    assert b"Traceback" not in ended.stderr
    lines = ended.stderr.decode().splitlines()
    if case.sentence:
        assert len(lines) == 1, ended.stderr
        assert lines[0].startswith("elfin: ")
        assert case.sentence in lines[0]
    else:
        assert lines == []
    assert ended.status == case.status
    if case.stdout is not None:
        assert ended.stdout.decode() == case.stdout


def test_every_case_of_the_clause_is_there() -> None:
    """A7's list, so that none gets lost."""
    names = " | ".join(case.name for case in CASES)
    for wanted in (
        "not an ELF", "empty", "truncated 19", "32-bit", "wrong machine", "missing interpreter",
        "missing library", "no execute permission", "-m 1M", "-m without a unit", "spins",
        "Ctrl-C", "closed stdout", "full disk", "unwritable cache", "two runs at once", "no QEMU",
        "unusable KVM", "kill -9",
    ):  # fmt: skip
        assert wanted in names
