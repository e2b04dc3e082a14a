# SPDX-License-Identifier: BSD-3-Clause
"""Launch a run on the process platform: its kernel is an ordinary executable."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

from elfin.host.process import Launch, spawn
from elfin.model.image import Image
from elfin.model.program import ProgramSpec
from elfin.model.run import RunOptions
from elfin.run import boot
from elfin.run.launch import Streams, image_fd, open_log
from elfin.run.session import Running
from elfin.run.streams import GuestEnd, HostInput, PipeEnd, Pump, StdioKind


def start_process(
    image: Image,
    spec: ProgramSpec,
    options: RunOptions,
    streams: Streams,
    kernel: Path,
    memory: int,
) -> Running:
    """Launch the process platform. 0, 1 and 2 are inherited; a terminal's input is relayed,
    because the guest runs in a process group of its own and may not read the terminal. Its
    supervisor ends with the control channel, so nothing outlives us."""
    facts = boot.facts_now(streams.kinds, memory, streams.winsize(), streams.terminal_mode)
    boot_fd = boot.boot_file(boot.boot_info(spec, options, facts))
    root_fd = image_fd(image)
    ours, theirs = socket.socketpair()
    log_fd = open_log(options.log)
    stdin: int | None = 0
    feed: int | None = None
    if streams.kinds[0] is StdioKind.TTY:
        stdin, feed = os.pipe()
    elif streams.kinds[0] is StdioKind.CLOSED:
        stdin = None
    out, err = (None if streams.kinds[fd] is StdioKind.CLOSED else fd for fd in (1, 2))
    numbers = (boot_fd, root_fd, theirs.fileno(), log_fd)
    launch = Launch((str(kernel), *map(str, numbers)), (stdin, out, err), numbers)
    launched_ns = time.monotonic_ns()
    try:
        child = spawn(launch)
    finally:
        for fd in (boot_fd, root_fd, log_fd):
            os.close(fd)
        theirs.close()
        if feed is not None and stdin is not None:
            os.close(stdin)
    return Running(
        child,
        GuestEnd(ours),
        launched_ns,
        "the process kernel",
        inputs=() if feed is None else (Pump(HostInput(0, streams.raw), PipeEnd(feed)),),
        terminal=streams.terminal,
        raw=streams.raw,
    )
