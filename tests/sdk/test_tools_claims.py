# SPDX-License-Identifier: BSD-3-Clause
"""tools/claims.py: a claim holds or it does not, and the file is checked."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools import claims
from tools.claims import Claim, ClaimError, forecast, read_claims, run, select


@pytest.fixture(autouse=True)
def _logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outputs go where no other test's do."""
    monkeypatch.setattr(claims, "LOGS", tmp_path / "logs")


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


def test_what_a_claim_started_ends_with_it(tmp_path: Path) -> None:
    """A child that keeps the output open neither holds the run up nor stays behind."""
    mark = tmp_path / "pid"
    assert run(claim(f"sleep 1000 & echo $! >{mark}", "ok")).holds
    stat = Path(f"/proc/{mark.read_text().strip()}/stat")
    while _runs(stat):
        time.sleep(0.01)


def _runs(stat: Path) -> bool:
    """Whether a process is neither gone nor a zombie."""
    try:
        return stat.read_text().split()[2] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_run_goes_on_and_keeps_what_it_found(tmp_path: Path) -> None:
    file = tmp_path / "claims.toml"
    rows = (("T.a", "false"), ("T.b", "true"))
    file.write_text(
        "".join(
            f'[[claim]]\nid = "{name}"\nsentence = "s"\ncommand = "{command}"\nexpect = "ok"\n'
            for name, command in rows
        )
    )
    argv = [sys.executable, str(claims.__file__), "--file", str(file), "--list"]
    listed = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert "2 claims, about 60 s on two quiet cores" in listed
    outcomes = [run(one) for one in read_claims(file)]
    assert [o.holds for o in outcomes] == [False, True]
    assert "| NO |" in claims.markdown(outcomes)


def test_long_claims_are_named_and_can_be_left_out() -> None:
    both = [claim("true", "ok"), claim("true", "ok", seconds=3900)]
    assert forecast(both) == "2 claims, about 1 h 06 min on two quiet cores; X 1 h 05 min"
    assert select(both, [], figures=False, short=True) == both[:1]


def test_every_clause_has_a_claim() -> None:
    """Clauses A1..A9 of the second issue and B1..B9 of the third."""
    ids = {one.id for one in read_claims(claims.ROOT / "claims.toml")}
    clauses = {match[0] for name in ids if (match := re.match(r"[AB]\d", name))}
    assert clauses == {f"{letter}{n}" for letter in "AB" for n in range(1, 10)}
