# SPDX-License-Identifier: BSD-3-Clause
"""The rows of programs.toml and tour.toml: one command line each, with all that decides its output.

whole = ["NAME", ...]        roots that a guest sees whole: for programs that start others. Else it
                             sees the program's package and what that depends on
[roots]
NAME = ["package", ...]      Debian packages of one root directory; made.py may add to it

[[row]]
argv = [...]                 the command line; argv[0] is looked up in the row's PATH
root = "NAME"                the root it runs in; absent: the host's own root
name = "..."                 for reports; absent: the command line
files = ["lines.txt", ...]   fixtures that lie in the working directory
inline = { "a.txt" = "..." } further files of it, written here
stdin = "..." | stdin_file = "lines.txt"
env = { K = "V" }            beside PATH HOME TERM LANG
status = 0                   what Linux must answer (else the row itself is wrong)
sort = true                  output is unordered on Linux: lines are sorted before comparing
memory = "256M"              -m
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
BASE_ENV = {
    "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
    "HOME": "/root",
    "TERM": "dumb",
    "LANG": "C.UTF-8",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One command line."""

    argv: tuple[str, ...]
    root: str | None = None
    name: str = ""
    inline: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes | None = None
    stdin_file: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    status: int = 0
    sort: bool = False
    add: tuple[str, ...] = ()
    memory: str | None = None
    whole: bool = False

    @property
    def title(self) -> str:
        """What a report calls the row: its name, or the command line on one short line."""
        text = self.name or " ".join(self.argv)
        text = " ".join(text.split())
        return text if len(text) <= 60 else text[:57] + "..."

    @property
    def environment(self) -> dict[str, str]:
        """The whole environment of the program."""
        return {**BASE_ENV, **self.env}


@dataclass(frozen=True, slots=True)
class Suite:
    """One TOML file."""

    roots: Mapping[str, tuple[str, ...]]
    rows: tuple[Row, ...]


def load(file: Path) -> Suite:
    """Read a file; a key that is not in the list above is an error."""
    raw = tomllib.loads(file.read_text())
    roots = {name: tuple(packages) for name, packages in raw.get("roots", {}).items()}
    whole = raw.get("whole", [])
    rows = tuple(_row(entry, file, whole) for entry in raw["row"])
    for row in rows:
        if row.root is not None and row.root not in roots:
            raise ValueError(f"{file.name}: {row.title}: unknown root {row.root}")
    return Suite(roots, rows)


def _row(entry: dict[str, Any], file: Path, whole: list[str]) -> Row:
    known = {**entry, "whole": entry.get("root") in whole}
    known["argv"] = tuple(known["argv"])
    known["add"] = tuple(known.get("add", ()))
    if "stdin" in known:
        known["stdin"] = known["stdin"].encode()
    try:
        return Row(**known)
    except TypeError as error:
        raise ValueError(f"{file.name}: {entry.get('argv')}: {error}") from error
