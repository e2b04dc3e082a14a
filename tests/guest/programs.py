# SPDX-License-Identifier: BSD-3-Clause
"""The guest test programs: what each asks for, how it is compiled, how it is run.

A program says what it needs in comment lines of its own, ``/* guest: key=value ... */``:
``status=N`` the exit status it must end with (default 0), ``libc=glibc`` or ``libc=musl`` when it
is about one C library only, ``memory=64M`` for the guest's -m, ``user=root`` for its -u,
``elf=static-pie`` instead of static or ``elf=static,dynamic`` for both, ``flags=-fX,-fY`` for the
compiler, ``arguments=N`` for N arguments, ``compare=linux`` when a platform's output must be
Linux's own, ``cases=A:1,B:2`` to be run once with the argument A, to end with status 1, and once
with B, to end with 2. A ``.cc`` is C++ and of glibc.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from filelock import FileLock

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
OUTPUT = PROJECT / "build" / "guest"
RESULTS = PROJECT / "build" / "guest-results.json"

LINUX = "linux"
PLATFORMS = ("process", "vm")
LINUX_SECONDS = 60  # only against hangs: syncing a busy disk takes long
GUEST_SECONDS = 40
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "GUEST_TEST": "a value"}

_COMPILERS = {"glibc": "gcc", "musl": "musl-gcc"}
_LINKING = {"static": ["-static"], "static-pie": ["-static-pie"], "dynamic": []}
_LANGUAGES = {".c": "-std=gnu11", ".cc": "-std=gnu++17"}
# No optimisation that would remove the faults and races that a test is about.
_FLAGS = ["-O1", "-g", "-fno-strict-aliasing", "-Wall", "-Wextra", "-Werror"]
# Bad arguments are what many tests are about.
_FLAGS += ["-Wno-stringop-overread", "-Wno-stringop-overflow", "-Wno-nonnull", "-Wno-type-limits"]
_KEYS = {"user", "status", "libc", "memory", "elf", "flags", "arguments", "cases", "compare"}
_WISH = re.compile(r"/\* guest: ([^*]*)\*/")


@dataclass(frozen=True, slots=True)
class Program:
    """One source with one C library, and one case of it. ``name`` is the source's, with ``-musl``
    and the case behind it."""

    name: str
    source: Path
    libc: str
    elf: str
    status: int
    memory: str | None
    arguments: tuple[str, ...]
    compared: bool = False
    flags: tuple[str, ...] = ()
    user: str | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended. ``status`` as a shell says it; None: it had to be killed. ``calls`` is how
    its calls ended: name → errno's name or "ok" → times (Elfin only)."""

    status: int | None
    output: str
    calls: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def programs() -> Iterator[Program]:
    """Every guest test, for each C library and linking it is about, and each of its cases."""
    for source in sorted([*HERE.glob("*.c"), *HERE.glob("*.cc")]):
        wishes = _wishes(source.read_text(encoding="utf-8"))
        libcs = wishes.get("libc", "glibc,musl" if source.suffix == ".c" else "glibc").split(",")
        elfs = wishes.get("elf", "static").split(",")
        for libc, elf in itertools.product(libcs, elfs):
            name = source.stem if libc == "glibc" else f"{source.stem}-{libc}"
            name += "" if elf == elfs[0] else f"-{elf}"
            yield from _cases(source, name, libc, elf, wishes)


def _cases(
    source: Path, name: str, libc: str, elf: str, wishes: dict[str, str]
) -> Iterator[Program]:
    memory, compared = wishes.get("memory"), "compare" in wishes
    flags = tuple(filter(None, wishes.get("flags", "").split(",")))
    rest = (compared, flags, wishes.get("user"))
    if "cases" not in wishes:
        status, count = int(wishes.get("status", "0")), int(wishes.get("arguments", "0"))
        arguments = tuple(f"argument {n}" for n in range(count))
        yield Program(name, source, libc, elf, status, memory, arguments, *rest)
    for case in filter(None, wishes.get("cases", "").split(",")):
        word, status_text = case.split(":")
        full, status = f"{name}-{word}", int(status_text)
        yield Program(full, source, libc, elf, status, memory, (word,), *rest)


def _wishes(text: str) -> dict[str, str]:
    wishes: dict[str, str] = {}
    for word in " ".join(_WISH.findall(text)).split():
        key, value = word.split("=", 1)
        if key not in _KEYS or (key in wishes and key != "cases"):
            raise ValueError(f"a guest test asks for {word}")
        wishes[key] = f"{wishes[key]},{value}" if key in wishes else value
    return wishes


