#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Time a command for claims.toml: ``tools/measure.py [-n 15] [--linux COMMAND] COMMAND``.

Each command is a bash line. It is run once to warm up, then ``n`` times; with ``--linux`` the two
alternate, so that a slow moment of the machine strikes both. They run with real-time priority where
that is permitted (as root): a busy machine then gives a quiet one's figures. Prints the figure that
tools/claims.py reads: medians in milliseconds of wall time, from fork to exit, bash's own start
(the same for both) included.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import suppress


def wall_ms(command: str) -> float:
    """Milliseconds that ``command`` takes.

    Raises:
        subprocess.CalledProcessError: it ended with a status other than 0.
    """
    begin = time.monotonic_ns()
    subprocess.run(
        ["bash", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True
    )
    return (time.monotonic_ns() - begin) / 1e6


def main() -> int:
    """Measure and print the JSON line."""
    parser = argparse.ArgumentParser(description="time a command, beside another")
    parser.add_argument("-n", type=int, default=15)
    parser.add_argument("--linux", help="the same work on Linux")
    parser.add_argument("command")
    options = parser.parse_args()
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    lines = [options.command] + ([options.linux] if options.linux else [])
    for line in lines:
        wall_ms(line)
    samples: list[list[float]] = [[] for _ in lines]
    for _ in range(options.n):
        for line, into in zip(lines, samples, strict=True):
            into.append(wall_ms(line))
    medians = [round(statistics.median(into), 3) for into in samples]
    figure = {"value": medians[0], "n": options.n, "unit": "ms"}
    if options.linux:
        figure["linux"] = medians[1]
    print(json.dumps(figure))
    return 0


if __name__ == "__main__":
    sys.exit(main())
