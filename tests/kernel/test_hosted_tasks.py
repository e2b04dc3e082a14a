# SPDX-License-Identifier: BSD-3-Clause
"""The process platform by itself: hosted_tasks.c, a kernel without rooms, run as by the SDK."""

from __future__ import annotations

import os
import platform
import re
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from filelock import FileLock

from elfin.kernel_build.toolchain import environment, zig
from tests.kernel.build import OUTPUT
from tests.kernel.build import ROOT as PROJECT

pytestmark = [
    pytest.mark.skipif(platform.machine() != "x86_64", reason="process platform: x86_64 only"),
    pytest.mark.timeout(120),
]

FLAGS = (
    "-target x86_64-freestanding-none -std=c11 -O2 -g -ffreestanding -fPIE -mno-red-zone "
    "-mgeneral-regs-only -fno-omit-frame-pointer -fno-stack-protector -fno-sanitize=all "
    "-fno-asynchronous-unwind-tables -fno-strict-aliasing -ffunction-sections -DUNDO_STORES=1 "
    "-Wall -Wextra -Werror"
).split()
# What the platform stands on; the linker drops what it does not use.
PLATFORM = PROJECT / "kernel/platform"
SCRIPT = ("-T", str(PLATFORM / "process/link.lds"), "-L", str(PLATFORM))
SOURCES = (
    "kernel/arch/*.c",
    "kernel/arch/x86_64/*.c",
    "kernel/arch/x86_64/*.S",
    "kernel/lib/*.c",
    "kernel/platform/process/*.c",
    "tests/kernel/hosted_tasks.c",
)


def compiled(source: Path, out: Path) -> Path:
    """One object for the freestanding target."""
    hidden = out / "hidden.h"
    hidden.write_text("#pragma GCC visibility push(hidden)\n", encoding="ascii")
    target = out / f"{source.name}.o"
    mine = out / f"{source.name}.{os.getpid()}.o"  # another worker may be reading `target`
    command = [zig(), "cc", *FLAGS, "-include", str(hidden), f"-I{PROJECT}/kernel"]
    command += [f"-I{PROJECT}", "-c", str(source), "-o", str(mine)]
    subprocess.run(command, check=True, env=os.environ | environment(OUTPUT))
    mine.replace(target)
    return target


def linked(objects: list[Path], target: Path) -> subprocess.CompletedProcess[str]:
    """By the platform's own script, and as the kernel is linked."""
    link = [zig(), "ld.lld", "-static", "-no-pie", "-z", "norelro", "--gc-sections"]
    link += ["--orphan-handling=error", *SCRIPT]
    link += ["-o", str(target), *map(str, objects)]
    return subprocess.run(link, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def objects() -> list[Path]:
    """What the test kernel is made of."""
    out = OUTPUT / "hosted"
    out.mkdir(parents=True, exist_ok=True)
    found = [path for pattern in SOURCES for path in sorted(PROJECT.glob(pattern))]
    with FileLock(out / "lock"):
        return [
            compiled(path, out) for path in found if not path.name.startswith(("bare_", "trap.S"))
        ]


@pytest.fixture(scope="session")
def kernel(objects: list[Path]) -> Path:
    """The test kernel."""
    target = OUTPUT / "hosted/elfin-test"
    with FileLock(OUTPUT / "hosted/lock"):
        done = linked(objects, target)
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture(params=["dispatch", "seccomp"])
def door(request: pytest.FixtureRequest) -> str:
    """How the program's calls are trapped."""
    return str(request.param)


@contextmanager
def running(kernel: Path, word: str, door: str = "dispatch") -> Iterator[subprocess.Popen[bytes]]:
    """The kernel with ``word`` as boot information; its control socket closes with the block."""
    boot = os.memfd_create("boot")
    os.write(boot, word.encode())
    ours, theirs = socket.socketpair()
    with ours, theirs:
        argv = [str(kernel), str(boot), "-1", str(theirs.fileno()), "-1", door]
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(boot, theirs.fileno()),
        )
        theirs.close()
        child.control = ours  # type: ignore[attr-defined]
        try:
            yield child
        finally:
            os.close(boot)
            with suppress(ProcessLookupError):
                child.kill()
            child.communicate()


