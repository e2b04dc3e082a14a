# SPDX-License-Identifier: BSD-3-Clause
"""Somebody kills the host's processes of a guest, at random moments (clause B9).

killed_tasks.c keeps a shell's pipelines, a program of many threads and one of many children alive.
Its own process is spared: the first host task. All others, empty ones included, are fair game.
"""

from __future__ import annotations

import os
import platform
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.system.roots import PROJECT, RootUnavailable, ensure_root, environment

KILLS = 500
OUTPUT = PROJECT / "build/system"
KERNEL = PROJECT / "build/kernel/x86_64-full/elfin-process"
pytestmark = [
    pytest.mark.skipif(platform.machine() != "x86_64", reason="process platform: x86_64 only"),
    pytest.mark.skipif(not KERNEL.exists(), reason="the kernel is not built"),
    pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc"),
    pytest.mark.timeout(300),
]


@pytest.fixture(scope="module")
def program() -> Path:
    """killed_tasks.c, static."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    target = OUTPUT / f"killed_tasks.{os.getpid()}"
    source = Path(__file__).with_name("killed_tasks.c")
    command = ["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-pthread"]
    subprocess.run([*command, "-o", str(target), str(source)], check=True)
    yield target
    target.unlink()


@pytest.fixture(scope="module")
def busybox() -> Path:
    """A static shell."""
    try:
        return ensure_root("static", ("busybox-static",)) / "bin/busybox"
    except RootUnavailable as error:
        pytest.skip(str(error))


def children(pid: int) -> list[int]:
    """Of a process that may be gone."""
    with suppress(OSError):
        words = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(word) for word in words]
    return []


def is_gone(pid: int) -> bool:
    """No such process, or one that is only waiting to be reaped by somebody else."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def supervisor_of(pid: int) -> int:
    """The process platform's first process below ``pid``."""
    for child in children(pid):
        with suppress(OSError):
            if b"elfin-process" in Path(f"/proc/{child}/cmdline").read_bytes():
                return child
        if (found := supervisor_of(child)) > 0:
            return found
    return 0


def started(program: Path, busybox: Path) -> tuple[subprocess.Popen[bytes], int]:
    """The guest, up, and its supervisor."""
    words = [sys.executable, "-m", "elfin", "run", "--platform", "process"]
    words += ["--add", f"{busybox}:/bin/busybox", str(program)]
    child = subprocess.Popen(
        words,
        cwd=PROJECT,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"up\n"
    return child, supervisor_of(child.pid)


def kill_some(child: subprocess.Popen[bytes], supervisor: int, wanted: int) -> set[int]:
    """Kills so many; the tasks that were seen."""
    first, *_ = children(supervisor)
    seen, killed, choose = {first}, 0, random.Random(os.getpid())
    while killed < wanted and child.poll() is None:
        time.sleep(choose.uniform(0, 0.02))
        tasks = [pid for pid in children(supervisor) if pid != first]
        seen.update(tasks)
        if tasks:
            with suppress(ProcessLookupError):
                os.kill(choose.choice(tasks), signal.SIGKILL)
                killed += 1
    return seen


@pytest.mark.slow
def test_what_is_killed_is_reaped_as_killed(program: Path, busybox: Path) -> None:
    """All else goes on: the parent sees nothing but SIGKILL, ends when told, leaves nothing."""
    child, supervisor = started(program, busybox)
    seen = kill_some(child, supervisor, KILLS)
    out, err = child.communicate(timeout=60)  # closes stdin
    lines = out.decode().splitlines()
    assert child.returncode == 0, (lines, err)
    found = re.fullmatch(r"(\d+) killed, 0 ended otherwise", lines[-1])
    assert found and len(lines) == 1, lines
    assert int(found[1]) > KILLS // 20  # many others were the children of those
    assert all(is_gone(pid) for pid in (supervisor, *seen))


def test_the_first_process_killed(program: Path, busybox: Path) -> None:
    """That is the guest's end, by signal 9, and nothing stays."""
    child, supervisor = started(program, busybox)
    tasks = children(supervisor)
    os.kill(tasks[0], signal.SIGKILL)
    child.communicate(timeout=60)
    assert child.returncode == 137
    assert all(is_gone(pid) for pid in (supervisor, *tasks))


def test_the_supervisor_killed(program: Path, busybox: Path) -> None:
    """Elfin's own failure: a sentence, status 125, and nothing stays."""
    child, supervisor = started(program, busybox)
    tasks = children(supervisor)
    os.kill(supervisor, signal.SIGKILL)
    _, err = child.communicate(timeout=60)
    assert child.returncode in (125, 137), err
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and not all(is_gone(pid) for pid in tasks):
        time.sleep(0.01)
    assert all(is_gone(pid) for pid in tasks)
