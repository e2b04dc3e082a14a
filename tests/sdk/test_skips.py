# SPDX-License-Identifier: BSD-3-Clause
"""tests/conftest.py: what may be left out, and that nothing else is in silence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
TESTS = """
import subprocess
import pytest
def test_ours(): pytest.skip("the suite was not built")
@pytest.mark.skipif(True, reason="no gcc")
def test_mark(): pass
def test_machine(): pytest.skip("needs /dev/kvm")
def test_tool(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    subprocess.run(["gcc"])
def test_passes(): pass
"""


def test_only_the_machine_excuses_root(tmp_path: Path) -> None:
    """As root a skip fails unless no package could have helped; a user's skips stay skips."""
    file = tmp_path / "test_these.py"
    file.write_text(TESTS)
    argv = [sys.executable, "-m", "pytest", "-c", "/dev/null", "-p", "tests.conftest", str(file)]
    done = subprocess.run(argv, cwd=PROJECT, capture_output=True, text=True, check=False)
    counts = done.stdout.splitlines()[-1]
    if os.geteuid() == 0:
        assert "2 failed, 1 passed, 1 skipped, 1 error" in counts, done.stdout
        assert (
            "left out as root, who lacks nothing: Skipped: the suite was not built" in done.stdout
        )
    else:
        assert "1 passed, 4 skipped" in counts, done.stdout
