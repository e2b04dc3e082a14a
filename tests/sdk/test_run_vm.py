# SPDX-License-Identifier: BSD-3-Clause
"""QEMU's arguments (pure), the choice of a platform, the KVM probe."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest

from elfin.host.errors import OptionError, PlatformError
from elfin.model import Accel, Arch, Image, Machine, Platform, RunOptions
from elfin.run import choose, execute, probe, qemu
from elfin.run.vm import PlacedBoot, VmPlan, machine_for, qemu_argv

PLAN = VmPlan(
    qemu=Path("/usr/bin/qemu-system-x86_64"),
    arch=Arch.X86_64,
    machine=Machine.MICROVM,
    accel=Accel.TCG,
    memory=64 << 20,
    kernel=Path("/k/elfin-vm"),
    image="/proc/self/fd/9",
    boot_info="/proc/self/fd/8",
    channels=(20, 21, 22, 23, 24),
)


def values(argv: tuple[str, ...], option: str) -> list[str]:
    return [argv[i + 1] for i, word in enumerate(argv) if word == option]


def test_microvm() -> None:
    argv = qemu_argv(PLAN)
    assert argv[0] == "/usr/bin/qemu-system-x86_64"
    assert {"-nodefaults", "-no-user-config", "-no-reboot"} <= set(argv)
    assert values(argv, "-M")[0].startswith("microvm,acpi=off")
    assert values(argv, "-m") == ["size=65536k"]
    assert values(argv, "-kernel") == ["/k/elfin-vm"]
    assert values(argv, "-initrd") == ["/proc/self/fd/9"]
    assert values(argv, "-fw_cfg") == ["name=opt/org.elfin/boot,file=/proc/self/fd/8"]
    assert values(argv, "-global") == ["virtio-mmio.force-legacy=false"]
    devices = values(argv, "-device")
    assert "isa-debug-exit,iobase=0xf4,iosize=4" in devices
    assert "virtio-serial-device,max_ports=6" in devices
    names = ["stdin", "stdout", "stderr", "log", "control"]
    assert devices[-5:] == [f"virtserialport,chardev={n},nr={i + 1}" for i, n in enumerate(names)]
    sockets = [f"socket,id={n},fd={20 + i}" for i, n in enumerate(names)]
    assert values(argv, "-chardev") == ["stdio,id=emergency,signal=off", *sockets]


def test_a_channel_that_nobody_needs_has_no_port() -> None:
    argv = qemu_argv(PLAN._replace(channels=(None, 21, 22, None, 24)))
    ports = [device for device in values(argv, "-device") if device.startswith("virtserialport")]
    assert ports == [f"virtserialport,chardev={n},nr={i}"
                     for n, i in (("stdout", 2), ("stderr", 3), ("control", 5))]  # fmt: skip
    assert "socket,id=control,fd=24" in values(argv, "-chardev")


def test_placed_boot_has_no_loader() -> None:
    placed = PlacedBoot("/proc/self/fd/7", "/proc/self/fd/8", 0x180000, 0x181000)
    argv = qemu_argv(PLAN._replace(placed=placed))
    assert values(argv, "-bios") == ["/proc/self/fd/7"]
    assert not {"-kernel", "-initrd", "-fw_cfg"} & set(argv)
    assert values(argv, "-device")[:3] == [
        "loader,file=/k/elfin-vm",
        "loader,force-raw=on,addr=0x180000,file=/proc/self/fd/8",
        "loader,force-raw=on,addr=0x181000,file=/proc/self/fd/9",
    ]


def test_q35_has_pci() -> None:
    argv = qemu_argv(PLAN._replace(machine=Machine.Q35))
    assert any(d.startswith("virtio-serial-pci") for d in values(argv, "-device"))
    assert not values(argv, "-global")


def test_virt() -> None:
    argv = qemu_argv(PLAN._replace(arch=Arch.AARCH64, machine=Machine.VIRT))
    assert values(argv, "-M")[0].startswith("virt")
    assert not any("debug-exit" in device for device in values(argv, "-device"))


def test_kvm_takes_the_hosts_cpu() -> None:
    assert values(qemu_argv(PLAN._replace(accel=Accel.KVM)), "-cpu") == ["host"]


def test_boot_file_names_with_commas_are_escaped() -> None:
    argv = qemu_argv(PLAN._replace(boot_info="/a,b"))
    assert values(argv, "-fw_cfg")[0].endswith("file=/a,,b")


def test_boards() -> None:
    assert machine_for(Arch.X86_64) is Machine.MICROVM
    assert machine_for(Arch.AARCH64) is Machine.VIRT
    assert machine_for(Arch.X86_64, Machine.Q35) is Machine.Q35


@pytest.mark.skipif(qemu.find_qemu(Arch.X86_64) is None, reason="needs QEMU")
@pytest.mark.parametrize("machine", [Machine.MICROVM, Machine.Q35])
def test_qemu_accepts_the_arguments(machine: Machine, tmp_path: Path) -> None:
    """A tiny guest that powers off at once, with all the devices of a real run."""
    import socket

    found = qemu.find_qemu(Arch.X86_64)
    assert found is not None
    kernel, image, boot = tmp_path / "kernel", tmp_path / "image", tmp_path / "boot"
    kernel.write_bytes(probe.tiny_guest())
    image.write_bytes(bytes(8192))
    boot.write_bytes(bytes(64))
    pairs = [socket.socketpair() for _ in range(5)]
    fds = tuple(theirs.fileno() for _, theirs in pairs)
    plan = PLAN._replace(
        qemu=found, machine=machine, memory=8 << 20, kernel=kernel, image=str(image),
        boot_info=str(boot), channels=fds,
    )  # fmt: skip
    done = subprocess.run(qemu_argv(plan), pass_fds=fds, capture_output=True, timeout=60)
    assert done.stderr == b""
    assert done.returncode == 33  # isa-debug-exit: 0x10 << 1 | 1


# -- the choice ----------------------------------------------------------------------------------

USABLE = probe.KvmState(True, "a tiny guest took 1.0 ms", loop_ms=1.0)
SLOW = probe.KvmState(False, "/dev/kvm is there but unusable (a tiny guest took 840 ms)", True, 840)
ABSENT = probe.KvmState(False, "/dev/kvm is not there", present=False)


@pytest.fixture
def fake_qemu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "qemu"
    path.write_text("")
    path.chmod(0o755)
    monkeypatch.setenv("ELFIN_QEMU", str(path))
    return path


def decide(options: RunOptions, state: probe.KvmState) -> choose.Choice:
    return choose.choose(options, Path("/nonexistent"), lambda q, c: state, "x86_64")


@pytest.mark.usefixtures("fake_qemu")
@pytest.mark.parametrize(
    ("options", "state", "platform", "accel"),
    [
        (RunOptions(), USABLE, Platform.VM, Accel.KVM),
        (RunOptions(), SLOW, Platform.PROCESS, None),
        (RunOptions(), ABSENT, Platform.PROCESS, None),
        (RunOptions(platform=Platform.PROCESS), USABLE, Platform.PROCESS, None),
        (RunOptions(platform=Platform.VM), USABLE, Platform.VM, Accel.KVM),
        (RunOptions(platform=Platform.VM), SLOW, Platform.VM, Accel.TCG),
        (RunOptions(platform=Platform.VM, accel=Accel.TCG), USABLE, Platform.VM, Accel.TCG),
        (RunOptions(accel=Accel.TCG), SLOW, Platform.VM, Accel.TCG),
        (RunOptions(arch=Arch.AARCH64), USABLE, Platform.VM, Accel.TCG),
    ],
)
def test_choice(
    options: RunOptions, state: probe.KvmState, platform: Platform, accel: Accel | None
) -> None:
    choice = decide(options, state)
    assert (choice.platform, choice.accel) == (platform, accel)


@pytest.mark.usefixtures("fake_qemu")
def test_a_remark_only_where_kvm_was_tried() -> None:
    assert decide(RunOptions(), SLOW).remark.endswith(
        ": using process; --platform vm --accel tcg to insist"
    )
    assert decide(RunOptions(), ABSENT).remark == ""


@pytest.mark.usefixtures("fake_qemu")
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (RunOptions(platform=Platform.VM, accel=Accel.KVM), "--accel kvm cannot be had: /dev/kvm"),
        (RunOptions(arch=Arch.AARCH64, platform=Platform.PROCESS), "programs of this machine only"),
        (RunOptions(arch=Arch.AARCH64, accel=Accel.KVM), "KVM cannot run aarch64 programs"),
    ],
)
def test_refusals(options: RunOptions, sentence: str) -> None:
    with pytest.raises(PlatformError, match=sentence):
        decide(options, ABSENT)


# -- the probe -----------------------------------------------------------------------------------


def test_the_probe_is_cached(tmp_path: Path, fake_qemu: Path) -> None:
    device = tmp_path / "kvm"
    device.write_text("")
    tries = []

    def boot(path: Path) -> float:
        tries.append(path)
        return 840.0

    states = [probe.kvm_state(fake_qemu, tmp_path / "cache", device, boot) for _ in range(3)]
    assert tries == [fake_qemu]
    assert states[0] == states[2]
    assert not states[0].usable
    assert states[0].reason == (
        f"{device} is there but unusable (a tiny guest took 840 ms, expected under 50)"
    )
    fake_qemu.touch()  # another QEMU: ask again
    probe.kvm_state(fake_qemu, tmp_path / "cache", device, boot)
    assert len(tries) == 2


def test_probe_answers(tmp_path: Path, fake_qemu: Path) -> None:
    device = tmp_path / "kvm"
    assert not probe.kvm_state(fake_qemu, tmp_path, device).present
    device.write_text("")
    assert "QEMU is not installed" in probe.kvm_state(None, tmp_path, device).reason
    state = probe.kvm_state(fake_qemu, tmp_path / "a", device, lambda q: 3.0)
    assert state.usable
    state = probe.kvm_state(fake_qemu, tmp_path / "b", device, lambda q: None)
    assert state.reason.endswith("unusable (a tiny guest did not start)")


@pytest.mark.skipif(qemu.find_qemu(Arch.X86_64) is None, reason="needs QEMU")
def test_the_tiny_guest_runs() -> None:
    found = qemu.find_qemu(Arch.X86_64)
    assert found is not None
    loop_ms = probe.time_tiny_guest(found, accel="tcg")
    assert loop_ms is not None
    assert 0 < loop_ms < 800


def test_the_tiny_guest_is_an_elf_with_a_pvh_note() -> None:
    guest = probe.tiny_guest()
    assert guest[:5] == b"\x7fELF\x02"
    (entry,) = struct.unpack_from("<Q", guest, 24)
    assert guest[entry - 0x100000 :][:4] == b"\xb0\x61\xe6\xe9"
    assert struct.pack("<III4s", 4, 4, 18, b"Xen\0") in guest


# -- memory --------------------------------------------------------------------------------------

IMAGE = Image(Path("/x"), 47 << 20, 10, "key")


def test_default_memory(tmp_path: Path) -> None:
    kernel = tmp_path / "k"
    kernel.write_bytes(bytes(1000))
    assert execute.memory_for(IMAGE, RunOptions(), Platform.VM, kernel) == (47 + 128) << 20
    assert execute.memory_for(IMAGE, RunOptions(), Platform.PROCESS, kernel) == 128 << 20


def test_memory_sentences(tmp_path: Path) -> None:
    kernel = tmp_path / "k"
    kernel.write_bytes(bytes(1000))
    with pytest.raises(OptionError) as caught:
        execute.memory_for(IMAGE, RunOptions(memory=32 << 20), Platform.VM, kernel)
    assert str(caught.value) == "the image is 47 MiB and does not fit in -m 32M; try -m 80M"
    assert execute.memory_for(IMAGE, RunOptions(memory=32 << 20), Platform.PROCESS, kernel)
    with pytest.raises(OptionError, match="-m 1M is less than Elfin's kernel needs; try -m 32M"):
        execute.memory_for(IMAGE, RunOptions(memory=1 << 20), Platform.PROCESS, kernel)
    small = Image(Path("/x"), 1 << 20, 10, "key")
    assert execute.memory_for(small, RunOptions(memory=4 << 20), Platform.VM, kernel) == 4 << 20
