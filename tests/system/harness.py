# SPDX-License-Identifier: BSD-3-Clause
"""Runs a row on Linux and on Elfin, and compares stdout, stderr and exit status byte for byte."""

from __future__ import annotations

import fcntl
import filecmp
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from elfin.rootfs.view import RootView
from tests.system.fixtures import FIXTURES, MTIME
from tests.system.native import GUEST_FOLDER
from tests.system.roots import PROJECT, ensure_root, environment
from tests.system.rows import BASE_ENV, Row, Suite

TIMEOUT_SECONDS = 90
_SHOWN_BYTES = 600


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended. ``status`` as a shell would say it (128+n for signal n)."""

    status: int
    stdout: bytes
    stderr: bytes
    wall_ms: float
    peak_mib: float | None = None

    def visible(self, *, sort: bool) -> tuple[int, bytes, bytes]:
        """What is compared."""
        if not sort:
            return self.status, self.stdout, self.stderr
        return self.status, _sorted(self.stdout), _sorted(self.stderr)


def _sorted(text: bytes) -> bytes:
    return b"".join(sorted(text.splitlines(keepends=True)))


def folder_of(row: Row) -> Path:
    """The row's working directory: every fixture, and its own files. Made once, never changed.

    It stays at one path, so that Elfin's cache knows the image of a root again: all rows of a root
    that have no files of their own share one.
    """
    own = hashlib.sha256(repr(sorted(row.inline.items())).encode()).hexdigest()[:12]
    folder = PROJECT / "build" / "rows" / (own if row.inline else "shared") / "data"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _fill(folder, row)
    return folder


def _fill(folder: Path, row: Row) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        fresh = Path(name) / "data"
        fresh.mkdir()
        for file, make in FIXTURES.items():
            (fresh / file).write_bytes(make())
        for file, text in row.inline.items():
            (fresh / file).write_text(text)
        _age(fresh)
        fresh.rename(folder)


def _age(folder: Path) -> None:
    """Every file is as old as every other, and the modes do not depend on the umask."""
    for path in (*folder.iterdir(), folder):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (MTIME, MTIME))


@contextmanager
def scratch_of(row: Row) -> Iterator[Path]:
    """A copy of the row's directory, for a run that may write into it."""
    with tempfile.TemporaryDirectory(prefix="elfin-row-") as name:
        copy = Path(name) / "data"
        shutil.copytree(folder_of(row), copy)
        _age(copy)
        yield copy


def root_of(row: Row, suite: Suite) -> Path | None:
    """The row's root directory, built if need be; None: the host's."""
    return ensure_root(row.root, suite.roots[row.root]) if row.root is not None else None


def _stdin(row: Row) -> bytes | None:
    if row.stdin_file is not None:
        return FIXTURES[row.stdin_file]()
    return row.stdin


def run_linux(row: Row, root: Path | None) -> Outcome:
    """The row on this machine's Linux, in its root.

    Where neither chroot nor a user namespace is allowed, the host's own program serves if it is the
    same file as the root's; else OSError.
    """
    try:
        return _run_native(row, root)
    except OSError:
        if root is None or not _host_has(row.argv[0], root):
            raise
        return _run_native(row, None)


def _host_has(program: str, root: Path) -> bool:
    """True when the host's program of this name is, byte for byte, the root's."""
    here = shutil.which(program, path=BASE_ENV["PATH"])
    if here is None:
        return False
    there = RootView(root).canonical(here)
    return there is not None and filecmp.cmp(here, RootView(root).host(there), shallow=False)


def _run_native(row: Row, root: Path | None) -> Outcome:
    reader, writer = os.pipe()
    with scratch_of(row) as folder, os.fdopen(reader, "rb") as report:
        here = [sys.executable, "-B", str(PROJECT / "tests/system/native.py")]
        argv = [*here, str(writer), str(root or ""), str(folder), *_host_argv(row)]
        done = _execute(argv, row, dict(row.environment), (writer,))
        os.close(writer)
        raw = report.read()
    if not raw:
        raise OSError(f"{row.title} could not be run on Linux: {done.stderr.decode()[-300:]}")
    told = json.loads(raw)
    return replace(
        done,
        status=_shell_status(told["status"]),
        wall_ms=told["wall_ns"] / 1e6,
        peak_mib=told["peak_kib"] / 1024,
    )


def run_elfin(row: Row, root: Path | None, platform: str) -> Outcome:
    """The row on Elfin's ``platform`` ("process" or "vm")."""
    with tempfile.TemporaryDirectory(prefix="elfin-result-") as place:
        result = Path(place) / "result.json"
        argv = [sys.executable, "-m", "elfin", "run", "--platform", platform, "--no-env"]
        for name, value in row.environment.items():
            argv += ["-e", f"{name}={value}"]
        if row.whole and root is not None:
            argv += ["--add", f"{root}:/"]
        argv += ["--add", f"{folder_of(row)}:{GUEST_FOLDER}", "-w", GUEST_FOLDER]
        for path in row.add:
            argv += ["--add", str(PROJECT / path)]
        argv += ["--timeout", str(TIMEOUT_SECONDS), "--result", str(result)]
        if root is not None:
            argv += ["--rootfs", str(root)]
            if os.geteuid() != 0:
                argv += ["--user", "0:0"]  # as in the user namespace in which Linux runs the row
        if row.memory:
            argv += ["-m", row.memory]
        done = _execute([*argv, "--", *_host_argv(row)], row, environment())
        told = json.loads(result.read_text()) if result.exists() else {}
    peak = told.get("peak_bytes")
    return replace(done, peak_mib=peak / 2**20 if peak else None)


def _host_argv(row: Row) -> list[str]:
    """A program of the corpus is named relative to the project."""
    program, *rest = row.argv
    if row.root is None and program.startswith("build/"):
        program = str(PROJECT / program)
    return [program, *rest]


def _execute(
    argv: list[str], row: Row, environment: dict[str, str], keep: tuple[int, ...] = ()
) -> Outcome:
    given = _stdin(row)
    started = time.perf_counter()
    done = subprocess.run(
        argv,
        cwd=PROJECT,
        env=environment,
        input=given,
        stdin=subprocess.DEVNULL if given is None else None,
        capture_output=True,
        timeout=TIMEOUT_SECONDS + 30,
        pass_fds=keep,
        check=False,
    )
    wall_ms = (time.perf_counter() - started) * 1000
    status = done.returncode if done.returncode >= 0 else 128 - done.returncode
    return Outcome(status, done.stdout, done.stderr, wall_ms)


def _shell_status(wait_status: int) -> int:
    code = os.waitstatus_to_exitcode(wait_status)
    return code if code >= 0 else 128 - code


def difference(row: Row, linux: Outcome, elfin: Outcome) -> str | None:
    """None when identical, else what differs, both sides shown."""
    ours, theirs = elfin.visible(sort=row.sort), linux.visible(sort=row.sort)
    if ours == theirs:
        return None
    parts = []
    for name, left, right in zip(("status", "stdout", "stderr"), theirs, ours, strict=True):
        if left != right:
            parts.append(f"{name}: Linux {_shown(left)}, Elfin {_shown(right)}")
    return "\n".join(parts)


def _shown(value: object) -> str:
    if not isinstance(value, bytes):
        return str(value)
    text = repr(value[:_SHOWN_BYTES])
    return text if len(value) <= _SHOWN_BYTES else f"{text}... ({len(value)} bytes)"


def platforms() -> tuple[str, ...]:
    """The platforms that can be tried here: vm needs QEMU."""
    return ("process", "vm") if shutil.which("qemu-system-x86_64") else ("process",)
