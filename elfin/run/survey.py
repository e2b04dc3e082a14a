# SPDX-License-Identifier: BSD-3-Clause
"""`elfin doctor`: what this machine offers, what would be chosen, why, and how to mend the rest."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from elfin.host.errors import ElfinError
from elfin.model.program import Arch
from elfin.model.run import Platform, RunOptions
from elfin.model.survey import Finding, State, Survey
from elfin.run import choose, kernels, probe
from elfin.run.qemu import find_qemu

_AT_HWCAP2 = 26  # getauxval(3)
_HWCAP2_FSGSBASE = 1 << 1  # asm/hwcap2.h
_MIN_KERNEL = (5, 11)  # Syscall User Dispatch


def survey(cache: Path, asked: Platform | None = None) -> Survey:
    """Look at everything; ``asked`` is what ELFIN_PLATFORM says.

    Boots a tiny guest where /dev/kvm is there and was not tried since this machine started.
    """
    findings = tuple(_findings(cache))
    try:
        choice = choose.choose(RunOptions(platform=asked), cache)
        kernels.require_kernel(Arch(os.uname().machine), choice.platform)
    except (ElfinError, ValueError) as error:
        return Survey(findings, None, str(error))
    if choice.platform is Platform.PROCESS and not probe.has_syscall_user_dispatch():
        return Survey(findings, None, "the host kernel has no Syscall User Dispatch")
    accel = f" ({choice.accel.value})" if choice.accel else ""
    return Survey(findings, choice.platform, choice.why + accel)


def _findings(cache: Path) -> Iterator[Finding]:
    yield _host()
    for arch in Arch:
        yield _qemu(arch)
    yield _kvm(cache)
    yield _dispatch()
    yield _fsgsbase()
    yield _memfd()
    yield _user_namespaces()
    for arch, platform in (
        (Arch.X86_64, Platform.VM),
        (Arch.X86_64, Platform.PROCESS),
        (Arch.AARCH64, Platform.VM),
    ):
        yield _kernel(arch, platform)
    yield _cache(cache)


def _host() -> Finding:
    system = os.uname()
    detail = f"{system.sysname} {system.release} on {system.machine}"
    known = system.machine in {arch.value for arch in Arch}
    return Finding("host", State.GOOD if known else State.BAD, detail)


def _qemu(arch: Arch) -> Finding:
    name = f"qemu-system-{arch.value}"
    path = find_qemu(arch)
    if path is None:
        package = "qemu-system-x86" if arch is Arch.X86_64 else "qemu-system-arm"
        return Finding(name, State.MISSING, "not installed", f"apt install {package}")
    version = _first_line(path, "--version")
    boards = "microvm, q35" if arch is Arch.X86_64 else "virt"
    listed = {line.split()[0] for line in _lines(path, "-M", "help") if line.strip()}
    lacking = [board for board in boards.split(", ") if board not in listed]
    if lacking:
        detail = f"{path}: {version}, without the board {lacking[0]}"
        return Finding(name, State.BAD, detail, "install QEMU 5 or newer")
    return Finding(name, State.GOOD, f"{path}: {version}; boards {boards}")


def _first_line(path: Path, *args: str) -> str:
    return next(iter(_lines(path, *args)), "no version")


def _lines(path: Path, *args: str) -> list[str]:
    from elfin.host import command

    try:
        return command.run_command([str(path), *args]).splitlines()
    except ElfinError:
        return []


def _kvm(cache: Path) -> Finding:
    arch = Arch.AARCH64 if os.uname().machine == "aarch64" else Arch.X86_64
    state = probe.kvm_state(find_qemu(arch), cache)
    if state.usable:
        return Finding("KVM", State.GOOD, state.reason)
    mend = ""
    if not state.present:
        mend = "enable virtualisation, or nested virtualisation; the process platform needs none"
    return Finding("KVM", State.BAD if state.present else State.MISSING, state.reason, mend)


def _dispatch() -> Finding:
    if probe.has_syscall_user_dispatch():
        return Finding("Syscall User Dispatch", State.GOOD, "prctl(2) has it")
    needed = ".".join(map(str, _MIN_KERNEL))
    mend = f"the process platform needs Linux {needed} or newer on x86_64; use --platform vm"
    return Finding("Syscall User Dispatch", State.MISSING, "prctl(2) refuses it", mend)


def _fsgsbase() -> Finding:
    if os.uname().machine != "x86_64":
        return Finding("FSGSBASE", State.GOOD, "not needed on this architecture")
    if _auxiliary(_AT_HWCAP2) & _HWCAP2_FSGSBASE:
        return Finding("FSGSBASE", State.GOOD, "programs may use it (AT_HWCAP2)")
    mend = "the process platform needs Linux 5.9 or newer, booted without nofsgsbase"
    return Finding("FSGSBASE", State.MISSING, "programs may not use it", mend)


def _auxiliary(key: int) -> int:
    with suppress(OSError):
        data = Path("/proc/self/auxv").read_bytes()
        for found, value in struct.iter_unpack("QQ", data):
            if found == key:
                return int(value)
    return 0


def _memfd() -> Finding:
    try:
        os.close(os.memfd_create("elfin-doctor"))
    except OSError as error:
        return Finding("memfd", State.MISSING, (error.strerror or str(error)).lower())
    return Finding("memfd", State.GOOD, "memfd_create(2) works")


def _user_namespaces() -> Finding:
    limit = Path("/proc/sys/user/max_user_namespaces")
    with suppress(OSError, ValueError):
        if int(limit.read_text()) > 0:
            return Finding("user namespaces", State.GOOD, "allowed")
    return Finding("user namespaces", State.MISSING, "not allowed", "nothing needs them so far")


def _kernel(arch: Arch, platform: Platform) -> Finding:
    path = kernels.kernel_path(arch, platform)
    name = f"kernel {arch.value} {platform.value}"
    if path is None:
        return Finding(name, State.MISSING, "not built", "make kernel")
    return Finding(name, State.GOOD, f"{path} ({path.stat().st_size // 1024} KiB)")


def _cache(cache: Path) -> Finding:
    existing = cache
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    mend = "set ELFIN_CACHE_DIR to a directory you can write to; runs work without, more slowly"
    if not os.access(existing, os.W_OK | os.X_OK) or not existing.is_dir():
        return Finding("cache", State.BAD, f"{cache} cannot be written", mend)
    free = os.statvfs(existing)
    room = free.f_bavail * free.f_frsize
    if room < 256 << 20:
        return Finding("cache", State.BAD, f"{cache} has {room >> 20} MiB of room", mend)
    return Finding("cache", State.GOOD, f"{cache}, {room >> 20} MiB of room")
