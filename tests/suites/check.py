# SPDX-License-Identifier: BSD-3-Clause
"""Compares results of `elfin lab run posix` with docs/reference/posix-suite.md. Clause B1.

    python -m tests.suites.check RESULTS.json

Fails when fewer than 90 % of the tests that pass on Linux pass on a platform, when a failure is not
on the page, or when a test is on the page and passes; the last only where the test was run.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from elfin.lab import results
from elfin.model.lab import LINUX, PASS, LabResults

PROJECT = Path(__file__).resolve().parents[2]
PAGE = PROJECT / "docs" / "reference" / "posix-suite.md"
LEAST_PERCENT = 90.0
_ROW = re.compile(r"\| (?P<test>\S+/\S+) \| (?P<where>[^|]+) \| (?P<cause>.+) \|$")
_FILE = re.compile(r"`[\w./-]+\.(?:c|S|py|toml)`")


@dataclass(frozen=True, slots=True)
class Known:
    """One row of the page. ``sometimes``: it may pass as well."""

    test: str
    platforms: frozenset[str]
    sometimes: bool
    cause: str


def known(page: str) -> dict[str, Known]:
    """The page's rows by test; ValueError for one that names no file."""
    found = {}
    for line in page.splitlines():
        row = _ROW.match(line)
        if row is None:
            continue
        words = {word.strip() for word in row["where"].split(",")}
        if not _FILE.search(row["cause"]):
            raise ValueError(f"{row['test']}: the cause names no file")
        if not words - {"sometimes"} <= {"process", "vm"}:
            raise ValueError(f"{row['test']}: {row['where']} is not a list of platforms")
        platforms = frozenset(words - {"sometimes"})
        found[row["test"]] = Known(row["test"], platforms, "sometimes" in words, row["cause"])
    return found


def complaints(ran: LabResults, page: str) -> Iterator[str]:
    """What is not as the page says."""
    listed = known(page)
    for platform in (p for p in ran.platforms if p != LINUX):
        passed, base = results.share(ran, platform)
        if base and 100 * passed < LEAST_PERCENT * base:
            yield f"{platform}: only {passed} of the {base} that pass on Linux"
        failures = set(results.failures(ran, platform))
        for test in sorted(failures):
            if test not in listed or platform not in listed[test].platforms:
                status = ran.tests[test][platform].status
                yield f"{platform}: {test} ({status}) is not on {PAGE.name}"
        for row in listed.values():
            if platform in row.platforms and not row.sometimes and _passed(ran, row, platform):
                yield f"{platform}: {row.test} is on {PAGE.name}, but passes"


def _passed(ran: LabResults, row: Known, platform: str) -> bool:
    end = ran.tests.get(row.test, {}).get(platform)
    return end is not None and end.status == PASS


def main() -> int:
    """See above."""
    ran = results.read(Path(sys.argv[1]))
    said = list(complaints(ran, PAGE.read_text(encoding="utf-8")))
    for line in said:
        print(line)
    for platform in (p for p in ran.platforms if p != LINUX):
        passed, base = results.share(ran, platform)
        print(f"{platform}: {passed} of {base} ({100 * passed / max(base, 1):.1f} %)")
    return int(bool(said))


if __name__ == "__main__":
    sys.exit(main())
