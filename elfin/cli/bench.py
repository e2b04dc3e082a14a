# SPDX-License-Identifier: BSD-3-Clause
"""``elfin bench``: what calls and programs cost on Linux and on every rung of the ladder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from elfin.cli.progress import progress
from elfin.host.cache import cache_dir
from elfin.host.errors import HostError, OptionError

_PATH = click.Path(path_type=Path, dir_okay=False)
_Verb = TypeVar("_Verb", bound=Callable[..., Any])


def _common(verb: _Verb) -> _Verb:
    """The options that both measurements have."""
    for option in (
        click.option("--json", "json_file", type=_PATH, metavar="FILE", help="The figures there."),
        click.option("-n", "--rounds", type=click.IntRange(1), default=7, help="Default: 7."),
        click.option(
            "--platform", type=click.Choice(("process", "vm")), default="process", help="Of Elfin."
        ),
    ):
        verb = option(verb)
    return verb


@click.group(name="bench")
def command() -> None:
    """Measure one unmodified program on Linux and on Elfin, interleaved, in one run."""


@command.command(name="syscalls")
@click.argument("operation", nargs=-1)
@click.option("--milliseconds", type=click.IntRange(1), default=50, help="Per call, rung, round.")
@click.option("--plot", type=_PATH, metavar="FILE.svg", help="The ladder as a picture.")
@_common
def syscalls(
    operation: tuple[str, ...],
    milliseconds: int,
    plot: Path | None,
    platform: str,
    rounds: int,
    json_file: Path | None,
) -> None:
    """Nanoseconds of single calls: native, by trap, by __kernel_vsyscall, by rewritten sites."""
    from elfin.bench import show
    from elfin.bench.plot import ladder
    from elfin.bench.syscalls import measure

    if plot is not None and plot.suffix != ".svg":
        raise OptionError(f"--plot {plot}: only SVG is drawn", hint=f"--plot {plot.stem}.svg")
    with progress() as say:
        found = measure(cache_dir(), platform, operation, rounds, milliseconds, say)
    _finish(show.calls_text(found), show.calls_record(found), json_file)
    if plot is not None:
        _write(plot, ladder(found))


@command.command(name="app")
@click.argument("name", type=click.Choice(("sqlite3", "python3", "busybox")))
@click.option("--rootfs", type=click.Path(path_type=Path), metavar="DIR", help="It is from there.")
@_common
def app(name: str, rootfs: Path | None, platform: str, rounds: int, json_file: Path | None) -> None:
    """Seconds of a whole program, its calls, and the share of them that went by a direct door."""
    from elfin.bench import show
    from elfin.bench.app import measure

    if rootfs is not None and not rootfs.is_dir():
        raise OptionError(f"--rootfs {rootfs} is not a directory")
    root = rootfs.absolute() if rootfs else None
    with progress() as say:
        found = measure(name, platform, rounds, root, say)
    _finish(show.program_text(found), show.program_record(found), json_file)


def _finish(lines: Iterable[str], record: dict[str, Any], json_file: Path | None) -> None:
    for line in lines:
        click.echo(line)
    if json_file is not None:
        _write(json_file, json.dumps(record, indent=1) + "\n")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise HostError(f"cannot write {path}: {error.strerror}") from error
