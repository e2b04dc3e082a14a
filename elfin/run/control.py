# SPDX-License-Identifier: BSD-3-Clause
"""The control channel: what the kernel tells during a run, and what it is told (boot_info.h)."""

from __future__ import annotations

import struct
from collections.abc import Callable

from abi import image as boot_format

_EVENT = {
    name.removeprefix("ELFIN_EVENT_"): value
    for name, value in boot_format.CONSTANTS.items()
    if name.startswith("ELFIN_EVENT_")
}
_COMMAND_SIGNAL = boot_format.CONSTANTS["ELFIN_COMMAND_SIGNAL"]
_COMMAND_WINSIZE = boot_format.CONSTANTS["ELFIN_COMMAND_WINSIZE"]
_HEADER = struct.Struct("<II")
_MAX_RECORD_BYTES = 1 << 20
_FIRST_TRACE = _EVENT["TRACE_ENTRY"]


def signal_command(number: int) -> bytes:
    """Deliver a signal to the program's foreground process group."""
    return _record(_COMMAND_SIGNAL, struct.pack("<II", number, 0))


def winsize_command(rows: int, columns: int) -> bytes:
    """The terminal has a new size."""
    return _record(_COMMAND_WINSIZE, struct.pack("<HHI", rows, columns, 0))


def _record(kind: int, payload: bytes) -> bytes:
    return _HEADER.pack(kind, len(payload)) + payload + bytes(-len(payload) % 8)


class Report:
    """All that the kernel has said so far. Statuses are as wait(2) reports them; ``absent`` is by
    call number, ``counts`` and ``took_ns`` by number and door, ``outcomes`` by number and errno.
    ``garbled``: it stopped making sense."""

    def __init__(self) -> None:
        self.started_ns: int | None = None
        self.status: int | None = None
        self.panic: str | None = None
        self.out_of_memory: str | None = None
        self.exec_failed: tuple[int, str] | None = None
        self.peak_bytes: int | None = None
        self.total_bytes: int | None = None
        self.absent: dict[int, int] = {}
        self.counts: dict[tuple[int, int], int] = {}
        self.took_ns: dict[tuple[int, int], int] = {}
        self.outcomes: dict[tuple[int, int], int] = {}
        self.closed: set[int] = set()
        self.garbled = False


class Decoder:
    """Bytes of the channel → Report. Records of unknown type are skipped; a length beyond reason
    marks the report garbled and the rest is ignored. ``on_trace`` gets the tracer's records."""

    def __init__(self, on_trace: Callable[[int, bytes], None] | None = None) -> None:
        self.report = Report()
        self._on_trace = on_trace
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Take more bytes; complete records go into the report."""
        if self.report.garbled:
            return
        self._buffer += data
        at = 0
        while len(self._buffer) - at >= _HEADER.size:
            kind, length = _HEADER.unpack_from(self._buffer, at)
            if length > _MAX_RECORD_BYTES:
                self.report.garbled = True
                return
            start = at + _HEADER.size
            end = start + length + -length % 8
            if len(self._buffer) < end:
                break
            payload = bytes(self._buffer[start : start + length])
            at = end
            try:
                self._take(kind, payload)
            except struct.error:
                self.report.garbled = True
                return
        del self._buffer[:at]

    def _take(self, kind: int, payload: bytes) -> None:
        report = self.report
        if kind >= _FIRST_TRACE:
            if self._on_trace is not None:
                self._on_trace(kind, payload)
        elif kind == _EVENT["STARTED"]:
            (report.started_ns,) = struct.unpack_from("<Q", payload)
        elif kind == _EVENT["EXIT"]:
            (report.status,) = struct.unpack_from("<I", payload)
        elif kind == _EVENT["PANIC"]:
            report.panic = _text(payload)
        elif kind == _EVENT["MEMORY"]:
            report.peak_bytes, report.total_bytes = struct.unpack_from("<QQ", payload)
        elif kind == _EVENT["ABSENT"]:
            number, times = struct.unpack_from("<II", payload)
            report.absent[number] = times
        elif kind == _EVENT["COUNT"]:
            number, door, times = struct.unpack_from("<IIQ", payload)
            report.counts[number, door] = times
        elif kind == _EVENT["TIME"]:
            number, door, took_ns = struct.unpack_from("<IIQ", payload)
            report.took_ns[number, door] = took_ns
        elif kind == _EVENT["RESULT"]:
            number, error, times = struct.unpack_from("<IIQ", payload)
            report.outcomes[number, error] = times
        elif kind == _EVENT["OOM"]:
            report.out_of_memory = _text(payload)
        elif kind == _EVENT["STDIO_CLOSED"]:
            report.closed.add(struct.unpack_from("<I", payload)[0])
        elif kind == _EVENT["EXEC_FAILED"]:
            (number,) = struct.unpack_from("<I", payload)
            report.exec_failed = (number, _text(payload[8:]))


def _text(payload: bytes) -> str:
    return payload.rstrip(b"\0").decode("utf-8", "replace")
