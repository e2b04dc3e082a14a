# SPDX-License-Identifier: BSD-3-Clause
"""The check of clause B3 can fail; its reading of results is what it says."""

from __future__ import annotations

from abi.table import Machine, Support, load
from tests.guest.programs import programs, text_key
from tests.guest.rows import LEAST_ROWS, calls_of, complaints, current


def _content() -> dict[str, dict[str, int]]:
    """Calls with which nothing is owed."""
    table = load()
    return {
        name: {
            "made": 9,
            **({"ok": 1} if errors.succeeds else {}),
            **dict.fromkeys(errors.errnos, 1),
        }
        for name, errors in table.errors.items()
    }


def test_nothing_is_owed_when_all_was_seen() -> None:
    assert not list(complaints(_content(), load()))


def test_what_was_not_seen_is_named() -> None:
    calls = _content()
    del calls["dup"]
    del calls["close"]["ok"]
    del calls["read"]["EISDIR"]
    assert list(complaints(calls, load())) == [
        "read never answered EISDIR",
        "close never succeeded",
        "dup was not called",
    ]


def test_only_tests_that_passed_there_count() -> None:
    rows = [
        {"test": "a", "platform": "vm", "status": "passed", "calls": {"dup": {"made": 2, "ok": 2}}},
        {"test": "b", "platform": "vm", "status": "failed", "calls": {"dup": {"EBADF": 1}}},
        {"test": "c", "platform": "process", "status": "passed", "calls": {"dup": {"EBADF": 1}}},
        {"test": "d", "platform": "vm", "status": "passed", "calls": {"dup": {"made": 1, "ok": 1}}},
        {"test": "e", "platform": "vm", "status": "passed"},
    ]
    assert calls_of(rows, "vm") == {"dup": {"made": 3, "ok": 3}}


def test_results_of_tests_that_are_gone_or_changed_do_not_count() -> None:
    there = next(programs())
    good = {"test": there.name, "text": text_key(there)}
    changed = {"test": there.name, "text": "0123456789abcdef"}
    assert current([good, changed, {"test": "gone", "text": "00"}, {"test": "gone"}]) == [good]


def test_two_hundred_rows_are_full() -> None:
    rows = load().of_machine(Machine.X86_64)
    assert sum(row.support is Support.FULL for row in rows) >= LEAST_ROWS
