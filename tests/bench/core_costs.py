# SPDX-License-Identifier: BSD-3-Clause
"""What threads, processes, mappings, descriptors and timers cost (issue clause B5).

    python -m tests.bench.core_costs NAME [-n 15]     one figure, as tools/claims.py reads it
    python -m tests.bench.core_costs --table [-n 5] [--vm]  all of them: build/bench/core_costs.json

One static binary (core_costs.c) measures itself; for the thread switch it pins itself to one CPU.
Each round runs it on Linux and on the platforms, one after another; what is shown are medians of
the rounds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from elfin.model.run import Platform
from tests.bench.first_light import BUILD, ROOT, compiled

Place = Platform | None  # None: Linux itself


@dataclass(frozen=True, slots=True)
class Measure:
    """Arguments of core_costs, and those of the run that this one is compared with, if any."""

    what: tuple[str, ...]
    base: tuple[str, ...] = ()


MEASURES = {
    "thread-switch": Measure(("yield",)),
    "fork-exit": Measure(("fork-exit",)),
    "fork-exec": Measure(("fork-exec",)),
    "mmap-touch": Measure(("mmap-touch",)),
    "epoll": Measure(("epoll", "10000"), ("epoll", "100")),
    "idle-threads": Measure(("idle-threads", "1000"), ("idle-threads", "0")),
    "timer": Measure(("timer",)),
}


def program() -> Path:
    """The static binary."""
    return compiled(Path(__file__).with_suffix(".c"))


def cost(place: Place, what: tuple[str, ...]) -> float:
    """Nanoseconds, as the program says."""
    words = [str(program()), *what]
    if place is not None:
        words = [sys.executable, "-m", "elfin", "run", "--platform", place.value, *words]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: status {done.returncode}: {done.stderr}")
    return float(done.stdout)


def rounds(count: int, runs: Sequence[Callable[[], float]]) -> list[float]:
    """The median of each; in every round each runs once, after one round to warm up."""
    for run in runs:
        run()
    samples = [[run() for run in runs] for _ in range(count)]
    return [statistics.median(column) for column in zip(*samples, strict=True)]


def compare(name: str, places: list[Place], count: int) -> dict[Place, tuple[float, float]]:
    """(ns, ns of the base run or 0) at each place."""
    measure = MEASURES[name]
    whats = [measure.what, *([measure.base] if measure.base else [])]
    runs = [partial(cost, place, what) for place in places for what in whats]
    found = iter(rounds(count, runs))
    return {p: (next(found), next(found) if measure.base else 0.0) for p in places}


def figure(name: str, count: int) -> dict[str, float | int | str]:
    """Of the process platform beside Linux. With a base: the ratio to it."""
    found = compare(name, [Platform.PROCESS, None], count)
    (here, here_base), (linux, linux_base) = found[Platform.PROCESS], found[None]
    if here_base:
        ratios = {"value": round(here / here_base, 3), "linux": round(linux / linux_base, 3)}
        return {**ratios, "elfin_ns": here, "linux_ns": linux, "n": count, "unit": "x"}
    us = {"value": round(here / 1000, 3), "linux": round(linux / 1000, 3)}
    return {**us, "n": count, "unit": "µs"}


def show(place: Place, found: dict[Place, tuple[float, float]]) -> str:
    """A cell: microseconds, how many times Linux's, how many times the base's."""
    ns, base = found[place]
    text = f"{ns / 1000:.2f}"
    if place is not None:
        text += f" ({ns / found[None][0]:.2f}x)"
    return text + (f" {ns / base:.2f} of base" if base else "")


def table(count: int, with_vm: bool) -> None:
    """All figures; JSON beside it."""
    places: list[Place] = [None, Platform.PROCESS, *([Platform.VM] if with_vm else [])]
    names = ["linux" if p is None else p.value for p in places]
    result: dict[str, dict[str, object]] = {}
    print(f"{'µs':14}", *(f"{n:28}" for n in names))
    for name in MEASURES:
        found = compare(name, places, count)
        print(f"{name:14}", *(f"{show(p, found):28}" for p in places), flush=True)
        result[name] = {
            label: {"ns": found[p][0], **({"base_ns": found[p][1]} if found[p][1] else {})}
            for label, p in zip(names, places, strict=True)
        }
    BUILD.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"n": count, "figures": result}, indent=1)
    (BUILD / "core_costs.json").write_text(text + "\n", encoding="utf-8")


def main() -> None:
    """One figure's JSON line, or the table."""
    parser = argparse.ArgumentParser(description="figures of clause B5")
    parser.add_argument("name", nargs="?", choices=tuple(MEASURES))
    parser.add_argument("--table", action="store_true", help="all figures")
    parser.add_argument("--vm", action="store_true", help="the table with vm beside")
    parser.add_argument("-n", type=int, default=15, help="rounds")
    options = parser.parse_args()
    if options.name:
        print(json.dumps(figure(options.name, options.n)))
    elif options.table:
        table(options.n, options.vm)
    else:
        parser.error("a NAME or --table")


if __name__ == "__main__":
    main()
