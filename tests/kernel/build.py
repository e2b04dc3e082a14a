# SPDX-License-Identifier: BSD-3-Clause
"""Builds the kernel's rooms for the host, with gcc and its sanitizers, and a program per test file.

Every kernel source of the full x86_64 configuration goes into one archive, with the stub platform.
``test_NAME.c`` is joined with what it needs of the archive into one relocatable, whose symbols are
then made local (tools/localise.py). A test's own definition takes a kernel function's place: it
comes first, and the linker takes the first. The kernel's ``memcpy`` and libc's never meet, and only
``harness.c`` speaks to libc. ninja does the work, so nothing is compiled twice.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from elfin.kernel_build import toolchain
from elfin.kernel_build.build import Configuration, Tree, prepare, write_if_changed

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
OUTPUT = ROOT / "build" / "tests-kernel"
CONFIGURATION = Configuration("x86_64", "full")

SANITIZE = "-fsanitize=address,undefined -fno-sanitize-recover=undefined"
FLAGS = (
    f"-std=gnu11 -O1 -g -fno-omit-frame-pointer -fno-common -fno-strict-aliasing -Wall "
    f"-Wno-attributes -I{ROOT}/kernel -I{ROOT} -I{OUTPUT}/abi -I{HERE} {SANITIZE}"
)
RULES = f"""\
rule kernel-cc
  command = gcc -ffreestanding {FLAGS} -include $config -MD -MF $out.d -c $in -o $out
  depfile = $out.d
  deps = gcc
rule host-cc
  command = gcc {FLAGS} -MD -MF $out.d -c $in -o $out
  depfile = $out.d
  deps = gcc
rule archive
  command = rm -f $out && gcc-ar rcs $out $in
rule join
  command = gcc -r -nostdlib -Wl,--allow-multiple-definition -o $out $in $archive
rule localise
  command = {sys.executable} {ROOT}/tools/localise.py $in $out
rule program
  command = gcc {SANITIZE} -o $out $in
rule abi
  command = {sys.executable} $in --arch x86_64 --config $dotconfig -o {OUTPUT}/abi
  restat = 1
rule vdso
  command = {sys.executable} $in --arch x86_64 -o $out
"""
VDSO_SOURCES = (
    "arch/x86_64/vdso/vdso.c",
    "arch/x86_64/vdso/vdso.ld",
    "arch/vdso_data.h",
    "arch/vdso_time.h",
)
GENERATED_HEADERS = ("abi_numbers.h", "abi_handlers.h")
GENERATED_SOURCES = ("abi_dispatch.c", "abi_trace.c")


def _object(source: Path) -> Path:
    base = source.relative_to(OUTPUT if source.is_relative_to(OUTPUT) else ROOT)
    return OUTPUT / "objects" / f"{base}.o"


def _ninja_text(inputs: Path, tests: list[Path]) -> str:
    names = [
        *(inputs / "common.txt").read_text(encoding="utf-8").split(),
        *(inputs / "stub.txt").read_text(encoding="utf-8").split(),
    ]
    headers = [OUTPUT / "abi" / name for name in GENERATED_HEADERS]
    generated = [OUTPUT / "abi" / name for name in GENERATED_SOURCES]
    vdso = OUTPUT / "vdso" / "vdso_image.c"
    sources = [ROOT / "kernel" / name for name in names] + [*generated, vdso]
    text = [RULES, f"config = {inputs}/config.h\ndotconfig = {inputs}/.config\n"]
    outputs = " ".join(str(path) for path in headers + generated)
    reads = " ".join((inputs / "generator-inputs.txt").read_text(encoding="utf-8").split())
    text.append(f"build {outputs}: abi {ROOT}/tools/gen_abi.py | {inputs}/.config {reads}\n")
    reads = " ".join(f"{ROOT}/kernel/{name}" for name in VDSO_SOURCES)
    text.append(f"build {vdso}: vdso {ROOT}/tools/gen_vdso.py | {reads}\n")
    order = " ".join(str(path) for path in headers)
    for source in sources + tests:
        text.append(f"build {_object(source)}: kernel-cc {source} || {order}\n")
    archive = OUTPUT / "kernel.a"
    text.append(f"build {archive}: archive {' '.join(str(_object(s)) for s in sources)}\n")
    harness = _object(HERE / "harness.c")
    text.append(f"build {harness}: host-cc {HERE / 'harness.c'}\n")
    for test in tests:
        joined, local = OUTPUT / f"{test.stem}.joined.o", OUTPUT / f"{test.stem}.o"
        text.append(f"build {joined}: join {_object(test)} | {archive}\n  archive = {archive}\n")
        text.append(f"build {local}: localise {joined} | {ROOT}/tools/localise.py\n")
        text.append(f"build {OUTPUT / test.stem}: program {local} {harness}\n")
    return "".join(text)


def build(test: Path) -> Path:
    """The program of one test file, built when something it depends on is newer.

    Raises:
        subprocess.CalledProcessError: it does not compile or link; ``output`` says why.
    """
    inputs = prepare(Tree(ROOT, OUTPUT), CONFIGURATION)
    tests = sorted(HERE.glob("test_*.c"))
    write_if_changed(OUTPUT / "build.ninja", _ninja_text(inputs, tests))
    program = OUTPUT / test.stem
    command = [toolchain.ninja(), "-C", str(OUTPUT), "--quiet", "-k", "0", str(program)]
    subprocess.run(
        command,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    return program
