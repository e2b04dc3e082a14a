# SPDX-License-Identifier: BSD-3-Clause
"""A static musl program says hello on aarch64, in QEMU's virt machine (issue clause A4)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "build/corpus/aarch64-musl-static"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "elfin", "run", "--platform", "vm", "--arch", "aarch64"]
    return subprocess.run(
        [*command, *words], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture(scope="module", autouse=True)
def corpus() -> None:
    if not shutil.which("qemu-system-aarch64"):
        pytest.skip("qemu-system-aarch64 is not installed (package qemu-system-arm)")
    build = [sys.executable, "tests/corpus/build.py", "--only", "aarch64-musl-static/"]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)


def test_hello() -> None:
    done = run(str(CORPUS / "hello"))
    assert (done.stdout, done.stderr, done.returncode) == ("hello from C\n", "", 0)


def test_status_comes_back() -> None:
    """With nothing to read, streams exits with 3."""
    done = run(str(CORPUS / "streams"))
    assert done.returncode == 3
    assert done.stderr == "0 bytes, 0 lines\n"
