# SPDX-License-Identifier: BSD-3-Clause
"""What this machine offers: KVM, Syscall User Dispatch. KVM is tried, never believed.

/dev/kvm can exist and still be useless: some hosts offer a variant (PVM) that emulates ordinary
guests instruction by instruction. So a tiny guest of a million loop turns is booted and timed once
per boot of this machine; the answer is cached.
"""

from __future__ import annotations

import json
import os
import select
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from elfin.host.errors import ElfinError
from elfin.host.process import Child, Launch, spawn

KVM_DEVICE = Path("/dev/kvm")
EXPECTED_MS = 50
_GIVE_UP_S = 3.0
_LOOP_LIMIT_S = 0.8
_TURNS = 1_000_000
_LOAD_ADDRESS = 0x100000
_DEBUG_PORT = 0xE9
_EXIT_PORT = 0xF4


class KvmState(NamedTuple):
    """Whether KVM can be used for ordinary guests; ``reason`` is a clause for a sentence."""

    usable: bool
    reason: str
    present: bool = True
    loop_ms: float | None = None


def kvm_state(
    qemu: Path | None,
    cache: Path,
    device: Path = KVM_DEVICE,
    boot_guest: Callable[[Path], float | None] | None = None,
) -> KvmState:
    """Usable or not, from the cache where it was tried since this machine started."""
    if not device.exists():
        return KvmState(False, f"{device} is not there", present=False)
    if not os.access(device, os.R_OK | os.W_OK):
        return KvmState(False, f"{device} is there but may not be opened (join the group kvm)")
    if qemu is None:
        return KvmState(False, f"{device} is there but QEMU is not installed")
    file = cache / "kvm.json"
    question = _question(qemu, device)
    loop_ms = _cached(file, question)
    if loop_ms is None:
        loop_ms = _measure(qemu, boot_guest or time_tiny_guest)
        _remember(file, question, loop_ms)
    return _judge(device, loop_ms)


def _judge(device: Path, loop_ms: float) -> KvmState:
    if loop_ms < 0:
        return KvmState(False, f"{device} is there but unusable (a tiny guest did not start)")
    if loop_ms > EXPECTED_MS:
        took = f"{loop_ms:.0f} ms" if loop_ms != _LOOP_LIMIT_S * 1000 else f"over {loop_ms:.0f} ms"
        reason = f"{device} is there but unusable (a tiny guest took {took}, expected under "
        return KvmState(False, f"{reason}{EXPECTED_MS})", loop_ms=loop_ms)
    return KvmState(True, f"a tiny guest took {loop_ms:.1f} ms", loop_ms=loop_ms)


def _measure(qemu: Path, boot_guest: Callable[[Path], float | None]) -> float:
    try:
        loop_ms = boot_guest(qemu)
    except (ElfinError, OSError):
        loop_ms = None
    return -1.0 if loop_ms is None else loop_ms


