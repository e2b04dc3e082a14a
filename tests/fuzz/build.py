# SPDX-License-Identifier: BSD-3-Clause
"""Builds and runs the fuzz targets.

Per target three programs below build/fuzz: the fuzzer (clang: libFuzzer, ASan, UBSan), the same on
a copy of the source with a **planted bug**, which it must find, and a replay program (gcc,
--coverage) that runs the corpus to see which lines were reached.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from elfin.kernel_build.build import Configuration, Tree, prepare
from tests.fuzz.seeds import cpio_seeds, elf_seeds

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
OUTPUT = ROOT / "build" / "fuzz"
FUZZING = "-fsanitize=fuzzer-no-link,address,undefined"
LINKING = "-fsanitize=fuzzer,address,undefined"
RUNS = 200_000
SEED = 1  # libFuzzer repeats itself with the same seed: a failure can be looked at


@dataclass(frozen=True, slots=True)
class Target:
    """What is fuzzed: ``subject`` with fuzz_NAME.c; ``helpers`` are linked but not measured.

    ``plant`` replaces one text of the subject by another, the bug that must be found.
    """

    name: str
    subject: str
    helpers: tuple[str, ...]
    seeds: Callable[[], dict[str, bytes]]
    max_bytes: int
    plant: tuple[str, str]


TARGETS = {
    target.name: target
    for target in (
        Target(
            "elf",
            "kernel/load/elf.c",
            ("kernel/lib/string.c",),
            elf_seeds,
            1024,
            ("heap_alloc(h->e_phnum * sizeof", "heap_alloc((h->e_phnum - 1u) * sizeof"),
        ),
        Target(
            "cpio",
            "kernel/files/cpio.c",
            ("kernel/lib/string.c",),
            cpio_seeds,
            16384,
            ("|| size > c->size - out->data_offset)", "|| size > c->size)"),
        ),
    )
}


class FuzzError(Exception):
    """A build or a run did not end as it must; the text is the program's own."""


def _run(command: list[str], cwd: Path | None = None) -> str:
    result = subprocess.run(
        command,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        env={**os.environ, "UBSAN_OPTIONS": "halt_on_error=1:abort_on_error=1"},
    )
    if result.returncode != 0:
        raise FuzzError(f"{' '.join(command)}: status {result.returncode}\n{result.stdout}")
    return result.stdout


def _compile(folder: Path, compiler: str, sources: list[Path], flags: list[str]) -> list[str]:
    """Compile kernel-side ``sources`` to objects in ``folder``."""
    inputs = prepare(Tree(ROOT, OUTPUT), Configuration("x86_64", "full"))
    folder.mkdir(parents=True, exist_ok=True)
    common = [
        "-std=gnu11",
        "-g",
        "-O1",
        "-ffreestanding",
        "-fno-strict-aliasing",
        "-Wno-attributes",
    ]
    common += ["-include", str(inputs / "config.h"), f"-I{HERE}", f"-I{ROOT}/kernel", f"-I{ROOT}"]
    objects = []
    for source in sources:
        output = folder / f"{source.stem}.o"
        _run([compiler, *common, *flags, "-c", str(source), "-o", str(output)], cwd=folder)
        objects.append(str(output))
    return objects


def _join(folder: Path, compiler: str, objects: list[str]) -> str:
    """One relocatable whose only global name is fuzz_one: its memcpy is not libc's."""
    joined, local = folder / "joined.o", folder / "local.o"
    _run([compiler, "-r", "-nostdlib", "-o", str(joined), *objects])
    localise = [sys.executable, str(ROOT / "tools/localise.py"), str(joined), str(local)]
    _run([*localise, "--keep", "fuzz_one"])
    return str(local)


def build_fuzzer(target: Target, *, planted: bool = False) -> Path:
    """The fuzzer, with or without the planted bug."""
    folder = OUTPUT / target.name / ("planted" if planted else "fuzzer")
    subject = ROOT / target.subject
    folder.mkdir(parents=True, exist_ok=True)
    if planted:
        text = subject.read_text(encoding="utf-8")
        if text.count(target.plant[0]) != 1:
            raise FuzzError(f"{target.subject} has no single place for the planted bug any more")
        subject = folder / subject.name
        subject.write_text(text.replace(*target.plant), encoding="utf-8")
    sources = [HERE / f"fuzz_{target.name}.c", subject, *(ROOT / name for name in target.helpers)]
    objects = _compile(folder, "clang", sources, [FUZZING, "-fno-sanitize-recover=all"])
    local = _join(folder, "clang", objects)
    program = folder / "fuzz"
    _run(["clang", "-g", "-o", str(program), str(HERE / "host.c"), local, LINKING])
    return program


def write_seeds(target: Target) -> Path:
    """The seeds as files; their folder."""
    folder = OUTPUT / target.name / "seeds"
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in target.seeds().items():
        (folder / name).write_bytes(data)
    return folder


def fuzz(target: Target, program: Path, runs: int) -> tuple[str, Path]:
    """Run ``program`` on ``runs`` inputs from a fresh corpus: (what it said, the corpus).

    Raises:
        FuzzError: it found something.
    """
    corpus = program.parent / "corpus"
    shutil.rmtree(corpus, ignore_errors=True)
    corpus.mkdir()
    options = [f"-runs={runs}", f"-max_len={target.max_bytes}", f"-seed={SEED}", "-timeout=10"]
    options += ["-print_final_stats=1", f"-artifact_prefix={program.parent}/"]
    said = _run([str(program), *options, str(corpus), str(write_seeds(target))])
    return said, corpus


def coverage(target: Target, corpus: Path) -> tuple[float, list[int]]:
    """(share of the subject's lines that corpus and seeds reach, the lines they do not)."""
    folder = OUTPUT / target.name / "coverage"
    shutil.rmtree(folder, ignore_errors=True)
    helpers = [HERE / f"fuzz_{target.name}.c", *(ROOT / name for name in target.helpers)]
    subject = ROOT / target.subject
    objects = _compile(folder, "gcc", [subject], ["--coverage", "-O0"])
    objects += _compile(folder, "gcc", helpers, [])
    program = folder / "replay"
    local = _join(folder, "gcc", objects)
    _run(["gcc", "-g", "-DREPLAY", "-o", str(program), str(HERE / "host.c"), local, "--coverage"])
    files = [path for place in (corpus, write_seeds(target)) for path in sorted(place.iterdir())]
    for begin in range(0, len(files), 500):
        _run([str(program), *map(str, files[begin : begin + 500])], cwd=folder)
    report = _run(["gcov", "--json-format", "--stdout", f"{subject.stem}.gcda"], cwd=folder)
    lines: dict[int, int] = {}
    for file in json.loads(report)["files"]:
        if Path(file["file"]).name == subject.name:
            for line in file["lines"]:
                number = line["line_number"]
                lines[number] = lines.get(number, 0) + line["count"]
    missed = sorted(number for number, count in lines.items() if count == 0)
    return 1 - len(missed) / len(lines), missed