def compiler_missing(program: Program) -> bool:
    """Whether this machine cannot compile it."""
    return shutil.which(_compiler(program)) is None


def _compiler(program: Program) -> str:
    return "g++" if program.source.suffix == ".cc" else _COMPILERS[program.libc]


def _command(program: Program) -> list[str]:
    command = [_compiler(program), _LANGUAGES[program.source.suffix], *_FLAGS, *program.flags]
    return [*command, *_LINKING[program.elf], f"-I{HERE}"]


def text_key(program: Program) -> str:
    """Changes with the program's text, with the headers and with how it is compiled."""
    content = hashlib.sha256(repr(_command(program)).encode())
    for path in (program.source, *sorted(HERE.glob("*.h"))):
        content.update(path.read_bytes())
    return content.hexdigest()[:16]


def build(program: Program) -> Path:
    """The compiled program; compiled only when its text was never seen before.

    Raises subprocess.CalledProcessError with the compiler's words.
    """
    binary = OUTPUT / text_key(program) / program.source.stem
    if binary.exists():
        return binary
    binary.parent.mkdir(parents=True, exist_ok=True)
    fresh = binary.with_name(f"{binary.name}.{os.getpid()}")
    arguments = [*_command(program), "-o", str(fresh), program.source.name, "-lm"]
    subprocess.run(arguments, cwd=program.source.parent, check=True, capture_output=True, text=True)
    fresh.replace(binary)
    return binary


def run_on_linux(program: Program, folder: Path) -> Ended:
    """The program as an ordinary process of this machine, in an empty directory.

    One of a source's programs at a time: they name the same files, queues and keys.
    """
    command = [str(build(program)), *program.arguments]
    with FileLock(OUTPUT / f"{program.source.stem}.lock"):
        return _run(command, folder, ENVIRONMENT, LINUX_SECONDS)


def run_on(platform: str, program: Program, folder: Path) -> Ended:
    """The program on Elfin. The guest's log is ``folder``/log."""
    argv = [sys.executable, "-m", "elfin", "run", "--platform", platform, "--no-env", "-w", "/tmp"]
    argv += ["--log", str(folder / "log"), "--timeout", str(GUEST_SECONDS)]
    if platform == "vm":
        argv += ["--accel", "tcg"]
    if program.memory:
        argv += ["-m", program.memory]
    if program.user:
        argv += ["-u", program.user]
    for key, value in ENVIRONMENT.items():
        argv += ["-e", f"{key}={value}"]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    told = folder / "result.json"
    argv += ["--result", str(told), "--outcomes"]
    command = [*argv, "--", str(build(program)), *program.arguments]
    ended = _run(command, folder, environment, GUEST_SECONDS + 20)
    return replace(ended, calls=_calls(told))


def _calls(told: Path) -> dict[str, dict[str, int]]:
    """How often each call was made ("made") and how it ended, out of --result."""
    try:
        record = json.loads(told.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    made = {name: {"made": sum(doors.values())} for name, doors in record["calls"].items()}
    return {name: {**found, **record["outcomes"].get(name, {})} for name, found in made.items()}


def _run(argv: list[str], folder: Path, environment: dict[str, str], seconds: int) -> Ended:
    started = subprocess.Popen(
        argv,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        output, _ = started.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        output, _ = started.communicate()
        return Ended(None, output)
    status = started.returncode
    return Ended(status if status >= 0 else 128 - status, output)


def record(
    program: Program,
    platform: str,
    status: str,
    calls: Mapping[str, Mapping[str, int]] | None = None,
) -> None:
    """Put one result into build/guest-results.json; several test workers may do so at once."""
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{RESULTS}.lock"):
        try:
            known = json.loads(RESULTS.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            known = []
        table = {(row["test"], row["platform"]): row for row in known}
        row: dict[str, object] = {"test": program.name, "platform": platform, "status": status}
        row["text"] = text_key(program)
        table[program.name, platform] = {**row, "calls": calls} if calls else row
        rows = [table[key] for key in sorted(table)]
        fresh = RESULTS.with_suffix(".new")
        fresh.write_text(json.dumps(rows) + "\n", encoding="utf-8")
        fresh.replace(RESULTS)
