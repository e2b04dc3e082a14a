# SPDX-License-Identifier: BSD-3-Clause
"""Measurements as text and as JSON values."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any

from elfin.model.bench import CallCosts, ProgramCosts

_WIDTH = 26


def calls_text(found: CallCosts) -> Iterator[str]:
    """A line per operation: nanoseconds, and Linux's price as a multiple of each rung's."""
    yield f"{found.machine}, Linux {found.linux}, {found.platform}; {found.rounds} rounds, medians"
    yield f"{'ns':<20}" + "".join(f"{rung.title:>{_WIDTH}}" for rung in found.rungs)
    for name in found.samples:
        cells = []
        linux = found.ns(name, found.rungs[0].name)
        for rung in found.rungs:
            ns = found.ns(name, rung.name)
            cell = "-" if ns is None else f"{ns:,.1f}"
            if ns and linux and rung.options is not None:
                cell += f" ({_times(linux / ns)})"
            cells.append(f"{cell:>{_WIDTH}}")
        yield f"{name:<20}" + "".join(cells)


def _times(ratio: float) -> str:
    """How many times cheaper, or dearer, than on Linux."""
    if ratio >= 1:
        return f"1/{ratio:.1f} of Linux"
    return f"{1 / ratio:.1f}x Linux"


def calls_record(found: CallCosts) -> dict[str, Any]:
    """For --json: medians, samples and ratios to Linux."""
    first = found.rungs[0].name
    operations = {}
    for name, by_rung in found.samples.items():
        linux = found.ns(name, first)
        operations[name] = {
            rung: {
                "ns": round(median(samples), 3),
                "of_linux": round(median(samples) / linux, 4) if linux else None,
                "samples": [round(ns, 3) for ns in samples],
            }
            for rung, samples in by_rung.items()
        }
    return {
        "platform": found.platform,
        "machine": found.machine,
        "linux": found.linux,
        "rounds": found.rounds,
        "operations": operations,
    }


def program_text(found: ProgramCosts) -> Iterator[str]:
    """A line per rung: seconds, calls, share direct."""
    yield f"{found.program} on {found.platform}; {found.rounds} rounds, medians"
    for rung in found.rungs:
        line = f"  {rung.title:<20}{median(found.seconds[rung.name]):>10.3f} s"
        calls = found.calls.get(rung.name)
        if calls:
            line += f"{calls:>14,} calls, {100 * found.direct[rung.name] / calls:.2f} % direct"
        yield line


def program_record(found: ProgramCosts) -> dict[str, Any]:
    """For --json."""
    rungs = {}
    for rung in found.rungs:
        calls = found.calls.get(rung.name)
        rungs[rung.name] = {
            "s": round(median(found.seconds[rung.name]), 6),
            "samples": [round(s, 6) for s in found.seconds[rung.name]],
            "calls": calls,
            "direct": found.direct.get(rung.name),
            "direct_share": round(found.direct[rung.name] / calls, 6) if calls else None,
        }
    return {
        "program": found.program,
        "platform": found.platform,
        "rounds": found.rounds,
        "rungs": rungs,
    }
