# SPDX-License-Identifier: BSD-3-Clause
"""Reads the guest suite's results (build/guest-results.json) for clause B3.

    python -m tests.guest.rows [PLATFORM...]

Each row that syscalls.tbl calls full was called in a guest test that passed, returned a success and
each of its errors in errnos.tbl, on each platform; and there are at least 200 such rows. `make
test` runs it behind the tests.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from abi.table import Machine, Support, Table, load
from tests.guest.programs import PLATFORMS, RESULTS

LEAST_ROWS = 200
Calls = Mapping[str, Mapping[str, int]]


def calls_of(results: Iterable[Mapping[str, Any]], platform: str) -> dict[str, dict[str, int]]:
    """Name → "made", "ok" or errno's name → times, in the tests that passed there."""
    found: dict[str, dict[str, int]] = {}
    for row in results:
        if row["platform"] != platform or row["status"] != "passed":
            continue
        for name, ends in row.get("calls", {}).items():
            counts = found.setdefault(name, {})
            for how, times in ends.items():
                counts[how] = counts.get(how, 0) + times
    return found


def complaints(calls: Calls, table: Table) -> Iterator[str]:
    """What a full row still owes."""
    for row in table.of_machine(Machine.X86_64):
        if row.support is not Support.FULL:
            continue
        seen, errors = calls.get(row.name, {}), table.errors[row.name]
        if not seen.get("made"):
            yield f"{row.name} was not called"
            continue
        if errors.succeeds and not seen.get("ok"):
            yield f"{row.name} never succeeded"
        missing = [errno for errno in errors.errnos if not seen.get(errno)]
        if missing:
            yield f"{row.name} never answered {' '.join(missing)}"


def main() -> int:
    """See above."""
    table = load()
    full = [r for r in table.of_machine(Machine.X86_64) if r.support is Support.FULL]
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else []
    owed = 0
    for platform in sys.argv[1:] or PLATFORMS:
        if not any(row["platform"] == platform for row in results):
            print(f"{platform}: no results of the guest tests")
            owed += platform in sys.argv[1:]
            continue
        said = list(complaints(calls_of(results, platform), table))
        owed += len(said)
        for line in said:
            print(f"{platform}: {line}")
        good = len(full) - len({line.split()[0] for line in said})
        print(f"{platform}: {good} of {len(full)} full rows called, succeeded, each error seen")
    if len(full) < LEAST_ROWS:
        print(f"only {len(full)} rows are full")
    return int(bool(owed) or len(full) < LEAST_ROWS)


if __name__ == "__main__":
    sys.exit(main())
