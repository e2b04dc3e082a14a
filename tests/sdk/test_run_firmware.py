# SPDX-License-Identifier: BSD-3-Clause
"""The start without a boot loader: where things lie, and that real QEMU gets there."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest

from elfin.model import Arch
from elfin.run import firmware, probe, qemu

PAGE = 4096
KERNEL = probe.tiny_guest()
ENTRY = struct.unpack_from("<Q", KERNEL, 24)[0]


def test_everything_lies_behind_the_kernel_in_order() -> None:
    at = firmware.place(KERNEL, 5000, 100_000, 4 << 20)
    assert at is not None
    end = 0x100000 + len(KERNEL)
    assert at.entry == 0x100000
    assert end + (128 << 10) <= at.start < at.image
    assert at.start + 168 + 5000 <= at.image
    assert at.start % PAGE == at.image % PAGE == 0


@pytest.mark.parametrize("memory", [1 << 20, 2 << 20, 3 << 30])
def test_no_room_or_too_much(memory: int) -> None:
    """Too little for the image, or memory that a board may split around its devices."""
    assert firmware.place(KERNEL, 100, 1 << 20, memory) is None


def test_start_information() -> None:
    at = firmware.Placement(0x100000, 0x180000, 0x190000)
    data = firmware.start_information(at, 64 << 20, 77, b"boot")
    magic, version, _, count = struct.unpack_from("<4I", data)
    modules, command_line, _, ranges = struct.unpack_from("<4Q", data, 16)
    assert (magic, version, count, command_line) == (0x336EC578, 1, 2, 0)
    first, second = (struct.unpack_from("<2Q", data, modules - at.start + 32 * n) for n in (0, 1))
    assert first == (0x190000, 77)
    assert data[second[0] - at.start :][: second[1]] == b"boot"
    found = [struct.unpack_from("<QQI", data, ranges - at.start + 24 * n) for n in (0, 1)]
    assert [kind for *_, kind in found] == [1, 1]
    assert found[1][:2] == (1 << 20, 63 << 20)


@pytest.mark.skipif(qemu.find_qemu(Arch.X86_64) is None, reason="needs QEMU")
def test_qemu_reaches_the_entry(tmp_path: Path) -> None:
    found = qemu.find_qemu(Arch.X86_64)
    assert found is not None
    kernel, rom = tmp_path / "kernel", tmp_path / "rom"
    kernel.write_bytes(KERNEL)
    rom.write_bytes(firmware.rom(firmware.Placement(ENTRY, 0x180000, 0x190000)))
    done = subprocess.run(
        [
            found, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-M",
            "microvm,acpi=off,pit=off,pic=off,rtc=off,isa-serial=off", "-accel", "tcg", "-m", "4",
            "-bios", rom, "-device", f"loader,file={kernel}", "-chardev", "stdio,id=out", "-device",
            "isa-debugcon,iobase=0xe9,chardev=out", "-device",
            "isa-debug-exit,iobase=0xf4,iosize=4",
        ],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
    )  # fmt: skip
    assert done.stdout == b"ab"
    assert done.returncode == 33
