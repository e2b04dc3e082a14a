# SPDX-License-Identifier: BSD-3-Clause
"""Terminal mode: the host's terminal is raw, the guest edits lines, echoes, and sends signals."""

from __future__ import annotations

import shutil
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from tests.system.roots import PROJECT

SECONDS = 60
ADDED = ["/bin/bash", "/bin/sh", "/bin/cat", "/bin/sleep", "/usr/bin/stty", "/usr/bin/tty"]
pytestmark = pytest.mark.timeout(180)

Start = Callable[..., "pexpect.spawn[bytes]"]


@pytest.fixture(params=["process", "vm"])
def start(request: pytest.FixtureRequest) -> Start:
    """Starts a command of the guest on a terminal of 24 rows and 80 columns."""
    platform = str(request.param)
    if not (PROJECT / f"build/kernel/x86_64-full/elfin-{platform}").exists():
        pytest.skip("the kernel is not built")
    if platform == "vm" and shutil.which("qemu-system-x86_64") is None:
        pytest.skip("QEMU is not installed")

    def spawn(*argv: str, options: tuple[str, ...] = ()) -> pexpect.spawn[bytes]:
        adds = [word for path in ADDED if Path(path).exists() for word in ("--add", path)]
        accel = ("--accel", "tcg") if platform == "vm" else ()
        given = ["-m", "elfin", "run", "--platform", platform, *accel, *adds]
        given += ["--no-env", "-e", "TERM=dumb", "-e", "PATH=/usr/bin:/bin", *options, *argv]
        return pexpect.spawn(
            sys.executable, given, cwd=PROJECT, timeout=SECONDS, dimensions=(24, 80)
        )

    return spawn


def finish(child: pexpect.spawn[bytes], status: int) -> None:
    child.expect(pexpect.EOF)
    child.close()
    assert (child.exitstatus, child.signalstatus) == (status, None)


def test_a_line_is_edited_echoed_and_read(start: Start) -> None:
    child = start("cat")
    before = termios.tcgetattr(child.fileno())
    child.send(b"helko\x7f\x7flo\r")
    child.expect_exact(b"helko\x08 \x08\x08 \x08lo\r\nhello\r\n")
    assert termios.tcgetattr(child.fileno()) != before
    child.send(b"\x04")
    finish(child, 0)
    fresh = start("cat", options=("-T",))
    fresh.send(b"x\r\x04")
    finish(fresh, 0)


def test_keys_are_signals(start: Start) -> None:
    child = start("/bin/sh", "-c", "trap 'echo caught' INT; echo ready; cat; echo $?")
    child.expect_exact(b"ready")
    child.send(b"\x03")
    child.expect_exact(b"^C")
    child.expect_exact(b"caught\r\n130")
    finish(child, 0)
    child = start("/bin/sh", "-c", "echo ready; exec cat")
    child.expect_exact(b"ready")
    child.send(b"\x1c")
    finish(child, 131)


def test_a_shell_with_jobs(start: Start) -> None:
    child = start("bash", "--norc", "--noprofile", "-i", options=("-e", "PS1=% "))
    child.expect_exact(b"% ")
    child.send(b"tty\r")
    child.expect_exact(b"/dev/pts/0\r\n% ")
    child.send(b"sleep 100\r")
    child.expect_exact(b"sleep 100\r\n")
    while child.expect_exact([b"Stopped", pexpect.TIMEOUT], timeout=1):
        child.send(b"\x1a")
    child.expect_exact(b"% ")
    child.send(b"bg; kill %1; wait; echo fi''n\r")
    child.expect_exact(b"fin\r\n% ")
    child.setwinsize(31, 97)
    child.send(b"stty size; trap 'stty size' WINCH\r")
    child.expect_exact(b"31 97\r\n")
    child.send(b"exit 7\r")
    finish(child, 7)


def test_raw_programs_get_bytes(start: Start) -> None:
    script = "stty raw -echo; echo ready; head -c 4 | od -An -tx1; stty sane; echo over"
    child = start(
        "/bin/sh", "-c", script, options=("--add", "/usr/bin/head", "--add", "/usr/bin/od")
    )
    child.expect_exact(b"ready\n")
    child.send(b"\x03\r\x1aq")
    child.expect_exact(b" 03 0d 1a 71\n")
    child.expect_exact(b"over\r\n")
    finish(child, 0)


def test_the_third_interrupt_ends_the_guest(start: Start) -> None:
    child = start("/bin/sh", "-c", "trap '' INT; echo ready; while :; do :; done")
    child.expect_exact(b"ready")
    child.send(b"\x03\x03\x03")
    finish(child, 130)


def test_a_terminal_without_a_terminal() -> None:
    argv = [sys.executable, "-m", "elfin", "run", "--platform", "process", "-t", "cat"]
    done = subprocess.run(
        argv, cwd=PROJECT, input=b"piped\n", capture_output=True, timeout=SECONDS, check=False
    )
    assert (done.returncode, done.stdout) == (0, b"piped\r\npiped\r\n")
