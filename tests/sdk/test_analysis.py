# SPDX-License-Identifier: BSD-3-Clause
"""`elfin inspect`: its sites are objdump's, its calls cover what strace sees, its exit statuses."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from elfin import pipeline
from elfin.analysis.decode import MACHINES, study
from elfin.analysis.graph import Graph
from elfin.elf.details import read_code
from elfin.model.verdict import Outcome
from tests.corpus.build import DEFAULT_OUTPUT, build

PROJECT = Path(__file__).resolve().parents[2]
LIBC = Path("/lib/x86_64-linux-gnu/libc.so.6")
SHAPES = [
    f"{libc}-{shape}"
    for libc in ("glibc", "musl")
    for shape in ("static", "static-pie", "pie", "exec")
]


STRACED = [("signals", shape) for shape in SHAPES]


def corpus(name: str) -> Path:
    """A program of the corpus, or the test is skipped."""
    build()
    path = DEFAULT_OUTPUT / name
    if not path.exists():
        pytest.skip(f"{path} was not built")
    return path


def inspect(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The verb itself."""
    command = [sys.executable, "-m", "elfin", "inspect", *arguments]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


@pytest.mark.skipif(shutil.which("objdump") is None, reason="objdump is missing")
@pytest.mark.parametrize("path", [str(LIBC), "glibc-static/files", "musl-static/files"])
def test_sites_are_objdumps(path: str) -> None:
    """Every `syscall` that objdump decodes is found, and nothing else."""
    file = Path(path) if path.startswith("/") else corpus(path)
    if not file.exists():
        pytest.skip(f"{file} is not here")
    text = subprocess.run(
        ["objdump", "-d", str(file)], capture_output=True, text=True, check=True
    ).stdout
    theirs = {
        int(a, 16) for a in re.findall(r"^ +([0-9a-f]+):\t0f 05 +\tsyscall", text, re.MULTILINE)
    }
    ours = {site.address for site in Graph(read_code(file)).real_sites()}
    # The data flow starts at functions: padding between them is not code that runs.
    assert ours <= theirs
    assert len(theirs - ours) <= len(theirs) // 100, [hex(a) for a in sorted(theirs - ours)]


def test_numbers_of_a_libc_are_known() -> None:
    """Nearly every site of glibc has a number; the rest are set*id commands kept in memory."""
    if not LIBC.exists():
        pytest.skip(f"{LIBC} is not here")
    sites = list(Graph(read_code(LIBC)).real_sites())
    unknown = [site for site in sites if site.numbers is None]
    assert len(sites) > 300
    assert len(unknown) <= 4, [hex(site.address) for site in unknown]


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is missing")
@pytest.mark.parametrize(("program", "shape"), [*STRACED, ("files", "glibc-pie")])
def test_calls_cover_what_is_called(program: str, shape: str, tmp_path: Path) -> None:
    """What the program does under strace is among what inspect says it can do."""
    path = corpus(f"{shape}/{program}")
    verdict = pipeline.inspect(str(path))
    assert verdict.outcome in (Outcome.WILL_RUN, Outcome.MAY)
    log = tmp_path / "log"
    subprocess.run(["strace", "-o", str(log), str(path)], capture_output=True, check=False)
    called = set(re.findall(r"^(\w+)\(", log.read_text(errors="replace"), re.MULTILINE))
    if not called:
        pytest.skip("strace could not trace")
    # The execve that strace sees is its own, the shell's before the program starts.
    assert called - {call.name for call in verdict.calls} <= {"execve"}


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("asm/hello-x86_64", 0, "will run"),
        ("asm/hello-aarch64", 0, "will run"),
        ("glibc-static/hello", 0, "will run"),
        ("musl-pie/hello", 0, "will run"),
        ("glibc-pie/missing-library", 1, "needs libabsent.so"),
        ("glibc-pie/missing-interpreter", 1, "needs the interpreter /lib/ld-nowhere.so.9"),
        ("broken/wrong-machine", 1, "is a riscv program"),
        ("broken/truncated-07", 1, "is truncated"),
        ("asm/hello-i386", 1, "is a 32-bit program (i386)"),
    ],
)
def test_exit_statuses(name: str, status: int, words: str) -> None:
    """0 will run, 1 will not; the reason is on stdout, nothing on stderr."""
    done = inspect(str(corpus(name)))
    assert (done.returncode, done.stderr) == (status, "")
    assert words in done.stdout


def test_may_and_not_found() -> None:
    """3 may: a shell forks, which Elfin does not have yet; 127: no such program."""
    done = inspect("/bin/sh")
    assert done.returncode == 3
    assert re.search(
        r"its code can call .*(clone|fork|execve).*, which Elfin does not have", done.stdout
    )
    absent = inspect("no-such-program-anywhere")
    assert (absent.returncode, absent.stdout) == (127, "")
    assert absent.stderr.startswith("elfin: no-such-program-anywhere was not found")


def test_json_and_sites() -> None:
    """--json is the whole verdict; --sites names file and address."""
    path = corpus("asm/hello-x86_64")
    told = json.loads(inspect("--json", str(path)).stdout)
    assert told["outcome"] == "will_run"
    assert told["facts"]["machine"] == "x86_64"
    assert {call["name"] for call in told["calls"]} == {"write", "exit_group"}
    address = told["calls"][0]["sites"][0][1]
    assert f"{path} {address:#x}" in inspect("--sites", str(path)).stdout


@pytest.mark.parametrize(
    ("code", "numbers"),
    [
        ("b8 27 00 00 00 0f 05 c3", {39}),  # mov $39, %eax
        ("31 c0 0f 05 c3", {0}),  # xor %eax, %eax
        ("bb e7 00 00 00 89 d8 0f 05 c3", {231}),  # through %ebx
        ("48 89 f8 0f 05 c3", {"arg0"}),  # mov %rdi, %rax: a wrapper
        ("b8 01 00 00 00 85 ff 74 05 b8 02 00 00 00 0f 05 c3", {1, 2}),  # two ways lead there
        ("8b 07 0f 05 c3", None),  # mov (%rdi), %eax
        ("b8 27 00 00 00 e8 00 00 00 00 0f 05 c3", None),  # a call in between
    ],
)
def test_data_flow(code: str, numbers: set[int | str] | None) -> None:
    """What %rax may hold at the site."""
    found = study(MACHINES["x86_64"], 0x1000, bytes.fromhex(code))
    (site,) = found.sites
    assert site.numbers == (None if numbers is None else frozenset(numbers))
