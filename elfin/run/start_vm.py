# SPDX-License-Identifier: BSD-3-Clause
"""Launch a run on QEMU: sockets for the five channels, boot information, the process."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import NamedTuple

from elfin.host.process import Launch, spawn
from elfin.model.image import Image
from elfin.model.program import Arch, ProgramSpec
from elfin.model.run import Accel, Machine, RunOptions
from elfin.run import boot, firmware
from elfin.run.launch import Streams, image_fd, open_log
from elfin.run.session import Running
from elfin.run.streams import (
    FileSink,
    GuestEnd,
    HostInput,
    HostOutput,
    Pump,
    StdinSink,
    StdioKind,
)
from elfin.run.vm import QEMU_ENVIRONMENT, PlacedBoot, VmPlan, machine_for, qemu_argv


class Guest(NamedTuple):
    """What QEMU loads: names that hold in QEMU too, and the descriptors behind them."""

    image: str
    boot_info: str
    placed: PlacedBoot | None
    fds: tuple[int, ...]


def open_guest(info: bytes, image: Image, kernel: Path, memory: int, options: RunOptions) -> Guest:
    """Root image and boot information, placed in memory by us where the board allows it."""
    root_fd = image_fd(image)
    root = f"/proc/self/fd/{root_fd}"
    machine = machine_for(options.arch or Arch.X86_64, options.machine)
    at = None
    if machine is Machine.MICROVM:
        with kernel.open("rb") as file:
            head = file.read(4096)
        at = firmware.place(head, len(info), image.size, memory)
    if at is None:
        boot_fd = boot.boot_file(info)
        return Guest(root, f"/proc/self/fd/{boot_fd}", None, (root_fd, boot_fd))
    start_fd = boot.boot_file(firmware.start_information(at, memory, image.size, info))
    rom_fd = boot.boot_file(firmware.rom(at))
    start = f"/proc/self/fd/{start_fd}"
    placed = PlacedBoot(f"/proc/self/fd/{rom_fd}", start, at.start, at.image)
    return Guest(root, start, placed, (root_fd, start_fd, rom_fd))


def start_vm(
    image: Image,
    spec: ProgramSpec,
    options: RunOptions,
    streams: Streams,
    kernel: Path,
    memory: int,
    qemu: Path,
    accel: Accel,
) -> Running:
    """Launch QEMU. stdin, stdout and stderr are relayed, so the guest sees pipes where the host
    has files or sockets."""
    arch = options.arch or Arch.X86_64
    relayed = {StdioKind.FILE: StdioKind.PIPE, StdioKind.SOCKET: StdioKind.PIPE}
    first, second, third = (relayed.get(kind, kind) for kind in streams.kinds)
    kinds = (first, second, third)
    facts = boot.facts_now(kinds, 0, streams.winsize(), streams.terminal_mode)
    guest = open_guest(boot.boot_info(spec, options, facts), image, kernel, memory, options)
    ends = [socket.socketpair() if wanted else None for wanted in _ports(streams, options)]
    complaint_read, complaint_write = os.pipe()
    null = os.open(os.devnull, os.O_RDWR)
    plan = VmPlan(
        qemu=qemu,
        arch=arch,
        machine=machine_for(arch, options.machine),
        accel=accel,
        memory=memory,
        kernel=kernel,
        image=guest.image,
        boot_info=guest.boot_info,
        channels=tuple(end and end[1].fileno() for end in ends),
        placed=guest.placed,
    )
    launch = Launch(
        qemu_argv(plan),
        (null, complaint_write, complaint_write),
        (*(fd for fd in plan.channels if fd is not None), *guest.fds),
        die_with_us=True,
        env=QEMU_ENVIRONMENT,
    )
    launched_ns = time.monotonic_ns()
    try:
        child = spawn(launch)
    finally:
        for fd in (null, complaint_write, *guest.fds):
            os.close(fd)
        for end in ends:
            if end is not None:
                end[1].close()
    stdin, stdout, stderr, log, control = (end and GuestEnd(end[0]) for end in ends)
    assert control is not None
    return Running(
        child,
        control,
        launched_ns,
        "QEMU",
        outputs=tuple(
            Pump(end, HostOutput(fd)) for fd, end in ((1, stdout), (2, stderr)) if end is not None
        ),
        inputs=() if stdin is None else (Pump(HostInput(0, streams.raw), StdinSink(stdin)),),
        logs=() if log is None else (Pump(log, FileSink(open_log(options.log))),),
        complaint=complaint_read,
        terminal=streams.terminal,
        raw=streams.raw,
    )


def _ports(streams: Streams, options: RunOptions) -> tuple[bool, ...]:
    """Which channels the guest gets: each port costs QEMU's start a tenth of a millisecond."""
    carried = [kind not in (StdioKind.CLOSED, StdioKind.NULL) for kind in streams.kinds]
    return (*carried, options.log is not None, True)
