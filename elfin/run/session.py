# SPDX-License-Identifier: BSD-3-Clause
"""One run from launch to end: a single poll loop over streams, control channel, signals, child.

Ends when the machine's process has ended and all it wrote was delivered. Who ended it and with
which status is decided here (CLI.md, "Ending").
"""

from __future__ import annotations

import os
import select
import signal
import time
from typing import NamedTuple

from elfin.host.process import Child
from elfin.model.run import EndedBy, RunOptions
from elfin.run.control import Decoder, Report, signal_command, winsize_command
from elfin.run.signals import Inbox
from elfin.run.streams import GuestEnd, Pump
from elfin.run.terminal import RawTerminal
from elfin.run.watch import Watch

_POWER_OFF_NS = 2_000_000_000  # from the kernel's last word to the end of its process
_DRAIN_NS = 1_000_000_000  # from the end of the process to the end of its channels
_IMPATIENCE_NS = 2_000_000_000  # three Ctrl-C within this time end the guest
_BACKGROUND_POLL_NS = 200_000_000
_COMPLAINT_BYTES = 16 * 1024


class Running(NamedTuple):
    """A launched machine and our ends of its channels.

    ``outputs`` deliver the program's stdout and stderr (vm only), ``inputs`` feed its stdin,
    ``logs`` its log. ``complaint`` is a descriptor with what the machine itself says (QEMU's
    stderr). ``launched_ns`` is the monotonic clock just before the launch.
    """

    child: Child
    control: GuestEnd
    launched_ns: int
    name: str
    outputs: tuple[Pump, ...] = ()
    inputs: tuple[Pump, ...] = ()
    logs: tuple[Pump, ...] = ()
    complaint: int | None = None
    terminal: int | None = None
    raw: RawTerminal | None = None

    def close(self) -> None:
        """Release what is still open; the machine's process has ended."""
        for pump in self.outputs + self.inputs + self.logs:
            pump.abandon()
        self.control.close()
        if self.complaint is not None:
            os.close(self.complaint)
        self.child.close()


class Ending(NamedTuple):
    """How the machine ended. ``forced`` is why we killed it, with the status that gives."""

    report: Report
    wait_status: int
    forced: tuple[EndedBy, int] | None
    first_byte_ns: int | None
    started_after_ns: int | None
    wall_ns: int
    complaint: str


