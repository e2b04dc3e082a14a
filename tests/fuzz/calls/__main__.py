# SPDX-License-Identifier: BSD-3-Clause
"""``make fuzz-calls``: a million calls on the process platform under sanitizers; 1 when one found
something."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.fuzz.calls.generate import program, rows
from tests.fuzz.calls.run import (
    LEAST_CALLS,
    LEAST_SHARE,
    CallsError,
    Totals,
    fuzz,
    run,
    sanitized_kernels,
)


def _say(totals: Totals, episodes: int) -> None:
    text = f"{totals.calls} calls, {totals.share:.1%} succeeded, {episodes} episodes"
    print(f"{text}, {totals.late} late", file=sys.stderr)


def _table(totals: Totals) -> None:
    """Every row, the ones that succeed least first."""
    for entry in sorted(
        rows(), key=lambda r: totals.succeeded[r.index] / (totals.made[r.index] or 1)
    ):
        made, good = totals.made[entry.index], totals.succeeded[entry.index]
        print(f"{entry.row.name:26} {made:7} {good:7} {good / max(made, 1):6.1%}")


def main() -> int:
    """See the module's text."""
    parser = argparse.ArgumentParser(prog="make fuzz-calls", description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--plain", action="store_true", help="the kernel without sanitizers")
    parser.add_argument("--rows", action="store_true", help="print counts by row")
    parser.add_argument("--write", type=Path, metavar="FILE", help="only write a program")
    parser.add_argument("--episodes", default="0:100", help="FIRST:COUNT for --write and --once")
    parser.add_argument("--once", action="store_true", help="run only these episodes")
    options = parser.parse_args()
    first, count = map(int, options.episodes.split(":"))
    kernels = None if options.plain else sanitized_kernels()
    code = program(options.seed, first, count) if options.write or options.once else b""
    if options.write:
        options.write.write_bytes(code)
        return 0
    try:
        if options.once:
            print(run(code, kernels))
            return 0
        totals = fuzz(options.seed, options.calls, kernels, _say)
    except CallsError as error:
        print(error)
        return 1
    if options.rows:
        _table(totals)
    ends = ", ".join(f"{n}: {many}" for n, many in sorted(totals.ended.items()))
    least, name = totals.least
    good = totals.share >= LEAST_SHARE and least >= LEAST_CALLS
    head = "" if good else "too few succeed, or a row was called too seldom: "
    print(f"{head}{totals.calls} calls, {totals.share:.1%} succeeded; episodes by signal: {ends}")
    print(f"{totals.late} late; called least: {name}, {least}; free pages: {totals.free_pages}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
