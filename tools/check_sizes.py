#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Hold files and functions to the sizes of DESIGN §7 and print the outliers.

A breach fails: a C file of 700 lines, a Python file of 600, a function of 100 lines, a handler
(``sys_*``) of more than 40, or a half of the house whose functions have a median above 12 lines or
a 90th percentile of 40. What deserves a second look is printed with ``-v``: C files from 400 lines,
functions from 60.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import lizard  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Half:
    """One half of the house with its budgets, in lines."""

    name: str
    folders: tuple[str, ...]
    suffixes: tuple[str, ...]
    file_most: int
    file_look: int


HALVES = (
    Half("kernel", ("kernel",), (".c", ".h", ".S"), 700, 400),
    Half("sdk", ("elfin", "abi", "tools", "tests"), (".py",), 600, 500),
)
FUNCTION_MOST, FUNCTION_LOOK, HANDLER_MOST = 100, 60, 40
MEDIAN_MOST, P90_BELOW = 12, 40


@dataclass(frozen=True, slots=True)
class Function:
    """A function and how many lines it spans, its signature included."""

    where: str
    name: str
    lines: int


def functions_of(path: Path, root: Path) -> list[Function]:
    """Every function in a file, by lizard. Assembly has none it knows."""
    if path.suffix == ".S":
        return []
    found = lizard.analyze_file(str(path)).function_list
    name = path.relative_to(root)
    return [
        Function(f"{name}:{f.start_line}", f.name, f.end_line - f.start_line + 1) for f in found
    ]


def check_half(half: Half, root: Path) -> tuple[list[str], list[str]]:
    """(breaches, what deserves a second look) of one half."""
    breaches: list[str] = []
    looks: list[str] = []
    functions: list[Function] = []
    for folder in half.folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in half.suffixes or not path.is_file():
                continue
            lines = path.read_text(encoding="utf-8").count("\n")
            name = path.relative_to(root)
            if lines >= half.file_most:
                breaches.append(f"{name}: {lines} lines; split before {half.file_most}")
            elif lines >= half.file_look:
                looks.append(f"{name}: {lines} lines")
            functions += functions_of(path, root)
    for function in functions:
        text = f"{function.where}: {function.name} has {function.lines} lines"
        if function.name.startswith("sys_") and function.lines > HANDLER_MOST:
            breaches.append(f"{text}; a handler has at most {HANDLER_MOST}")
        elif function.lines >= FUNCTION_MOST:
            breaches.append(f"{text}; split it")
        elif function.lines >= FUNCTION_LOOK:
            looks.append(text)
    if functions:
        sizes = sorted(function.lines for function in functions)
        median, p90 = sizes[len(sizes) // 2], sizes[len(sizes) * 9 // 10]
        summary = f"{half.name}: {len(sizes)} functions, median {median}, p90 {p90} lines"
        over = median > MEDIAN_MOST or p90 >= P90_BELOW
        (breaches if over else looks).append(summary)
    return breaches, looks


def main() -> int:
    """Print breaches (and with -v the outliers); 1 when there is a breach."""
    parser = argparse.ArgumentParser(description="hold files and functions to their sizes")
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("-v", "--verbose", action="store_true", help="print outliers too")
    options = parser.parse_args()
    failed = False
    for half in HALVES:
        breaches, looks = check_half(half, options.root)
        failed = failed or bool(breaches)
        for line in breaches + (looks if options.verbose else []):
            print(line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
