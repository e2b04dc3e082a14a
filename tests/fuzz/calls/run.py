# SPDX-License-Identifier: BSD-3-Clause
"""Runs programs of calls on Elfin until enough calls were made, and adds up what was counted."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock

from elfin.kernel_build.build import Configuration, Tree, build
from tests.fuzz.calls.generate import program, rows

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
KERNELS = ROOT / "build" / "kernel"
OUTPUT = ROOT / "build" / "fuzz" / "calls"
FLAGS = ("-O1", "-g", "-Wall", "-Wextra", "-Werror", "-fno-stack-protector", "-static", "-no-pie",
         "-fno-pie")  # fmt: skip
EPISODES = 100  # in one run
RUN_SECONDS = 240
LEAST_SHARE = 0.35
LEAST_CALLS = 50  # of each row
SLACK_PAGES = 16
SANITIZED_SLACK_PAGES = 256  # freed objects are kept for a while
VM_SLACK_PAGES = 32  # page tables come and go in larger steps


class CallsError(Exception):
    """A run did not end as it must, or left something behind."""


@dataclass(slots=True)
class Totals:
    """What was counted: calls and successes by row's index; ends of episodes by signal."""

    made: Counter[int] = field(default_factory=Counter)
    succeeded: Counter[int] = field(default_factory=Counter)
    ended: Counter[int] = field(default_factory=Counter)
    late: int = 0
    free_pages: list[int] = field(default_factory=list)
    others: set[tuple[int, int]] = field(default_factory=set)  # descriptors, processes between

    @property
    def calls(self) -> int:
        return self.made.total()

    @property
    def share(self) -> float:
        """Of calls that succeeded."""
        return self.succeeded.total() / max(self.calls, 1)

    @property
    def least(self) -> tuple[int, str]:
        """The row that was called least, and how often."""
        return min((self.made[entry.index], entry.row.name) for entry in rows())

    def add(self, report: str) -> None:
        """What the executor printed at the end of one run."""
        self.free_pages, self.others = [], set()
        for line in report.splitlines():
            match line.split():
                case ["row", row, made, succeeded]:
                    self.made[int(row)] += int(made)
                    self.succeeded[int(row)] += int(succeeded)
                case ["ended", number, count]:
                    self.ended[int(number)] += int(count)
                case ["late", count]:
                    self.late += int(count)
                case ["resources", _, free, descriptors, processes]:
                    self.free_pages.append(int(free))
                    self.others.add((int(descriptors), int(processes)))


def executor() -> Path:
    """The guest program, compiled when its source is newer."""
    binary = OUTPUT / "executor"
    sources = [HERE / "executor.c", HERE / "executor.h"]
    if binary.exists() and all(s.stat().st_mtime < binary.stat().st_mtime for s in sources):
        return binary
    OUTPUT.mkdir(parents=True, exist_ok=True)
    fresh = binary.with_name(f"{binary.name}.{os.getpid()}")
    subprocess.run(["gcc", *FLAGS, "-o", str(fresh), str(sources[0])], check=True)
    fresh.replace(binary)
    return binary


def named(text: str, kernels: Path | None) -> str:
    """``text`` with the kernel's addresses in lines of their own as functions and places."""
    debug = (kernels or KERNELS) / "x86_64-full" / "elfin-process.debug"
    addresses = re.findall(r"^\s+(0x2000[0-9a-f]+)$|, from (0x2000[0-9a-f]+)", text, re.MULTILINE)
    known = [first or second for first, second in addresses]
    tool = shutil.which("addr2line")
    if not known or not tool or not debug.exists():
        return text
    command = [tool, "-Cfpis", "-e", str(debug), *known]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return f"{text}\n{lines}"


def sanitized_kernels() -> Path:
    """The process platform's kernel under sanitizers, built: a folder for ELFIN_KERNELS."""
    folder = ROOT / "build" / "fuzz" / "kernels"
    configuration = Configuration("x86_64", "sanitized")
    tree = Tree(ROOT, KERNELS)
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        build(tree, configuration, "elfin-process", "elfin-process.debug")
        link = folder / "x86_64-full"
        if not link.is_symlink():
            link.symlink_to(tree.folder(configuration))
    return folder


def run(
    code: bytes, kernels: Path | None, arguments: tuple[str, ...] = (), platform: str = "process"
) -> str:
    """One run of the executor: what it printed.

    Args:
        code: a program.
        kernels: where the kernels are built, when it is not the usual place.
        arguments: of the executor.

    Raises:
        CallsError: it ended otherwise than by returning 0.
    """
    command = [sys.executable, "-m", "elfin", "run", "--platform", platform, "--no-env"]
    command += ["--timeout", str(RUN_SECONDS), "-e", "GLIBC_TUNABLES=glibc.pthread.rseq=0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    if kernels:
        environment["ELFIN_KERNELS"] = str(kernels)
    started = subprocess.Popen(
        [*command, "-w", "/tmp", "-u", "0:0", str(executor()), *arguments],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        said = started.communicate(code, timeout=RUN_SECONDS + 20)[0].decode(errors="replace")
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        said = started.communicate()[0].decode(errors="replace")
    if started.returncode != 0:
        raise CallsError(f"status {started.returncode}\n{named(said[-6000:], kernels)}")
    return said


def check_resources(totals: Totals, slack: int = SLACK_PAGES) -> None:
    """Between episodes there is nothing but the executor, and memory comes back.

    Caches fill in the first episodes.
    """
    if len(totals.others) > 1:
        raise CallsError(f"descriptors and processes between episodes: {sorted(totals.others)}")
    if min(totals.free_pages) < totals.free_pages[0] - slack:
        raise CallsError(f"free pages between episodes: {totals.free_pages}")


def fuzz(
    seed: str, calls: int, kernels: Path | None, progress: Callable[[Totals, int], None]
) -> Totals:
    """Run episodes until ``calls`` calls were made.

    Raises:
        CallsError: something was found; the text names the run.
    """
    totals, first = Totals(), 0
    while totals.calls < calls:
        try:
            totals.add(run(program(seed, first, EPISODES), kernels))
            check_resources(totals, SANITIZED_SLACK_PAGES if kernels else SLACK_PAGES)
        except CallsError as error:
            raise CallsError(f"seed {seed!r}, episodes from {first}: {error}") from None
        first += EPISODES
        progress(totals, first)
    return totals
