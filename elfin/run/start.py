# SPDX-License-Identifier: BSD-3-Clause
"""Launch the machine of one run: sockets, boot information, QEMU or the process kernel."""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from elfin.host.errors import HostError
from elfin.host.process import Launch, spawn
from elfin.model.image import Image
from elfin.model.program import Arch, ProgramSpec
from elfin.model.run import Accel, RunOptions
from elfin.run import boot
from elfin.run.session import Running
from elfin.run.streams import (
    Discard,
    FileSink,
    GuestEnd,
    HostInput,
    HostOutput,
    PipeEnd,
    Pump,
    Sink,
    StdinSink,
    StdioKind,
)
from elfin.run.vm import VmPlan, machine_for, qemu_argv


@dataclass(frozen=True, slots=True)
class Streams:
    """This process's own 0, 1, 2 and what they are."""

    kinds: tuple[StdioKind, StdioKind, StdioKind]

    @property
    def terminal(self) -> int | None:
        """The first of them that is a terminal."""
        return next((fd for fd, kind in enumerate(self.kinds) if kind is StdioKind.TTY), None)

    def winsize(self) -> tuple[int, int] | None:
        """Rows and columns of the terminal."""
        if self.terminal is None:
            return None
        with suppress(OSError):
            size = os.get_terminal_size(self.terminal)
            return size.lines, size.columns
        return None


@dataclass(frozen=True, slots=True)
class VmChoice:
    """The QEMU to use and how."""

    qemu: Path
    accel: Accel


def start_vm(
    image: Image,
    spec: ProgramSpec,
    options: RunOptions,
    streams: Streams,
    kernel: Path,
    memory: int,
    choice: VmChoice,
) -> Running:
    """Launch QEMU. stdin, stdout and stderr are relayed, so the guest sees pipes where the host
    has files or sockets."""
    arch = options.arch or Arch.X86_64
    relayed = {StdioKind.FILE: StdioKind.PIPE, StdioKind.SOCKET: StdioKind.PIPE}
    first, second, third = (relayed.get(kind, kind) for kind in streams.kinds)
    facts = boot.facts_now((first, second, third), 0, streams.winsize())
    boot_fd = boot.boot_file(boot.boot_info(spec, options, facts))
    image_fd = _image_fd(image)
    pairs = [socket.socketpair() for _ in range(5)]
    complaint_read, complaint_write = os.pipe()
    null = os.open(os.devnull, os.O_RDWR)
    plan = VmPlan(
        qemu=choice.qemu,
        arch=arch,
        machine=machine_for(arch, options.machine),
        accel=choice.accel,
        memory=memory,
        kernel=kernel,
        image=f"/proc/self/fd/{image_fd}",
        boot_info=f"/proc/self/fd/{boot_fd}",
        channels=tuple(theirs.fileno() for _, theirs in pairs),
    )
    launch = Launch(
        qemu_argv(plan),
        (null, complaint_write, complaint_write),
        (*plan.channels, image_fd, boot_fd),
    )
    launched_ns = time.monotonic_ns()
    try:
        child = spawn(launch)
    finally:
        for fd in (null, complaint_write, boot_fd, image_fd):
            os.close(fd)
        for _, theirs in pairs:
            theirs.close()
    stdin, stdout, stderr, log, control = (GuestEnd(ours) for ours, _ in pairs)
    running = Running(child, control, launched_ns, "QEMU")
    running.complaint = complaint_read
    running.terminal = streams.terminal
    running.outputs = [
        Pump(end, _output(fd, streams.kinds[fd])) for fd, end in ((1, stdout), (2, stderr))
    ]
    running.logs = [Pump(log, _log_sink(options.log))]
    if streams.kinds[0] in (StdioKind.CLOSED, StdioKind.NULL):
        stdin.finish()
        running.kept = [stdin]
    else:
        running.inputs = [Pump(HostInput(0), StdinSink(stdin))]
    return running


def start_process(
    image: Image,
    spec: ProgramSpec,
    options: RunOptions,
    streams: Streams,
    kernel: Path,
    memory: int,
) -> Running:
    """Launch the process platform. 0, 1 and 2 are inherited; a terminal's input is relayed,
    because the guest runs in a process group of its own and may not read the terminal."""
    facts = boot.facts_now(streams.kinds, memory, streams.winsize())
    boot_fd = boot.boot_file(boot.boot_info(spec, options, facts))
    image_fd = _image_fd(image)
    ours, theirs = socket.socketpair()
    log_fd = _open_log(options.log)
    stdin: int | None = 0
    feed: int | None = None
    if streams.kinds[0] is StdioKind.TTY:
        stdin, feed = os.pipe()
    elif streams.kinds[0] is StdioKind.CLOSED:
        stdin = None
    out, err = (None if streams.kinds[fd] is StdioKind.CLOSED else fd for fd in (1, 2))
    numbers = (boot_fd, image_fd, theirs.fileno(), log_fd)
    launch = Launch((str(kernel), *map(str, numbers)), (stdin, out, err), numbers)
    launched_ns = time.monotonic_ns()
    try:
        child = spawn(launch)
    finally:
        for fd in (boot_fd, image_fd, log_fd):
            os.close(fd)
        theirs.close()
        if feed is not None and stdin is not None:
            os.close(stdin)
    running = Running(child, GuestEnd(ours), launched_ns, "the process kernel")
    running.terminal = streams.terminal
    if feed is not None:
        running.inputs = [Pump(HostInput(0), PipeEnd(feed))]
    return running


def _image_fd(image: Image) -> int:
    """A descriptor of the image of our own, at its start."""
    if image.fd is None:
        return os.open(image.path, os.O_RDONLY | os.O_CLOEXEC)
    return os.open(f"/proc/self/fd/{image.fd}", os.O_RDONLY | os.O_CLOEXEC)


def _output(fd: int, kind: StdioKind) -> Sink:
    if kind is StdioKind.CLOSED:
        return Discard()
    return HostOutput(fd)


def _open_log(path: Path | None) -> int:
    if path is None:
        return os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise HostError(f"cannot write --log {path}: {reason}") from error


def _log_sink(path: Path | None) -> Sink:
    return Discard() if path is None else FileSink(_open_log(path))
