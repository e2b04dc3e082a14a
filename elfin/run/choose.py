# SPDX-License-Identifier: BSD-3-Clause
"""Which platform a run uses: the one asked for, else vm where KVM is usable, else process."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from elfin.host.errors import OptionError, PlatformError
from elfin.model.program import Arch
from elfin.model.run import Accel, Platform, RunOptions
from elfin.run.qemu import find_qemu

if TYPE_CHECKING:
    from elfin.run.probe import KvmState


class Choice(NamedTuple):
    """A platform, for vm with QEMU and how it executes; ``why`` is one clause; ``remark`` a
    sentence the user should see (KVM is there but unusable), or empty."""

    platform: Platform
    why: str
    qemu: Path | None = None
    accel: Accel | None = None
    remark: str = ""


def choose(
    options: RunOptions,
    cache: Path,
    probe: Callable[[Path | None, Path], KvmState] | None = None,
    host_arch: str | None = None,
) -> Choice:
    """Decide. Raises PlatformError when what was asked for is not here."""
    arch = options.arch or Arch.X86_64
    native = arch.value == (host_arch or os.uname().machine)
    wanted = options.platform
    if wanted is Platform.PROCESS:
        _refuse_machine_options(options)
        _check_process(native, arch)
        return Choice(Platform.PROCESS, "asked for")
    qemu = find_qemu(arch)
    if probe is None:
        from elfin.run.probe import kvm_state

        probe = kvm_state
    state_of = probe
    if wanted is Platform.VM or not native or options.accel is not Accel.AUTO:
        why = "asked for" if wanted is Platform.VM else f"--accel {options.accel.value}"
        if not native:
            why = f"a {arch.value} program needs a machine of its own here"
        return _vm(options, arch, native, qemu, lambda: state_of(qemu, cache), why)
    state = state_of(qemu, cache)
    if state.usable:
        return Choice(Platform.VM, f"KVM is usable ({state.reason})", qemu, Accel.KVM)
    _check_process(native, arch)
    remark = ""
    if state.loop_ms is not None:
        remark = f"{state.reason}: using process; --platform vm --accel tcg to insist"
    return Choice(Platform.PROCESS, state.reason, remark=remark)


def _vm(
    options: RunOptions,
    arch: Arch,
    native: bool,
    qemu: Path | None,
    probe: Callable[[], KvmState],
    why: str,
) -> Choice:
    if qemu is None:
        package = "qemu-system-x86" if arch is Arch.X86_64 else "qemu-system-arm"
        raise PlatformError(
            f"--platform vm needs qemu-system-{arch.value}, which is not installed",
            hint=f"apt install {package}" + (", or --platform process" if native else ""),
        )
    if options.accel is Accel.TCG or (options.accel is Accel.AUTO and not native):
        return Choice(Platform.VM, why, qemu, Accel.TCG)
    if options.accel is Accel.KVM and not native:
        raise PlatformError(
            f"KVM cannot run {arch.value} programs on this machine", hint="--accel tcg"
        )
    state = probe()
    if state.usable:
        return Choice(Platform.VM, why, qemu, Accel.KVM)
    if options.accel is Accel.KVM:
        raise PlatformError(f"--accel kvm cannot be had: {state.reason}", hint="--accel tcg")
    return Choice(Platform.VM, f"{why}; {state.reason}", qemu, Accel.TCG)


def _refuse_machine_options(options: RunOptions) -> None:
    """What only a virtual machine has."""
    given = []
    if options.accel is not Accel.AUTO:
        given.append(f"--accel {options.accel.value}")
    if options.machine is not None:
        given.append(f"--machine {options.machine.value}")
    if given:
        raise OptionError(
            f"{given[0]} is about QEMU, and the process platform has none",
            hint="leave it out, or --platform vm",
        )


def _check_process(native: bool, arch: Arch) -> None:
    if not native:
        raise PlatformError(
            f"--platform process runs programs of this machine only, not {arch.value}",
            hint="--platform vm",
        )
    if arch is Arch.AARCH64:
        raise PlatformError(
            "the process platform is not offered on aarch64 yet", hint="--platform vm"
        )
