# SPDX-License-Identifier: BSD-3-Clause
"""Reads the guest suite's results (build/guest-results.json) for clause B3.

    python -m tests.guest.rows [PLATFORM...]

Each row that syscalls.tbl calls full was called in a guest test that passed, returned a success and
each of its errors in errnos.tbl, on each platform; and there are at least 200 such rows. `make
test` runs it behind the tests.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from abi.table import Machine, Support, Table, load
from tests.guest.programs import PLATFORMS, RESULTS, programs, text_key

LEAST_ROWS = 200
MOST_LINES = 40
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


def current(results: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Without those of tests that are gone or were changed since."""
    texts = {program.name: text_key(program) for program in programs()}
    return [row for row in results if row.get("text", "") == texts.get(row["test"])]


def main() -> int:
    """See above. A platform may only lack results altogether where its machine is missing."""
    table = load()
    full = [r for r in table.of_machine(Machine.X86_64) if r.support is Support.FULL]
    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else []
    results = current(known)
    owed, proved = 0, []
    for platform in sys.argv[1:] or PLATFORMS:
        if platform == "vm" and shutil.which("qemu-system-x86_64") is None:
            print("vm: no QEMU, no results")
            continue
        there = {row["test"] for row in results if row["platform"] == platform}
        lacking = sum(program.name not in there for program in programs())
        if lacking:
            print(f"{platform}: {lacking} tests were not run as they are now")
        said = list(complaints(calls_of(results, platform), table))
        owed += len(said)
        proved.append(platform)
        for line in said[:MOST_LINES]:
            print(f"{platform}: {line}")
        if len(said) > MOST_LINES:
            print(f"{platform}: and {len(said) - MOST_LINES} more")
    if len(full) < LEAST_ROWS:
        print(f"only {len(full)} rows are full")
    if owed or len(full) < LEAST_ROWS:
        print(f"{owed} complaints about {len(full)} full rows")
        return 1
    where = " and ".join(proved)
    print(f"{len(full)} full rows: each was called, succeeded, gave each of its errors on {where}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
