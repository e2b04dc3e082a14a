# SPDX-License-Identifier: BSD-3-Clause
"""The cases of bad.toml: how each is run. See there for the fields."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
CORPUS = PROJECT / "build" / "corpus"
TIMEOUT_S = 60
PLATFORMS = ("process", "vm")


@dataclass(frozen=True, slots=True)
class Case:
    """One case on one platform."""

    name: str
    platform: str
    run: tuple[str, ...]
    status: int
    sentence: str
    stdout: str | None = None
    how: str = "plain"


@dataclass(slots=True)
class Bench:
    """A private cache and environment for one case."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.env = {
            **os.environ,
            "PYTHONPATH": str(PROJECT),
            "ELFIN_CACHE_DIR": str(self.folder / "cache"),
        }
        self.env.pop("ELFIN_PLATFORM", None)

    def argv(self, case: Case, *, platform: bool = True) -> list[str]:
        chosen = ["--platform", case.platform] if platform else []
        return [sys.executable, "-m", "elfin", "run", *chosen, *case.run]

    def start(self, case: Case, *, platform: bool = True) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.argv(case, platform=platform),
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def start_and_wait_for_it(self, case: Case) -> subprocess.Popen[bytes]:
        process = self.start(case)
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n", process.communicate(timeout=TIMEOUT_S)
        return process


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of it."""

    status: int
    stdout: bytes
    stderr: bytes


def ended(process: subprocess.Popen[bytes]) -> Ended:
    stdout, stderr = process.communicate(timeout=TIMEOUT_S)
    return Ended(process.returncode, stdout, stderr)


# -- ways to run ---------------------------------------------------------------------------------


def plain(case: Case, bench: Bench) -> Ended:
    return ended(bench.start(case))


def interrupt(case: Case, bench: Bench) -> Ended:
    process = bench.start_and_wait_for_it(case)
    process.send_signal(signal.SIGINT)
    return ended(process)


def interrupt_thrice(case: Case, bench: Bench) -> Ended:
    process = bench.start_and_wait_for_it(case)
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
    return ended(process)


def terminate(case: Case, bench: Bench) -> Ended:
    process = bench.start_and_wait_for_it(case)
    process.terminate()
    return ended(process)


def closed_stdout(case: Case, bench: Bench) -> Ended:
    process = bench.start_and_wait_for_it(case)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    stderr = process.stderr.read()
    return Ended(process.wait(TIMEOUT_S), b"", stderr)


def full_cache(case: Case, bench: Bench) -> Ended:
    """A file system without a free block."""
    full = bench.folder / "full"
    full.mkdir()
    options = ["-t", "tmpfs", "-o", "size=16k", "tmpfs", str(full)]
    subprocess.run(["mount", *options], check=True)
    try:
        (full / "ballast").write_bytes(bytes(12 << 10))
        bench.env["ELFIN_CACHE_DIR"] = str(full / "cache")
        return plain(case, bench)
    finally:
        subprocess.run(["umount", "-l", str(full)], check=True)


def unwritable_cache(case: Case, bench: Bench) -> Ended:
    """A file where a directory should be: root may not write there either."""
    (bench.folder / "blocked").write_text("")
    bench.env["ELFIN_CACHE_DIR"] = str(bench.folder / "blocked" / "cache")
    return plain(case, bench)


def at_once(case: Case, bench: Bench) -> Ended:
    """Four first runs on one empty cache, then what all of them said alike."""
    results = {ended(process) for process in [bench.start(case) for _ in range(4)]}
    assert len(results) == 1, results
    assert len(list((bench.folder / "cache" / "images").glob("*.cpio"))) == 1
    return results.pop()


def no_qemu(case: Case, bench: Bench) -> Ended:
    bench.env["PATH"] = str(bench.folder)
    return plain(case, bench)


def no_qemu_default(case: Case, bench: Bench) -> Ended:
    bench.env["PATH"] = str(bench.folder)
    return ended(bench.start(case, platform=False))


def unusable_kvm(case: Case, bench: Bench) -> Ended:
    _pretend_slow_kvm(bench)
    return plain(case, bench)


def unusable_kvm_default(case: Case, bench: Bench) -> Ended:
    _pretend_slow_kvm(bench)
    return ended(bench.start(case, platform=False))


def _pretend_slow_kvm(bench: Bench) -> None:
    """A QEMU whose guest takes half a second for the probe's loop."""
    slow = bench.folder / "qemu"
    slow.write_text("#!/bin/sh\nprintf a\nsleep 0.5\nprintf b\n")
    slow.chmod(0o755)
    bench.env["ELFIN_QEMU"] = str(slow)


def kill_nine(case: Case, bench: Bench) -> Ended:
    process = bench.start_and_wait_for_it(case)
    family = descendants(process.pid)
    assert family, "no machine was running"
    process.kill()
    process.wait(TIMEOUT_S)
    time.sleep(1)
    left = [pid for pid in family if alive(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left, f"{len(left)} of {len(family)} processes were left"
    return ended(process)


HOWS: dict[str, Callable[[Case, Bench], Ended]] = {
    way.__name__: way
    for way in (
        plain, interrupt, interrupt_thrice, terminate, closed_stdout, full_cache, unwritable_cache,
        at_once, no_qemu, no_qemu_default, unusable_kvm, unusable_kvm_default, kill_nine,
    )
}  # fmt: skip


def cannot_run_here(case: Case) -> str | None:
    """Why this machine cannot show the case, or None."""
    if case.how == "full_cache" and os.geteuid() != 0:
        return "needs root for a small file system"
    if case.how.startswith("unusable_kvm") and not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "needs /dev/kvm"
    needs_qemu = case.platform == "vm" and not case.how.startswith("no_qemu")
    if needs_qemu and shutil.which("qemu-system-x86_64") is None:
        return "needs QEMU"
    program = next((word for word in case.run if word.startswith(str(CORPUS))), None)
    if program is not None and not Path(program).exists():
        return f"{Path(program).relative_to(PROJECT)} could not be built here"
    return None


# -- processes -----------------------------------------------------------------------------------


def descendants(pid: int) -> list[int]:
    """Every process below this one, now."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    found: list[int] = []
    edge = {pid}
    while edge:
        edge = {child for child, parent in parents.items() if parent in edge}
        found += edge
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def nothing_left_running() -> Iterator[None]:
    """No process of ours with a guest in it is there afterwards that was not there before."""
    before = set(descendants(os.getpid()))
    yield
    deadline = time.monotonic() + 3
    while left := [pid for pid in set(descendants(os.getpid())) - before if alive(pid)]:
        assert time.monotonic() < deadline, f"left running: {left}"
        time.sleep(0.05)


# -- the file ------------------------------------------------------------------------------------


def load(path: Path = PROJECT / "tests" / "system" / "bad.toml") -> list[Case]:
    """Every case × platform, numbered cases spelled out."""
    cases = []
    for entry in tomllib.loads(path.read_text())["case"]:
        count = entry.pop("count", None)
        only = entry.pop("only", None)
        for platform in (only,) if only else PLATFORMS:
            for index in range(count or 1):
                name = entry["name"] + (f" {index:02d}" if count else "")
                words = tuple(_spelled(word, index) for word in entry["run"])
                cases.append(Case(**{**entry, "name": name, "run": words, "platform": platform}))
    return cases


def _spelled(word: str, index: int) -> str:
    spin = CORPUS / "glibc-static" / "spin"
    return word.format(corpus=CORPUS, spin=spin, index=f"{index:02d}")
