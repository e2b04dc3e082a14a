# SPDX-License-Identifier: BSD-3-Clause
"""The figures of the first light (issue clause A8), one per name, as tools/claims.py reads them.

    python -m tests.bench.first_light NAME [-n 15]

Every figure alternates what it compares within one loop, and is a median. First bytes are measured
from just before the execve (posix_spawn) of QEMU, of the process platform's kernel, or of the
program itself, to the first byte on its pipe.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from elfin.model.program import Arch
from elfin.model.run import Accel, Machine, Platform, RunOptions
from elfin.pipeline import Prepared, Request, prepare
from elfin.run import boot
from elfin.run.kernels import require_kernel
from elfin.run.launch import image_fd
from elfin.run.qemu import find_qemu
from elfin.run.start_vm import open_guest
from elfin.run.streams import StdioKind
from elfin.run.vm import QEMU_ENVIRONMENT, VmPlan, qemu_argv

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/bench"
MIB = 1 << 20
PIPES = (StdioKind.NULL, StdioKind.PIPE, StdioKind.PIPE)


def compiled(source: Path, *flags: str) -> Path:
    """A static binary of a C source beside this file, built when it is older."""
    BUILD.mkdir(parents=True, exist_ok=True)
    target = BUILD / source.stem
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        command = ["gcc", "-O2", "-static", *flags, "-o", str(target), str(source)]
        subprocess.run(command, check=True)
    return target


def hello() -> Path:
    return compiled(ROOT / "tests/corpus/src/hello.c")


def costs() -> Path:
    return compiled(Path(__file__).with_name("guest_costs.c"))


def prepared(program: Path) -> Prepared:
    return prepare(Request(str(program), (), {}, RunOptions()), print)


def _fd_to_first_byte(
    argv: tuple[str, ...],
    fds: dict[int, int],
    keep: tuple[int, ...],
    end: int,
    env: tuple[tuple[str, str], ...] = (),
) -> float:
    """Milliseconds from posix_spawn to the first byte on ``end``; then the child is waited for."""
    actions = [(os.POSIX_SPAWN_DUP2, source, target) for target, source in fds.items()]
    for fd in keep:
        os.set_inheritable(fd, True)
    begin = time.perf_counter_ns()
    pid = os.posix_spawn(argv[0], argv, dict(env), file_actions=actions, setpgroup=0)
    ready, _, _ = select.select([end], [], [], 20)
    took = (time.perf_counter_ns() - begin) / 1e6
    data = os.read(end, 65536) if ready else b""
    if not data:
        os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    if not data:
        raise RuntimeError(f"{argv[0]}: no byte came")
    return took


def native_first_byte(program: Path) -> float:
    read, write = os.pipe()
    null = os.open(os.devnull, os.O_RDWR)
    try:
        return _fd_to_first_byte((str(program),), {0: null, 1: write, 2: null}, (), read)
    finally:
        for fd in (read, write, null):
            os.close(fd)


def process_first_byte(ready: Prepared) -> float:
    kernel = require_kernel(Arch.X86_64, Platform.PROCESS)
    boot_fd = boot.boot_file(
        boot.boot_info(ready.spec, ready.options, boot.facts_now(PIPES, 128 * MIB, None))
    )
    root_fd = image_fd(ready.image)
    ours, theirs = socket.socketpair()
    read, write = os.pipe()
    null = os.open(os.devnull, os.O_RDWR)
    numbers = (boot_fd, root_fd, theirs.fileno(), null)
    try:
        return _fd_to_first_byte(
            (str(kernel), *map(str, numbers)), {0: null, 1: write, 2: null}, numbers, read
        )
    finally:
        for fd in (boot_fd, root_fd, read, write, null):
            os.close(fd)
        ours.close()
        theirs.close()


def elfin_in_vm(ready: Prepared) -> float:
    """On microvm under TCG. The byte comes on the stdout port."""
    kernel, qemu = require_kernel(Arch.X86_64, Platform.VM), find_qemu(Arch.X86_64)
    assert qemu is not None
    info = boot.boot_info(ready.spec, ready.options, boot.facts_now(PIPES, 0, None))
    memory = ready.image.size + 128 * MIB
    guest = open_guest(info, ready.image, kernel, memory, ready.options)
    pairs = [socket.socketpair() for _ in range(3)]  # stdin is null, and nobody asked for a log
    null = os.open(os.devnull, os.O_RDWR)
    stdout, stderr, control = (theirs.fileno() for _, theirs in pairs)
    plan = VmPlan(
        qemu, Arch.X86_64, Machine.MICROVM, Accel.TCG, memory, kernel, guest.image,
        guest.boot_info, (None, stdout, stderr, None, control), guest.placed,
    )  # fmt: skip
    try:
        return _fd_to_first_byte(
            qemu_argv(plan), {0: null, 1: null, 2: null}, (stdout, stderr, control, *guest.fds),
            pairs[0][0].fileno(), QEMU_ENVIRONMENT,
        )  # fmt: skip
    finally:
        for fd in (null, *guest.fds):
            os.close(fd)
        for ours, theirs in pairs:
            ours.close()
            theirs.close()


def floor_argv(qemu: Path, kernel: Path) -> tuple[str, ...]:
    """A bare kernel that writes one byte to QEMU's debug console, which is its stdout here."""
    return (
        str(qemu), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-M", "microvm,acpi=off,pit=off,pic=off,rtc=on,isa-serial=off,auto-kernel-cmdline=off",
        "-accel", "tcg", "-cpu", "max", "-m", "128M", "-kernel", str(kernel),
        "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
        "-chardev", "stdio,id=out", "-device", "isa-debugcon,iobase=0xe9,chardev=out",
    )  # fmt: skip


