# SPDX-License-Identifier: BSD-3-Clause
"""Byte relays between this process's own streams and the guest's, inside one poll loop.

An inherited descriptor is never made non-blocking (others share it). A pipe or terminal is opened
afresh where the system allows it; where it does not, at most PIPE_BUF bytes are written after
poll(2) said there is room, which then cannot block (pipe(7)).
"""

from __future__ import annotations

import errno
import os
import select
import socket
import stat
from contextlib import suppress
from enum import Enum
from typing import Protocol

from elfin.run.terminal import RawTerminal, in_foreground

CHUNK_BYTES = 64 * 1024
_WOULD_BLOCK = frozenset((errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR))


class StdioKind(Enum):
    """What one of descriptors 0, 1, 2 is; values are boot_info.h's ELFIN_STDIO_*."""

    CLOSED = 0
    PIPE = 1
    TTY = 2
    NULL = 3
    FILE = 4
    SOCKET = 5


def kind_of(fd: int) -> StdioKind:
    """The kind of an open descriptor; CLOSED where it is not open."""
    try:
        mode = os.fstat(fd)
    except OSError:
        return StdioKind.CLOSED
    if stat.S_ISREG(mode.st_mode):
        return StdioKind.FILE
    if stat.S_ISSOCK(mode.st_mode):
        return StdioKind.SOCKET
    if stat.S_ISCHR(mode.st_mode):
        if os.isatty(fd):
            return StdioKind.TTY
        if mode.st_rdev == os.makedev(1, 3):
            return StdioKind.NULL
    return StdioKind.PIPE


class Source(Protocol):
    """Where a pump reads. ``fd`` is what poll watches. ``paused``: it has bytes that may not be
    taken now; it must be asked again later, poll would only spin."""

    fd: int
    paused: bool

    def read(self) -> bytes | None:
        """Bytes; b"" at the end; None when there is nothing yet."""

    def close(self) -> None:
        """Nobody will read any more."""


class Sink(Protocol):
    """Where a pump writes. ``fd`` is what poll watches."""

    fd: int

    def write(self, data: memoryview) -> int:
        """How many bytes were taken (0: none now). Raises OSError when it is broken."""

    def close(self) -> None:
        """No more bytes will come."""


class HostInput:
    """This process's stdin, or another descriptor that is only borrowed."""

    def __init__(self, fd: int, raw: RawTerminal | None = None) -> None:
        self.fd = fd
        self.paused = raw is not None and raw.has_typed_ahead
        self._terminal = os.isatty(fd)
        self._raw = raw

    def read(self) -> bytes | None:
        """At most one chunk. A background job does not touch its terminal (it would be stopped)."""
        self.paused = self._terminal and not in_foreground(self.fd)
        if self.paused:
            return None
        if self._raw is not None and not self._raw.is_raw:
            self._raw.enter()
        if self._raw is not None and (typed := self._raw.take_typed_ahead()):
            return typed
        try:
            data = os.read(self.fd, CHUNK_BYTES)
        except OSError as error:
            return None if error.errno in _WOULD_BLOCK else b""
        if self._raw is not None:
            self._raw.note(data)
        return data

    def close(self) -> None:
        """The descriptor is not ours to close."""


class HostOutput:
    """This process's stdout or stderr."""

    def __init__(self, fd: int) -> None:
        mode = os.fstat(fd).st_mode
        self._is_socket = stat.S_ISSOCK(mode)
        self._limit = select.PIPE_BUF
        self._own = False
        self.fd = fd
        if stat.S_ISREG(mode):
            self._limit = CHUNK_BYTES
        elif stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
            with suppress(OSError):
                flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
                self.fd = os.open(f"/proc/self/fd/{fd}", flags)
                self._own = True
                self._limit = CHUNK_BYTES
        if self._is_socket:
            self._socket = socket.socket(fileno=os.dup(fd))

    def write(self, data: memoryview) -> int:
        """Write without ever blocking the loop."""
        try:
            if self._is_socket:
                return self._socket.send(data, socket.MSG_DONTWAIT)
            return os.write(self.fd, data[: self._limit])
        except OSError as error:
            if error.errno in _WOULD_BLOCK:
                return 0
            raise

    def close(self) -> None:
        """Close what was opened here; the inherited descriptor stays."""
        if self._own:
            os.close(self.fd)
            self._own = False
        if self._is_socket:
            self._socket.close()