class Session:
    """Drives one Running to its Ending."""

    def __init__(
        self, running: Running, options: RunOptions, inbox: Inbox, watch: Watch | None = None
    ) -> None:
        self._running = running
        self._options = options
        self._inbox = inbox
        self._watch = watch
        self._decoder = Decoder(watch.record if watch else None)
        self._poll = select.poll()
        self._registered: dict[int, int] = {}
        self._control_open = True
        self._outbox = b""
        self._complaint = b""
        self._complaint_open = running.complaint is not None
        self._interrupts: list[int] = []
        self._forced: tuple[EndedBy, int] | None = None
        self._first_byte_ns: int | None = None
        self._started_after_ns: int | None = None
        self._kill_at: tuple[int, tuple[EndedBy, int]] | None = None
        self._said_exit_ns: int | None = None
        self._gone_ns: int | None = None

    def run(self) -> Ending:
        """Loop until the end. Never raises for anything the guest does."""
        running = self._running
        if self._options.timeout is not None:
            deadline = running.launched_ns + int(self._options.timeout * 1e9)
            self._kill_at = (deadline, (EndedBy.TIMEOUT, 124))
        while not self._ended():
            self._register()
            ready = dict(self._poll.poll(self._wait_ms()))
            self._serve(ready)
            self._check_clock()
        if self._watch is not None:
            self._watch.finish()
        status = running.child.poll()
        assert status is not None
        return Ending(
            self._decoder.report,
            status,
            self._forced,
            self._first_byte_ns,
            self._started_after_ns,
            time.monotonic_ns() - running.launched_ns,
            self._complaint.decode("utf-8", "replace").strip(),
        )

    # -- what to wait for ----------------------------------------------------------------------

    def _ended(self) -> bool:
        """The process is gone and every channel was drained (or gave up draining)."""
        if self._gone_ns is None:
            return False
        if any(not pump.done for pump in self._running.outputs + self._running.logs):
            return False
        late = time.monotonic_ns() - self._gone_ns > _DRAIN_NS
        return late or not (self._control_open or self._complaint_open)

    def _register(self) -> None:
        """Tell poll what each part waits for now."""
        wanted: dict[int, int] = {self._inbox.fd: select.POLLIN}
        if self._gone_ns is None:
            wanted[self._running.child.fd] = select.POLLIN
        if self._control_open:
            write = select.POLLOUT if self._outbox else 0
            congested = self._watch is not None and self._watch.congested
            wanted[self._running.control.fd] = write if congested else select.POLLIN | write
        if self._watch is not None and self._watch.holding:
            wanted[self._watch.fd] = wanted.get(self._watch.fd, 0) | select.POLLOUT
        if self._complaint_open and self._running.complaint is not None:
            wanted[self._running.complaint] = select.POLLIN
        for pump in self._pumps():
            interest = pump.interest()
            if interest is not None:
                wanted[interest[0]] = wanted.get(interest[0], 0) | interest[1]
        if wanted == self._registered:
            return
        for fd in self._registered.keys() - wanted.keys():
            self._poll.unregister(fd)
        for fd, events in wanted.items():
            self._poll.register(fd, events)
        self._registered = wanted

    def _pumps(self) -> tuple[Pump, ...]:
        running = self._running
        inputs = running.inputs if self._gone_ns is None else ()
        return running.outputs + running.logs + inputs

    def _wait_ms(self) -> int | None:
        """Until the nearest deadline; None: for ever."""
        now = time.monotonic_ns()
        deadlines = []
        if self._gone_ns is not None:
            deadlines.append(self._gone_ns + _DRAIN_NS)
        elif self._said_exit_ns is not None:
            deadlines.append(self._said_exit_ns + _POWER_OFF_NS)
        if self._kill_at is not None and self._gone_ns is None:
            deadlines.append(self._kill_at[0])
        if any(pump.paused for pump in self._running.inputs):
            deadlines.append(now + _BACKGROUND_POLL_NS)
        if not deadlines:
            return None
        return max(0, (min(deadlines) - now) // 1_000_000 + 1)

    # -- what happened -------------------------------------------------------------------------

    def _serve(self, ready: dict[int, int]) -> None:
        if self._inbox.fd in ready:
            for number in self._inbox.take():
                self._on_signal(number)
        child = self._running.child
        if child.fd in ready and self._gone_ns is None and child.poll() is not None:
            self._gone_ns = time.monotonic_ns()
        if self._control_open and self._running.control.fd in ready:
            self._on_control(ready[self._running.control.fd])
        if self._watch is not None and self._watch.fd in ready:
            self._watch.step()
        if self._complaint_open and self._running.complaint in ready:
            self._on_complaint()
        for pump in self._pumps():
            interest = pump.interest()
            due = pump.paused or (interest is not None and interest[0] in ready)
            moved = pump.step() if due else 0
            if moved and self._first_byte_ns is None and pump in self._running.outputs:
                self._first_byte_ns = time.monotonic_ns() - self._running.launched_ns
        if self._running.raw is not None:
            for _ in range(self._running.raw.take_interrupts()):
                self._on_interrupt()

    def _on_control(self, events: int) -> None:
        control = self._running.control
        if self._outbox and events & select.POLLOUT:
            try:
                self._outbox = self._outbox[control.write(memoryview(self._outbox)) :]
            except OSError:
                self._outbox = b""
        if not events & (select.POLLIN | select.POLLHUP | select.POLLERR):
            return
        data = control.read()
        if data is None:
            return
        if not data:
            self._control_open = False
            return
        self._decoder.feed(data)
        report = self._decoder.report
        if report.started_ns is not None and self._started_after_ns is None:
            self._started_after_ns = time.monotonic_ns() - self._running.launched_ns
        if self._said_exit_ns is None and _is_last_word(report):
            self._said_exit_ns = time.monotonic_ns()

    def _on_complaint(self) -> None:
        assert self._running.complaint is not None
        data = os.read(self._running.complaint, 4096)
        if not data:
            self._complaint_open = False
        self._complaint = (self._complaint + data)[-_COMPLAINT_BYTES:]

    def _on_interrupt(self) -> bool:
        """Ctrl-C, as a signal or (terminal mode) as a byte for the guest. True: it was the last."""
        now = time.monotonic_ns()
        self._interrupts = [at for at in self._interrupts if now - at < _IMPATIENCE_NS] + [now]
        if len(self._interrupts) < 3:
            return False
        self._kill(EndedBy.USER, 128 + signal.SIGINT)
        return True

    def _on_signal(self, number: int) -> None:
        now = time.monotonic_ns()
        if number == signal.SIGINT and self._on_interrupt():
            return
        if number == signal.SIGCONT and self._running.raw is not None:
            self._running.raw.enter()  # the shell has put its own modes back
        if number == signal.SIGTERM and self._kill_at_later_than(now):
            deadline = now + int(self._options.stop_timeout * 1e9)
            self._kill_at = (deadline, (EndedBy.USER, 128 + signal.SIGKILL))
        if number == signal.SIGWINCH and self._running.terminal is not None:
            size = os.get_terminal_size(self._running.terminal)
            self._send(winsize_command(size.lines, size.columns))
            return
        self._send(signal_command(number))

    def _kill_at_later_than(self, now: int) -> bool:
        """Would a stop deadline, set now, come before the one that is set?"""
        stop = now + int(self._options.stop_timeout * 1e9)
        return self._kill_at is None or stop < self._kill_at[0]

    def _send(self, record: bytes) -> None:
        if self._control_open and len(self._outbox) < 4096:
            self._outbox += record

    def _check_clock(self) -> None:
        now = time.monotonic_ns()
        if self._gone_ns is not None:
            if now - self._gone_ns > _DRAIN_NS:
                self._give_up_idle_pumps()
            return
        if self._kill_at is not None and now >= self._kill_at[0]:
            self._kill(*self._kill_at[1])
        if self._said_exit_ns is not None:
            if any(pump.holding for pump in self._running.outputs):
                self._said_exit_ns = now  # a slow reader is no reason to cut what it reads
            elif now - self._said_exit_ns > _POWER_OFF_NS:
                self._running.child.kill()
                self._said_exit_ns = None

    def _kill(self, ended_by: EndedBy, status: int) -> None:
        if self._forced is None and self._decoder.report.status is None:
            self._forced = (ended_by, status)
        self._kill_at = None
        self._running.child.kill()

    def _give_up_idle_pumps(self) -> None:
        """The process is gone, yet somebody still holds the other end: nothing more will come."""
        for pump in self._running.outputs + self._running.logs:
            if not pump.done and not pump.holding:
                pump.abandon()


def _is_last_word(report: Report) -> bool:
    return report.status is not None or report.panic is not None or report.exec_failed is not None
