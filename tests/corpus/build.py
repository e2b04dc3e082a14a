# SPDX-License-Identifier: BSD-3-Clause
"""Builds the test corpus: small programs in every shape a Linux ELF comes in, and broken ones.

    python tests/corpus/build.py [-o build/corpus] [--only TEXT]

Every C source of `src/` is built by each toolchain that this machine has, in four shapes: static at
a fixed address, static-PIE, dynamic PIE, dynamic at a fixed address. A toolchain that is missing is
skipped and the reason printed. `manifest.json` beside the binaries lists what was built and what
was skipped; nothing is compiled twice unless its source, its flags or this file changed.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "src"
DEFAULT_OUTPUT = HERE.parents[1] / "build" / "corpus"

COMMON_FLAGS = ("-O1", "-Wall", "-Wextra", "-fno-omit-frame-pointer")
SHAPES = {
    "static": ("-static", "-no-pie", "-fno-pie"),
    "static-pie": ("-static-pie", "-fPIE"),
    "pie": ("-pie", "-fPIE"),
    "exec": ("-no-pie", "-fno-pie"),
}
PROGRAMS = (
    "hello", "argenv", "streams", "files", "memory", "signals", "heap_overflow", "crash", "order",
    "numbers", "clocks", "poll", "spin",
)  # fmt: skip
DYNAMIC_PROGRAMS = ("dlopen", "linked")
MUSL_LIBRARIES = (Path("/usr/lib/x86_64-linux-musl"), Path("/usr/local/musl/lib"))
SHAPES_OF_ZIG = ("static", "static-pie")  # its musl has no dynamic linker
TRUNCATIONS = 20


@dataclass(frozen=True)
class Toolchain:
    """A compiler with its name in the corpus; ``command`` is looked up in PATH."""

    name: str
    command: tuple[str, ...]
    shapes: tuple[str, ...] = tuple(SHAPES)
    programs: tuple[str, ...] = PROGRAMS

    def missing(self) -> str | None:
        """Why it cannot be used here, or None."""
        if self.command[0] == sys.executable:
            probe = subprocess.run([sys.executable, "-c", "import ziglang"], capture_output=True)
            return "the ziglang package is not installed" if probe.returncode else None
        return None if shutil.which(self.command[0]) else f"{self.command[0]} is not installed"


@dataclass(frozen=True)
class Recipe:
    """One binary: where it goes (below the output) and the command that makes it."""

    path: str
    command: tuple[str, ...]
    sources: tuple[Path, ...]
    after: str | None = None  # a file that must be removed once this is built


@dataclass
class Row:
    """One line of the manifest."""

    path: str
    toolchain: str
    shape: str
    skipped: str | None = None


TOOLCHAINS = (
    Toolchain("glibc", ("gcc",)),
    Toolchain("musl", ("musl-gcc",)),
    Toolchain(
        "aarch64-musl",
        (sys.executable, "-m", "ziglang", "cc", "-target", "aarch64-linux-musl"),
        SHAPES_OF_ZIG,
        ("hello", "argenv", "streams", "crash"),  # zig takes a second for each
    ),
)


def shape_flags(toolchain: Toolchain, shape: str) -> tuple[str, ...]:
    """The compiler's words for a shape. musl-gcc ignores -static-pie: its start files are named."""
    if toolchain.name == "musl" and shape == "static-pie":
        place = next((p for p in MUSL_LIBRARIES if (p / "rcrt1.o").exists()), MUSL_LIBRARIES[0])
        start = [str(place / name) for name in ("rcrt1.o", "crti.o", "crtn.o")]
        link = "-Wl,-pie,--no-dynamic-linker,-z,text"
        return ("-static", "-fPIE", "-nostartfiles", link, *start)
    return SHAPES[shape]


def recipes(toolchain: Toolchain, output: Path) -> Iterator[tuple[Recipe, str]]:
    """Every recipe of one toolchain, with its shape."""
    for shape in toolchain.shapes:
        folder = f"{toolchain.name}-{shape}"
        for program in toolchain.programs:
            source = SOURCES / f"{program}.c"
            target = f"{folder}/{program}"
            flags = (*COMMON_FLAGS, *shape_flags(toolchain, shape))
            command = (*toolchain.command, *flags, str(source), "-o", str(output / target), "-lm")
            yield Recipe(target, command, (source,)), shape
        if shape in ("pie", "exec"):
            for recipe in plugin_recipes(toolchain, output, folder, shape):
                yield recipe, shape


