# SPDX-License-Identifier: BSD-3-Clause
"""Clause C3: how much later python3 ends because its call sites are rewritten, plans cached.

    python -m tests.bench.rewriting_start [-n 30]

Starts with and without rewriting take turns; the value is the difference of the medians of the wall
times of `elfin run python3 -c pass` on the process platform, in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time

from tests.system.roots import PROJECT, ensure_root, environment
from tests.system.rows import HERE, load

WAYS: tuple[tuple[str, ...], ...] = ((), ("--no-rewrite",))


def start(way: tuple[str, ...], root: str) -> float:
    """Wall milliseconds of one run."""
    words = ["--platform", "process", *way, "--rootfs", root, "/usr/bin/python3.11", "-c", "pass"]
    begun = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "elfin", "run", *words], cwd=PROJECT, env=environment(), check=True
    )
    return 1000 * (time.perf_counter() - begun)


def main() -> None:
    """Prints what tools/claims.py reads."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", type=int, default=30)
    count = parser.parse_args().n
    root = str(ensure_root("python", load(HERE / "programs.toml").roots["python"]))
    for way in WAYS:
        start(way, root)
    samples = [[start(way, root) for way in WAYS] for _ in range(count)]
    with_it, without = (statistics.median(column) for column in zip(*samples, strict=True))
    told = {"value": round(with_it - without, 3), "with_ms": round(with_it, 3),
            "without_ms": round(without, 3), "n": count, "unit": "ms"}  # fmt: skip
    print(json.dumps(told))


if __name__ == "__main__":
    main()
