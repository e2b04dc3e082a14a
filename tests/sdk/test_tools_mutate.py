# SPDX-License-Identifier: BSD-3-Clause
"""`make mutate`: its list fits the tree, and it tells mutants that live."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import mutate  # noqa: E402

MUTANTS = mutate.load(ROOT / "tools" / "mutants.toml")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_place_is_there_once(mutant: mutate.Mutant) -> None:
    """A mutant whose place moved away would be no mutant."""
    text = (ROOT / mutant.file).read_text()
    assert mutate.mutated(text, mutant) != text


def test_at_least_six() -> None:
    """Clause C7's number."""
    assert len(MUTANTS) >= 6


SUMMARY = """
FAILED tests/sdk/test_a.py::test_one[with - a dash] - assert 1 == 2
FAILED tests/sdk/test_a.py::test_two - assert 1
"""


def test_names_are_read() -> None:
    """From pytest's short summary."""
    assert "test_two" in mutate.failed_tests(SUMMARY)
    assert len(mutate.failed_tests(SUMMARY)) == 2


def test_a_mutant_that_lives_is_told() -> None:
    """Every named test has to fail; a prefix stands for all its parameters."""
    mutant = mutate.Mutant("m", "f", "a", "b", "t", ("test_one", "test_two[x]"))
    assert mutate.unnoticed(mutant, ["test_one[1]", "test_two[x]"]) == []
    assert mutate.unnoticed(mutant, ["test_one[1]", "test_two[y]"]) == ["test_two[x]"]
    assert mutate.unnoticed(mutant, []) == ["test_one", "test_two[x]"]


@pytest.mark.parametrize("text", ["nothing", "place and place"])
def test_wrong_place_is_an_error(text: str) -> None:
    """Not there, or there twice."""
    with pytest.raises(ValueError, match="times in the file"):
        mutate.mutated(text, mutate.Mutant("m", "f", "place", "b", "t", ("x",)))