def children(pid: int) -> list[int]:
    """Host tasks of a supervisor."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_up(child: subprocess.Popen[bytes]) -> None:
    """Until the guest says so."""
    assert child.stdout is not None
    assert child.stdout.readline() == b"up\n"


def is_gone(pid: int) -> bool:
    """No such process, or one that is only waiting to be reaped by somebody else."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def test_spaces(kernel: Path, door: str) -> None:
    """Copies, empty spaces, foreign operations, registers across a switch, forty at once."""
    with running(kernel, "spaces", door) as child:
        out, err = child.communicate(timeout=60)
        assert (child.returncode, err) == (0, b""), out
        assert re.fullmatch(rb"a switch takes \d+ ns\na fork takes \d+ ns\ndone\n", out)


def test_calls_through_both_exits(kernel: Path, door: str) -> None:
    """A hundred thousand traps beside the tick."""
    with running(kernel, "calls", door) as child:
        assert child.wait(timeout=60) == 0


def test_a_fault_of_the_program(kernel: Path, door: str) -> None:
    """``hlt`` at CPL 3."""
    with running(kernel, "fault", door) as child:
        out, _ = child.communicate(timeout=20)
        assert (child.returncode, out) == (3, b"fault at pc 0x500000, address 0\n")


def test_a_task_killed_in_its_program(kernel: Path) -> None:
    """Somebody's kill -9 on the guest process is the guest's end by signal 9."""
    with running(kernel, "program") as child:
        wait_up(child)
        time.sleep(0.1)
        os.kill(children(child.pid)[0], signal.SIGKILL)
        _, err = child.communicate(timeout=10)
        assert (child.returncode, err) == (137, b"")


def test_a_task_killed_in_the_kernel(kernel: Path) -> None:
    """The same in kernel code: nothing the guest did, so it is a panic."""
    with running(kernel, "kernel") as child:
        wait_up(child)
        os.kill(children(child.pid)[0], signal.SIGKILL)
        _, err = child.communicate(timeout=10)
        assert child.returncode == 125
        assert err.startswith(b"elfin: kernel panic: its host process was killed from outside")


def test_a_lost_zygote_is_replaced(kernel: Path) -> None:
    """Only an empty space was lost: the run goes on, and another one stands ready."""
    with running(kernel, "program") as child:
        wait_up(child)
        time.sleep(0.2)
        guest, zygote = children(child.pid)
        os.kill(zygote, signal.SIGKILL)
        time.sleep(0.3)
        now = children(child.pid)
        assert child.poll() is None
        assert now[0] == guest and len(now) == 2 and zygote not in now


@pytest.mark.parametrize("word", ["program", "kernel"])
def test_end_of_the_control_channel(kernel: Path, word: str) -> None:
    """The SDK is gone: everything is, within a second."""
    with running(kernel, word) as child:
        wait_up(child)
        tasks = children(child.pid)
        child.control.close()  # type: ignore[attr-defined]
        started = time.monotonic()
        assert child.wait(timeout=10) == 125
        assert time.monotonic() - started < 1
        assert all(is_gone(pid) for pid in tasks)


def test_a_killed_supervisor_takes_its_tasks_along(kernel: Path) -> None:
    """PR_SET_PDEATHSIG."""
    with running(kernel, "program") as child:
        wait_up(child)
        time.sleep(0.1)
        tasks = children(child.pid)
        child.kill()
        child.wait()
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline and not all(is_gone(pid) for pid in tasks):
            time.sleep(0.01)
        assert all(is_gone(pid) for pid in tasks)


def test_terminal_signals_do_not_end_it(kernel: Path) -> None:
    """The SDK decides what a signal means; the kernel's processes block all of them."""
    with running(kernel, "program") as child:
        wait_up(child)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
            for pid in (child.pid, *children(child.pid)):
                os.kill(pid, number)
        time.sleep(0.2)
        assert child.poll() is None


