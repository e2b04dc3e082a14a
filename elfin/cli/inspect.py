# SPDX-License-Identifier: BSD-3-Clause
"""``elfin inspect``: what a program is, what it needs, whether it will run (CLI.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum, Flag
from pathlib import Path
from typing import Any

import click

from elfin.cli import sites as site_lines
from elfin.cli.progress import progress
from elfin.host.errors import CannotRun, NotFound, OptionError
from elfin.model.elf import ElfFacts, Linkage
from elfin.model.verdict import CallUse, Outcome, Verdict

_WORDS = {
    Outcome.WILL_RUN: "will run",
    Outcome.WILL_NOT: "will not run",
    Outcome.MAY: "may run",
}
_LINKAGE = {
    Linkage.STATIC: "statically linked, fixed address",
    Linkage.STATIC_PIE: "statically linked, position-independent",
    Linkage.DYNAMIC: "dynamically linked",
    Linkage.SHARED_LIBRARY: "a shared library",
}
_ORDER = ("full", "partial", "ignored", "denied", "absent")


@click.command("inspect")
@click.argument("program")
@click.option("--rootfs", type=click.Path(path_type=Path), metavar="DIR", help="Look in this root.")
@click.option("--json", "as_json", is_flag=True, help="The verdict as JSON.")
@click.option(
    "--sites", is_flag=True, help="Also where each call stands, and what rewriting makes of it."
)
def command(program: str, rootfs: Path | None, as_json: bool, sites: bool) -> int:
    """Say what PROGRAM is, needs and can call, and whether Elfin has that.

    Exit status: 0 will run, 1 will not, 3 may; 127 when there is no such program.
    """
    from elfin import pipeline

    if rootfs is not None and not rootfs.is_dir():
        raise OptionError(f"--rootfs {rootfs} is not a directory")
    root = rootfs.absolute() if rootfs else None
    plans = None
    try:
        with progress() as say:
            verdict = pipeline.inspect(program, root, say)
            plans = pipeline.sites(verdict, say) if sites else None
    except (CannotRun, NotFound) as error:
        if isinstance(error, NotFound) and " needs " not in error.what:
            raise  # no such program: nothing to give a verdict on
        _print_refusal(program, str(error), as_json=as_json)
        return Outcome.WILL_NOT.value
    if as_json:
        told = _plain(verdict)
        if plans is not None:
            told["plans"] = site_lines.record(plans)
        click.echo(json.dumps(told, indent=1, ensure_ascii=False))
    else:
        for line in (*_lines(program, verdict, sites=sites), *site_lines.lines(plans or {})):
            click.echo(line)
    return verdict.outcome.value


def _print_refusal(program: str, sentence: str, *, as_json: bool) -> None:
    if as_json:
        told = {"outcome": Outcome.WILL_NOT.name.lower(), "reasons": [sentence]}
        click.echo(json.dumps(told, indent=1, ensure_ascii=False))
    else:
        click.echo(f"{program} {_WORDS[Outcome.WILL_NOT]}")
        click.echo(f"  {sentence}")


def _plain(value: Any) -> Any:
    """Dataclasses, enums and paths as JSON has them."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Flag):
        return "".join(flag.name or "" for flag in value)
    if isinstance(value, Outcome):
        return value.name.lower()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return value


def _lines(program: str, verdict: Verdict, *, sites: bool) -> Iterator[str]:
    yield f"{program} {_WORDS[verdict.outcome]}"
    for reason in verdict.reasons:
        yield f"  {reason}"
    yield ""
    yield from _facts(verdict.facts)
    if verdict.libraries:
        yield "needs"
        for library in verdict.libraries:
            where = library.host_path or f"missing, needed by {library.needed_by}"
            yield f"  {library.name:<28} {where}"
    yield from _calls(verdict, sites=sites)


def _facts(facts: ElfFacts) -> Iterator[str]:
    yield f"file       {facts.path}"
    yield f"is         {facts.bits}-bit {facts.machine}, {_LINKAGE[facts.linkage]}"
    if facts.interpreter:
        yield f"loader     {facts.interpreter}"
    yield f"memory     {facts.load_bytes / 1024:,.0f} KiB of address space when loaded"
    if facts.build_id:
        yield f"build-id   {facts.build_id}"
    if facts.executable_stack:
        yield "stack      executable"


def _calls(verdict: Verdict, *, sites: bool) -> Iterator[str]:
    by_word: dict[str, list[CallUse]] = {}
    for call in verdict.calls:
        by_word.setdefault(call.support.partition(":")[0], []).append(call)
    for word in _ORDER:
        calls = by_word.get(word, [])
        if not calls:
            continue
        yield f"calls, {word} ({len(calls)})"
        if word in ("full", "partial") and not sites:
            yield from _wrapped(sorted(call.name for call in calls))
            continue
        for call in sorted(calls, key=lambda call: call.name):
            yield f"  {call.name:<28} {call.note}"
            if sites:
                yield from (f"    {path} {address:#x}" for path, address in call.sites)
    if verdict.unknown_sites:
        yield f"calls whose number is not in the code ({len(verdict.unknown_sites)})"
        shown = verdict.unknown_sites if sites else verdict.unknown_sites[:4]
        yield from (f"  {path} {address:#x}" for path, address in shown)


def _wrapped(names: list[str]) -> Iterator[str]:
    line = " "
    for name in names:
        if len(line) + len(name) + 1 > 96:
            yield line
            line = " "
        line += f" {name}"
    yield line
