# SPDX-License-Identifier: BSD-3-Clause
"""tools/localise.py on small objects made with the pinned compiler, for both machines."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from elfin.kernel_build import toolchain
from tools import localise

SOURCE = """
int outside(int);
int shared = 3;
static int hidden(int x) { return x + shared; }
int __attribute__((weak)) soft(int x) { return hidden(x); }
int elfin_public(int x) { return soft(x) + outside(x); }
int elfin_secret(int x) __attribute__((visibility("hidden")));
int elfin_secret(int x) { return x; }
int (*const table[])(int) = {soft, elfin_public, outside};
void _start(void) { shared = elfin_public(1); }
"""
ROOT = Path(__file__).resolve().parents[2]
MACHINES = ("x86_64", "aarch64")


def zig(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the pinned compiler or linker in ``folder``."""
    command = [toolchain.zig(), *map(str, arguments)]
    environment = {**toolchain.environment(folder), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def compile_c(folder: Path, machine: str, name: str, source: str) -> Path:
    """One object."""
    (folder / f"{name}.c").write_text(source)
    target = f"{machine}-freestanding-none"
    flags = [
        "-ffreestanding",
        "-O1",
        "-g",
        "-fno-addrsig",
        "-ffunction-sections",
        "-fdata-sections",
    ]
    result = zig(folder, "cc", "-target", target, *flags, "-c", f"{name}.c", "-o", f"{name}.o")
    assert result.returncode == 0, result.stderr
    return folder / f"{name}.o"


def symbols(path: Path) -> dict[str, tuple[str, str]]:
    """name → (binding, section) for named symbols that are no sections or files."""
    with path.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        return {
            s.name: (s["st_info"]["bind"], str(s["st_shndx"]))
            for s in table.iter_symbols()
            if s.name and s["st_info"]["type"] not in ("STT_FILE", "STT_SECTION")
        }


@pytest.mark.parametrize("machine", MACHINES)
def test_only_the_exported_stay_global(machine: str, tmp_path: Path) -> None:
    source = compile_c(tmp_path, machine, "a", SOURCE)
    output, listed = tmp_path / "out.o", tmp_path / "list.txt"
    arguments = [str(source), str(output), "--keep", "_start", "--public", "elfin_"]
    localise.run([*arguments, "--list", str(listed)])
    found = symbols(output)
    stay = {name for name, (bind, _) in found.items() if bind != "STB_LOCAL"}
    assert stay == {"_start", "elfin_public", "outside"}
    assert found["outside"][1] == "SHN_UNDEF"
    assert listed.read_text().split() == ["_start", "elfin_public"]


@pytest.mark.parametrize("machine", MACHINES)
def test_locals_come_first_and_sh_info_says_where_they_end(machine: str, tmp_path: Path) -> None:
    output = tmp_path / "out.o"
    localise.run([str(compile_c(tmp_path, machine, "a", SOURCE)), str(output)])
    with output.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        binds = [symbol["st_info"]["bind"] for symbol in table.iter_symbols()]
        first = table["sh_info"]
    assert all(bind == "STB_LOCAL" for bind in binds[:first])
    assert all(bind != "STB_LOCAL" for bind in binds[first:])


@pytest.mark.parametrize("machine", MACHINES)
def test_relocations_still_name_the_same_symbols(machine: str, tmp_path: Path) -> None:
    source, output = compile_c(tmp_path, machine, "a", SOURCE), tmp_path / "out.o"
    localise.run([str(source), str(output), "--keep", "_start"])

    def named(path: Path) -> list[tuple[str, int, str]]:
        with path.open("rb") as file:
            elf = ELFFile(file)
            table = elf.get_section_by_name(".symtab")
            return [
                (
                    section.name,
                    relocation["r_offset"],
                    table.get_symbol(relocation["r_info_sym"]).name,
                )
                for section in elf.iter_sections()
                if section.name.startswith(".rela")
                for relocation in section.iter_relocations()
            ]

    assert named(output) == named(source)


@pytest.mark.parametrize("machine", MACHINES)
def test_links_with_a_foreign_object_of_the_same_names(machine: str, tmp_path: Path) -> None:
    ours, local = compile_c(tmp_path, machine, "a", SOURCE), tmp_path / "local.o"
    foreign = compile_c(
        tmp_path, machine, "b", "int shared, table; int soft(void) { return 2; }"
        "int outside(int x) { return x + soft() + shared; }",
    )  # fmt: skip
    refused = zig(tmp_path, "ld.lld", ours, foreign, "-e", "_start", "-o", "no")
    assert "duplicate symbol" in refused.stderr
    localise.run([str(ours), str(local), "--keep", "_start"])
    linked = zig(tmp_path, "ld.lld", local, foreign, "-e", "_start", "-o", "yes")
    assert linked.returncode == 0, linked.stderr


def test_scripts_name_what_they_need(tmp_path: Path) -> None:
    text = "/* ENTRY(no) */ ENTRY(_start) EXTERN(elfin_public shared) SECTIONS { }"
    assert localise.exported_by_script(text) == {"_start", "elfin_public", "shared"}


def test_a_missing_export_is_an_error(tmp_path: Path) -> None:
    source = compile_c(tmp_path, "x86_64", "a", SOURCE)
    with pytest.raises(localise.LocaliseError, match="nowhere"):
        localise.run([str(source), str(tmp_path / "out.o"), "--keep", "nowhere"])


@pytest.mark.parametrize(
    "data", [b"", b"\x7fELF", b"\x7fELF\x01\x01" + bytes(80), b"#!" + bytes(99)]
)
def test_other_files_are_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.o").write_bytes(data)
    with pytest.raises(localise.LocaliseError, match="not a"):
        localise.run([str(tmp_path / "x.o"), str(tmp_path / "out.o")])


def test_joining_keeps_sections_of_equal_name_apart(tmp_path: Path) -> None:
    one = "static int table[9]; int *first(void) { return table; }"
    two = "static int table[7]; int *second(void) { return table; }"
    objects = [compile_c(tmp_path, "x86_64", name, text) for name, text in (("a", one), ("b", two))]
    joined = tmp_path / "joined.o"
    command = [sys.executable, str(ROOT / "tools/join.py"), toolchain.zig(), str(joined)]
    subprocess.run([*command, *map(str, objects)], check=True)
    with joined.open("rb") as file:
        sizes = {s.name: s["sh_size"] for s in ELFFile(file).iter_sections() if "table" in s.name}
    assert sorted(sizes.values()) == [28, 36]
    assert ".bss.table" in sizes
