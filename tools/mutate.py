#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Make known mistakes, one at a time, and see that a named test fails (`make mutate`).

    mutate.py [NAME...]     all of mutants.toml, or those whose name holds one of the words

Each [[mutant]] has ``file`` with ``old`` in it exactly once and ``new`` in its place, the ``test``
(arguments of pytest) and ``fails``: names of which each must be that of a test that fails, or the
beginning of one. ``kernel = true``: the kernel is built with it. Nothing of the tree is touched:
mutants live in a copy below build/mutate, whose own kernel build makes the next one quick.
A test that fails without its mutant proves nothing: that is looked at first.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TREE = ROOT / "build" / "mutate"
_FAILED = re.compile(r"^(?:FAILED|ERROR) \S+?::(.+?)(?: - |$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mistake."""

    name: str
    file: str
    old: str
    new: str
    test: str
    fails: tuple[str, ...]
    kernel: bool = False


def load(path: Path) -> list[Mutant]:
    """The list. ValueError where an entry is not of the form."""
    found = []
    for entry in tomllib.loads(path.read_text())["mutant"]:
        mutant = Mutant(**{**entry, "fails": tuple(entry["fails"])})
        if not mutant.fails or mutant.old == mutant.new:
            raise ValueError(f"{mutant.name}: a mutant changes something and a test fails")
        found.append(mutant)
    return found


def mutated(text: str, mutant: Mutant) -> str:
    """The file's text with the mistake. ValueError where the place is not there exactly once."""
    if text.count(mutant.old) != 1:
        raise ValueError(f"{mutant.name}: its place is {text.count(mutant.old)} times in the file")
    return text.replace(mutant.old, mutant.new)


def failed_tests(output: str) -> list[str]:
    """Names, with parameters, that pytest's short summary says failed."""
    return _FAILED.findall(output)


def unnoticed(mutant: Mutant, failed: list[str]) -> list[str]:
    """Which of the named tests did not fail."""
    return [
        name
        for name in mutant.fails
        if not any(one == name or one.startswith(f"{name}[") for one in failed)
    ]


def _lay_tree() -> None:
    """A copy of what git knows of; builds, the environment and roots are shared or its own."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, names):
        source, target = ROOT / name, TREE / name
        if not source.is_file() or (target.exists() and _same(source, target)):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
    if not (TREE / ".venv").exists():
        (TREE / ".venv").symlink_to(ROOT / ".venv")


def _same(one: Path, other: Path) -> bool:
    return one.read_bytes() == other.read_bytes()


def _build_kernel() -> None:
    subprocess.run(
        [".venv/bin/python", "-m", "elfin.kernel_build", "--arch", "x86_64", "--config", "full"],
        cwd=TREE, env=_environment(), check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(TREE), "PYTHONDONTWRITEBYTECODE": "1"}


def _failures(test: str) -> list[str]:
    command = f".venv/bin/python -m pytest -q --no-header -p no:cacheprovider {test}"
    done = subprocess.run(
        command, shell=True, cwd=TREE, env=_environment(), capture_output=True, text=True
    )
    if done.returncode not in (0, 1):  # 5: nothing was collected
        raise RuntimeError(f"{test}: no test ran\n{done.stdout[-800:]}{done.stderr[-400:]}")
    return failed_tests(done.stdout)


def try_one(mutant: Mutant) -> str:
    """What came of it: "noticed", or why that cannot be said."""
    file = TREE / mutant.file
    good = file.read_text()
    bad = mutated(good, mutant)
    if mutant.kernel:
        _build_kernel()
    before = _failures(mutant.test)
    if before:
        return f"fails without it too: {', '.join(before[:3])}"
    try:
        file.write_text(bad)
        if mutant.kernel:
            _build_kernel()
        missed = unnoticed(mutant, _failures(mutant.test))
    finally:
        file.write_text(good)
    return f"NOT noticed by {', '.join(missed)}" if missed else "noticed"


def main() -> int:
    """Exit status 1 when a mutant lived."""
    parser = argparse.ArgumentParser(description="see known mistakes fail")
    parser.add_argument("words", nargs="*", help="only mutants whose name holds one of these")
    words = parser.parse_args().words
    mutants = load(ROOT / "tools" / "mutants.toml")
    chosen = [m for m in mutants if not words or any(word in m.name for word in words)]
    _lay_tree()
    noticed = 0
    for mutant in chosen:
        told = try_one(mutant)
        noticed += told == "noticed"
        tests = ", ".join(mutant.fails) if told == "noticed" else ""
        print(f"{told:<8} {mutant.name}" + (f": {tests}" if tests else ""), flush=True)
    print(f"{noticed} of {len(chosen)} mutants are noticed")
    return 0 if noticed == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
