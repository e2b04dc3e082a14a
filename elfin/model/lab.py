# SPDX-License-Identifier: BSD-3-Clause
"""The lab: suites of test programs, how their tests ended, what changed between two runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

LINUX = "linux"
PASS = "pass"
# How a test can end beside what its suite says of exit statuses.
FAIL, CRASH, HANG, PANIC, ERROR, SKIP = "fail", "crash", "hang", "panic", "error", "skip"


@dataclass(frozen=True, slots=True)
class Test:
    """One program of a suite. ``argv`` is relative to the suite's programs."""

    __test__: ClassVar[bool] = False

    name: str
    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite that is built: its programs lie below ``programs``; ``launch``, where there is one,
    is the program that becomes or runs the test its argument names, so that all tests share an
    image; ``add`` are further files for guests, as --add has them. ``memory`` is a guest's.
    ``statuses`` says what an exit status means; ``timeout_s`` is by platform."""

    name: str
    folder: Path
    programs: Path
    tests: tuple[Test, ...]
    launch: str | None = None
    statuses: Mapping[int, str] = field(default_factory=dict)
    skips: Mapping[str, str] = field(default_factory=dict)
    timeout_s: Mapping[str, float] = field(default_factory=dict)
    user: str | None = None
    guest_user: str | None = None
    memory: str | None = None
    add: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TestEnd:
    """How one test ended on one platform. ``exit_status`` as a shell says it, None when it had to
    be killed; ``output`` is its last bytes."""

    __test__: ClassVar[bool] = False  # pytest takes every Test* for tests

    status: str
    exit_status: int | None
    seconds: float
    output: str = ""


@dataclass(frozen=True, slots=True)
class LabResults:
    """Test name → platform → how it ended."""

    suite: str
    platforms: tuple[str, ...]
    tests: Mapping[str, Mapping[str, TestEnd]]


class Change(StrEnum):
    """What became of a test on a platform between two runs."""

    BROKEN = "broken"
    GONE = "gone"
    FIXED = "fixed"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Difference:
    """One test that is not as before; statuses are None where it was not run."""

    change: Change
    test: str
    platform: str
    before: str | None
    after: str | None