def plugin_recipes(toolchain: Toolchain, output: Path, folder: str, shape: str) -> Iterator[Recipe]:
    """A library, a program that opens it, one that links to it, and one that will miss it."""
    place = output / folder
    compiler = (*toolchain.command, *COMMON_FLAGS)
    plugin = SOURCES / "plugin.c"
    for library in ("libplugin.so", "libabsent.so"):
        yield Recipe(
            f"{folder}/{library}",
            (*compiler, "-shared", "-fPIC", f"-Wl,-soname,{library}", str(plugin), "-o",
             str(place / library)),
            (plugin,),
        )  # fmt: skip
    origin = ("-Wl,-rpath,$ORIGIN", "-Wl,--enable-new-dtags")
    for name in DYNAMIC_PROGRAMS:
        source = SOURCES / f"{name}.c"
        extra = ("-ldl",) if name == "dlopen" else (f"-L{place}", "-lplugin")
        target = f"{folder}/{name}"
        command = (*compiler, *SHAPES[shape], str(source), "-o", str(output / target), *origin)
        yield Recipe(target, (*command, *extra), (source, plugin))
    source = SOURCES / "linked.c"
    yield Recipe(
        f"{folder}/missing-library",
        (*compiler, *SHAPES[shape], str(source), "-o", str(place / "missing-library"),
         f"-L{place}", "-labsent"),
        (source, plugin),
        after=f"{folder}/libabsent.so",
    )  # fmt: skip
    hello = SOURCES / "hello.c"
    yield Recipe(
        f"{folder}/missing-interpreter",
        (*compiler, *SHAPES[shape], str(hello), "-o", str(place / "missing-interpreter"),
         "-Wl,--dynamic-linker=/lib/ld-nowhere.so.9"),
        (hello,),
    )  # fmt: skip


def assembly_recipes(output: Path) -> Iterator[Recipe]:
    """Programs without a libc, linked by hand; i386 is there to be refused."""
    zig = (sys.executable, "-m", "ziglang", "cc", "-nostdlib", "-static")
    gcc = ("gcc", "-nostdlib", "-static", "-no-pie")
    for arch, command in (
        ("x86_64", gcc if shutil.which("gcc") else (*zig, "-target", "x86_64-linux-musl")),
        ("i386", (*zig, "-target", "x86-linux-musl")),
        ("aarch64", (*zig, "-target", "aarch64-linux-musl")),
    ):
        source = SOURCES / f"hello_{arch}.S"
        target = f"asm/hello-{arch}"
        yield Recipe(target, (*command, str(source), "-o", str(output / target)), (source,))
    # A kernel, not a program: the floor under every boot time on the vm platform.
    source = SOURCES / "floor_x86_64.S"
    at = (
        "-Wl,-Ttext=0x100000",
        "-Wl,--section-start=.note.pvh=0x101000",
        "-Wl,--build-id=none",
        "-Wl,-z,noseparate-code",
    )
    yield Recipe(
        "asm/floor-x86_64",
        ("gcc", "-nostdlib", "-static", "-no-pie", *at, str(source), "-o",
         str(output / "asm/floor-x86_64")),
        (source,),
    )  # fmt: skip


