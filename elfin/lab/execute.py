# SPDX-License-Identifier: BSD-3-Clause
"""One test on one platform, in a process of its own, in an empty directory: a crash or a hang
costs that test only. On Elfin it has a guest to itself."""

from __future__ import annotations

import json
import os
import pwd
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from elfin.model.lab import CRASH, ERROR, FAIL, HANG, LINUX, PANIC, Suite, Test, TestEnd

_OUTPUT_BYTES = 2000
_GRACE_SECONDS = 20  # a guest ends itself at --timeout; this long after it is killed
_PACKAGE_PARENT = str(Path(__file__).resolve().parents[2])
_GUEST_ROOT = "/suite"
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "LC_ALL": "C"}


_running: set[int] = set()  # process groups of tests


def stop_all() -> None:
    """Kill every test that runs now: the run is given up."""
    for group in tuple(_running):
        _kill(group)


def _kill(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def run_test(suite: Suite, test: Test, platform: str) -> TestEnd:
    """Run it to its end; never raises for what the test does."""
    with tempfile.TemporaryDirectory(prefix="elfin-lab-", ignore_cleanup_errors=True) as folder:
        if platform == LINUX:
            return _on_linux(suite, test, Path(folder))
        return _on_elfin(suite, test, platform, Path(folder))


def _on_linux(suite: Suite, test: Test, folder: Path) -> TestEnd:
    """As the suite's user, where we are root and may choose."""
    identity: dict[str, Any] = {}
    if suite.user and os.getuid() == 0:
        entry = pwd.getpwnam(suite.user)
        identity = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        os.chown(folder, entry.pw_uid, entry.pw_gid)
    argv = [str(suite.programs / test.argv[0]), *test.argv[1:]]
    status, seconds, output = _bounded(
        argv, folder, _ENVIRONMENT, suite.timeout_s[LINUX], **identity
    )
    if status is None:
        return TestEnd(HANG, None, seconds, output)
    return TestEnd(_meaning(suite, status), status, seconds, output)


def _meaning(suite: Suite, status: int) -> str:
    if status in suite.statuses:
        return suite.statuses[status]
    return CRASH if status > 128 else FAIL


def _on_elfin(suite: Suite, test: Test, platform: str, folder: Path) -> TestEnd:
    told = folder / "result.json"
    argv = _elfin_argv(suite, test, platform, told)
    limit = suite.timeout_s[platform] + _GRACE_SECONDS
    status, seconds, output = _bounded(argv, folder, _own_environment(), limit)
    if status is None:
        return TestEnd(HANG, None, seconds, output)
    ended_by = _ended_by(told)
    meaning = {"timeout": HANG, "panic": PANIC, "program": _meaning(suite, status)}
    meaning["signal"] = CRASH
    found = meaning.get(ended_by, ERROR)
    return TestEnd(found, None if found == HANG else status, seconds, output)


def _own_environment() -> dict[str, str]:
    """Ours, with this very elfin first in the child's module path."""
    path = os.environ.get("PYTHONPATH")
    joined = _PACKAGE_PARENT if not path else os.pathsep.join((_PACKAGE_PARENT, path))
    return {**os.environ, "PYTHONPATH": joined}


def _elfin_argv(suite: Suite, test: Test, platform: str, told: Path) -> list[str]:
    argv = [sys.executable, "-m", "elfin", "run", "--platform", platform, "--no-env"]
    argv += [word for key, value in _ENVIRONMENT.items() for word in ("-e", f"{key}={value}")]
    argv += ["-w", "/tmp", "--timeout", str(suite.timeout_s[platform]), "--result", str(told)]
    if suite.guest_user:
        argv += ["-u", suite.guest_user]
    if suite.memory:
        argv += ["-m", suite.memory]
    for word in suite.add:
        argv += ["--add", word]
    if suite.launch:
        argv += ["--add", f"{suite.programs}:{_GUEST_ROOT}"]
        inside = f"{_GUEST_ROOT}/{test.argv[0]}"
        return [*argv, "--", str(suite.programs / suite.launch), inside, *test.argv[1:]]
    return [*argv, "--", str(suite.programs / test.argv[0]), *test.argv[1:]]


def _ended_by(told: Path) -> str:
    try:
        return str(json.loads(told.read_text(encoding="utf-8"))["ended_by"])
    except (OSError, ValueError, KeyError):
        return ""


def _bounded(
    argv: Sequence[str],
    folder: Path,
    environment: dict[str, str],
    seconds: float,
    **identity: Any,
) -> tuple[int | None, float, str]:
    """(status as a shell says it, or None when it was killed for its time; seconds; output)."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            argv,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **identity,
        )
        _running.add(child.pid)
        status: int | None
        try:
            status = child.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            status = None
        _kill(child.pid)  # and whatever it left behind
        child.wait()
        _running.discard(child.pid)
        took = time.monotonic() - started
        size = said.seek(0, os.SEEK_END)
        said.seek(max(0, size - _OUTPUT_BYTES))
        output = said.read().decode("utf-8", "replace")
    if status is not None and status < 0:
        status = 128 - status
    return status, took, output
