# SPDX-License-Identifier: BSD-3-Clause
"""`elfin run --trace`: clause B6 beside strace, and what its options promise."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system import harness
from tests.system.harness import folder_of, root_of, scratch_of
from tests.system.native import GUEST_FOLDER
from tests.system.roots import PROJECT, RootUnavailable, environment
from tests.system.rows import HERE, Row, load
from tests.system.traced import CannotTrace, Thread, difference, normalised, strace_linux

SUITE = load(HERE / "trace.toml")


def elfin(*argv: str, **options: object) -> subprocess.CompletedProcess[str]:
    """`elfin` with these arguments."""
    return subprocess.run(
        [sys.executable, "-m", "elfin", *argv],
        cwd=PROJECT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@functools.cache
def _linux(row: int) -> tuple[Path | None, dict[str, Thread]]:
    wanted = SUITE.rows[row]
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    try:
        root = root_of(wanted, SUITE)
        with scratch_of(wanted) as folder:
            log = folder.parent / "strace.log"
            argv, env = list(wanted.argv), dict(wanted.environment)
            lines = strace_linux(argv, root, folder, env, log)
    except (RootUnavailable, CannotTrace) as error:
        pytest.skip(str(error))
    return root, normalised(lines)


def _traced(row: Row, root: Path | None, platform: str, trace: Path) -> dict[str, Thread]:
    argv = ["run", "--platform", platform, "--no-env", f"--trace={trace}"]
    for name, value in row.environment.items():
        argv += ["-e", f"{name}={value}"]
    argv += ["--add", f"{folder_of(row)}:{GUEST_FOLDER}", "-w", GUEST_FOLDER]
    done = elfin(*argv, *(["--rootfs", str(root)] if root else []), "--", *row.argv)
    assert done.returncode == row.status, done.stderr
    return normalised(trace.read_text().splitlines())


@pytest.mark.parametrize("platform", harness.platforms())
@pytest.mark.parametrize("row", range(len(SUITE.rows)), ids=[row.title for row in SUITE.rows])
def test_calls_and_results_are_straces(row: int, platform: str, tmp_path: Path) -> None:
    root, linux = _linux(row)
    ours = _traced(SUITE.rows[row], root, platform, tmp_path / "trace")
    assert sum(len(thread.calls) for thread in linux.values()) > 5
    assert not difference(linux, ours)


def test_there_are_ten() -> None:
    assert len(SUITE.rows) >= 10


def test_a_difference_in_a_trace_is_seen() -> None:
    """Names, results, errnos, the number of calls, signals and ends all count; addresses and ids
    do not; a thread is known by who made it."""
    lines = [
        "7  brk(NULL) = 0x55d0c0ffe000",
        '7  open("a", O_RDONLY) = -1 ENOENT (No such file or directory)',
        "7  clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>",
        "9  getpid( <unfinished ...>",
        "7  <... clone resumed>) = 9",
        "9  <... getpid resumed>) = 9",
        "9  +++ exited with 0 +++",
        "7  --- SIGCHLD {si_signo=SIGCHLD} ---",
        "7  exit_group(0) = ?",
        "7  +++ exited with 0 +++",
    ]
    same = [
        "brk(NULL) = 0x7fffc0ffe000",
        'open("b", O_RDONLY)     = -1 ENOENT (No such file or directory)',
        "clone(child_stack=NULL, flags=SIGCHLD) = 2",
        "[pid     2] getpid() = 2",
        "[pid     2] +++ exited with 0 +++",
        "--- SIGCHLD {si_signo=SIGCHLD} ---",
        "exit_group(0) = ?",
        "+++ exited with 0 +++",
    ]
    linux = normalised(lines)
    assert list(linux) == ["0", "0.1"]
    assert not difference(linux, normalised(same))
    for old, new in (
        ("brk", "sbrk"),
        ("ENOENT (No such file or directory)", "EACCES (Permission denied)"),
        ("getpid() = 2", "getpid() = 1"),
        ("--- SIGCHLD", "--- SIGUSR1"),
        ("exited with 0", "exited with 1"),
        ("= ?", "= 0"),
    ):
        changed = [line.replace(old, new) for line in same]
        assert difference(linux, normalised(changed)), (old, new)
    assert difference(linux, normalised(same[:-2] + same[-1:]))
    with pytest.raises(ValueError, match="not a line"):
        normalised(["nonsense"])


def test_only_what_was_asked_for_is_traced() -> None:
    done = elfin("run", "--trace", "--trace-only", "%file,write", "cat", "/etc/hosts")
    names = {m[1] for m in re.finditer(r"^(\w+)\(", done.stderr, re.MULTILINE)}
    assert {"openat", "write"} <= names
    assert not names & {"mmap", "read", "close", "brk"}
    assert re.search(
        r'^openat\(AT_FDCWD, "/etc/hosts", O_RDONLY\) += 3$', done.stderr, re.MULTILINE
    )
    assert "+++ exited with 0 +++" in done.stderr


def test_a_class_that_is_not_there_is_a_sentence() -> None:
    done = elfin("run", "--trace", "--trace-only", "%nothing", "true")
    assert done.returncode == 125
    assert "elfin: --trace-only %nothing: there is no such class; %clock" in done.stderr
    done = elfin("run", "--trace", "--trace-only", "opn", "true")
    assert "elfin: --trace-only opn: Linux has no such call" in done.stderr


def test_a_trace_goes_to_its_file_and_the_program_follows_the_option(tmp_path: Path) -> None:
    done = elfin("run", f"--trace={tmp_path / 't'}", "echo", "--trace", "x")
    assert (done.returncode, done.stdout, done.stderr) == (0, "--trace x\n", "")
    assert 'write(1, "--trace x\\n", 10)             = 10\n' in (tmp_path / "t").read_text()
    done = elfin("run", "--trace=/nonexistent/t", "true")
    assert done.returncode == 125
    assert "elfin: cannot write --trace /nonexistent/t: no such file or directory" in done.stderr


def test_the_summary_has_straces_columns_and_the_door() -> None:
    done = elfin("run", "--trace-summary", "cat", "/nonexistent")
    lines = done.stderr.splitlines()
    head = next(i for i, line in enumerate(lines) if line.startswith("% time"))
    assert lines[head].split() == ["%", "time", "seconds", "usecs/call", "calls", "errors", "door",
                                   "syscall"]  # fmt: skip
    openat = next(line.split() for line in lines if line.endswith(" openat"))
    assert openat[5] == "trap"
    assert int(openat[4]) >= 1
    assert lines[-1].endswith(" total")
    assert not any(line.startswith("openat(") for line in lines)


def test_strings_are_cut_where_strace_cuts_them() -> None:
    text = "0123456789" * 5
    done = elfin("run", "--trace", "--trace-only", "write", "echo", text)
    assert 'write(1, "01234567890123456789012345678901"..., 51) = 51\n' in done.stderr
