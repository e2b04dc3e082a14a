# SPDX-License-Identifier: BSD-3-Clause
"""``elfin lab``: a suite of test programs on Linux and on Elfin, and what changed since."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import click

from elfin.host.errors import HostError, OptionError
from elfin.model.lab import LINUX, LabResults, TestEnd

_PATH = click.Path(path_type=Path)
_PLATFORMS = (LINUX, "process", "vm")


@click.group(name="lab")
def command() -> None:
    """Run suites of test programs on Linux and on Elfin, and compare."""


@command.command(name="run")
@click.argument("suite")
@click.option("--on", default="linux,process,vm", metavar="LIST", help="linux, process, vm.")
@click.option("-j", "--jobs", type=click.IntRange(1), metavar="N", help="Tests at a time.")
@click.option("-o", "--output", type=_PATH, metavar="FILE", help="JSON. Default: SUITE.json.")
@click.option("--only", multiple=True, metavar="PATTERN", help="Tests by name, like mmap/*.")
@click.option("--every", type=click.IntRange(1), default=1, metavar="N", help="Every N-th test.")
@click.option("--at-least", type=float, metavar="PERCENT", help="Of Linux's passes, else exit 1.")
@click.option("--build", type=_PATH, metavar="DIR", help="Default: build/suites/SUITE.")
def run(
    suite: str,
    on: str,
    jobs: int | None,
    output: Path | None,
    only: tuple[str, ...],
    every: int,
    at_least: float | None,
    build: Path | None,
) -> int:
    """Run SUITE, a folder with suite.toml, test by test; a crash or hang costs its own test only.

    Each test has a guest to itself. Results are kept by test name; what passed on Linux in the
    same run and did not on a platform is listed.
    """
    from elfin.lab import matrix, results
    from elfin.lab.suite import load

    signal.signal(signal.SIGTERM, _give_up)
    platforms = _platforms(on)
    found = load(suite, build, _say)
    tests = matrix.select(found, only, every)
    if not tests:
        raise OptionError(f"{suite} has no such test", hint="--only PATTERN, like mmap/*")
    ran = matrix.run(found, tests, platforms, jobs or 2 * (os.cpu_count() or 1), _progress)
    target = output or Path(f"{found.name}.json")
    results.write(target, ran)
    click.echo(_summary(ran), nl=False)
    click.echo(f"{target}")
    return int(at_least is not None and not _enough(ran, at_least))


@command.command(name="diff")
@click.argument("old", type=_PATH)
@click.argument("new", type=_PATH)
@click.option("--format", "form", type=click.Choice(("text", "markdown", "junit")), default="text")
def diff(old: Path, new: Path, form: str) -> int:
    """What broke, is gone, was fixed or is new between two results.

    Exit status: 1 when something broke or is gone.
    """
    from elfin.lab import diff as changes
    from elfin.lab import results

    before, after = results.read(old), results.read(new)
    if before.suite != after.suite:
        raise OptionError(f"{old} is of suite {before.suite}, {new} of {after.suite}")
    found = changes.differences(before, after)
    text = {
        "text": lambda: changes.as_text(found),
        "markdown": lambda: changes.as_markdown(found),
        "junit": lambda: changes.as_junit(before, after),
    }
    click.echo(text[form](), nl=False)
    return int(changes.is_worse(found))


def _give_up(number: int, frame: object) -> None:
    raise KeyboardInterrupt  # tests end with us


def _platforms(on: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(word.strip() for word in on.split(",") if word.strip()))
    for name in names:
        if name not in _PLATFORMS:
            raise OptionError(f"--on {name} is not a platform", hint="linux, process, vm")
    if not names:
        raise OptionError("--on names no platform", hint="linux, process, vm")
    return names


def _enough(ran: LabResults, percent: float) -> bool:
    from elfin.lab import results

    for platform in ran.platforms:
        passed, base = results.share(ran, platform)
        if platform != LINUX and (not base or 100 * passed < percent * base):
            return False
    if LINUX not in ran.platforms:
        raise HostError("--at-least compares with Linux", hint="--on linux,...")
    return True


def _summary(ran: LabResults) -> str:
    from elfin.lab import results

    lines = []
    for platform in ran.platforms:
        counted = results.counts(ran, platform).most_common()
        lines.append(f"{platform}: " + ", ".join(f"{times} {how}" for how, times in counted))
    for platform in (p for p in ran.platforms if p != LINUX and LINUX in ran.platforms):
        passed, base = results.share(ran, platform)
        if base:
            lines.append(
                f"{platform}: {passed} of the {base} that pass on Linux pass"
                f" ({100 * passed / base:.1f} %)"
            )
        for name in results.failures(ran, platform):
            lines.append(f"  {name}: {ran.tests[name][platform].status}")
    return "".join(f"{line}\n" for line in lines)


def _say(line: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"elfin: {line}", err=True)


def _progress(done: int, whole: int, name: str, platform: str, end: TestEnd) -> None:
    if sys.stderr.isatty():
        line = f"{done}/{whole} {platform} {name} {end.status}"
        click.echo(f"\r{line[:99]:<99}", err=True, nl=done == whole)
