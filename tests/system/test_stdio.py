# SPDX-License-Identifier: BSD-3-Clause
"""The program's 0, 1, 2 are its own, whatever they are: beside Linux, byte for byte.

build/corpus/glibc-static/streams writes stdin in capitals to stdout, a count to stderr, status 3.
"""

from __future__ import annotations

import os
import pty
import select
import shutil
import socket
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from tests.corpus.build import build as build_corpus
from tests.system.roots import PROJECT

STREAMS = PROJECT / "build/corpus/glibc-static/streams"
TEXT = b"".join(b"line %d of many\n" % number for number in range(20000))
TIMEOUT_S = 60
pytestmark = pytest.mark.timeout(150)


@pytest.fixture(params=["linux", "process", "vm"])
def command(request: pytest.FixtureRequest) -> list[str]:
    """How to run STREAMS: the same expectations hold on Linux."""
    build_corpus()
    if not STREAMS.exists():
        pytest.skip("no static glibc to build it with")
    if request.param == "linux":
        return [str(STREAMS)]
    if not (PROJECT / f"build/kernel/x86_64-full/elfin-{request.param}").exists():
        pytest.skip("the kernel is not built")
    if request.param == "vm" and shutil.which("qemu-system-x86_64") is None:
        pytest.skip("QEMU is not installed")
    return [sys.executable, "-m", "elfin", "run", "--platform", request.param, str(STREAMS)]


def close(*fds: int) -> Callable[[], None]:
    """For preexec_fn: these are not there."""

    def closing() -> None:
        for fd in fds:
            os.close(fd)

    return closing


def feed(pipe: IO[bytes]) -> None:
    """TEXT, then the end."""
    pipe.write(TEXT)
    pipe.close()


def send(end: socket.socket) -> None:
    """The same through a socket, of which we go on reading."""
    end.sendall(TEXT)
    end.shutdown(socket.SHUT_WR)


def test_closed_stdin(command: list[str]) -> None:
    """Reading fails; no file of Elfin's own may come to lie there."""
    done = subprocess.run(
        command, capture_output=True, preexec_fn=close(0), timeout=TIMEOUT_S, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (3, b"", b"0 bytes, 0 lines\n")


def test_closed_stdout(command: list[str]) -> None:
    """Writing fails, which this program does not look at."""
    done = subprocess.run(
        command,
        input=b"abc\n",
        stderr=subprocess.PIPE,
        preexec_fn=close(1),
        timeout=TIMEOUT_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (3, b"4 bytes, 1 lines\n")


def test_all_closed(command: list[str]) -> None:
    """Nothing to read from, nothing to write to."""
    done = subprocess.run(command, preexec_fn=close(0, 1, 2), timeout=TIMEOUT_S, check=False)
    assert done.returncode == 3


def test_a_pipe_with_a_slow_reader(command: list[str]) -> None:
    """More than pipes hold, read late; nothing is lost and nothing made non-blocking."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdin and child.stdout and child.stderr
        feeder = threading.Thread(target=feed, args=(child.stdin,))
        feeder.start()
        time.sleep(1)
        assert os.get_blocking(child.stdout.fileno())
        assert child.stdout.read() == TEXT.upper()
        feeder.join()
        assert child.stderr.read() == b"%d bytes, 20000 lines\n" % len(TEXT)
        assert child.wait(TIMEOUT_S) == 3


def test_files(command: list[str], tmp_path: Path) -> None:
    """Regular files; what is appended to keeps what it had."""
    (tmp_path / "in").write_bytes(TEXT)
    (tmp_path / "out").write_bytes(b"before\n")
    with (tmp_path / "in").open("rb") as stdin, (tmp_path / "out").open("ab") as stdout:
        done = subprocess.run(
            command, stdin=stdin, stdout=stdout, stderr=-1, timeout=TIMEOUT_S, check=False
        )
    assert (done.returncode, done.stderr) == (3, b"%d bytes, 20000 lines\n" % len(TEXT))
    assert (tmp_path / "out").read_bytes() == b"before\n" + TEXT.upper()


def test_files_keep_their_offset(command: list[str], tmp_path: Path) -> None:
    """Two programs that write to one open file one after the other do not overwrite each other."""
    with (tmp_path / "out").open("wb") as stdout:
        for _ in range(2):
            subprocess.run(
                command, input=b"abc\n", stdout=stdout, stderr=-1, timeout=TIMEOUT_S, check=False
            )
    assert (tmp_path / "out").read_bytes() == b"ABC\nABC\n"


def test_sockets(command: list[str]) -> None:
    """A socket cannot be opened again; it is not made non-blocking either."""
    ours, theirs = socket.socketpair()
    fd = theirs.fileno()
    with ours, theirs, subprocess.Popen(command, stdin=fd, stdout=fd, stderr=-1) as child:
        theirs.close()
        feeder = threading.Thread(target=send, args=(ours,))
        feeder.start()
        got = b""
        while more := ours.recv(65536):
            got += more
        feeder.join()
        assert child.wait(TIMEOUT_S) == 3
        assert got == TEXT.upper()


def test_dev_null_and_full(command: list[str]) -> None:
    """/dev/null swallows; /dev/full has no space left, and the program (here: echo) says so."""
    with open(os.devnull, "r+b") as null:
        done = subprocess.run(
            command, stdin=null, stdout=null, stderr=-1, timeout=TIMEOUT_S, check=False
        )
    assert (done.returncode, done.stderr) == (3, b"0 bytes, 0 lines\n")
    busybox = shutil.which("busybox")
    if "vm" in command or busybox is None:
        return  # vm: the bytes have left the machine when the relay hears that nobody takes them
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*command[:-1], busybox, "echo", "x"],
            stdout=full,
            stderr=-1,
            timeout=TIMEOUT_S,
            check=False,
        )
    assert done.returncode == 1
    assert b"No space left on device" in done.stderr


def on_a_terminal(command: list[str], when: Callable[[int], None]) -> bytes:
    """What a terminal shows on which all three streams are, when `abc` and the end are typed."""
    master, slave = pty.openpty()
    child = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    got = b""
    try:
        when(master)
        os.write(master, b"abc\n\x04")
        while select.select([master], [], [], TIMEOUT_S)[0] and (more := os.read(master, 4096)):
            got += more
    except OSError:  # EIO: the last one closed the other end
        pass
    finally:
        os.close(master)
        child.terminate()
        status = child.wait(TIMEOUT_S)
    assert (status, got.endswith(b"lines\r\n")) == (3, True), got
    return got


def test_a_terminal(command: list[str]) -> None:
    """Input, output and complaints on one terminal."""

    def taken(master: int) -> None:
        while command[0] == sys.executable and termios.tcgetattr(master)[3] & termios.ICANON:
            time.sleep(0.01)

    got = on_a_terminal(command, taken)
    assert got.replace(b"^D\b\b", b"") == b"abc\r\nABC\r\n4 bytes, 1 lines\r\n"


def test_a_terminal_typed_ahead(command: list[str]) -> None:
    """What is typed before Elfin has the terminal is read, too, the end of input with it."""
    got = on_a_terminal(command, lambda master: None)
    assert got.endswith(b"ABC\r\n4 bytes, 1 lines\r\n")
