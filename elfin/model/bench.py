# SPDX-License-Identifier: BSD-3-Clause
"""What a measurement found: the same program on every rung of the ladder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to run the program. ``options`` are those of `elfin run`; None is Linux itself.
    ``door`` is what the measuring program is told: site or call."""

    name: str
    title: str
    options: tuple[str, ...] | None
    door: str = "site"


@dataclass(frozen=True, slots=True)
class CallCosts:
    """Nanoseconds per operation and rung, one sample a round, the loop's own cost taken off."""

    platform: str
    machine: str
    linux: str
    rounds: int
    rungs: tuple[Rung, ...]
    samples: Mapping[str, Mapping[str, tuple[float, ...]]] = field(default_factory=dict)

    def ns(self, operation: str, rung: str) -> float | None:
        """The median; None where the rung has no such operation."""
        found = self.samples.get(operation, {}).get(rung)
        return median(found) if found else None


@dataclass(frozen=True, slots=True)
class ProgramCosts:
    """A whole program: wall seconds per rung, one sample a round; of Elfin's rungs also the calls
    it made and how many went by a direct door."""

    program: str
    platform: str
    rounds: int
    rungs: tuple[Rung, ...]
    seconds: Mapping[str, tuple[float, ...]]
    calls: Mapping[str, int]
    direct: Mapping[str, int]
