#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""`make claims [ID="A3 A6.second"]`: run the command behind every factual sentence.

claims.toml holds one table per claim:

    [[claim]]
    id = "A6.second"            # unique; ID=A6 selects every id that begins with "A6"
    sentence = "A second make takes under 2 s"
    command = "..."             # run by bash (pipefail) at the top of the checkout
    expect = "< 2"              # see below
    unit = "s"                  # of a number
    point = "wall time of make" # where a number is measured
    timeout = 600               # seconds

``expect`` is one of: ``= TEXT`` (the command's last line), ``~ REGEX`` (searched in all its
output), ``< NUMBER``, ``<= NUMBER``, ``> NUMBER``, ``>= NUMBER`` (its last line), ``ok`` (status
0). The command must also end with status 0.

A **figure** (a claim with ``figure = true``) prints JSON on its last line: an object with the
medians ``value`` and perhaps ``linux`` (the same on Linux, run alternately with ours), ``n``, and
``unit``; ``n`` under 15 fails unless the claim says ``least = N`` with a ``why``. ``expect`` then
compares ``value``, or with ``of = "linux"`` the ratio value/linux. ``floor``, when it is there, is
what no kernel of ours could save; it and the difference are shown.

Results go to build/claims.json and build/claims.md. Status 1 when one does not hold.
"""

from __future__ import annotations

import argparse
import json
import operator
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LEAST_SAMPLES = 15
COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
KEYS = {
    "id", "sentence", "command", "expect", "unit", "point", "timeout",
    "figure", "of", "least", "why",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence and the command that shows whether it holds."""

    id: str
    sentence: str
    command: str
    expect: str
    unit: str = ""
    point: str = ""
    timeout: int = 600
    figure: bool = False
    of: str = ""
    least: int = LEAST_SAMPLES
    why: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a claim's command gave. ``found`` is a number's text, a line, or what went wrong."""

    id: str
    sentence: str
    expect: str
    found: str
    linux: str
    n: int
    point: str
    holds: bool
    seconds: float


class ClaimError(ValueError):
    """claims.toml says something that cannot be checked."""


def read_claims(path: Path) -> list[Claim]:
    """All claims of a file.

    Raises:
        ClaimError: an unknown key, a double id, an expectation of unknown form, a number without
            a unit or a measuring point.
    """
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("claim", [])
    claims: list[Claim] = []
    seen: set[str] = set()
    for entry in entries:
        unknown = set(entry) - KEYS
        if unknown or not {"id", "sentence", "command", "expect"} <= set(entry):
            raise ClaimError(f"{entry.get('id', entry)}: missing or unknown keys {sorted(unknown)}")
        claim = Claim(**entry)
        if claim.id in seen:
            raise ClaimError(f"{claim.id}: there twice")
        seen.add(claim.id)
        if not re.fullmatch(r"ok|[=~] .+|(<=?|>=?) -?[\d.]+", claim.expect, re.DOTALL):
            raise ClaimError(f"{claim.id}: expect = {claim.expect!r} is none of the known forms")
        if claim.expect[0] in "<>" and not (claim.unit and claim.point):
            raise ClaimError(f"{claim.id}: a number needs `unit` and `point`")
        if claim.least < LEAST_SAMPLES and not claim.why:
            raise ClaimError(f"{claim.id}: fewer than {LEAST_SAMPLES} samples need a `why`")
        claims.append(claim)
    return claims


def judge(claim: Claim, status: int, output: str) -> tuple[bool, str, str, int]:
    """(holds, found, linux, n) from the command's status and output."""
    lines = [line for line in output.splitlines() if line.strip()]
    last = lines[-1].strip() if lines else ""
    if status != 0:
        return False, f"status {status}: {last}", "", 0
    if claim.figure:
        return judge_figure(claim, last)
    if claim.expect == "ok":
        return True, "ok", "", 0
    sign, _, wanted = claim.expect.partition(" ")
    if sign == "=":
        return last == wanted, last, "", 0
    if sign == "~":
        match = re.search(wanted, output, re.MULTILINE)
        return match is not None, match.group(0) if match else last, "", 0
    try:
        return COMPARE[sign](float(last), float(wanted)), last, "", 0
    except ValueError:
        return False, f"not a number: {last}", "", 0


