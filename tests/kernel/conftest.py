# SPDX-License-Identifier: BSD-3-Clause
"""Collects tests/kernel/test_*.c: each TEST(name) in it is a pytest item of its own."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from tests.kernel.build import OUTPUT, build


class KernelTestError(Exception):
    """What the test program or its build said."""


class KernelTestFile(pytest.File):
    """One C file; its tests are read from the source, so that collecting compiles nothing."""

    def collect(self) -> Iterator[pytest.Item]:
        """The TEST(...)s in order."""
        text = self.path.read_text(encoding="utf-8")
        for name in re.findall(r"^TEST\((\w+)\)", text, re.MULTILINE):
            yield KernelTest.from_parent(self, name=name)


class KernelTest(pytest.Item):
    """One TEST."""

    def runtest(self) -> None:
        """Build the program if needed and run the test in it."""
        if shutil.which("gcc") is None:
            pytest.skip("gcc is not installed")
        OUTPUT.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(OUTPUT / "lock"):
                program = build(self.path)
        except subprocess.CalledProcessError as error:
            raise KernelTestError(error.output.decode(errors="replace")) from None
        result = subprocess.run(
            [program, self.name], capture_output=True, text=True, timeout=600, check=False
        )
        if result.returncode != 0:
            raise KernelTestError(result.stderr or f"status {result.returncode}")

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None
    ) -> str:
        """The program's own words, without a Python traceback."""
        if isinstance(excinfo.value, KernelTestError):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the test stands."""
        return self.path, None, f"{self.path.name}::{self.name}"


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> KernelTestFile | None:
    """Take the C files of this folder."""
    if file_path.suffix == ".c" and file_path.name.startswith("test_"):
        return KernelTestFile.from_parent(parent, path=file_path)
    return None
