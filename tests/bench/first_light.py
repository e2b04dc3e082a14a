# SPDX-License-Identifier: BSD-3-Clause
"""The figures of the first light (issue clause A8), one per name, as tools/claims.py reads them.

    python -m tests.bench.first_light NAME [-n 15]

Every figure alternates what it compares within one loop. A sample is the least of a few such
rounds, a figure the median of its samples. First bytes are measured
from just before the execve (posix_spawn) of QEMU, of the process platform's kernel, or of the
program itself, to the first byte on its pipe.

All of it runs with real-time priority where that is permitted (as root): a busy machine then gives
a quiet one's figures. Those that compare a program with itself on Linux run on one CPU, too. Short
operations are timed by the program, in rounds of which the lower quartile counts; long work is CPU
time, all processes of the run together, as the host accounts it.
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
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, TypeVar

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
T = TypeVar("T")
PIPES = (StdioKind.NULL, StdioKind.PIPE, StdioKind.PIPE)


def compiled(source: Path, compiler: str = "gcc") -> Path:
    """A static binary of a C source, built when it is older."""
    BUILD.mkdir(parents=True, exist_ok=True)
    target = BUILD / (source.stem if compiler == "gcc" else f"{source.stem}-{compiler}")
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        command = [compiler, "-O2", "-static", "-o", str(target), str(source)]
        subprocess.run(command, check=True)
    return target


def hello(compiler: str = "gcc") -> Path:
    return compiled(ROOT / "tests/corpus/src/hello.c", compiler)


def costs() -> Path:
    return compiled(Path(__file__).with_name("guest_costs.c"))


def prepared(program: Path, *arguments: str) -> Prepared:
    return prepare(Request(str(program), arguments, {}, RunOptions()), print)


def step_forward() -> None:
    """Ahead of all else that this machine runs, where that is permitted; children inherit it."""
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def pin() -> None:
    """This process and its children stay on one CPU."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


class Child(NamedTuple):
    """What is to be spawned: ``fds`` says which of ours becomes which of its, ``keep`` are
    inherited as they are, ``end`` is where its output arrives."""

    argv: tuple[str, ...]
    fds: dict[int, int]
    keep: tuple[int, ...]
    end: int
    env: tuple[tuple[str, str], ...] = ()

    def spawn(self) -> int:
        """Its pid."""
        actions = [(os.POSIX_SPAWN_DUP2, source, target) for target, source in self.fds.items()]
        for fd in self.keep:
            os.set_inheritable(fd, True)
        return os.posix_spawn(
            self.argv[0], self.argv, dict(self.env), file_actions=actions, setpgroup=0
        )


def _first_byte(child: Child) -> float:
    """Milliseconds from posix_spawn to the first byte; then the child is waited for."""
    begin = time.perf_counter_ns()
    pid = child.spawn()
    ready, _, _ = select.select([child.end], [], [], 20)
    took = (time.perf_counter_ns() - begin) / 1e6
    data = os.read(child.end, 65536) if ready else b""
    if not data:
        os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    if not data:
        raise RuntimeError(f"{child.argv[0]}: no byte came")
    return took


class Finished(NamedTuple):
    """``number`` is what the program printed; ``cpu_ns`` is the CPU time of all its processes."""

    number: float
    cpu_ns: float


def _finished(child: Child) -> Finished:
    """The program at its end; it printed one number."""
    pid = child.spawn()
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise RuntimeError(f"{child.argv[0]}: wait status {status}")
    number = float(os.read(child.end, 100))
    return Finished(number, (usage.ru_utime + usage.ru_stime) * 1e9)


def _on_process(ready: Prepared, run: Callable[[Child], T]) -> T:
    """``run`` with the process platform's kernel about to boot ``ready``, its stdout a pipe."""
    kernel = require_kernel(Arch.X86_64, Platform.PROCESS)
    boot_fd = boot.boot_file(
        boot.boot_info(ready.spec, ready.options, boot.facts_now(PIPES, 128 * MIB, None))
    )
    root_fd = image_fd(ready.image)
    ours, theirs = socket.socketpair()
    read, write = os.pipe()
    null = os.open(os.devnull, os.O_RDWR)
    numbers = (boot_fd, root_fd, theirs.fileno(), null)
    argv = (str(kernel), *map(str, numbers))
    try:
        return run(Child(argv, {0: null, 1: write, 2: null}, numbers, read))
    finally:
        for fd in (boot_fd, root_fd, read, write, null):
            os.close(fd)
        ours.close()
        theirs.close()


