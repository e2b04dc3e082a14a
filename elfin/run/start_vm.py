# SPDX-License-Identifier: BSD-3-Clause
"""Launch a run on QEMU: sockets for the five channels, boot information, the process."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

from elfin.host.process import Launch, spawn
from elfin.model.image import Image
from elfin.model.program import Arch, ProgramSpec
from elfin.model.run import Accel, RunOptions
from elfin.run import boot
from elfin.run.launch import Streams, image_fd, open_log
from elfin.run.session import Running
from elfin.run.streams import (
    Discard,
    FileSink,
    GuestEnd,
    HostInput,
    HostOutput,
    Pump,
    Sink,
    StdinSink,
    StdioKind,
)
from elfin.run.vm import VmPlan, machine_for, qemu_argv


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
    facts = boot.facts_now((first, second, third), 0, streams.winsize())
    boot_fd = boot.boot_file(boot.boot_info(spec, options, facts))
    root_fd = image_fd(image)
    pairs = [socket.socketpair() for _ in range(5)]
    complaint_read, complaint_write = os.pipe()
    null = os.open(os.devnull, os.O_RDWR)
    plan = VmPlan(
        qemu=qemu,
        arch=arch,
        machine=machine_for(arch, options.machine),
        accel=accel,
        memory=memory,
        kernel=kernel,
        image=f"/proc/self/fd/{root_fd}",
        boot_info=f"/proc/self/fd/{boot_fd}",
        channels=tuple(theirs.fileno() for _, theirs in pairs),
    )
    launch = Launch(
        qemu_argv(plan),
        (null, complaint_write, complaint_write),
        (*plan.channels, root_fd, boot_fd),
        die_with_us=True,
    )
    launched_ns = time.monotonic_ns()
    try:
        child = spawn(launch)
    finally:
        for fd in (null, complaint_write, boot_fd, root_fd):
            os.close(fd)
        for _, theirs in pairs:
            theirs.close()
    stdin, stdout, stderr, log, control = (GuestEnd(ours) for ours, _ in pairs)
    feeds = streams.kinds[0] not in (StdioKind.CLOSED, StdioKind.NULL)
    if not feeds:
        stdin.finish()
    return Running(
        child,
        control,
        launched_ns,
        "QEMU",
        outputs=(Pump(stdout, _output(1, streams)), Pump(stderr, _output(2, streams))),
        inputs=(Pump(HostInput(0), StdinSink(stdin)),) if feeds else (),
        logs=(Pump(log, _log_sink(options.log)),),
        complaint=complaint_read,
        terminal=streams.terminal,
        kept=() if feeds else (stdin,),
    )


def _output(fd: int, streams: Streams) -> Sink:
    if streams.kinds[fd] is StdioKind.CLOSED:
        return Discard()
    return HostOutput(fd)


def _log_sink(path: Path | None) -> Sink:
    return Discard() if path is None else FileSink(open_log(path))
