# SPDX-License-Identifier: BSD-3-Clause
"""QEMU's argument vector, from facts alone: nothing here touches the machine.

Boards: microvm for x86_64 (12 ms to the first byte under TCG), q35 on request, virt for aarch64.
All devices a board would add by default are off; the guest finds virtio-serial and fw_cfg.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from abi import image as boot_format
from elfin.model.program import Arch
from elfin.model.run import Accel, Machine

BOOT_INFO_NAME = "opt/org.elfin/boot"
DEBUG_EXIT_PORT = 0xF4
DEBUG_CONSOLE_PORT = 0xE9
_PORT_NAMES = ("stdin", "stdout", "stderr", "log", "control")

# Each option was measured (docs/decisions/0101): the interrupt controller, timer and serial port
# of a PC are not needed, ACPI tables cost 4 ms, the kernel command line carries nothing of ours.
_BOARDS = {
    Machine.MICROVM: "microvm,acpi=off,pit=off,pic=off,rtc=off,isa-serial=off,"
    "auto-kernel-cmdline=off",
    Machine.Q35: "q35,sata=off,smbus=off,vmport=off,hpet=off,usb=off,graphics=off",
    Machine.VIRT: "virt,gic-version=2",
}

# QEMU's translator allocates in a thread of its own, whose arena glibc would make writable page by
# page: 150 system calls while a small program starts. The heap is taken in few large pieces: huge
# pages fit into them and spare a thousand page faults.
# And a library named first is searched first: most of the 12,000 symbols of QEMU's 50 libraries are
# libc's, which otherwise is asked last.
QEMU_ENVIRONMENT = (
    (
        "GLIBC_TUNABLES",
        "glibc.malloc.arena_max=1:glibc.malloc.hugetlb=1"
        ":glibc.malloc.top_pad=0x800000:glibc.malloc.mmap_threshold=0x800000",
    ),
    ("LD_PRELOAD", "libc.so.6"),
)


class PlacedBoot(NamedTuple):
    """A start without a boot loader (firmware.py): files and the addresses they go to."""

    rom: str
    start: str
    start_at: int
    image_at: int


class VmPlan(NamedTuple):
    """Everything that decides QEMU's arguments. ``channels`` are the socket descriptors of the
    ports, in the order stdin, stdout, stderr, log, control (None: the guest has no such port);
    ``memory`` is in bytes."""

    qemu: Path
    arch: Arch
    machine: Machine
    accel: Accel
    memory: int
    kernel: Path
    image: str
    boot_info: str
    channels: tuple[int | None, ...]
    placed: PlacedBoot | None = None


def machine_for(arch: Arch, asked: Machine | None = None) -> Machine:
    """The board: the one asked for, else the lean one of the architecture."""
    if asked is not None:
        return asked
    return Machine.VIRT if arch is Arch.AARCH64 else Machine.MICROVM


def qemu_argv(plan: VmPlan) -> tuple[str, ...]:
    """QEMU's argv for this plan."""
    return (
        str(plan.qemu),
        "-nodefaults",
        "-no-user-config",
        "-display",
        "none",
        "-no-reboot",
        "-M",
        _BOARDS[plan.machine],
        "-accel",
        plan.accel.value,
        "-cpu",
        _cpu(plan),
        "-m",
        f"size={_ram_kib(plan)}k",
        *_software(plan),
        *_emergency(plan),
        *_power_off(plan),
        *_serial(plan),
    )


def _cpu(plan: VmPlan) -> str:
    if plan.accel is Accel.KVM:
        return "host"
    return "max"


def _ram_kib(plan: VmPlan) -> int:
    """QEMU wants whole pages; boards want an even number of KiB."""
    return max(plan.memory // 4096 * 4, 4)


def _software(plan: VmPlan) -> tuple[str, ...]:
    """Kernel, root image and boot information: through the board's own loader and fw_cfg, or laid
    where they belong."""
    placed = plan.placed
    if placed is None:
        info = f"name={BOOT_INFO_NAME},file={_escaped(plan.boot_info)}"
        return ("-kernel", str(plan.kernel), "-initrd", plan.image, "-fw_cfg", info)
    raw = "loader,force-raw=on,addr={:#x},file={}"
    return (
        "-bios",
        placed.rom,
        "-device",
        f"loader,file={_escaped(str(plan.kernel))}",
        "-device",
        raw.format(placed.start_at, _escaped(placed.start)),
        "-device",
        raw.format(placed.image_at, _escaped(plan.image)),
    )


def _emergency(plan: VmPlan) -> tuple[str, ...]:
    """Where a kernel that has no channels yet says why it gives up: QEMU's own output."""
    console = ("-chardev", "stdio,id=emergency,signal=off")
    if plan.arch is Arch.AARCH64:
        return (*console, "-serial", "chardev:emergency")
    return (*console, "-device", f"isa-debugcon,iobase={DEBUG_CONSOLE_PORT:#x},chardev=emergency")


def _power_off(plan: VmPlan) -> tuple[str, ...]:
    """x86 has no quick way off without ACPI; aarch64 has PSCI."""
    if plan.arch is Arch.AARCH64:
        return ()
    return ("-device", f"isa-debug-exit,iobase={DEBUG_EXIT_PORT:#x},iosize=4")


def _serial(plan: VmPlan) -> tuple[str, ...]:
    """The five ports; numbers are boot_info.h's."""
    count = boot_format.CONSTANTS["ELFIN_PORT_COUNT"]
    if plan.machine is Machine.Q35:
        bus: tuple[str, ...] = ("-device", f"virtio-serial-pci,disable-legacy=on,max_ports={count}")
    else:
        bus = (
            "-global",
            "virtio-mmio.force-legacy=false",
            "-device",
            f"virtio-serial-device,max_ports={count}",
        )
    ports: list[str] = []
    for name, fd in zip(_PORT_NAMES, plan.channels, strict=True):
        if fd is None:
            continue
        number = boot_format.CONSTANTS[f"ELFIN_PORT_{name.upper()}"]
        ports += ["-chardev", f"socket,id={name},fd={fd}"]
        ports += ["-device", f"virtserialport,chardev={name},nr={number}"]
    return (*bus, *ports)


def _escaped(value: str) -> str:
    """A value inside a QEMU option list: a comma is doubled."""
    return value.replace(",", ",,")