def _natively(words: tuple[str, ...], run: Callable[[Child], T]) -> T:
    """``run`` with the program itself."""
    read, write = os.pipe()
    null = os.open(os.devnull, os.O_RDWR)
    try:
        return run(Child(words, {0: null, 1: write, 2: null}, (), read))
    finally:
        for fd in (read, write, null):
            os.close(fd)


def native_first_byte(program: Path) -> float:
    return _natively((str(program),), _first_byte)


def process_first_byte(ready: Prepared) -> float:
    return _on_process(ready, _first_byte)


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
        return _first_byte(Child(
            qemu_argv(plan), {0: null, 1: null, 2: null}, (stdout, stderr, control, *guest.fds),
            pairs[0][0].fileno(), QEMU_ENVIRONMENT,
        ))  # fmt: skip
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
        return _first_byte(Child(argv, {0: null, 1: write, 2: null}, (), read, QEMU_ENVIRONMENT))
    finally:
        for fd in (read, write, null):
            os.close(fd)


def alternate(
    count: int, *measures: Callable[[], float], least_of: int = 3
) -> list[tuple[float, ...]]:
    """``count`` samples of all. Within one, each is run ``least_of`` times, one after another, and
    the least counts: what a busy machine adds is not ours. One round before warms up."""
    for measure in measures:
        measure()
    samples = []
    for _ in range(count):
        rounds = [[measure() for measure in measures] for _ in range(least_of)]
        samples.append(tuple(min(taken) for taken in zip(*rounds, strict=True)))
    return samples


def medians(samples: list[tuple[float, ...]]) -> list[float]:
    """Of each measure."""
    return [statistics.median(taken) for taken in zip(*samples, strict=True)]


def wall_of_run() -> float:
    """Warm: Python keeps what it compiled, whatever this machine's habit."""
    words = [sys.executable, "-m", "elfin", "run", "--platform", "process", str(hello())]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begin = time.perf_counter_ns()
    subprocess.run(words, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter_ns() - begin) / 1e6


def first_byte_process(count: int) -> dict[str, float]:
    program, ready = hello(), prepared(hello())
    samples = alternate(
        count, lambda: process_first_byte(ready), lambda: native_first_byte(program), least_of=5
    )
    more = statistics.median(here - native for here, native in samples)
    return {"value": more, "linux": medians(samples)[1]}


def first_byte_vm(count: int) -> dict[str, float]:
    """musl's hello, the floor, and glibc's, whose own start costs QEMU milliseconds."""
    musl, glibc = prepared(hello("musl-gcc")), prepared(hello())
    here, floor, larger = medians(
        alternate(count, lambda: elfin_in_vm(musl), floor_first_byte, lambda: elfin_in_vm(glibc))
    )
    return {"value": here, "floor": floor, "glibc": larger}


def python_part(count: int) -> dict[str, float]:
    """A whole warm `elfin run` less the time its kernel took by itself."""
    ready = prepared(hello())
    samples = alternate(count, wall_of_run, lambda: process_first_byte(ready))
    return {"value": statistics.median(whole - inner for whole, inner in samples)}


def ratio(what: str, count: int, of: Callable[[Finished], float]) -> dict[str, float]:
    """The median of the pairs' own ratios."""
    pin()
    words = (str(costs()), what)
    ready = prepared(costs(), what)
    samples = alternate(
        count, lambda: of(_on_process(ready, _finished)), lambda: of(_natively(words, _finished))
    )
    here, native = medians(samples)
    value = statistics.median(here / native for here, native in samples)
    return {"value": value, "elfin_ns": here, "linux": native}


def own_cost(what: str) -> Callable[[int], dict[str, float]]:
    return lambda count: ratio(what, count, lambda run: run.number)


def cpu(count: int) -> dict[str, float]:
    return ratio("cpu", count, lambda run: run.cpu_ns)


FIGURES: dict[str, tuple[str, Callable[[int], dict[str, float]]]] = {
    "process-first-byte": ("ms", first_byte_process),
    "vm-first-byte": ("ms", first_byte_vm),
    "python-part": ("ms", python_part),
    "page-fault": ("x native", own_cost("fault")),
    "mmap": ("x native", own_cost("mmap")),
    "cpu": ("x native", cpu),
    "trap": ("x native", own_cost("trap")),
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
    step_forward()
    figure = {name: round(value, 3) for name, value in measure(options.n).items()}
    print(json.dumps({**figure, "n": options.n, "unit": unit}))


if __name__ == "__main__":
    main()
