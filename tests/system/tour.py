# SPDX-License-Identifier: BSD-3-Clause
"""`make run`: every row of tour.toml on Linux and on each platform that works here, as a table.

    python -m tests.system.tour [--platform process|vm] [FILE.toml]

Exit status 1 when a row is not identical, 2 when a row could not be run at all.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from tests.system.harness import Outcome, difference, platforms, root_of, run_elfin, run_linux
from tests.system.roots import RootUnavailable, ensure_root
from tests.system.rows import HERE, Row, Suite, load

_TITLE = 44
_CELL = 18


@dataclass(frozen=True, slots=True)
class Cell:
    """One outcome of a row; ``trouble`` is None where it is what Linux says."""

    outcome: Outcome | None
    trouble: str | None = None


def measure(row: Row, suite: Suite, wanted: tuple[str, ...]) -> tuple[Cell, dict[str, Cell]]:
    """The row on Linux, and on every platform wanted."""
    root = root_of(row, suite)
    try:
        linux = run_linux(row, root)
    except OSError as error:
        return Cell(None, str(error)), {}
    trouble = None
    if linux.status != row.status:
        trouble = f"Linux answered {linux.status}, the row expects {row.status}"
    cells = {}
    for platform in wanted:
        try:
            first = run_elfin(row, root, platform)  # makes the image; the second finds it
            second = run_elfin(row, root, platform)
        except subprocess.TimeoutExpired:
            cells[platform] = Cell(None, "did not end")
            continue
        trouble_here = difference(row, linux, first) or difference(row, linux, second)
        cells[platform] = Cell(second, trouble_here)
    return Cell(linux, trouble), cells


def _text(cell: Cell | None) -> str:
    if cell is None or cell.outcome is None:
        return "failed"
    outcome = cell.outcome
    peak = f"{outcome.peak_mib:5.1f}" if outcome.peak_mib is not None else "    -"
    mark = "same" if cell.trouble is None else "DIFF"
    return f"{mark} {outcome.wall_ms:6.0f} {peak}"


def _linux_text(cell: Cell) -> str:
    if cell.outcome is None:
        return "failed"
    return f"{cell.outcome.wall_ms:6.1f} {cell.outcome.peak_mib or 0:5.1f}"


def _print_head(wanted: tuple[str, ...]) -> None:
    heads = "".join(f"{f'{name} ms MiB':>{_CELL}}" for name in wanted)
    print(f"{'command':<{_TITLE}}{'Linux ms MiB':>14}{heads}", flush=True)


def _print_row(row: Row, linux: Cell, cells: dict[str, Cell], wanted: tuple[str, ...]) -> None:
    title = row.title if len(row.title) < _TITLE else row.title[: _TITLE - 4] + "..."
    rest = "".join(f"{_text(cells.get(name)):>{_CELL}}" for name in wanted)
    print(f"{title:<{_TITLE}}{_linux_text(linux):>14}{rest}", flush=True)
    for name, cell in (("linux", linux), *cells.items()):
        if cell.trouble is not None:
            print(f"  {name}: " + cell.trouble.replace("\n", "\n  "), flush=True)


def _prepare(suite: Suite) -> None:
    for name, packages in suite.roots.items():
        print(f"root {name}: {' '.join(packages)}", flush=True)
        ensure_root(name, packages)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path, default=HERE / "tour.toml")
    parser.add_argument("--platform", action="append", choices=("process", "vm"))
    parser.add_argument("--see", choices=("whole", "image"), help="only rows that see this root")
    arguments = parser.parse_args()
    suite = load(arguments.file)
    if arguments.see:
        rows = tuple(row for row in suite.rows if row.whole == (arguments.see == "whole"))
        suite = replace(suite, rows=rows)
    wanted = tuple(arguments.platform or platforms())
    try:
        _prepare(suite)
    except RootUnavailable as error:
        print(error, file=sys.stderr)
        return 2
    _print_head(wanted)
    different, failed = 0, 0
    for row in suite.rows:
        linux, cells = measure(row, suite, wanted)
        _print_row(row, linux, cells, wanted)
        failed += linux.outcome is None or any(cell.outcome is None for cell in cells.values())
        different += any(cell.trouble is not None for cell in (linux, *cells.values()))
    _print_end(len(suite.rows), different, wanted)
    return 2 if failed else int(different > 0)


def _print_end(count: int, different: int, wanted: tuple[str, ...]) -> None:
    print("ms: the whole command, its image in the cache; MiB: the guest's peak, on Linux VmHWM")
    if "vm" not in platforms():
        print("vm was left out: QEMU is not installed; as root: apt-get install qemu-system-x86")
    print(f"{count - different} of {count} rows identical to Linux on {' and '.join(wanted)}")


if __name__ == "__main__":
    sys.exit(main())
