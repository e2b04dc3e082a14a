# SPDX-License-Identifier: BSD-3-Clause
"""``make fuzz``: every target, longer than the tests do. A crashing input stays in build/fuzz."""

from __future__ import annotations

import argparse
import sys

from tests.fuzz.build import RUNS, TARGETS, FuzzError, build_fuzzer, coverage, fuzz


def main() -> int:
    """Fuzz what is named; 1 when something was found."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--runs", type=int, default=10 * RUNS)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    options = parser.parse_args()
    for name in options.targets or TARGETS:
        target = TARGETS[name]
        try:
            _, corpus = fuzz(target, build_fuzzer(target), options.runs)
            share, missed = coverage(target, corpus)
        except FuzzError as error:
            print(f"{name}: {error}")
            return 1
        text = f"{options.runs} inputs clean, {share:.1%} of the lines of {target.subject}"
        print(f"{name}: {text}; not reached: {missed or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
