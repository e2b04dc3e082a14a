# SPDX-License-Identifier: BSD-3-Clause
"""A suite is a folder with suite.toml: how to build it, what its exit statuses mean.

    name = "posix"
    build = ["recipe.py"]     a Python program of the folder, called with $ELFIN_SUITE_OUT
    skip = "skip.txt"         lines NAME  reason
    timeout = 60              seconds a test may take; timeout_PLATFORM for one platform
    user = "nobody"           who runs the tests, where elfin may choose; guest_user in guests
    memory = "512M"           a guest's -m
    [status]                  exit status = what it means; 0 is "pass" in any case
    2 = "unresolved"

The recipe leaves $ELFIN_SUITE_OUT/tests.json, ``{"tests": [{"name": ..., "argv": [PROGRAM,
...]}]}``, and the programs in $ELFIN_SUITE_OUT/bin. ``"launch": PROGRAM`` names the one that runs
tests in guests, ``"add": ["PROGRAM:/path"]`` what else guests have. The recipe runs when any file
of the folder is newer than tests.json.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from elfin.host.errors import HostError, OptionError
from elfin.model.lab import LINUX, PASS, Suite, Test

_DEFAULT_SECONDS = 60.0
_LIBRARY = Path("tests/suites")


def load(name: str, out: Path | None, say: Callable[[str], None]) -> Suite:
    """The suite of this name or folder, built where it has to be. ``out``: where it is built,
    else build/suites/NAME below the working directory. Raises OptionError, HostError."""
    folder = _find(name)
    facts = _read(folder / "suite.toml")
    title = str(facts.get("name", folder.name))
    out = (out or Path("build") / "suites" / title).absolute()
    if "build" in facts and _is_stale(folder, out / "tests.json"):
        say(f"building {title}")
        _build(folder, facts["build"], out)
    listed = _read_tests(out / "tests.json")
    timeouts = {
        key.removeprefix("timeout_"): float(value)
        for key, value in facts.items()
        if key.startswith("timeout_")
    }
    everywhere = float(facts.get("timeout", _DEFAULT_SECONDS))
    return Suite(
        name=title,
        folder=folder,
        programs=out / "bin",
        tests=tuple(Test(t["name"], tuple(t["argv"])) for t in listed["tests"]),
        launch=listed.get("launch"),
        statuses={0: PASS} | {int(k): str(v) for k, v in facts.get("status", {}).items()},
        skips=dict(_skips(folder / facts["skip"])) if "skip" in facts else {},
        timeout_s={p: timeouts.get(p, everywhere) for p in (LINUX, "process", "vm")},
        user=facts.get("user"),
        guest_user=facts.get("guest_user", facts.get("user")),
        memory=facts.get("memory"),
        add=tuple(f"{out / 'bin'}/{word}" for word in listed.get("add", ())),
    )


def _find(name: str) -> Path:
    for folder in (Path(name), _LIBRARY / name):
        if (folder / "suite.toml").is_file():
            return folder.absolute()
    raise OptionError(f"{name} is not a suite", hint="a folder with suite.toml, or its name")


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise OptionError(f"{error}", where=str(path)) from error


def _is_stale(folder: Path, product: Path) -> bool:
    if not product.exists():
        return True
    made = product.stat().st_mtime
    inputs = [p for p in folder.iterdir() if p.suffix in (".py", ".c", ".h", ".sh", ".patch")]
    return any(path.stat().st_mtime > made for path in inputs)


def _build(folder: Path, command: list[str], out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "ELFIN_SUITE_OUT": str(out)}
    argv = [sys.executable, str(folder / command[0]), *command[1:]]
    done = subprocess.run(
        argv, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()[-4:]
        raise HostError(f"the suite was not built: {' / '.join(words)}", where=str(folder))


def _read_tests(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise HostError(f"the suite's list of tests cannot be read: {error}") from error
    assert isinstance(found, dict)
    return found


def _skips(path: Path) -> Iterator[tuple[str, str]]:
    """Each line says which test and why; a line without a reason is refused."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, reason = line.strip().partition(" ")
        if not reason.strip():
            raise OptionError(f"{name} has no reason", where=f"{path}:{number}")
        yield name, reason.strip()
