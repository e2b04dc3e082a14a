# SPDX-License-Identifier: BSD-3-Clause
"""What `elfin doctor` found on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from elfin.model.run import Platform


class State(Enum):
    """How one finding is."""

    GOOD = "good"
    MISSING = "missing"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact about the machine; ``mend`` says what to do, where something can be done."""

    name: str
    state: State
    detail: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Survey:
    """Every finding, and the platform a plain `elfin run` would use (None: neither works)."""

    findings: tuple[Finding, ...]
    platform: Platform | None
    why: str