def floor_kernel() -> Path:
    """The bare kernel, built when it is not there."""
    target = ROOT / "build/corpus/asm/floor-x86_64"
    if not target.exists():
        build = [sys.executable, "tests/corpus/build.py", "--only", "asm/floor"]
        subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return target


def floor_first_byte() -> float:
    qemu = find_qemu(Arch.X86_64)
    assert qemu is not None
    read, write = os.pipe()
    null = os.open(os.devnull, os.O_RDWR)
    try:
        argv = floor_argv(qemu, floor_kernel())
        return _fd_to_first_byte(argv, {0: null, 1: write, 2: null}, (), read, QEMU_ENVIRONMENT)
    finally:
        for fd in (read, write, null):
            os.close(fd)


def alternate(count: int, *measures: Callable[[], float]) -> list[float]:
    """The median of each, one after another in each round, after one round to warm up."""
    samples: list[list[float]] = [[] for _ in measures]
    for round_number in range(count + 1):
        for measure, into in zip(measures, samples, strict=True):
            value = measure()
            if round_number:
                into.append(value)
    return [statistics.median(into) for into in samples]


def own_cost(what: str, platform: Platform | None) -> float:
    """What guest_costs prints, on Linux or on a platform."""
    words = [str(costs()), what]
    if platform is not None:
        words = [sys.executable, "-m", "elfin", "run", "--platform", platform.value, *words]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout)


def wall_of_run() -> float:
    words = [sys.executable, "-m", "elfin", "run", "--platform", "process", str(hello())]
    begin = time.perf_counter_ns()
    subprocess.run(words, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter_ns() - begin) / 1e6


def first_byte_process(count: int) -> dict[str, float]:
    program, ready = hello(), prepared(hello())
    here, native = alternate(
        count, lambda: process_first_byte(ready), lambda: native_first_byte(program)
    )
    return {"value": here - native, "linux": native}


def first_byte_vm(count: int) -> dict[str, float]:
    ready = prepared(hello())
    here, floor = alternate(count, lambda: elfin_in_vm(ready), floor_first_byte)
    return {"value": here, "floor": floor}


def python_part(count: int) -> dict[str, float]:
    """A whole warm `elfin run` less the time its kernel took by itself."""
    ready = prepared(hello())
    whole, inner = alternate(count, wall_of_run, lambda: process_first_byte(ready))
    return {"value": whole - inner}


def cpu(count: int) -> dict[str, float]:
    """The median of the pairs' own ratios: a slow moment strikes both halves of a pair."""
    pairs = [(own_cost("cpu", Platform.PROCESS), own_cost("cpu", None)) for _ in range(count)]
    return {"value": statistics.median(here / native for here, native in pairs)}


def ratio(what: str) -> Callable[[int], dict[str, float]]:
    def measure(count: int) -> dict[str, float]:
        here, native = alternate(
            count, lambda: own_cost(what, Platform.PROCESS), lambda: own_cost(what, None)
        )
        return {"value": here / native, "elfin_ns": here, "linux": native}

    return measure


FIGURES: dict[str, tuple[str, Callable[[int], dict[str, float]]]] = {
    "process-first-byte": ("ms", first_byte_process),
    "vm-first-byte": ("ms", first_byte_vm),
    "python-part": ("ms", python_part),
    "page-fault": ("x native", ratio("fault")),
    "mmap": ("x native", ratio("mmap")),
    "cpu": ("x native", cpu),
    "trap": ("x native", ratio("trap")),
}
PROGRAMS = {"hello": hello, "guest_costs": costs}


def main() -> None:
    """Measure one figure and print the JSON line."""
    parser = argparse.ArgumentParser(description="figures of clause A8")
    parser.add_argument(
        "name", choices=(*FIGURES, *PROGRAMS), help="a figure, or a program to build"
    )
    parser.add_argument("-n", type=int, default=15)
    options = parser.parse_args()
    if options.name in PROGRAMS:
        print(PROGRAMS[options.name]())
        return
    unit, measure = FIGURES[options.name]
    figure = {name: round(value, 3) for name, value in measure(options.n).items()}
    print(json.dumps({**figure, "n": options.n, "unit": unit}))


if __name__ == "__main__":
    main()
