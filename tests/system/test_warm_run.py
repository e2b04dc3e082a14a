# SPDX-License-Identifier: BSD-3-Clause
"""What a warm `elfin run` imports (issue clause A8): nothing that only cold work needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"capstone", "jinja2", "rich", "kconfiglib", "asyncio", "elftools"}


def imported(*words: str) -> set[str]:
    """Top-level modules that a run of the CLI imported."""
    command = [sys.executable, "-X", "importtime", "-m", "elfin", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rsplit("|", 1)[1].strip().split(".")[0] for line in lines}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("warm") / "hello"
    source = ROOT / "tests/corpus/src/hello.c"
    subprocess.run(["gcc", "-static", "-o", str(target), str(source)], check=True)
    return target


def test_a_warm_run_is_light(program: Path) -> None:
    cold = imported("run", "--platform", "process", str(program))
    warm = imported("run", "--platform", "process", str(program))
    assert not warm & HEAVY
    assert "elfin" in warm
    assert len(warm) <= len(cold)


def test_the_probe_sees_heavy_modules() -> None:
    """The same look at a verb that does import one finds it."""
    assert imported("inspect", sys.executable) & HEAVY
