# SPDX-License-Identifier: BSD-3-Clause
"""A9: the fuzz targets run clean, reach 85 % of what they fuzz, and find a planted bug."""

from __future__ import annotations

import re
import shutil

import pytest

from tests.fuzz.build import RUNS, TARGETS, FuzzError, build_fuzzer, coverage, fuzz

LEAST_COVERAGE = 0.85

pytestmark = [
    pytest.mark.skipif(not shutil.which("clang"), reason="clang is not installed"),
    pytest.mark.skipif(not shutil.which("gcov"), reason="gcc is not installed"),
    pytest.mark.timeout(600),
]


@pytest.mark.parametrize("name", TARGETS)
def test_runs_clean_and_reaches_the_lines(name: str) -> None:
    target = TARGETS[name]
    said, corpus = fuzz(target, build_fuzzer(target), RUNS)
    done = re.search(r"stat::number_of_executed_units:\s*(\d+)", said)
    assert done and int(done[1]) >= RUNS, said[-2000:]
    share, missed = coverage(target, corpus)
    assert share >= LEAST_COVERAGE, f"{target.subject}: {share:.1%}, lines {missed} not reached"


@pytest.mark.parametrize("name", TARGETS)
def test_finds_a_planted_bug(name: str) -> None:
    target = TARGETS[name]
    with pytest.raises(FuzzError, match=r"AddressSanitizer|broken promise|runtime error"):
        fuzz(target, build_fuzzer(target, planted=True), RUNS)
