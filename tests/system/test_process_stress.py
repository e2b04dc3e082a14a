# SPDX-License-Identifier: BSD-3-Clause
"""Clause B4: rounds of many lives; the second and the third leave as much memory free.

Forks and threads: tests/guest/fork_storm.c and thread_many.c, which the guest tests run with fewer,
say themselves what was wrong. The mixture is stress-ng's (Debian's package), a shell's loop.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guest.programs import PLATFORMS, PROJECT, Program, build, programs
from tests.system.roots import RootUnavailable, ensure_root, environment

LIVES = 10_000  # a round
SECONDS = 280
MEMORY = {"fork_storm": "128M", "thread_many": "128M", "thread_many-musl": "192M"}
PAGE_KIB, PAGES_TOLERATED = 4, 8
STRESSORS = ("cpu", "vm", "pipe", "futex", "signal", "fork", "mmap", "poll", "timer")
STRESS = " ".join(f"--{name} 1" for name in STRESSORS)
ROUNDS = f"""
for round in 1 2 3; do
    /usr/bin/stress-ng {STRESS} --vm-bytes 32M --mmap-bytes 16M --temp-path /tmp -q -t $1 ||
        echo status $?
    /bin/busybox grep MemFree /proc/meminfo
done
"""


@pytest.fixture(params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> str:
    """One that is here."""
    name = str(request.param)
    if name == "vm" and shutil.which("qemu-system-x86_64") is None:
        pytest.skip("QEMU is not installed")
    if not (PROJECT / "build/kernel/x86_64-full" / f"elfin-{name}").exists():
        pytest.skip("the kernel is not built")
    return name


@pytest.fixture(scope="module")
def stress_root() -> Path:
    """stress-ng and a shell."""
    try:
        return ensure_root("stress", ("stress-ng", "busybox-static"))
    except RootUnavailable as error:
        pytest.skip(str(error))


def _ended(platform: str, *words: str) -> tuple[int, str, str]:
    argv = [sys.executable, "-m", "elfin", "run", "--platform", platform, "--timeout", str(SECONDS)]
    done = subprocess.run(
        [*argv, *words],
        env=environment(),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def _program(name: str) -> Program:
    return next(program for program in programs() if program.name == name)


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 20)
@pytest.mark.parametrize("name", ["fork_storm", "thread_many", "thread_many-musl"])
def test_ten_thousand_lives_a_round(name: str, platform: str) -> None:
    """The program checks each of them and the free memory; it says what was wrong."""
    binary = str(build(_program(name)))
    assert _ended(platform, "-m", MEMORY[name], "--", binary, str(LIVES)) == (0, "", "")


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 20)
def test_a_mixture_of_stressors(platform: str, stress_root: Path) -> None:
    """Nine stressors at once, three times: each round ends well and leaks nothing."""
    seconds = os.environ.get("ELFIN_STRESS_SECONDS", "3")  # a round
    root = ["--rootfs", str(stress_root), "--add", f"{stress_root}:/", "-m", "512M", "--"]
    shell = ["/bin/busybox", "sh", "-c", ROUNDS, "sh", seconds]
    status, out, err = _ended(platform, *root, *shell)
    free = [int(kib) for kib in re.findall(r"^MemFree: +(\d+) kB$", out, re.MULTILINE)]
    assert (status, len(free), len(out.splitlines()), err) == (0, 3, 3, ""), out
    assert abs(free[2] - free[1]) <= PAGES_TOLERATED * PAGE_KIB, free
