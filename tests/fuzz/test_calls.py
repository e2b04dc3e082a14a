# SPDX-License-Identifier: BSD-3-Clause
"""B7: 100,000 calls made from the table, under sanitizers: no report, and nothing left behind.

A million: ``make fuzz-calls``.
"""

from __future__ import annotations

import shutil

import pytest

from abi.table import Support
from tests.fuzz.calls.episode import Episode
from tests.fuzz.calls.generate import episode, program, rows
from tests.fuzz.calls.run import (
    LEAST_CALLS,
    LEAST_SHARE,
    VM_SLACK_PAGES,
    CallsError,
    Totals,
    check_resources,
    fuzz,
    run,
    sanitized_kernels,
)

CALLS = 100_000
SEED = "tests"
# Of the bugs in kernel/memory/sanitizer_proof.c, in its order.
REPORTS = (
    "an object that was freed",
    "store of 21 bytes .*beside an object",
    "store of 1 bytes .*beside an object",
    "a page that was freed",
    "is freed again",
    "beside a local",
    "a sum overflows at .*sanitizer_proof.c",
    "an index is out of bounds at .*sanitizer_proof.c",
)


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


needs_gcc = pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not installed")


@needs_gcc
@pytest.mark.parametrize(("number", "report"), list(enumerate(REPORTS)))
def test_the_sanitizers_report(number: int, report: str) -> None:
    with pytest.raises(CallsError, match=rf"(?s)status 125.*sanitizer: .*{report}"):
        run(b"", sanitized_kernels(), ("-p", str(number)))


@needs_gcc
def test_no_report_without_a_bug() -> None:
    survived = "survived -1\n"
    assert run(b"", sanitized_kernels(), ("-p", str(len(REPORTS)))) == survived
    assert run(b"", None, ("-p", "0")) == survived, "only kernels under sanitizers have the bugs"


@needs_gcc
def test_memory_comes_back() -> None:
    totals = fuzz(SEED, CALLS // 4, None, _quiet)
    assert totals.calls >= CALLS // 4


@needs_gcc
@pytest.mark.skipif(not shutil.which("qemu-system-x86_64"), reason="QEMU is not installed")
def test_calls_are_survived_on_vm() -> None:
    totals = Totals()
    totals.add(run(program(SEED, 0, 100), None, platform="vm"))
    check_resources(totals, VM_SLACK_PAGES)
    assert totals.share >= LEAST_SHARE and totals.calls >= CALLS // 10


@pytest.mark.slow
@needs_gcc
def test_calls_are_survived() -> None:
    totals = fuzz(SEED, CALLS, sanitized_kernels(), _quiet)
    assert totals.share >= LEAST_SHARE
    assert totals.least[0] >= LEAST_CALLS, totals.least
