#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""`make check`: every check that reads the tree and writes nothing, two at a time.

One line per check; what a failing one has to say follows it. Status 1 when one fails.
"""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable


@dataclass(frozen=True, slots=True)
class Check:
    """A name, what it promises, and the command that shows it (status 0: it holds)."""

    name: str
    promise: str
    command: tuple[str, ...]


CHECKS = (
    Check("types", "mypy --strict", (PYTHON, "-m", "mypy", "--no-error-summary")),
    Check("lint", "ruff", (PYTHON, "-m", "ruff", "check", "--quiet", ".")),
    Check("format", "ruff format", (PYTHON, "-m", "ruff", "format", "--check", "--quiet", ".")),
    Check("rooms", "edges of rooms.toml", (PYTHON, "tools/check_rooms.py")),
    Check("sizes", "files and functions", (PYTHON, "tools/check_sizes.py")),
    Check("tree", "licences, host names, blanks", (PYTHON, "tools/check_tree.py")),
    Check("table", "call table aligned", (PYTHON, "tools/gen_abi.py", "--format", "--check")),
    Check(
        "reference",
        "docs/reference/calls.md is fresh",
        (PYTHON, "tools/gen_abi.py", "--docs", "docs/reference/calls.md", "--check"),
    ),
    Check("claims", "claims.toml is well formed", (PYTHON, "tools/claims.py", "--check")),
)


def run(check: Check) -> tuple[Check, int, str, float]:
    """(check, status, what it printed, seconds)."""
    begin = time.monotonic()
    result = subprocess.run(
        check.command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return check, result.returncode, result.stdout, time.monotonic() - begin


def main() -> int:
    """Run them all, or those named on the command line."""
    names = sys.argv[1:]
    wanted = [check for check in CHECKS if not names or check.name in names]
    failed = 0
    with ThreadPoolExecutor(max_workers=2) as pool:
        for check, status, output, seconds in pool.map(run, wanted):
            failed += status != 0
            word = "ok    " if status == 0 else "FAILED"
            print(f"{word} {check.name:10} {check.promise} ({seconds:.1f} s)", flush=True)
            if status != 0:
                print(output.rstrip(), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
