# SPDX-License-Identifier: BSD-3-Clause
"""tools/claims.py: a claim holds or it does not, and the file is checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.claims import Claim, ClaimError, read_claims, run

FIGURE = '{"value": 12.0, "linux": 10.0, "n": 15, "unit": "ms"}'


def claim(command: str, expect: str, **more: object) -> Claim:
    """A claim with what a number needs."""
    fields = {"unit": "ms", "point": "here", **more}
    return Claim(id="X", sentence="s", command=command, expect=expect, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tested", "holds"),
    [
        (claim("echo a; echo b", "= b"), True),
        (claim("echo a; echo b", "= a"), False),
        (claim("echo one two", "~ t.o"), True),
        (claim("echo one two", "~ ^two"), False),
        (claim("echo 1.5", "< 2"), True),
        (claim("echo 2", "< 2"), False),
        (claim("echo 2", ">= 2"), True),
        (claim("echo many", "< 2"), False),
        (claim("true", "ok"), True),
        (claim("false", "ok"), False),
        (claim("echo 1; exit 3", "< 2"), False),
        (claim("false | echo 1", "< 2"), False),
        (claim(f"echo '{FIGURE}'", "< 13", figure=True), True),
        (claim(f"echo '{FIGURE}'", "< 12", figure=True), False),
        (claim(f"echo '{FIGURE}'", "<= 1.2", figure=True, of="linux"), True),
        (claim(f"echo '{FIGURE}'", "<= 1.1", figure=True, of="linux"), False),
        (claim(f"echo '{FIGURE}'", "< 13", figure=True, least=16), False),
        (claim("echo 12", "< 13", figure=True), False),
        (claim("sleep 9", "ok", timeout=1), False),
    ],
)
def test_a_claim_holds_when_its_command_shows_it(tested: Claim, holds: bool) -> None:
    outcome = run(tested)
    assert outcome.holds is holds, outcome


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('id = "a"\nsentence = "s"\ncommand = "c"', "missing"),
        ('id = "a"\nsentence = "s"\ncommand = "c"\nexpect = "ok"\nmore = 1', "unknown"),
        ('id = "a"\nsentence = "s"\ncommand = "c"\nexpect = "maybe"', "known forms"),
        ('id = "a"\nsentence = "s"\ncommand = "c"\nexpect = "< 2"', "unit"),
        ('id = "a"\nsentence = "s"\ncommand = "c"\nexpect = "ok"\nleast = 3', "why"),
    ],
)
def test_a_claim_that_cannot_be_checked_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "claims.toml"
    path.write_text(f"[[claim]]\n{text}\n")
    with pytest.raises(ClaimError, match=said):
        read_claims(path)


def test_an_id_is_there_once(tmp_path: Path) -> None:
    path = tmp_path / "claims.toml"
    one = '[[claim]]\nid = "a"\nsentence = "s"\ncommand = "c"\nexpect = "ok"\n'
    path.write_text(one + one)
    with pytest.raises(ClaimError, match="twice"):
        read_claims(path)


def test_a_floor_is_shown_with_the_difference() -> None:
    figure = '{"value": 31.5, "floor": 20.25, "n": 15, "unit": "ms"}'
    outcome = run(claim(f"echo '{figure}'", "<= 30", figure=True))
    assert not outcome.holds
    assert outcome.found == "31.5 ms (floor 20.25, 11.2 above it)"
