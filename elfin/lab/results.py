# SPDX-License-Identifier: BSD-3-Clause
"""Results of a run of a suite: the JSON file, and the share of Linux's passes that others reach."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from elfin.host.errors import HostError, OptionError
from elfin.model.lab import LINUX, PASS, LabResults, TestEnd


def write(path: Path, results: LabResults) -> None:
    """Write the file; output is kept for tests that did not pass."""
    record = {
        "suite": results.suite,
        "platforms": list(results.platforms),
        "tests": {
            name: {platform: _plain(end) for platform, end in sorted(ends.items())}
            for name, ends in sorted(results.tests.items())
        },
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise HostError(f"cannot write {path}: {reason}") from error


def _plain(end: TestEnd) -> dict[str, Any]:
    plain: dict[str, Any] = {"status": end.status, "seconds": round(end.seconds, 2)}
    if end.status != PASS:
        plain["exit"] = end.exit_status
        if end.output.strip():
            plain["output"] = end.output
    return plain


def read(path: Path) -> LabResults:
    """What `write` wrote. Raises OptionError."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        tests = {
            name: {platform: _end(plain) for platform, plain in ends.items()}
            for name, ends in record["tests"].items()
        }
        return LabResults(record["suite"], tuple(record["platforms"]), tests)
    except OSError as error:
        raise OptionError((error.strerror or str(error)).lower(), where=str(path)) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise OptionError("this is not a file of `elfin lab run`", where=str(path)) from error


def _end(plain: dict[str, Any]) -> TestEnd:
    default = 0 if plain["status"] == PASS else None
    return TestEnd(
        plain["status"], plain.get("exit", default), plain["seconds"], plain.get("output", "")
    )


def counts(results: LabResults, platform: str) -> Counter[str]:
    """How many tests ended how."""
    return Counter(ends[platform].status for ends in results.tests.values() if platform in ends)


def failures(results: LabResults, platform: str) -> list[str]:
    """Tests that passed on Linux in this run and did not here."""
    return [
        name
        for name, ends in sorted(results.tests.items())
        if LINUX in ends
        and platform in ends
        and ends[LINUX].status == PASS
        and ends[platform].status != PASS
    ]


def share(results: LabResults, platform: str) -> tuple[int, int]:
    """(passed here, passed on Linux) among the tests that passed on Linux and ran here."""
    ran = [e for e in results.tests.values() if LINUX in e and platform in e]
    base = [ends for ends in ran if ends[LINUX].status == PASS]
    return sum(ends[platform].status == PASS for ends in base), len(base)
