# SPDX-License-Identifier: BSD-3-Clause
"""How a run went: `--stats`, `--result`, and the calls Elfin does not have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from elfin.host.errors import HostError
from elfin.host.units import MIB, format_ns
from elfin.model.run import Accel, CallCount, EndedBy, Platform, RunResult

_DIRECT_DOORS = ("jump", "call", "native")


def closing_line(result: RunResult) -> str:
    """``exit 0 · vm/kvm · first byte 38 ms · 21 of 128 MiB · 3,104,882 calls, 99.7 % direct``."""
    return " · ".join(_parts(result))


def _parts(result: RunResult) -> Iterator[str]:
    killed = f" (signal {result.signal})" if result.signal else ""
    yield f"exit {result.status}{killed}"
    accel = f"/{result.accel.value}" if result.accel else ""
    yield result.platform.value + accel
    if result.boot_ns is not None:
        what = "first byte" if result.platform is Platform.VM else "started after"
        yield f"{what} {format_ns(result.boot_ns)}"
    if result.peak_bytes is not None and result.total_bytes:
        yield f"{_mib(result.peak_bytes)} of {_mib(result.total_bytes)} MiB"
    total = sum(count.times for count in result.calls)
    if total:
        direct = sum(count.times for count in result.calls if count.door in _DIRECT_DOORS)
        share = 100 * direct / total
        yield f"{total:,} calls, {share:.1f} % direct" if direct else f"{total:,} calls"


def _mib(size: int) -> int:
    return -(-size // MIB)


def absent_sentences(program: str, result: RunResult) -> Iterator[str]:
    """One sentence per call that the program made and Elfin does not have."""
    name = PurePosixPath(program).name
    for call, times in result.absent.items():
        often = "once" if times == 1 else f"{times} times"
        yield (
            f"{name} called {call}, which Elfin does not have (ENOSYS, {often}); "
            "see docs/reference/calls.md"
        )


def as_json(result: RunResult) -> dict[str, Any]:
    """The content of --result: times in ms, sizes in bytes, calls by name and door."""
    calls: dict[str, dict[str, int]] = {}
    times = {count.name: _ms(count.took_ns) for count in result.calls if count.took_ns}
    for count in result.calls:
        calls.setdefault(count.name, {})[count.door] = count.times
    return {
        "status": result.status,
        "ended_by": result.ended_by.value,
        "signal": result.signal,
        "platform": result.platform.value,
        "accel": result.accel.value if result.accel else None,
        "boot_ms": _ms(result.boot_ns),
        "started_ms": _ms(result.started_ns),
        "wall_ms": _ms(result.wall_ns),
        "peak_bytes": result.peak_bytes,
        "total_bytes": result.total_bytes,
        "calls": calls,
        "outcomes": {name: dict(found) for name, found in result.outcomes.items()},
        **({"call_ms": times} if times else {}),
        "absent": dict(result.absent),
        "message": result.message,
    }


def _ms(duration_ns: int | None) -> float | None:
    return None if duration_ns is None else round(duration_ns / 1e6, 3)


def write_result(path: Path, result: RunResult) -> None:
    """Write --result; raises HostError when it cannot be written."""
    text = json.dumps(as_json(result), indent=2) + "\n"
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise HostError(f"cannot write --result {path}: {reason}") from error


def read_result(path: Path) -> RunResult | None:
    """What `write_result` wrote; None when there is nothing (the guest was not launched)."""
    try:
        record = json.loads(path.read_bytes())
        return RunResult(
            status=record["status"],
            ended_by=EndedBy(record["ended_by"]),
            platform=Platform(record["platform"]),
            accel=Accel(record["accel"]) if record["accel"] else None,
            signal=record["signal"],
            boot_ns=_ns(record["boot_ms"]),
            started_ns=_ns(record["started_ms"]),
            wall_ns=_ns(record["wall_ms"]) or 0,
            peak_bytes=record["peak_bytes"],
            total_bytes=record["total_bytes"],
            calls=tuple(
                CallCount(name, door, times)
                for name, doors in record["calls"].items()
                for door, times in doors.items()
            ),
            absent=record["absent"],
            outcomes=record["outcomes"],
            message=record["message"],
        )
    except (OSError, ValueError, KeyError):
        return None


def _ns(duration_ms: float | None) -> int | None:
    return None if duration_ms is None else round(duration_ms * 1e6)