def judge_figure(claim: Claim, last: str) -> tuple[bool, str, str, int]:
    """The same for a figure's JSON line."""
    try:
        figure: dict[str, Any] = json.loads(last)
        value, n = float(figure["value"]), int(figure["n"])
        linux = float(figure["linux"]) if "linux" in figure else None
    except (ValueError, KeyError, TypeError) as error:
        return False, f"not a figure ({error!r}): {last}", "", 0
    shown = "" if linux is None else f"{linux:g} {claim.unit}"
    if n < claim.least:
        return False, f"{value:g} {claim.unit}, but n = {n} < {claim.least}", shown, n
    sign, _, wanted = claim.expect.partition(" ")
    if claim.of:
        other = figure.get(claim.of)
        if not other:
            return False, f"no {claim.of} beside it: {last}", shown, n
        ratio = value / float(other)
        text = f"{value:g} {claim.unit} ({ratio:.3f} of {claim.of})"
        return COMPARE[sign](ratio, float(wanted)), text, shown, n
    text = f"{value:g} {claim.unit}"
    if "floor" in figure:
        floor = float(figure["floor"])
        text += f" (floor {floor:g}, {value - floor:.1f} above it)"
    return COMPARE[sign](value, float(wanted)), text, shown, n


def run(claim: Claim) -> Outcome:
    """Run one claim's command."""
    begin = time.monotonic()
    try:
        result = subprocess.run(
            ["bash", "-o", "pipefail", "-c", claim.command],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=claim.timeout,
            check=False,
        )
        holds, found, linux, n = judge(claim, result.returncode, result.stdout)
    except subprocess.TimeoutExpired:
        holds, found, linux, n = False, f"took longer than {claim.timeout} s", "", 0
    seconds = round(time.monotonic() - begin, 1)
    expect = f"{claim.expect} {claim.of or claim.unit}".strip()
    return Outcome(claim.id, claim.sentence, expect, found, linux, n, claim.point, holds, seconds)


def markdown(outcomes: list[Outcome]) -> str:
    """The table of build/claims.md."""
    lines = [
        "| id | sentence | expected | found | Linux | n | holds |",
        "|---|---|---|---|---|---|---|",
    ]
    for o in outcomes:
        cells = (
            o.id,
            o.sentence,
            o.expect,
            o.found,
            o.linux,
            str(o.n or ""),
            "yes" if o.holds else "NO",
        )
        lines.append(
            "| " + " | ".join(c.replace("|", "\\|").replace("\n", " ") for c in cells) + " |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run the selected claims; 1 when one does not hold."""
    parser = argparse.ArgumentParser(description="run the commands behind every factual sentence")
    parser.add_argument("--check", action="store_true", help="only read claims.toml")
    parser.add_argument("--figures", action="store_true", help="only the figures")
    parser.add_argument("--file", type=Path, default=ROOT / "claims.toml")
    parser.add_argument("ids", nargs="*", help="ids, or what they begin with")
    options = parser.parse_args()
    try:
        claims = read_claims(options.file)
    except ClaimError as error:
        print(f"claims.toml: {error}")
        return 1
    if options.check:
        return 0
    claims = [c for c in claims if c.figure or not options.figures]
    if options.ids:
        claims = [c for c in claims if c.id.startswith(tuple(options.ids))]
    if not claims:
        print("no such claim")
        return 1
    outcomes = []
    for claim in claims:
        outcomes.append(outcome := run(claim))
        mark = "holds " if outcome.holds else "BROKEN"
        print(f"{mark} {outcome.id:14} {outcome.sentence}", flush=True)
        beside = f" · Linux {outcome.linux}" if outcome.linux else ""
        found = f"found {outcome.found}{beside} ({outcome.seconds} s)"
        print(f"       expected {outcome.expect} · {found}")
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    text = json.dumps([asdict(o) for o in outcomes], indent=1, ensure_ascii=False)
    (build / "claims.json").write_text(text + "\n", encoding="utf-8")
    (build / "claims.md").write_text(markdown(outcomes), encoding="utf-8")
    held = sum(o.holds for o in outcomes)
    print(f"{held} of {len(outcomes)} hold; build/claims.md, build/claims.json")
    return 0 if held == len(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
