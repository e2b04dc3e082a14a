#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""`make claims [ID="A3 A6.second"] [SHORT=1]`: run the command behind every factual sentence.

claims.toml holds one table per claim:

    [[claim]]
    id = "A6.second"            # unique; ID=A6 selects every id that begins with "A6"
    sentence = "A second make takes under 2 s"
    command = "..."             # run by bash (pipefail) at the top of the checkout
    expect = "< 2"              # see below
    unit = "s"                  # of a number
    point = "wall time of make" # where a number is measured
    timeout = 600               # seconds until it is killed, with all that it started
    seconds = 40                # about how long it takes on two quiet cores; over 300 is long

``expect`` is one of: ``= TEXT`` (the command's last line), ``~ REGEX`` (searched in all its
output), ``< NUMBER``, ``<= NUMBER``, ``> NUMBER``, ``>= NUMBER`` (its last line), ``ok`` (status
0). The command must also end with status 0.

A **figure** (a claim with ``figure = true``) prints JSON on its last line: an object with the
medians ``value`` and perhaps ``linux`` (the same on Linux, run alternately with ours), ``n``, and
``unit``; ``n`` under 15 fails unless the claim says ``least = N`` with a ``why``. ``expect`` then
compares ``value``, or with ``of = "linux"`` the ratio value/linux. ``floor``, when it is there, is
what no kernel of ours could save; it and the difference are shown.

A run begins with the time it will take and goes on after a claim that does not hold. After each
claim the results so far are in build/claims.json and build/claims.md, its output in
build/claims/ID.log. SHORT=1 leaves the long ones out. Status 1 when one does not hold.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import operator
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
LOGS = BUILD / "claims"
LEAST_SAMPLES = 15
LONG_SECONDS = 300
COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
KEYS = {
    "id", "sentence", "command", "expect", "unit", "point", "timeout",
    "seconds", "figure", "of", "least", "why",
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
    seconds: int = 30
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
    """Run one claim's command, at most for its timeout; its output stays in LOGS."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{claim.id}.log"
    begin = time.monotonic()
    status = execute(claim, log)
    if status is None:
        holds, found, linux, n = False, f"took longer than {claim.timeout} s", "", 0
    else:
        output = log.read_text(encoding="utf-8", errors="replace")
        holds, found, linux, n = judge(claim, status, output)
    seconds = round(time.monotonic() - begin, 1)
    expect = f"{claim.expect} {claim.of or claim.unit}".strip()
    return Outcome(claim.id, claim.sentence, expect, found, linux, n, claim.point, holds, seconds)


def execute(claim: Claim, log: Path) -> int | None:
    """The command's status; None when its time was over. Nothing it started stays behind."""
    with log.open("wb") as out:
        child = subprocess.Popen(
            ["bash", "-o", "pipefail", "-c", claim.command],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return child.wait(claim.timeout)
        except subprocess.TimeoutExpired:
            return None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def spelled(seconds: float) -> str:
    """1 h 05 min, 12 min, 40 s."""
    minutes = round(seconds / 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02} min"
    return f"{minutes} min" if seconds >= 90 else f"{seconds:.0f} s"


def forecast(claims: list[Claim]) -> str:
    """How long these will take, the long ones by name."""
    long = sorted((c for c in claims if c.seconds > LONG_SECONDS), key=lambda c: -c.seconds)
    text = (
        f"{len(claims)} claims, about {spelled(sum(c.seconds for c in claims))} on two quiet cores"
    )
    return text + "".join(f"; {c.id} {spelled(c.seconds)}" for c in long)


def show(outcome: Outcome) -> None:
    """One row of the table on the terminal."""
    mark = "holds " if outcome.holds else "BROKEN"
    beside = f" · Linux {outcome.linux}" if outcome.linux else ""
    found = outcome.found if len(outcome.found) <= 160 else outcome.found[:159] + "…"
    print(f"{mark} {outcome.id:20} {outcome.seconds:6.1f} s  {outcome.sentence}")
    print(f"{'':37}expected {outcome.expect} · found {found}{beside}", flush=True)


def store(outcomes: list[Outcome]) -> None:
    """build/claims.json and build/claims.md."""
    text = json.dumps([asdict(o) for o in outcomes], indent=1, ensure_ascii=False)
    (BUILD / "claims.json").write_text(text + "\n", encoding="utf-8")
    (BUILD / "claims.md").write_text(markdown(outcomes), encoding="utf-8")


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
    parser.add_argument("--short", action="store_true", help="without those of over five minutes")
    parser.add_argument("--list", action="store_true", help="only say what would run")
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
    claims = select(claims, options.ids, figures=options.figures, short=options.short)
    if not claims:
        print("no such claim")
        return 1
    if options.list:
        print("\n".join(f"{c.id:20} {c.seconds:5} s  {c.sentence}" for c in claims))
    print(forecast(claims), flush=True)
    return 0 if options.list else run_all(claims)


def select(claims: list[Claim], ids: list[str], *, figures: bool, short: bool) -> list[Claim]:
    """Those that were asked for, in the file's order."""
    return [
        c
        for c in claims
        if (c.figure or not figures)
        and (c.seconds <= LONG_SECONDS or not short)
        and (not ids or c.id.startswith(tuple(ids)))
    ]


def run_all(claims: list[Claim]) -> int:
    """Run them in turn; Ctrl-C and TERM end with what is known so far."""
    outcomes: list[Outcome] = []
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    begin = time.monotonic()
    try:
        for claim in claims:
            outcomes.append(run(claim))
            show(outcomes[-1])
            store(outcomes)
    except KeyboardInterrupt:
        print(f"interrupted: {len(claims) - len(outcomes)} not run")
    broken = [o.id for o in outcomes if not o.holds]
    held = len(outcomes) - len(broken)
    took = spelled(time.monotonic() - begin)
    print(f"{held} of {len(claims)} hold ({took}); build/claims.md, build/claims.json")
    if broken:
        print(f"broken: {' '.join(broken)}; their output is in build/claims/ID.log")
    return 0 if held == len(claims) else 1


if __name__ == "__main__":
    sys.exit(main())
