# SPDX-License-Identifier: BSD-3-Clause
"""A verdict as JSON values and back, for the cache. The facts are not part of it: those are read
anew each time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import abi
from elfin.model.elf import ElfFacts
from elfin.model.verdict import CallUse, Library, Outcome, Verdict


def to_record(verdict: Verdict) -> dict[str, Any]:
    """What `from_record` needs besides the facts."""
    return {
        "outcome": verdict.outcome.name,
        "reasons": verdict.reasons,
        "libraries": [
            (library.name, library.guest_path, library.host_path, library.needed_by)
            for library in verdict.libraries
        ],
        "calls": [
            (call.name, call.number, call.support, call.sites, call.note) for call in verdict.calls
        ],
        "unknown": verdict.unknown_sites,
    }


def from_record(record: dict[str, Any], facts: ElfFacts) -> Verdict:
    """The verdict again."""
    return Verdict(
        Outcome[record["outcome"]],
        facts,
        tuple(record["reasons"]),
        tuple(Library(*fields) for fields in record["libraries"]),
        tuple(
            CallUse(name, number, support, _sites(sites), note)
            for name, number, support, sites, note in record["calls"]
        ),
        _sites(record["unknown"]),
    )


def judgement_files() -> list[Path]:
    """What a verdict hangs on besides the program: the table, and this room."""
    table = Path(abi.__file__).parent
    here = Path(__file__).parent
    return [*table.glob("*.tbl"), *table.glob("*.py"), *here.glob("*.py")]


def _sites(found: list[list[Any]]) -> tuple[tuple[str, int], ...]:
    return tuple((str(path), int(address)) for path, address in found)
