# SPDX-License-Identifier: BSD-3-Clause
"""`elfin doctor`, `elfin cache`, reserved verbs, and the Python API."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import elfin
from elfin.model import EndedBy, Platform, Verdict
from tests.sdk.test_cli_run import Elfin

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bench(tmp_path: Path) -> Elfin:
    return Elfin(tmp_path)


@pytest.fixture
def fake(bench: Elfin, monkeypatch: pytest.MonkeyPatch) -> Elfin:
    """The fake machines, for this very process too."""
    for name in ("ELFIN_KERNELS", "ELFIN_QEMU", "ELFIN_CACHE_DIR"):
        monkeypatch.setenv(name, bench.env[name])
    return bench


def verb(bench: Elfin, *args: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "elfin", *args]
    return subprocess.run(argv, env=bench.env, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("name", ["build", "ps", "debug", "link", "push"])
def test_reserved_verbs(bench: Elfin, name: str) -> None:
    done = verb(bench, name, "whatever")
    assert done.returncode == 125
    assert done.stderr == f"elfin: not yet: `elfin {name}` is reserved and does nothing so far\n"


def test_unknown_verb_and_version(bench: Elfin) -> None:
    done = verb(bench, "fly")
    assert (done.returncode, done.stderr) == (
        125,
        "elfin: no such command 'fly'; see `elfin --help`\n",
    )
    assert verb(bench, "--version").stdout == f"elfin {elfin.__version__}\n"


def test_a_surprise_is_still_a_sentence(bench: Elfin, tmp_path: Path) -> None:
    """A mistake of ours: a module that raises what nobody expects."""
    code = (
        "import sys, elfin.pipeline\n"
        "def broken(*a): raise ZeroDivisionError('oh')\n"
        "elfin.pipeline.survey = broken\n"
        "sys.argv[1:] = ['doctor']\nimport elfin.cli\nelfin.cli.main()\n"
    )
    argv = [sys.executable, "-c", code]
    done = subprocess.run(argv, env=bench.env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 125
    assert done.stderr == (
        "elfin: ZeroDivisionError: oh; this is not foreseen, "
        "ELFIN_TRACEBACK=1 shows where it happened\n"
    )


def test_doctor(bench: Elfin) -> None:
    bench.env["ELFIN_QEMU"] = "/nonexistent"
    done = verb(bench, "doctor")
    assert done.returncode == 0
    assert "elfin run would use process: " in done.stdout
    assert "· qemu-system-x86_64" in done.stdout
    assert "→ apt install qemu-system-x86" in done.stdout
    found = json.loads(verb(bench, "doctor", "--json").stdout)
    assert found["platform"] == "process"
    names = [finding["name"] for finding in found["findings"]]
    for name in ("KVM", "Syscall User Dispatch", "FSGSBASE", "memfd", "user namespaces", "cache"):
        assert name in names
    assert {finding["state"] for finding in found["findings"]} <= {"good", "missing", "bad"}


def test_doctor_without_kernels(bench: Elfin, tmp_path: Path) -> None:
    bench.env.update(ELFIN_KERNELS=str(tmp_path / "none"), ELFIN_QEMU="/nonexistent")
    done = verb(bench, "doctor")
    assert done.returncode == 1
    assert "elfin run would use nothing: no platform works here: the process kernel" in done.stdout
    assert "→ make kernel" in done.stdout


def test_doctor_sees_an_unwritable_cache(bench: Elfin, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    bench.env["ELFIN_CACHE_DIR"] = str(blocked / "cache")
    found = json.loads(verb(bench, "doctor", "--json").stdout)
    (cache,) = [finding for finding in found["findings"] if finding["name"] == "cache"]
    assert cache["state"] == "bad"
    assert "ELFIN_CACHE_DIR" in cache["mend"]


@pytest.mark.parametrize("words", [["inspect", "/bin/true"], ["cache", "ls"], ["doctor"]])
def test_a_closed_pipe_is_no_verdict(bench: Elfin, words: list[str]) -> None:
    """Status 1 would mean "will not run", or that no platform works."""
    reader, writer = os.pipe()
    os.close(reader)
    argv = [sys.executable, "-m", "elfin", *words]
    done = subprocess.run(argv, env=bench.env, stdout=writer, stderr=subprocess.PIPE, timeout=60)
    os.close(writer)
    assert (done.returncode, done.stderr) == (128 + 13, b"")


def test_cache(bench: Elfin) -> None:
    assert verb(bench, "cache", "ls").stdout.startswith("0 images, 0 bytes of 5 GiB in ")
    bench.run("--platform", "process", "true")
    listed = json.loads(verb(bench, "cache", "ls", "--json").stdout)
    assert len(listed["images"]) == 1
    assert listed["bound_bytes"] == 5 << 30
    assert verb(bench, "cache", "ls").stdout.splitlines()[-1].startswith("1 images, ")
    assert "no unit" in verb(bench, "cache", "prune", "--keep", "7").stderr
    assert verb(bench, "cache", "prune", "--keep", "1G").stdout == "removed 0 images, 0 bytes\n"
    assert verb(bench, "cache", "prune").stdout.startswith("removed 1 images, ")
    assert json.loads(verb(bench, "cache", "ls", "--json").stdout)["images"] == []
    assert bench.run("--platform", "process", "true", "exit:3").returncode == 3


# -- freshness of what the cache remembers -------------------------------------------------------


def test_a_new_file_in_an_added_directory_is_noticed(bench: Elfin, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "deep"
    folder.mkdir(parents=True)

    def size() -> int:
        bench.run("--platform", "process", "--add", f"{tmp_path / 'data'}:/data", "true")
        images = json.loads(verb(bench, "cache", "ls", "--json").stdout)["images"]
        return int(images[-1]["bytes"])

    before = size()
    (folder / "new").write_bytes(bytes(100_000))
    assert size() >= before + 100_000
    (folder / "new").write_bytes(bytes(200_000))
    assert size() >= before + 200_000


# -- Python --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("fake")
def test_api_run() -> None:
    done = elfin.run(["true", "out:hi", "exit:3"], platform="process", capture_output=True)
    assert isinstance(done, subprocess.CompletedProcess)
    assert (done.returncode, done.stdout, done.stderr) == (3, b"hi\n", b"")
    assert done.args == ["true", "out:hi", "exit:3"]
    assert done.stats is not None
    assert (done.stats.platform, done.stats.ended_by) == (Platform.PROCESS, EndedBy.PROGRAM)
    assert done.stats.peak_bytes == 21 << 20


@pytest.mark.usefixtures("fake")
def test_api_streams_env_memory() -> None:
    done = elfin.run(
        ["true", "cat"], platform="process", input="über\n", capture_output=True, text=True
    )
    assert done.stdout == "über\n"
    done = elfin.run(
        ["true", "env"], platform="process", env={"A": "1"}, capture_output=True, text=True
    )
    assert done.stdout == "A=1\n"
    done = elfin.run(
        ["true", "boot"], platform="process", memory="64M", cwd="/tmp", capture_output=True
    )
    boot = json.loads(done.stdout)
    assert (boot["memory"], boot["cwd"]) == (64 << 20, "/tmp")


@pytest.mark.usefixtures("fake")
def test_api_errors() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        elfin.run(["true", "deaf"], platform="process", timeout=1)
    with pytest.raises(subprocess.CalledProcessError):
        elfin.run(["true", "exit:1"], platform="process", check=True)
    done = elfin.run(["nosuchprogram"], capture_output=True, text=True)
    assert (done.returncode, done.stats) == (127, None)
    assert done.stderr.startswith("elfin: nosuchprogram was not found")


@pytest.mark.usefixtures("fake")
def test_api_names_the_callers_command() -> None:
    with pytest.raises(subprocess.TimeoutExpired) as caught:
        elfin.run(["true", "deaf"], platform="process", timeout=1)
    assert caught.value.cmd == ["true", "deaf"]


@pytest.mark.parametrize(
    ("given", "error", "sentence"),
    [
        ({"args": "true"}, TypeError, "args is a list of words, like"),
        ({"args": Path("/bin/true")}, TypeError, "args is a list of words, like"),
        ({"args": []}, ValueError, "args is empty"),
        ({"args": ["true"], "memory": 1.5}, TypeError, "memory is a number of bytes or a size"),
        ({"args": ["true"], "memory": True}, TypeError, "memory is a number of bytes or a size"),
        ({"args": ["true"], "add": "/etc/passwd"}, TypeError, "add is a list of paths or a dict"),
        ({"args": ["true"], "add": {"/a:b": "/c"}}, ValueError, "has a colon"),
        ({"args": ["true"], "nonsense": 1}, TypeError, "unexpected keyword argument 'nonsense'"),
    ],
)
def test_api_refuses_what_cannot_be_meant(
    given: dict[str, Any], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        elfin.run(**given)


@pytest.mark.usefixtures("fake")
def test_api_takes_bytes_and_a_dict(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("x")
    done = elfin.run(
        ["true", "boot"], platform="process", memory=64 << 20, cwd="/data",
        add={tmp_path: "/data"}, capture_output=True,
    )  # fmt: skip
    assert done.stderr == b""
    boot = json.loads(done.stdout)
    assert (boot["memory"], boot["cwd"]) == (64 << 20, "/data")


def test_api_signatures_are_visible() -> None:
    code = "import elfin, pydoc; print(pydoc.plain(pydoc.render_doc(elfin)))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    for name in ("run(args", "start(args", "inspect(program", "capture_output", "stdin", "memory"):
        assert name in shown.stdout, name
    assert "**" not in shown.stdout
    for function in (elfin.run, elfin.start):
        kinds = {parameter.kind for parameter in inspect.signature(function).parameters.values()}
        assert inspect.Parameter.VAR_KEYWORD not in kinds


@pytest.mark.usefixtures("fake")
def test_api_start() -> None:
    with elfin.start(["true", "await"], platform="process", stdout=subprocess.PIPE) as guest:
        assert guest.stdout is not None
        assert guest.stdout.readline() == b"ready\n"
        assert guest.poll() is None
        assert guest.stats is None
        guest.terminate()
        assert guest.stdout.readline() == b"SIGTERM\n"
    assert guest.returncode == 0
    assert guest.stats is not None
    assert guest.stats.status == 0


@pytest.mark.usefixtures("fake")
def test_api_from_a_thread() -> None:
    """fork in a threaded process is what `start` avoids."""
    import threading

    statuses: list[int] = []
    work = [
        threading.Thread(
            target=lambda: statuses.append(
                elfin.run(["true", "exit:4"], platform="process").returncode
            )
        )
        for _ in range(3)
    ]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert statuses == [4, 4, 4]


def test_api_inspect() -> None:
    verdict = elfin.inspect("/bin/true")
    assert isinstance(verdict, Verdict)
    assert verdict.facts.machine == os.uname().machine


def test_the_room_stays_importable() -> None:
    import elfin.run.vm

    assert callable(elfin.run)
    assert elfin.run.vm.BOOT_INFO_NAME == "opt/org.elfin/boot"
