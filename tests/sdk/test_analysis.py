# SPDX-License-Identifier: BSD-3-Clause
"""`elfin inspect`: its sites are objdump's, its calls cover what strace sees, its exit statuses."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
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


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A C source text and flags of gcc → the program."""
    folder = tmp_path_factory.mktemp("analysis")

    def compile(name: str, source: str, *flags: str) -> Path:
        text = folder / f"{name}.c"
        text.write_text(source)
        target = folder / name
        subprocess.run(["gcc", "-O1", str(text), *flags, "-o", str(target)], check=True)
        return target

    return compile


def test_may_and_not_found(compiled: Callable[..., Path]) -> None:
    """3 may: a call that Elfin does not have, or one whose number is made while the program runs;
    127: no such program."""
    call = "#include <unistd.h>\nint main(int n, char **v) { (void)v; return (int)syscall(%s); }\n"
    done = inspect(str(compiled("absent", call % "323")))
    assert done.returncode == 3
    assert "its code can call userfaultfd, which Elfin does not have; it runs" in done.stdout
    done = inspect(str(compiled("unknown", call % "n")))
    assert done.returncode == 3
    assert "1 place makes a call whose number is not in the code" in done.stdout
    absent = inspect("no-such-program-anywhere")
    assert (absent.returncode, absent.stdout) == (127, "")
    assert absent.stderr.startswith("elfin: no-such-program-anywhere was not found")


LIBRARY = """
#include <unistd.h>
void used(void) { syscall(39); }                    /* getpid */
void unused(void) { syscall(323); }                 /* userfaultfd */
static void in_table(void) { syscall(110); }        /* getppid */
void (*table[1])(void) = {in_table};
__attribute__((constructor)) static void early(void) { syscall(186); }  /* gettid */
void by_name(void) { syscall(102); }                /* getuid */
int replaced(void) { return 0; }
"""
PROGRAM = """
#include <dlfcn.h>
#include <unistd.h>
void used(void);
static int compare(const void *a, const void *b) { (void)a; (void)b; return (int)syscall(104); }
int qsort_like(int (*f)(const void *, const void *));
int main(int argc, char **argv) {
    (void)argv;
    used();
    void (*f)(void) = (void (*)(void))dlsym(0, "by_name");
    if (f) f();
    int (*volatile g)(const void *, const void *) = compare;
    return g(0, 0) + argc;
}
static __attribute__((used)) void never(void) { syscall(134); }  /* uselib */
"""


def test_only_what_can_run_counts(compiled: Callable[..., Path]) -> None:
    """Across a library: what is called, stands in a table, runs early, is looked up by name or has
    its address taken counts; what nothing leads to does not, and then the verdict is "will"."""
    library = compiled("libtraced.so", LIBRARY, "-shared", "-fPIC")
    program = compiled("traced", PROGRAM, str(library), "-Wl,-rpath,$ORIGIN")
    verdict = pipeline.inspect(str(program))
    calls = {call.name for call in verdict.calls}
    assert {"getpid", "getppid", "gettid", "getuid", "getgid"} <= calls
    assert not calls & {"userfaultfd", "uselib"}
    assert verdict.outcome is Outcome.WILL_RUN, verdict.reasons


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is missing")
@pytest.mark.parametrize(
    "argv",
    [
        ["/bin/ls", "-la", "/usr/bin"],
        ["/bin/sh", "-c", "echo hi | cat; ls >/dev/null & wait"],
        ["/usr/bin/perl", "-e", "open F, '/etc/passwd'; print <F>; system 'true'"],
        ["/usr/bin/git", "--version"],
        ["/usr/bin/find", "/etc", "-name", "passwd"],
        ["/usr/bin/gcc", "--version"],
    ],
    ids=lambda argv: argv[0],
)
def test_real_programs_call_nothing_that_was_not_found(argv: list[str], tmp_path: Path) -> None:
    """The walk over dynamic programs misses nothing that strace sees."""
    if not Path(argv[0]).exists():
        pytest.skip(f"{argv[0]} is not here")
    verdict = pipeline.inspect(argv[0])
    log = tmp_path / "log"
    subprocess.run(["strace", "-o", str(log), *argv], capture_output=True, check=False)
    called = set(re.findall(r"^(\w+)\(", log.read_text(errors="replace"), re.MULTILINE))
    if not called:
        pytest.skip("strace could not trace")
    assert called - {call.name for call in verdict.calls} <= {"execve"}


def test_a_verdict_is_remembered_until_a_file_changes(
    compiled: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ELFIN_CACHE_DIR", str(tmp_path))
    library = compiled("libkept.so", LIBRARY, "-shared", "-fPIC")
    program = compiled("kept", PROGRAM, str(library), "-Wl,-rpath,$ORIGIN")
    said: list[str] = []
    first = pipeline.inspect(str(program), say=said.append)
    assert any("reading libkept.so" in line for line in said)
    said.clear()
    assert pipeline.inspect(str(program), say=said.append) == first
    assert said == []
    compiled("libkept.so", LIBRARY.replace("syscall(39)", "syscall(323)"), "-shared", "-fPIC")
    assert pipeline.inspect(str(program)).outcome is Outcome.MAY


def test_progress_is_for_terminals(compiled: Callable[..., Path], tmp_path: Path) -> None:
    """One line that rewrites itself and is gone at the end; nothing in a pipe."""
    program = compiled("shown", "int main(void) { return 0; }\n")
    command = [sys.executable, "-m", "elfin", "inspect", str(program)]
    ours, theirs = pty.openpty()
    env = {**os.environ, "ELFIN_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(command, cwd=PROJECT, env=env, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert done.returncode == 0
    assert "elfin: reading shown (1 of " in shown
    assert shown.endswith("\r\x1b[K")
    assert "\n" not in shown


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
