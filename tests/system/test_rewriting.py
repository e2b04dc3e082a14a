# SPDX-License-Identifier: BSD-3-Clause
"""Doors and rewritten call sites: what the kernel makes of a plan, what its doors are made of."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import capstone
import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from elfin.elf.text import read_text
from elfin.rewrite import plan
from elfin.rewrite.binary import encode
from tests.system.roots import PROJECT

KERNELS = PROJECT / "build/kernel/x86_64-full"
PLATFORMS = ("process", "vm")
GUEST = PROJECT / "tests/guest"
ENTRY_BYTES = 8
pytestmark = pytest.mark.timeout(150)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Sites that only a plan can rewrite; each test has its own, whose image no other has made."""
    out = tmp_path / "windows"
    source = GUEST / "window_sites_x86_64.c"
    subprocess.run(["gcc", "-O2", "-o", str(out), str(source), "-lpthread"], check=True)
    return out


@pytest.fixture(params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> str:
    name = str(request.param)
    if not (KERNELS / f"elfin-{name}").exists():
        pytest.skip("the kernel is not built")
    if name == "vm" and shutil.which("qemu-system-x86_64") is None:
        pytest.skip("QEMU is not installed")
    return name


def blob_of(program: Path) -> bytes:
    text = read_text(program)
    assert text is not None
    made = plan(text)
    assert len(made.patches) == 3 and not any(kept.is_code for kept in made.kept)
    return encode({str(program): made})


# The image gets other plans than those that the SDK makes.
OTHER_PLANS = """
import pathlib, sys
import elfin.rewrite.binary
from elfin.__main__ import main
blob = pathlib.Path(sys.argv.pop(1)).read_bytes()
elfin.rewrite.binary.encode = lambda plans: blob
sys.exit(main())
"""


def run(
    platform: str, program: Path, blob: bytes, folder: Path, *options: str
) -> tuple[float, str]:
    """It passes; its share of direct calls from 0 to 1, and the kernel's log."""
    result, log, blob_file = folder / "result", folder / "log", folder / "plan"
    blob_file.write_bytes(blob)
    command = [sys.executable, "-c", OTHER_PLANS, str(blob_file), "run", "--platform", platform]
    command += [*options, "--result", str(result), "--log", str(log), str(program)]
    ended = subprocess.run(command, check=False, capture_output=True, timeout=120)
    assert (ended.returncode, ended.stdout) == (0, b""), ended.stdout + ended.stderr
    doors: dict[str, int] = {}
    for by_door in json.loads(result.read_text())["calls"].values():
        for door, times in by_door.items():
            doors[door] = doors.get(door, 0) + times
    return 1 - doors.get("trap", 0) / sum(doors.values()), log.read_text()


def test_what_a_plan_proves_goes_by_direct_doors(
    platform: str, program: Path, tmp_path: Path
) -> None:
    share, _ = run(platform, program, blob_of(program), tmp_path)
    assert share > 0.98


def test_a_plan_for_other_bytes_is_refused(platform: str, program: Path, tmp_path: Path) -> None:
    blob = bytearray(blob_of(program))
    blob[-3 * ENTRY_BYTES - 1] ^= 1  # the checksum
    share, log = run(platform, program, bytes(blob), tmp_path)
    assert "the plan of a file is stale" in log
    assert share < 0.6


def test_a_damaged_plan_is_told(platform: str, program: Path, tmp_path: Path) -> None:
    share, log = run(platform, program, blob_of(program)[:-1], tmp_path)
    assert "the plan of call sites is damaged" in log
    assert share < 0.6


def test_no_rewrite_leaves_every_site(platform: str, program: Path, tmp_path: Path) -> None:
    share, _ = run(platform, program, blob_of(program), tmp_path, "--no-rewrite")
    assert share == 0


def ranges_of(elf: ELFFile) -> Iterator[tuple[str, int, int]]:
    """Entries, exits and what they call on every call's way: name, start, end."""
    table = elf.get_section_by_name(".symtab")
    assert isinstance(table, SymbolTableSection)
    for first, last in (
        ("arch_door_range", "arch_door_range_end"),
        ("arch_exit", "arch_exit_range_end"),
    ):
        start, end = (table.get_symbol_by_name(name)[0]["st_value"] for name in (first, last))
        yield first, start, end
    for name in ("on_direct_call", "on_direct_jump", "on_syscall", "arch_trap_entry"):
        for symbol in table.get_symbol_by_name(name) or ():
            yield name, symbol["st_value"], symbol["st_value"] + symbol["st_size"]


def bytes_at(elf: ELFFile, start: int, end: int) -> bytes:
    for segment in elf.iter_segments("PT_LOAD"):
        if segment["p_vaddr"] <= start and end <= segment["p_vaddr"] + segment["p_filesz"]:
            offset = start - segment["p_vaddr"]
            return bytes(segment.data()[offset : offset + end - start])
    raise AssertionError(f"no segment holds {start:#x}")


def forbidden(code: bytes, address: int) -> list[str]:
    """Instructions that no door may hold: they save vector state, or touch the thread pointer."""
    machine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    machine.skipdata = True
    return [
        f"{one.mnemonic} {one.op_str}"
        for one in machine.disasm(code, address)
        if one.mnemonic.startswith(
            ("xsave", "xrstor", "fxsave", "fxrstor", "wrmsr", "wrfs", "wrgs")
        )
        or "fs:" in one.op_str
        or "mm" in one.op_str.replace("comm", "")
    ]


def test_doors_touch_neither_vector_state_nor_the_thread_pointer(platform: str) -> None:
    with (KERNELS / f"elfin-{platform}.debug").open("rb") as stream:
        elf = ELFFile(stream)
        looked_at = 0
        for name, start, end in ranges_of(elf):
            code = bytes_at(elf, start, end)
            looked_at += len(code)
            assert not forbidden(code, start), name
    assert looked_at > 500


def test_what_doors_may_not_hold_is_seen() -> None:
    """The check's own: xsave (%rax); mov %fs:0,%rax; wrmsr; movaps %xmm0,(%rax)."""
    code = bytes.fromhex("480fae20 6448a10000000000000000 0f30 0f2900")
    assert len(forbidden(code, 0)) == 4
