# SPDX-License-Identifier: BSD-3-Clause
"""`--trace-summary`: the table of `strace -c`, and the door."""

from __future__ import annotations

from collections.abc import Iterable

from elfin.model.run import CallCount, RunResult

_RULE = ("------", "-----------", "-----------", "---------", "---------", "------")
_HEAD = ("% time", "seconds", "usecs/call", "calls", "errors", "door")


def table(result: RunResult) -> str:
    """Lines with ends. Time is what passed between entry and return, waiting included."""
    counts = sorted(result.calls, key=lambda count: (-count.took_ns, -count.times, count.name))
    whole_ns = sum(count.took_ns for count in counts)
    rule = _line(_RULE, "----------------")
    lines = [_line(_HEAD, "syscall"), rule]
    lines += [_count_line(count, whole_ns, _errors(result, count)) for count in counts]
    calls = sum(count.times for count in counts)
    errors = sum(_errors(result, count) for count in counts)
    share = "100.00" if whole_ns else "0.00"
    lines += [rule, _line(_cells(share, whole_ns, calls, errors, ""), "total")]
    return "".join(f"{line}\n" for line in lines)


def _errors(result: RunResult, count: CallCount) -> int:
    """Failures are counted by call; a call that came through two doors shows them at its first."""
    first = next(other for other in result.calls if other.name == count.name)
    outcomes = result.outcomes.get(count.name, {}) if first is count else {}
    return sum(times for name, times in outcomes.items() if name != "ok")


def _count_line(count: CallCount, whole_ns: int, errors: int) -> str:
    share = f"{100 * count.took_ns / whole_ns:.2f}" if whole_ns else "0.00"
    return _line(_cells(share, count.took_ns, count.times, errors, count.door), count.name)


def _cells(share: str, took_ns: int, calls: int, errors: int, door: str) -> tuple[str, ...]:
    per_call = took_ns // 1000 // calls if calls else 0
    shown = str(errors) if errors else ""
    return (share, f"{took_ns / 1e9:.6f}", str(per_call), str(calls), shown, door)


def _line(cells: Iterable[str], name: str) -> str:
    padded = (cell.rjust(len(rule)) for cell, rule in zip(cells, _RULE, strict=True))
    return " ".join(padded) + f" {name}"
