# SPDX-License-Identifier: BSD-3-Clause
"""One run: memory, streams, signals, launch, session, result."""

from __future__ import annotations

from pathlib import Path

from elfin.host.errors import OptionError
from elfin.host.memory import memory_bytes
from elfin.host.process import plug_closed_stdio
from elfin.host.units import MIB, format_size
from elfin.model.image import Image
from elfin.model.program import Arch, ProgramSpec
from elfin.model.run import Platform, RunOptions, RunResult
from elfin.run.choose import Choice
from elfin.run.ending import result_of
from elfin.run.kernels import require_kernel
from elfin.run.launch import own_streams
from elfin.run.session import Session
from elfin.run.signals import Inbox
from elfin.run.watch import Watch

DEFAULT_EXTRA_BYTES = 128 * MIB
SMALLEST_BYTES = 2 * MIB
_WORKING_ROOM_BYTES = MIB  # tables, stacks and the program's first pages, beside kernel and image


def run(
    image: Image,
    spec: ProgramSpec,
    options: RunOptions,
    choice: Choice,
    watch: Watch | None = None,
) -> RunResult:
    """Run to the end. stdin, stdout and stderr are this process's own. ``watch`` gets the trace.

    Raises PlatformError (cannot be launched), OptionError (memory too small). What the guest does
    is never an error here but part of the result.
    """
    arch = options.arch or Arch.X86_64
    check_memory(options.memory)
    kernel = require_kernel(arch, choice.platform)
    memory = memory_for(image, options, choice.platform, kernel)
    opened = plug_closed_stdio()
    streams = own_streams(opened, options.terminal)
    inbox = Inbox()
    inbox.open()
    if streams.raw is not None:
        streams.raw.enter()
        if watch is not None:
            watch.terminal_is_raw()
    try:
        if choice.platform is Platform.VM:
            from elfin.run.start_vm import start_vm

            assert choice.qemu is not None and choice.accel is not None
            running = start_vm(
                image, spec, options, streams, kernel, memory, choice.qemu, choice.accel
            )
        else:
            from elfin.run.start_process import start_process

            running = start_process(image, spec, options, streams, kernel, memory)
        try:
            ending = Session(running, options, inbox, watch).run()
        finally:
            if running.child.poll() is None:
                running.child.kill()
                running.child.wait(5)
            running.close()
    finally:
        if streams.raw is not None:
            streams.raw.leave()
        inbox.close()
    return result_of(ending, choice.platform, choice.accel, arch, running.name, memory)


def check_memory(asked: int | None, in_guest: int = 0) -> None:
    """Refuse what is too little whatever the image, or too much. Raises OptionError."""
    if asked is not None and asked < SMALLEST_BYTES:
        raise OptionError(
            f"-m {_short(asked)} is less than Elfin's kernel needs",
            hint=f"try -m {_suggestion(in_guest)}",
        )
    if asked is not None and asked > (here := memory_bytes()):
        raise OptionError(
            f"-m {_short(asked)} is more than this machine has ({format_size(here)})",
            hint="leave it out for what the image needs and 128 MiB",
        )


def memory_for(image: Image, options: RunOptions, platform: Platform, kernel: Path) -> int:
    """Guest memory in bytes: what was asked for, if it is enough; else image plus 128 MiB."""
    in_guest = image.size if platform is Platform.VM else 0
    if options.memory is None:
        return in_guest + DEFAULT_EXTRA_BYTES
    check_memory(options.memory, in_guest)
    needed = in_guest + (kernel.stat().st_size if platform is Platform.VM else 0)
    if needed + _WORKING_ROOM_BYTES > options.memory:
        raise OptionError(
            f"the image is {format_size(image.size)} and does not fit in "
            f"-m {_short(options.memory)}",
            hint=f"try -m {_suggestion(in_guest)}",
        )
    return options.memory


def _suggestion(in_guest: int) -> str:
    """The image and 32 MiB, up to the next 16 MiB."""
    step = 16 * MIB
    return _short(-(-(in_guest + 2 * step) // step) * step)


def _short(size: int) -> str:
    for factor, unit in ((1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K")):
        if size % factor == 0:
            return f"{size // factor}{unit}"
    return f"{size // 1024}K"