@pytest.mark.parametrize(
    ("limit", "bytes_", "sentence"),
    [
        (resource.RLIMIT_AS, 1 << 32, b"elfin: the host limits address space (ulimit -v)"),
        (resource.RLIMIT_FSIZE, 1 << 30, b"elfin: the host limits the size of files (ulimit -f)"),
    ],
)
def test_a_host_that_limits(kernel: Path, limit: int, bytes_: int, sentence: bytes) -> None:
    """Refused with a sentence and status 125."""
    null = os.open(os.devnull, os.O_RDONLY)
    try:
        result = subprocess.run(
            [kernel, str(null), "-1", "-1", "-1"],
            capture_output=True,
            pass_fds=(null,),
            preexec_fn=lambda: resource.setrlimit(limit, (bytes_, bytes_)),
            timeout=10,
            check=False,
        )
    finally:
        os.close(null)
    assert result.returncode == 125
    assert result.stderr.startswith(sentence)


@pytest.mark.parametrize(
    "argv", [[], ["x", "1", "2", "3"], ["", "", "", ""], ["99", "-1", "-1", "-1"]]
)
def test_wrong_arguments(kernel: Path, argv: list[str]) -> None:
    """The SDK never gives them; a curious user may."""
    result = subprocess.run([kernel, *argv], capture_output=True, timeout=10, check=False)
    assert result.returncode == 125
    assert result.stderr.startswith(b"elfin: ") and result.stderr.count(b"\n") == 1


# --- all writable memory of the kernel lies in the shared range ---


def writable_outside(kernel: Path) -> list[str]:
    """Sections that a program could be given to write, and that no memfd will hold."""
    with kernel.open("rb") as file:
        elf = ELFFile(file)
        names = {s.name: s["st_value"] for s in elf.get_section_by_name(".symtab").iter_symbols()}
        found = []
        for section in elf.iter_sections():
            first, size = section["sh_addr"], section["sh_size"]
            zero = section["sh_type"] == "SHT_NOBITS"  # the rest is copied to the memfd
            end = names["kernel_end" if zero else "kernel_file_end"]
            inside = names["kernel_data"] <= first <= first + size <= end
            if section["sh_flags"] & SH_FLAGS.SHF_WRITE and size and not inside:
                found.append(section.name)
        return found


@pytest.mark.parametrize("name", ["full", "hello"])
def test_writable_data_is_shared(name: str) -> None:
    """Of the kernels that are shipped."""
    built = PROJECT / f"build/kernel/x86_64-{name}/elfin-process.debug"
    if not built.exists():
        pytest.skip("the kernel is not built")
    assert writable_outside(built) == []


def kept_in(section: str) -> str:
    """Of a variable that nothing uses."""
    return f'__attribute__((section("{section}"), used, retain))'


@pytest.mark.parametrize(
    ("planted", "sentence"),
    [
        (f'{kept_in("mine")} int planted = 1;', "mine"),
        (f'{kept_in(".tdata")} int planted = 1;', "the kernel has no thread-local storage"),
        (f'{kept_in(".init_array")} int planted = 1;', "the kernel has no constructors"),
    ],
)  # fmt: skip
def test_writable_data_elsewhere_does_not_link(
    objects: list[Path], tmp_path: Path, planted: str, sentence: str
) -> None:
    """The link itself refuses it; were it not asked to, the test above would find it."""
    source = tmp_path / "planted.c"
    source.write_text(planted + "\n", encoding="ascii")
    done = linked([*objects, compiled(source, tmp_path)], tmp_path / "kernel")
    assert done.returncode != 0
    assert sentence in done.stderr


def test_writable_data_elsewhere_is_found(objects: list[Path], tmp_path: Path) -> None:
    """The check on the finished kernel, on one that a laxer link let pass."""
    source = tmp_path / "planted.c"
    source.write_text(kept_in("mine") + " int planted = 1;\n", encoding="ascii")
    lax = [zig(), "ld.lld", "-static", "-no-pie", "-z", "norelro"]
    lax += [*SCRIPT, "-o", str(tmp_path / "kernel")]
    subprocess.run([*lax, *map(str, objects), str(compiled(source, tmp_path))], check=True)
    assert writable_outside(tmp_path / "kernel") == ["mine"]
