# SPDX-License-Identifier: BSD-3-Clause
"""Events → the lines of `strace -f`."""

from __future__ import annotations

import struct
from collections.abc import Callable

from abi.table import Machine, load
from elfin.trace import results, special, text
from elfin.trace.call import LATER, Call
from elfin.trace.records import Entry, Reader, Return, Signal
from elfin.trace.siginfo import siginfo

_COLUMN = 40  # strace's -a
_CORE = 0x80


class Tracer:
    """Takes the kernel's records and gives lines to ``write``.

    A line that another thread interrupts ends with ``<unfinished ...>`` and goes on with
    ``<... NAME resumed>``; threads are told apart by ``[pid N]`` while there are several.
    """

    def __init__(self, machine: Machine, write: Callable[[str], None]) -> None:
        self._machine = machine
        self._write = write
        self._reader = Reader()
        self._table = load()
        self._calls: dict[int, Call] = {}
        self._threads: list[int] = []
        self._open: int | None = None  # whose line has no end yet
        self._column = 0

    def record(self, kind: int, payload: bytes) -> None:
        """One ELFIN_EVENT_TRACE_* record; one that makes no sense is left out."""
        try:
            event = self._reader.take(kind, payload)
        except struct.error:
            return
        if isinstance(event, Entry):
            self._entry(event)
        elif isinstance(event, Return):
            self._return(event)
        elif isinstance(event, Signal):
            self._begin(event.tid)
            self._put(f"--- {siginfo(event.info, self._machine).split(',', 1)[0].split('=')[1]} "
                      f"{siginfo(event.info, self._machine)} ---\n")  # fmt: skip
        elif event is not None:
            self._end(event.tid, event.status)

    def finish(self) -> None:
        """Nothing more comes: the machine has ended."""
        if self._open is not None:
            self._put(" <unfinished ...>\n")
            self._open = None

    # -- events ------------------------------------------------------------------------------

    def _entry(self, event: Entry) -> None:
        row = self._table.by_number(self._machine, event.number)
        call = Call(self._machine, row, event.number, event.arguments, event.memory)
        self._calls[event.tid] = call
        self._begin(event.tid)
        self._put(f"{call.name}({_until_later(special.arguments(call))}")
        self._open = event.tid

    def _return(self, event: Return) -> None:
        call = self._calls.pop(event.tid, None)
        if call is None:
            return
        shown = special.arguments(call)
        told = len(_until_later(shown))
        call.result, call.after = event.result, event.memory
        rest = ", ".join(special.arguments(call))[told:]
        if self._open != event.tid:
            self._begin(event.tid)
            self._put(f"<... {call.name} resumed>")
        self._put(f"{rest}) ")
        self._open = None
        self._put(f"{' ' * (_COLUMN - self._column)}= {results.shown(call)}\n")

    def _end(self, tid: int, status: int) -> None:
        call = self._calls.pop(tid, None)
        if call is not None:
            if self._open != tid:
                self._begin(tid)
                self._put(f"<... {call.name} resumed>")
            self._put(") ")
            self._open = None
            self._put(f"{' ' * (_COLUMN - self._column)}= ?\n")
        self._begin(tid)
        self._put(f"+++ {self._how(status)} +++\n")
        if tid in self._threads:
            self._threads.remove(tid)

    def _how(self, status: int) -> str:
        if status & 0x7F:
            core = " (core dumped)" if status & _CORE else ""
            return f"killed by {text.signal_name(status & 0x7F, self._machine)}{core}"
        return f"exited with {status >> 8 & 0xFF}"

    # -- lines -------------------------------------------------------------------------------

    def _begin(self, tid: int) -> None:
        """A new line of this thread; another's that is still open is cut."""
        if self._open is not None:
            self._put(" <unfinished ...>\n")
            self._open = None
        if tid not in self._threads:
            self._threads.append(tid)
        if len(self._threads) > 1:
            self._put(f"[pid {tid:5}] ")

    def _put(self, piece: str) -> None:
        self._write(piece)
        self._column = 0 if piece.endswith("\n") else self._column + len(piece)


def _until_later(shown: list[str]) -> str:
    """What can be said at the entry, with the comma before what cannot."""
    if LATER not in shown:
        return ", ".join(shown)
    known = shown[: shown.index(LATER)]
    return "".join(f"{one}, " for one in known)
