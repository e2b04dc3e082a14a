# SPDX-License-Identifier: BSD-3-Clause
"""A subset of the POSIX test suite (clause B1), and the check that reads its results.

The whole is `make lab`. The subset is every 24th test, on each platform that is here.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from elfin.lab import results
from elfin.model.lab import LabResults, TestEnd
from tests.suites.check import PAGE, complaints, known
from tests.system.harness import platforms
from tests.system.roots import PROJECT, environment

EVERY = 24


@pytest.mark.timeout(1800)
def test_the_subset_passes_or_is_explained(tmp_path: Path) -> None:
    for tool in ("gcc", "patch"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    output = tmp_path / "posix.json"
    on = ",".join(("linux", *platforms()))
    argv = [sys.executable, "-m", "elfin", "lab", "run", "posix", "--on", on, "--every", str(EVERY)]
    done = subprocess.run(
        [*argv, "-o", str(output)],
        cwd=PROJECT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=1700,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    ran = results.read(output)
    assert results.share(ran, "process")[1] > 40
    assert not list(complaints(ran, PAGE.read_text(encoding="utf-8")))


def _ran(linux: str, process: str, count: int = 20) -> LabResults:
    """``count`` tests, of which the first ends as given; the others pass."""
    ends = {f"a/{n}": {"linux": TestEnd("pass", 0, 1.0), "process": TestEnd("pass", 0, 1.0)}
            for n in range(1, count)}  # fmt: skip
    ends["a/0"] = {"linux": TestEnd(linux, 0, 1.0), "process": TestEnd(process, 1, 1.0)}
    return LabResults("posix", ("linux", "process"), ends)


def test_the_check_fails_when_it_has_to() -> None:
    row = "| a/0 | process | `kernel/x.c` does not |\n"
    assert not list(complaints(_ran("pass", "pass"), ""))
    assert list(complaints(_ran("pass", "fail"), "")) == [
        "process: a/0 (fail) is not on posix-suite.md"
    ]
    assert not list(complaints(_ran("pass", "fail"), row))
    assert not list(complaints(_ran("fail", "fail"), ""))
    assert list(complaints(_ran("pass", "pass"), row)) == [
        "process: a/0 is on posix-suite.md, but passes"
    ]
    assert not list(complaints(_ran("pass", "pass"), row.replace("process", "process, sometimes")))
    assert list(complaints(_ran("pass", "fail"), row.replace("process", "vm")))
    assert "only 8 of the 9" in next(complaints(_ran("pass", "fail", 9), row))
    with pytest.raises(ValueError, match="names no file"):
        known("| a/0 | process | nobody knows |")


def test_every_row_of_the_page_can_be_read() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert len(known(text)) == sum(line.startswith("| ") for line in text.splitlines()) - 1