def time_tiny_guest(qemu: Path, accel: str = "kvm") -> float | None:
    """Milliseconds that a guest needs for a million loop turns; None when it does not start."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="elfin-probe-") as directory:
        kernel = Path(directory) / "tiny"
        kernel.write_bytes(tiny_guest())
        read_end, write_end = os.pipe()
        null = os.open(os.devnull, os.O_RDWR)
        argv = (
            str(qemu), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-M", "microvm,acpi=off,pit=off,pic=off,rtc=off,isa-serial=off,auto-kernel-cmdline=off",
            "-accel", accel, "-m", "4", "-kernel", str(kernel),
            "-chardev", "stdio,id=out,signal=off", "-device",
            f"isa-debugcon,iobase={_DEBUG_PORT:#x},chardev=out",
            "-device", f"isa-debug-exit,iobase={_EXIT_PORT:#x},iosize=4",
        )  # fmt: skip
        try:
            child = spawn(Launch(argv, (null, write_end, null), die_with_us=True))
        finally:
            os.close(write_end)
            os.close(null)
        try:
            return _time_two_bytes(read_end)
        finally:
            _end(child)
            os.close(read_end)


def _end(child: Child) -> None:
    if child.wait(0.2) is None:
        child.kill()
        child.wait(5)
    child.close()


def _time_two_bytes(fd: int) -> float | None:
    """The guest writes a byte before and one after its loop."""
    poller = select.poll()
    poller.register(fd, select.POLLIN)
    if not poller.poll(int(_GIVE_UP_S * 1000)) or not os.read(fd, 1):
        return None
    begun = time.monotonic_ns()
    if not poller.poll(int(_LOOP_LIMIT_S * 1000)):
        return _LOOP_LIMIT_S * 1000
    if not os.read(fd, 1):
        return None
    return (time.monotonic_ns() - begun) / 1e6


def tiny_guest() -> bytes:
    """A PVH kernel of 30 instructions' size: a byte, a loop, a byte, power off.

    ELF64 with one load segment and the XEN_ELFNOTE_PHYS32_ENTRY note (Xen's pvh.txt); the code
    runs in 32-bit protected mode without paging.
    """
    code = b"".join((
        b"\xb0\x61\xe6\xe9",                          # mov $'a',%al ; out %al,$0xe9
        b"\xb9" + struct.pack("<I", _TURNS),          # mov $turns,%ecx
        b"\x49\x75\xfd",                              # 1: dec %ecx ; jnz 1b
        b"\xb0\x62\xe6\xe9",                          # mov $'b',%al ; out %al,$0xe9
        b"\xb0\x10\xe6\xf4",                          # mov $0x10,%al ; out %al,$0xf4
        b"\xf4\xeb\xfd",                              # 2: hlt ; jmp 2b
    ))  # fmt: skip
    note = struct.pack("<III4sI", 4, 4, 18, b"Xen\0", _LOAD_ADDRESS + 0x1000)
    header_bytes, segment_bytes, code_at, note_at = 64, 56, 0x1000, 0x200
    size = code_at + len(code)
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    elf = ident + struct.pack(
        "<HHIQQQIHHHHHH", 2, 62, 1, _LOAD_ADDRESS + code_at, header_bytes, 0, 0, header_bytes,
        segment_bytes, 2, 0, 0, 0,
    )  # fmt: skip
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, _LOAD_ADDRESS, _LOAD_ADDRESS, size, size, 0x1000)
    where = _LOAD_ADDRESS + note_at
    notes = struct.pack("<IIQQQQQQ", 4, 4, note_at, where, where, len(note), len(note), 4)
    return (elf + load + notes).ljust(note_at, b"\0") + note.ljust(code_at - note_at, b"\0") + code


def _question(qemu: Path, device: Path) -> list[object]:
    """What the cached answer depends on."""
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return [boot_id, str(qemu), qemu.stat().st_mtime_ns, device.stat().st_rdev, 1]


def _cached(file: Path, question: list[object]) -> float | None:
    try:
        record = json.loads(file.read_bytes())
        if record["question"] == question:
            return float(record["loop_ms"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def _remember(file: Path, question: list[object], loop_ms: float) -> None:
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        private = file.with_name(f".new-{os.getpid()}-{file.name}")
        private.write_text(json.dumps({"question": question, "loop_ms": loop_ms}))
        private.rename(file)


# -- the process platform ----------------------------------------------------------------------

_PR_SET_SYSCALL_USER_DISPATCH = 59
_PR_SYS_DISPATCH_OFF = 0


def has_syscall_user_dispatch() -> bool:
    """prctl(2) knows PR_SET_SYSCALL_USER_DISPATCH (Linux 5.11+, x86): switching it off works."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.prctl(_PR_SET_SYSCALL_USER_DISPATCH, _PR_SYS_DISPATCH_OFF, 0, 0, 0) == 0)
