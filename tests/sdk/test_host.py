# SPDX-License-Identifier: BSD-3-Clause
"""Sizes, the cache's place, spawning, the error tree."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from elfin.host import errors, units
from elfin.host.cache import cache_dir
from elfin.host.errors import ElfinError, OptionError, PlatformError
from elfin.host.process import Launch, spawn

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("128M", 128 << 20), ("1g", 1 << 30), ("64KiB", 64 << 10), ("2GiB", 2 << 30),
        ("1.5m", 3 << 19), ("4mib", 4 << 20), (" 8K ", 8 << 10),
    ],
)  # fmt: skip
def test_sizes(text: str, size: int) -> None:
    assert units.parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "M", "x", "-1M", "1T", "1MM", "1.2.3M", "0M", "1iib", "inf", "nanM", "1e3M"]
)
def test_bad_sizes(text: str) -> None:
    with pytest.raises(OptionError):
        units.parse_size(text)


def test_a_bare_number_gets_two_spellings() -> None:
    with pytest.raises(OptionError, match="-m 512 has no unit; write -m 512M or -m 512K"):
        units.parse_size("512")


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (47 << 20, "47 MiB"), (3 << 29, "1.5 GiB"), (812 << 10, "812 KiB")],
)
def test_format_size(size: int, text: str) -> None:
    assert units.format_size(size) == text


def test_format_ns() -> None:
    assert [units.format_ns(n) for n in (1_800_000, 38_000_000, 12_400_000_000)] == [
        "1.8 ms", "38 ms", "12.4 s",
    ]  # fmt: skip


@pytest.mark.parametrize("xdg", [None, "/some/where", ""])
def test_cache_dir_is_platformdirs(monkeypatch: pytest.MonkeyPatch, xdg: str | None) -> None:
    monkeypatch.delenv("ELFIN_CACHE_DIR", raising=False)
    if xdg is None:
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    else:
        monkeypatch.setenv("XDG_CACHE_HOME", xdg)
    assert str(cache_dir()) == platformdirs.user_cache_dir("elfin")
    monkeypatch.setenv("ELFIN_CACHE_DIR", "/mine")
    assert cache_dir() == Path("/mine")


def test_errors_are_sentences() -> None:
    error = ElfinError("it broke", where="/x", hint="mend it")
    assert str(error) == "/x: it broke; mend it"
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    tree = errors.__doc__ or ""
    for kind in kinds:
        if issubclass(kind, ElfinError):
            assert kind.__name__ in tree
            assert f"{kind.exit_status}" in tree
            assert 124 <= kind.exit_status <= 127


BOTH_WAYS = pytest.mark.parametrize("die_with_us", [True, False], ids=["fork", "posix_spawn"])


@BOTH_WAYS
def test_spawn_places_descriptors(tmp_path: Path, die_with_us: bool) -> None:
    read, write = os.pipe()
    file = os.open(tmp_path / "f", os.O_RDWR | os.O_CREAT)
    os.write(file, b"kept")
    os.lseek(file, 0, 0)
    script = f"cat /proc/self/fd/{file}; echo err >&2; readlink /proc/$$/fd/0; env | grep -c HOME"
    child = spawn(Launch(("/bin/sh", "-c", script), (None, write, write), (file,), die_with_us))
    os.close(write)
    assert child.wait(10) is not None
    with os.fdopen(read) as output:
        assert output.read().splitlines() == ["kepterr", "0"]
    child.close()
    os.close(file)


@BOTH_WAYS
def test_spawn_of_what_is_not_there(die_with_us: bool) -> None:
    with pytest.raises(PlatformError, match="cannot execute /nonexistent: no such file"):
        spawn(Launch(("/nonexistent",), (0, 1, 2), (), die_with_us))


@BOTH_WAYS
def test_spawned_child_has_default_signals_and_its_own_group(die_with_us: bool) -> None:
    code = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGUSR1, signal.SIG_IGN)\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])\n"
        "from elfin.host.process import Launch, spawn\n"
        f"way = {die_with_us}\n"
        "child = spawn(Launch(('/bin/cat', '/proc/self/status'), (0, 1, 2), (), way))\n"
        "child.wait(10)\n"
        "child = spawn(Launch(('/bin/cat', '/proc/self/stat'), (0, 1, 2), (), way))\n"
        "child.wait(10)\nprint(child.pid)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    status = dict(line.split(":\t", 1) for line in done.stdout.splitlines() if ":\t" in line)
    for field in ("SigIgn", "SigBlk"):
        mask = int(status[field], 16)
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE):
            assert not mask >> (number - 1) & 1, field
    *_, stat, pid = done.stdout.splitlines()
    assert stat.rpartition(")")[2].split()[2] == pid  # its process group


def test_a_child_dies_with_us() -> None:
    code = (
        "import os\nfrom elfin.host.process import Launch, spawn\n"
        "child = spawn(Launch(('/bin/sleep', '100'), (0, 1, 2), die_with_us=True))\n"
        "print(child.pid, flush=True)\nos.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    pid = int(done.stdout)
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists() or ") Z " in Path(f"/proc/{pid}/stat").read_text():
            return
        subprocess.run(["sleep", "0.01"])
    os.kill(pid, 9)
    pytest.fail("it lived on")
