# SPDX-License-Identifier: BSD-3-Clause
"""`elfin bench`: the measuring program itself, and what is made of its figures."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from elfin.bench import show, syscalls
from elfin.bench.plot import ladder
from elfin.elf.text import read_text
from elfin.host.errors import OptionError
from elfin.model.bench import CallCosts, ProgramCosts
from elfin.rewrite import plan

PROJECT = Path(__file__).resolve().parents[2]
needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is missing")


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The measuring program."""
    return syscalls.built(tmp_path)


@needs_gcc
def test_every_operation_is_measured(program: Path) -> None:
    """Native: one line each, with a count and a time; the loop first."""
    said = subprocess.run([program, "site", "1"], capture_output=True, text=True, check=True).stdout
    names = [line.split()[0] for line in said.splitlines()]
    assert names == ["loop", *syscalls.OPERATIONS]
    assert all(int(number) > 0 for line in said.splitlines() for number in line.split()[1:])


@needs_gcc
def test_no_direct_call_on_linux(program: Path) -> None:
    """x86_64 Linux gives no AT_SYSINFO: the program says so and measures nothing."""
    done = subprocess.run([program, "call", "1"], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (3, b"")


@needs_gcc
def test_the_program_calls_what_it_says(program: Path, tmp_path: Path) -> None:
    """strace sees the calls of one operation in the thousands, and no error but those meant."""
    if shutil.which("strace") is None:
        pytest.skip("strace is missing")
    log = tmp_path / "log"
    command = ["strace", "-f", "-o", str(log), str(program), "site", "1"]
    if subprocess.run([*command, "getppid"], capture_output=True, check=False).returncode:
        pytest.skip("strace could not trace")
    text = log.read_text()
    assert text.count("getppid()") > 16
    subprocess.run([*command, "read-zero", "futex-wake", "epoll-8", "pipe"], check=True,
                   capture_output=True)  # fmt: skip
    text = log.read_text()
    assert text.count("= 8\n") > 16  # epoll_wait: all eight are ready
    assert " = -1 " not in text.replace("-1 ENOSYS", "")


@needs_gcc
def test_all_its_sites_are_planned(program: Path) -> None:
    """And the two forms of getpid differ in what is dead behind them."""
    text = read_text(program)
    assert text is not None
    made = plan(text)
    assert not [one for one in made.kept if one.is_code]
    assert len(made.patches) > 20


def test_unknown_operation(tmp_path: Path) -> None:
    """A sentence that names those there are."""
    with pytest.raises(OptionError, match="no-such is not measured"):
        syscalls.measure(tmp_path, "process", ["no-such"], 1, 1, lambda line: None)


FOUND = CallCosts(
    "process",
    "A <fine> CPU",
    "6.1",
    3,
    syscalls.RUNGS,
    {
        "getpid": {"linux": (40.0, 44.0, 42.0), "trap": (600.0,), "rewritten": (4.0, 4.2, 4.1)},
        "pipe": {"linux": (900.0,), "trap": (2000.0,), "vsyscall": (300.0,), "rewritten": (300.0,)},
    },
)


def test_figures_are_medians_and_ratios() -> None:
    """Of the samples, beside Linux's."""
    record = show.calls_record(FOUND)["operations"]["getpid"]
    assert (record["linux"]["ns"], record["rewritten"]["ns"]) == (42.0, 4.1)
    assert record["rewritten"]["of_linux"] == round(4.1 / 42, 4)
    assert "vsyscall" not in record
    text = "\n".join(show.calls_text(FOUND))
    assert "4.1 (1/10.2 of Linux)" in text
    assert "600.0 (14.3x Linux)" in text


def test_picture_has_a_bar_per_figure() -> None:
    """Well-formed, as long as the figures are large on a logarithmic scale."""
    root = ET.fromstring(ladder(FOUND))
    bars = [one for one in root if one.tag.endswith("rect") and float(one.get("x", "0")) == 150]
    assert len(bars) == 7
    widths = [float(bar.get("width", "0")) for bar in bars[:3]]
    assert widths[2] < widths[0] < widths[1]
    decade = 620 / 4  # from 1 ns to 10 µs
    assert abs((widths[1] - widths[0]) / decade - math.log10(600 / 42)) < 0.01


def test_share_of_direct_calls() -> None:
    """Per cent, and nothing where there is nothing to divide by."""
    found = ProgramCosts(
        "busybox", "process", 1, (syscalls.LINUX, syscalls.REWRITTEN),
        {"linux": (1.0,), "rewritten": (0.5,)}, {"rewritten": 1000}, {"rewritten": 999},
    )  # fmt: skip
    assert "1,000 calls, 99.90 % direct" in "\n".join(show.program_text(found))
    record = show.program_record(found)["rungs"]
    assert (record["rewritten"]["direct_share"], record["linux"]["direct_share"]) == (0.999, None)


def test_png_is_a_sentence() -> None:
    """Only SVG is drawn."""
    command = [sys.executable, "-m", "elfin", "bench", "syscalls", "--plot", "ladder.png"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (125, "")
    assert "only SVG is drawn" in done.stderr