def fingerprint(recipe: Recipe) -> str:
    """Changes when the recipe's sources, its command or this file change."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    digest.update("\0".join(recipe.command).encode())
    for source in recipe.sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()


def make(recipe: Recipe, output: Path, known: dict[str, str]) -> None:
    """Runs one recipe unless its result is there and fresh; raises CalledProcessError."""
    target = output / recipe.path
    mark = fingerprint(recipe)
    gone = f"{recipe.path} was removed on purpose"
    if known.get(recipe.path) == mark and (target.exists() or known.get(gone) == mark):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(recipe.command, check=True, capture_output=True, text=True)
    known[recipe.path] = mark


def make_group(
    name: str, group: list[tuple[Recipe, str]], output: Path, known: dict[str, str]
) -> list[Row]:
    """Runs the recipes of one toolchain; a recipe that fails is a row that says why."""
    rows = []
    fresh = all(
        known.get(recipe.path) == fingerprint(recipe)
        and ((output / recipe.path).exists() or recipe.path.endswith("libabsent.so"))
        for recipe, _ in group
    )
    for recipe, shape in group:
        row = Row(recipe.path, name, shape)
        if not fresh:
            try:
                make(recipe, output, known)
            except subprocess.CalledProcessError as error:
                row.skipped = f"{' '.join(map(str, error.cmd[:1]))}: {error.stderr.strip()[-300:]}"
            except FileNotFoundError as error:
                row.skipped = f"{error.filename} is not installed"
        rows.append(row)
    for recipe, _ in group:
        if recipe.after:
            (output / recipe.after).unlink(missing_ok=True)
    return [row for row in rows if not row.path.endswith("libabsent.so")]


def broken(output: Path) -> list[Row]:
    """Files that are no programs, or no longer: each is refused with a sentence."""
    good = output / "asm" / "hello-x86_64"
    if not good.exists():
        return [Row("broken", "none", "broken", "asm/hello-x86_64 was not built")]
    source = output / "glibc-pie" / "hello"
    whole = (source if source.exists() else good).read_bytes()
    place = output / "broken"
    place.mkdir(exist_ok=True)
    files = {
        "empty": b"",
        "text": b"just some words, no program\n",
        "zeroes": bytes(4096),
        "magic-only": b"\x7fELF",
        "wrong-machine": patched(good.read_bytes(), 18, struct.pack("<H", 243)),
        "big-endian": big_endian(),
        "class-nine": patched(good.read_bytes(), 4, b"\x09"),
        "object-file": patched(good.read_bytes(), 16, struct.pack("<H", 1)),
        "headers-beyond-end": patched(good.read_bytes(), 32, struct.pack("<Q", 1 << 40)),
        "no-segments": patched(good.read_bytes(), 56, struct.pack("<H", 0)),
    }
    # Everything a loader reads lies in the load segments: cut only there.
    end = loaded_bytes(whole)
    for index in range(TRUNCATIONS):
        cut = 5 + (end - 6) * index // (TRUNCATIONS - 1)
        files[f"truncated-{index:02d}"] = whole[:cut]
    for name, content in files.items():
        target = place / name
        target.write_bytes(content)
        target.chmod(0o755)
    not_executable = place / "no-execute-permission"
    not_executable.write_bytes(good.read_bytes())
    not_executable.chmod(0o644)
    return [Row(f"broken/{name}", "none", "broken") for name in (*files, not_executable.name)]


def patched(content: bytes, offset: int, replacement: bytes) -> bytes:
    """The content with some bytes replaced."""
    return content[:offset] + replacement + content[offset + len(replacement) :]


def big_endian() -> bytes:
    """The header of an s390x program (class 64, big-endian, machine 22), and nothing after it."""
    header = b"\x7fELF\x02\x02\x01" + bytes(9)
    rest = struct.pack(">HHIQQQIHHHHHH", 2, 22, 1, 0x1000, 64, 0, 0, 64, 56, 0, 64, 0, 0)
    return header + rest + bytes(64)


def loaded_bytes(content: bytes) -> int:
    """Where the last load segment ends in the file."""
    offset = struct.unpack_from("<Q", content, 32)[0]
    count = struct.unpack_from("<H", content, 56)[0]
    ends = [0]
    for index in range(count):
        kind, _, start, _, _, size = struct.unpack_from("<IIQQQQ", content, offset + 56 * index)
        if kind == 1:
            ends.append(start + size)
    return max(ends)


def build(output: Path = DEFAULT_OUTPUT, only: str = "") -> list[Row]:
    """Builds what is missing or stale and returns the manifest's rows; one builder at a time."""
    output.mkdir(parents=True, exist_ok=True)
    with (output / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _build(output, only)


def _build(output: Path, only: str) -> list[Row]:
    marks = output / "fingerprints.json"
    known: dict[str, str] = json.loads(marks.read_text()) if marks.exists() else {}
    rows: list[Row] = []
    for toolchain in TOOLCHAINS:
        reason = toolchain.missing()
        group = [(r, s) for r, s in recipes(toolchain, output) if only in r.path]
        if reason:
            rows += [Row(recipe.path, toolchain.name, shape, reason) for recipe, shape in group]
        else:
            rows += make_group(toolchain.name, group, output, known)
    assembly = [(r, "asm") for r in assembly_recipes(output) if only in r.path]
    rows += make_group("asm", assembly, output, known)
    rows += broken(output)
    marks.write_text(json.dumps(known, indent=0, sort_keys=True))
    (output / "manifest.json").write_text(json.dumps([asdict(row) for row in rows], indent=1))
    return rows


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=DEFAULT_OUTPUT)
    parser.add_argument("--only", default="", help="build only paths that contain this")
    arguments = parser.parse_args()
    rows = build(arguments.output.resolve(), arguments.only)
    for row in rows:
        if row.skipped:
            print(f"skipped {row.path}: {row.skipped}")
    print(f"{sum(not row.skipped for row in rows)} of {len(rows)} binaries in {arguments.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
