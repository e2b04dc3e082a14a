# SPDX-License-Identifier: BSD-3-Clause
"""The wheel runs programs on a machine without this checkout and without any build tool."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.system.harness import platforms

ROOT = Path(__file__).resolve().parents[2]
# What pyproject.toml's dependencies install and `run` and `inspect` import; no compiler, no ninja.
RUN_TIME = ("capstone", "click", "elftools", "filelock")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`make wheel`'s command, into a folder of the test's own."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh virtual environment that has the wheel and what it needs at run time."""
    folder = tmp_path_factory.mktemp("user")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "env")], check=True)
    python = folder / "env/bin/python"
    site = next((folder / "env/lib").glob("python3*")) / "site-packages"
    for name in RUN_TIME:
        spec = find_spec(name)
        assert spec is not None
        assert spec.submodule_search_locations is not None
        (site / name).symlink_to(spec.submodule_search_locations[0])
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    pip += ["--no-index", "--no-deps", "--disable-pip-version-check", str(wheel)]
    subprocess.run(pip, check=True, cwd=folder)
    return folder


def elfin(installed: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The installed console script, far from the checkout."""
    env = {"PATH": "/usr/bin:/bin", "HOME": str(installed), "LANG": "C.UTF-8"}
    return subprocess.run(
        [str(installed / "env/bin/elfin"), *words],
        cwd=installed,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_it_holds_every_kernel_that_can_be_run(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for kernel in ("x86_64-full/elfin-vm", "x86_64-full/elfin-process", "aarch64-full/elfin-vm"):
        assert f"elfin/_kernels/{kernel}" in names
    assert "abi/syscalls.tbl" in names
    assert not [name for name in names if name.startswith(("tests/", "tools/", "kernel/"))]


@pytest.mark.parametrize("platform", platforms())
def test_it_runs_a_program(installed: Path, platform: str) -> None:
    done = elfin(installed, "run", "--platform", platform, "expr", "6", "*", "7")
    assert (done.returncode, done.stdout, done.stderr) == (0, "42\n", "")


def test_it_is_the_wheel_that_runs(installed: Path) -> None:
    done = elfin(installed, "doctor")
    assert str(installed / "env/lib") in done.stdout
    assert str(ROOT) not in done.stdout
    assert elfin(installed, "inspect", "/bin/true").returncode in (0, 3)


def test_a_tree_without_kernels_makes_no_wheel(tmp_path: Path) -> None:
    """A wheel that could run nothing is refused, with what to do."""
    for name in ("pyproject.toml", "README.md", "LICENSE", "elfin", "abi", "tools"):
        os.symlink(ROOT / name, tmp_path / name)
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "run `make kernel` first" in done.stdout + done.stderr
