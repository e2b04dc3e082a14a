# SPDX-License-Identifier: BSD-3-Clause
"""The kernel build keeps what issue 2 promises of it (A3, A6), shown on a copy of the sources.

The copies are small: the sources are linked or copied into a temporary tree and only one
configuration is built there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from elfin.kernel_build import toolchain
from elfin.kernel_build.build import CONFIGS, Configuration, Tree, build
from elfin.kernel_build.sources import ARCHES

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "build" / "kernel"
LINKED = [(arch, config) for arch in ARCHES for config in CONFIGS]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """A tree with its own kernel sources, built once for x86_64-hello."""
    root = tmp_path_factory.mktemp("tree")
    for name in ("abi", "tools", "kernel"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    tree = Tree(root, root / "build" / "kernel")
    build(tree, Configuration("x86_64", "hello"))
    return tree


def pending(tree: Tree) -> list[str]:
    """What ninja would still run, one line each."""
    folder = tree.folder(Configuration("x86_64", "hello"))
    command = [toolchain.ninja(), "-C", str(folder), "-n", "-v"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line for line in result.stdout.splitlines() if re.match(r"\[\d", line)]


def compiles(lines: list[str]) -> list[str]:
    """Those of ``lines`` that run the compiler."""
    return [line for line in lines if " -c " in line]


def test_a_second_build_has_nothing_to_do(copy: Tree) -> None:
    build(copy, Configuration("x86_64", "hello"))
    assert pending(copy) == []


def test_touching_one_source_compiles_one_object(copy: Tree) -> None:
    os.utime(copy.kernel / "lib" / "string.c")
    assert len(compiles(pending(copy))) == 1
    build(copy, Configuration("x86_64", "hello"))
    assert pending(copy) == []


def test_a_new_source_is_found_without_an_edit_elsewhere(copy: Tree) -> None:
    added = copy.kernel / "lib" / "added_by_test.c"
    added.write_text("int added_by_test(void);\nint added_by_test(void) { return 1; }\n")
    try:
        build(copy, Configuration("x86_64", "hello"))
        inputs = copy.inputs(Configuration("x86_64", "hello"))
        assert "lib/added_by_test.c" in (inputs / "common.txt").read_text().split()
    finally:
        added.unlink()
        build(copy, Configuration("x86_64", "hello"))


def test_the_output_folder_may_be_a_relative_path(copy: Tree) -> None:
    command = [sys.executable, "-m", "elfin.kernel_build", "--arch=x86_64", "--config=hello"]
    command += [f"--root={copy.root}", "--out=elsewhere", "abi_numbers.h"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        command, cwd=copy.root, env=env, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert (copy.root / "elsewhere/x86_64-hello/abi_numbers.h").exists()


@pytest.mark.parametrize(("arch", "config"), LINKED)
def test_stub_kernel_has_no_undefined_symbol(arch: str, config: str) -> None:
    with (BUILT / f"{arch}-{config}" / "elfin-stub.debug").open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        undefined = [s.name for s in table.iter_symbols() if s["st_shndx"] == "SHN_UNDEF"]
    assert undefined == [""]


def test_stub_link_fails_when_one_function_is_removed(copy: Tree) -> None:
    source = copy.kernel / "platform" / "stub" / "clock.c"
    whole = source.read_text()
    removed = re.sub(r"u64 platform_wall_ns\(void\)[^\n]*\n", "", whole)
    assert removed != whole
    source.write_text(removed)
    try:
        command = [sys.executable, "-m", "elfin.kernel_build", "--arch=x86_64", "--config=hello"]
        command += [f"--root={copy.root}", "elfin-stub"]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    finally:
        source.write_text(whole)
    assert result.returncode == 125
    assert "undefined" in result.stdout
    assert "platform_wall_ns" in result.stdout


@pytest.mark.parametrize("platform", ["vm", "process"])
def test_a_section_that_no_script_names_is_refused(copy: Tree, platform: str) -> None:
    source = copy.kernel / "boot" / "end.c"
    whole = source.read_text()
    odd = '__attribute__((section(".odd"), retain, used)) static int odd = 1;\n'
    source.write_text(whole + odd)
    try:
        command = [sys.executable, "-m", "elfin.kernel_build", "--arch=x86_64", "--config=hello"]
        command += [f"--root={copy.root}", f"elfin-{platform}"]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    finally:
        source.write_text(whole)
    assert result.returncode == 125
    assert "(.odd) is being placed in '.odd'" in result.stdout


def kernels(arch: str, config: str) -> list[Path]:
    """The relocatables of a configuration, one per platform."""
    return sorted((BUILT / f"{arch}-{config}").glob("kernel-*.o"))


@pytest.mark.parametrize(("arch", "config"), LINKED)
def test_names_that_stay_global_are_the_generated_list(arch: str, config: str) -> None:
    found = kernels(arch, config)
    assert found
    for path in found:
        platform = path.stem.removeprefix("kernel-")
        listed = path.with_name(f"exports-{platform}.txt").read_text().split()
        with path.open("rb") as file:
            table = ELFFile(file).get_section_by_name(".symtab")
            names = [
                symbol.name
                for symbol in table.iter_symbols()
                if symbol["st_info"]["bind"] != "STB_LOCAL" and symbol["st_shndx"] != "SHN_UNDEF"
            ]
        assert sorted(names) == listed
        assert all(re.match(r"_start|pvh_|elfin_", name) for name in names), names


@pytest.mark.parametrize(("arch", "config"), LINKED)
def test_kernels_have_no_got_and_no_relocations(arch: str, config: str) -> None:
    for name in ("elfin-vm", "elfin-process"):
        path = BUILT / f"{arch}-{config}" / f"{name}.debug"
        if not path.exists():
            assert (arch, name) == ("aarch64", "elfin-process")
            continue
        with path.open("rb") as file:
            sections = [s.name for s in ELFFile(file).iter_sections() if s["sh_size"]]
        assert not [s for s in sections if s.startswith((".got", ".rela", ".plt", ".dynamic"))]
