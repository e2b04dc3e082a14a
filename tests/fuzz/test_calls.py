# SPDX-License-Identifier: BSD-3-Clause
"""B7: 100,000 calls made from the table leave the kernel standing, and nothing behind.

A million: ``make fuzz-calls``.
"""

from __future__ import annotations

import shutil

import pytest

from abi.table import Support
from tests.fuzz.calls.episode import Episode
from tests.fuzz.calls.generate import episode, program, rows
from tests.fuzz.calls.run import LEAST_CALLS, LEAST_SHARE, CallsError, Totals, check_resources, fuzz

CALLS = 100_000
SEED = "tests"


def _quiet(totals: Totals, episodes: int) -> None:
    del totals, episodes


def test_a_program_is_its_seeds_and_names_every_row() -> None:
    assert program(SEED, 3, 2) == program(SEED, 3, 2)
    assert program(SEED, 3, 1) != program("another", 3, 1)
    made: Episode = episode(SEED, 0)
    assert made.calls >= 100
    assert all(entry.row.support is not Support.ABSENT for entry in rows())
    assert len({entry.number for entry in rows()}) == len(rows()) > 250


def test_a_leak_and_a_process_that_stays_are_told() -> None:
    report = "resources between {} 6 1\nresources between {} 6 {}\n"
    totals = Totals()
    totals.add(report.format(1000, 1000, 1))
    check_resources(totals)
    totals.add(report.format(1000, 900, 1))
    with pytest.raises(CallsError, match="free pages"):
        check_resources(totals)
    totals.add(report.format(1000, 1000, 2))
    with pytest.raises(CallsError, match="processes"):
        check_resources(totals)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not installed")
def test_calls_are_survived() -> None:
    totals = fuzz(SEED, CALLS, None, _quiet)
    assert totals.share >= LEAST_SHARE
    assert totals.least[0] >= LEAST_CALLS, totals.least
    assert totals.late * 50 < totals.ended.total(), "many episodes were stuck"
