# SPDX-License-Identifier: BSD-3-Clause
"""What a warm `elfin run` imports (issue clause A8): nothing that only cold work needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"capstone", "jinja2", "rich", "kconfiglib", "asyncio", "elftools"}


def imported(cache: Path, *words: str) -> set[str]:
    """Top-level modules that a run of the CLI imported; ``cache`` is its cache directory."""
    command = [sys.executable, "-X", "importtime", "-m", "elfin", *words]
    env = {**os.environ, "ELFIN_CACHE_DIR": str(cache)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rsplit("|", 1)[1].strip().split(".")[0] for line in lines}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("warm") / "hello"
    source = ROOT / "tests/corpus/src/hello.c"
    subprocess.run(["gcc", "-static", "-o", str(target), str(source)], check=True)
    return target


def test_a_warm_run_is_light(program: Path, tmp_path: Path) -> None:
    cold = imported(tmp_path, "run", "--platform", "process", str(program))
    warm = imported(tmp_path, "run", "--platform", "process", str(program))
    assert not warm & HEAVY
    assert "elfin" in warm
    assert len(warm) <= len(cold)


def test_a_program_is_inspected_once(program: Path, tmp_path: Path) -> None:
    """With an empty cache the look at `inspect` finds heavy modules; the verdict is then kept."""
    assert imported(tmp_path, "inspect", str(program)) >= {"capstone", "elftools"}
    assert "capstone" not in imported(tmp_path, "inspect", str(program))
