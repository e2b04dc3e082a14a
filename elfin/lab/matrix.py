# SPDX-License-Identifier: BSD-3-Clause
"""A whole suite on every platform, several tests at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from fnmatch import fnmatchcase

from elfin.lab.execute import run_test, stop_all
from elfin.model.lab import SKIP, LabResults, Suite, Test, TestEnd

Progress = Callable[[int, int, str, str, TestEnd], None]


def select(suite: Suite, patterns: Sequence[str], every: int = 1) -> list[Test]:
    """The tests whose names match one of the patterns (none: all); of these every N-th."""
    chosen = [
        test
        for test in suite.tests
        if not patterns or any(fnmatchcase(test.name, pattern) for pattern in patterns)
    ]
    return chosen[::every]


def run(
    suite: Suite, tests: Sequence[Test], platforms: Sequence[str], jobs: int, progress: Progress
) -> LabResults:
    """Run them all. A platform's first test runs alone: it makes the image that all share."""
    ends: dict[str, dict[str, TestEnd]] = {test.name: {} for test in tests}
    work = []
    for test in tests:
        for platform in platforms:
            if test.name in suite.skips:
                ends[test.name][platform] = TestEnd(SKIP, None, 0.0, suite.skips[test.name])
            else:
                work.append((test, platform))
    done = 0

    def note(test: Test, platform: str, end: TestEnd) -> None:
        nonlocal done
        done += 1
        ends[test.name][platform] = end
        progress(done, len(work), test.name, platform, end)

    for platform in platforms:
        first = next((pair for pair in work if pair[1] == platform), None)
        if first is not None:
            work.remove(first)
            work.insert(0, first)
    warmed = min(len(platforms), len(work))
    for test, platform in work[:warmed]:
        note(test, platform, run_test(suite, test, platform))
    with ThreadPoolExecutor(jobs) as pool:
        waiting = {pool.submit(run_test, suite, *pair): pair for pair in work[warmed:]}
        try:
            for future in as_completed(waiting):
                note(*waiting[future], future.result())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            stop_all()
            raise
    return LabResults(suite.name, tuple(platforms), ends)