class GuestEnd:
    """Our end of a socket whose other end the guest's machine holds."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self.paused = False
        self._socket = end
        self.fd = end.fileno()

    def read(self) -> bytes | None:
        """At most one chunk; the end of the other side, however abrupt, is b""."""
        try:
            return self._socket.recv(CHUNK_BYTES)
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def write(self, data: memoryview) -> int:
        """What fits into the socket now."""
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0

    def finish(self) -> None:
        """No more bytes from us: the guest reads the end of input."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Both directions: the guest's writes fail with EPIPE."""
        self._socket.close()


class PipeEnd:
    """The write end of a pipe that is a guest's stdin (process platform, terminal)."""

    def __init__(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self.fd = fd

    def write(self, data: memoryview) -> int:
        """What fits into the pipe now."""
        try:
            return os.write(self.fd, data)
        except BlockingIOError:
            return 0

    def close(self) -> None:
        """The guest reads the end of input."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


class StdinSink:
    """A guest's stdin port: closing it means end of input, not hang-up."""

    def __init__(self, end: GuestEnd) -> None:
        self._end = end
        self.fd = end.fd

    def write(self, data: memoryview) -> int:
        """What fits into the socket now."""
        return self._end.write(data)

    def close(self) -> None:
        """End of input."""
        self._end.finish()


class Discard:
    """Takes everything and keeps nothing."""

    fd = -1

    def write(self, data: memoryview) -> int:
        """All of it."""
        return len(data)

    def close(self) -> None:
        """Nothing to close."""


class FileSink:
    """A file of our own (the log); a full disk ends it silently, the run goes on."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def write(self, data: memoryview) -> int:
        """A regular file takes what it is given."""
        return os.write(self.fd, data)

    def close(self) -> None:
        """Close the file."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


class Pump:
    """Moves bytes from one source to one sink, holding at most one chunk.

    ``total`` counts bytes delivered. When the sink breaks the source is closed, so that whoever
    writes there learns it (EPIPE); when the source ends the sink is closed.
    """

    def __init__(self, source: Source, sink: Sink) -> None:
        self.source = source
        self.sink = sink
        self.total = 0
        self.done = False
        self._held = memoryview(b"")

    @property
    def holding(self) -> bool:
        """Bytes were read that the sink has not taken."""
        return len(self._held) > 0

    @property
    def paused(self) -> bool:
        """Waits for time to pass, not for poll."""
        return not self.done and not self.holding and self.source.paused

    def abandon(self) -> None:
        """Stop, whatever the source may still say."""
        self._held = memoryview(b"")
        self.source.close()
        if not self.done:
            self._finish()

    def interest(self) -> tuple[int, int] | None:
        """(fd, poll events) this pump waits for; None when it is done or paused."""
        if self.done or self.paused:
            return None
        if self._held:
            return self.sink.fd, select.POLLOUT
        return self.source.fd, select.POLLIN

    def step(self) -> int:
        """Move what can be moved now. Returns the number of bytes read from the source."""
        if self.done:
            return 0
        read = 0
        if not self._held:
            data = self.source.read()
            if data is None:
                return 0
            if not data:
                self._finish()
                return 0
            read = len(data)
            self._held = memoryview(data)
        try:
            count = self.sink.write(self._held)
        except OSError:
            self._held = memoryview(b"")
            self.source.close()
            self._finish()
            return read
        self.total += count
        self._held = self._held[count:]
        return read

    def _finish(self) -> None:
        self.done = True
        self.sink.close()
