# SPDX-License-Identifier: BSD-3-Clause
"""Clauses A2 and B2: every row of programs.toml is the same on Elfin as on Linux, on both
platforms."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.corpus.build import DEFAULT_OUTPUT
from tests.corpus.build import build as build_corpus
from tests.system.harness import Outcome, difference, root_of, run_elfin, run_linux
from tests.system.roots import PROJECT, RootUnavailable
from tests.system.rows import HERE, Row, Suite, load

PROGRAMS = load(HERE / "programs.toml")
CORPUS = load(HERE / "corpus.toml")
PLATFORMS = ("process", "vm")


def _id(row: Row) -> str:
    return f"{row.root or 'corpus'}: {row.title}"


@functools.cache
def _linux(row_id: str, suite_name: str) -> tuple[Path | None, Outcome]:
    """The row on Linux, once per worker: the truth for both platforms."""
    suite = PROGRAMS if suite_name == "programs" else CORPUS
    row = next(row for row in suite.rows if _id(row) == row_id)
    try:
        root = root_of(row, suite)
    except RootUnavailable as error:
        pytest.skip(f"no root directory: {error}")
    try:
        return root, run_linux(row, root)
    except OSError as error:
        pytest.skip(f"no namespace to run it on Linux: {error}")


def _need_platform(platform: str) -> None:
    kernel = PROJECT / "build" / "kernel" / "x86_64-full" / f"elfin-{platform}"
    if not kernel.exists():
        pytest.skip(f"{kernel.relative_to(PROJECT)} is not built")
    if platform == "vm" and shutil.which("qemu-system-x86_64") is None:
        pytest.skip("QEMU is not installed")


@pytest.mark.parametrize("row", PROGRAMS.rows, ids=_id)
def test_linux_answers_as_the_row_says(row: Row) -> None:
    """A row whose Linux side is not what its author meant proves nothing."""
    _, linux = _linux(_id(row), "programs")
    assert linux.status == row.status, linux.stderr.decode(errors="replace")


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("row", PROGRAMS.rows, ids=_id)
def test_program(row: Row, platform: str) -> None:
    """stdout, stderr and exit status are Linux's, byte for byte."""
    _need_platform(platform)
    root, linux = _linux(_id(row), "programs")
    trouble = difference(row, linux, run_elfin(row, root, platform))
    assert trouble is None, trouble


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The corpus, built."""
    build_corpus()
    return DEFAULT_OUTPUT


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("row", CORPUS.rows, ids=_id)
def test_corpus_program(row: Row, platform: str, corpus: Path) -> None:
    """Our own small programs, in each shape an ELF comes in: glibc and musl."""
    if not (PROJECT / row.argv[0]).exists():
        pytest.skip(f"{row.argv[0]} was not built: see {corpus}/manifest.json")
    _need_platform(platform)
    root, linux = _linux(_id(row), "corpus")
    trouble = difference(row, linux, run_elfin(row, root, platform))
    assert trouble is None, trouble


def test_suite_is_wide_enough() -> None:
    """A2 asks for at least 60 command lines, B2 for 40 that start others, A1 for 8 in the tour."""
    assert sum(not row.whole for row in PROGRAMS.rows) >= 60
    assert sum(row.whole for row in PROGRAMS.rows) >= 40
    assert len(load(HERE / "tour.toml").rows) >= 8


def test_a_difference_is_seen() -> None:
    """The comparison itself: each of the three parts counts, and sorting only where asked for."""
    row = Row(("x",))
    linux = Outcome(0, b"b\na\n", b"", 1.0)
    assert difference(row, linux, replace(linux, wall_ms=9.0)) is None
    assert "status" in (difference(row, linux, replace(linux, status=1)) or "")
    assert "stdout" in (difference(row, linux, replace(linux, stdout=b"a\nb\n")) or "")
    assert "stderr" in (difference(row, linux, replace(linux, stderr=b"x")) or "")
    sorted_row = replace(row, sort=True)
    assert difference(sorted_row, linux, replace(linux, stdout=b"a\nb\n")) is None
    assert difference(sorted_row, linux, replace(linux, stdout=b"a\nc\n")) is not None


def test_a_row_with_a_wrong_key_is_refused(tmp_path: Path) -> None:
    """A misspelt key must not be silently ignored."""
    file = tmp_path / "rows.toml"
    file.write_text('[[row]]\nargv = ["true"]\nstdinn = "x"\n')
    with pytest.raises(ValueError, match="stdinn"):
        load(file)


def test_linux_against_linux() -> None:
    """The native runner is deterministic, passes signals on, and shows a planted difference."""
    row = Row(("sh", "-c", "cat; echo err >&2; kill -TERM $$"), stdin=b"in\n")
    try:
        one, two = run_linux(row, None), run_linux(row, None)
    except OSError as error:
        pytest.skip(str(error))
    assert (one.status, one.stdout, one.stderr) == (143, b"in\n", b"err\n")
    assert difference(row, one, two) is None
    other = run_linux(replace(row, stdin=b"other\n"), None)
    assert "stdout" in (difference(row, one, other) or "")


def test_suites_are_suites() -> None:
    """Both files load, and no two rows share a name within one (ids must be unique)."""
    for suite in (PROGRAMS, CORPUS):
        assert isinstance(suite, Suite)
        names = [_id(row) for row in suite.rows]
        assert len(names) == len(set(names)), sorted(n for n in names if names.count(n) > 1)


def test_the_tour_fails_when_a_row_is_not_identical(tmp_path: Path) -> None:
    """`uname -v` is not Linux's; `uname -s` is. A row's own expectation counts as well."""
    file = tmp_path / "rows.toml"
    for argv, status, ended in (("-s", 0, 0), ("-v", 0, 1), ("-s", 3, 1)):
        row = f'argv = ["busybox", "uname", "{argv}"]\nroot = "static"\nstatus = {status}\n'
        file.write_text(f'[roots]\nstatic = ["busybox-static"]\n[[row]]\n{row}')
        command = [sys.executable, "-m", "tests.system.tour", "--platform", "process", str(file)]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
        assert done.returncode == ended, done.stdout + done.stderr
        assert f"{1 - ended} of 1 rows identical to Linux on process" in done.stdout
