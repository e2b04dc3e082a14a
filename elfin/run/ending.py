# SPDX-License-Identifier: BSD-3-Clause
"""From how a machine ended to what `elfin run` exits with and says (CLI.md, "Ending")."""

from __future__ import annotations

import errno
import os

from elfin.host.errors import EXIT_CANNOT_RUN, EXIT_ELFIN, EXIT_NOT_FOUND
from elfin.model.program import Arch
from elfin.model.run import Accel, CallCount, EndedBy, Platform, RunResult
from elfin.run.control import Report
from elfin.run.session import Ending

_DOORS = {0: "trap", 1: "jump", 2: "call", 3: "native"}


def result_of(
    ending: Ending,
    platform: Platform,
    accel: Accel | None,
    arch: Arch,
    machine: str,
    memory: int,
) -> RunResult:
    """The run's result; ``memory`` in bytes is what the guest was given."""
    report = ending.report
    ended_by, status, signal, message = _judge(ending, machine)
    return RunResult(
        status=status,
        ended_by=ended_by,
        platform=platform,
        accel=accel,
        signal=signal,
        boot_ns=ending.first_byte_ns or ending.started_after_ns,
        started_ns=report.started_ns,
        wall_ns=ending.wall_ns,
        peak_bytes=report.peak_bytes,
        total_bytes=report.total_bytes or memory,
        calls=_counts(report, arch),
        absent=_absent(report, arch),
        outcomes=_outcomes(report, arch),
        message=message,
    )


def _judge(ending: Ending, machine: str) -> tuple[EndedBy, int, int | None, str | None]:
    report = ending.report
    if report.status is not None:
        message = report.out_of_memory
        if message is not None:
            message += "; try a larger -m"
        if os.WIFSIGNALED(report.status):
            number = os.WTERMSIG(report.status)
            return EndedBy.SIGNAL, 128 + number, number, message
        return EndedBy.PROGRAM, os.waitstatus_to_exitcode(report.status), None, message
    if ending.forced is not None:
        ended_by, status = ending.forced
        return ended_by, status, None, _forced_message(ended_by)
    if report.exec_failed is not None:
        number, text = report.exec_failed
        status = EXIT_NOT_FOUND if number == errno.ENOENT else EXIT_CANNOT_RUN
        reason = os.strerror(number).lower()
        return EndedBy.ELFIN, status, None, f"{text}: {reason}" if text else reason
    if report.panic is not None:
        return EndedBy.PANIC, EXIT_ELFIN, None, report.panic.removeprefix("elfin: ")
    return EndedBy.ELFIN, EXIT_ELFIN, None, _without_a_word(ending, machine)


def _forced_message(ended_by: EndedBy) -> str | None:
    return "the time of --timeout is over" if ended_by is EndedBy.TIMEOUT else None


def _without_a_word(ending: Ending, machine: str) -> str:
    """The machine's process ended and the kernel had not said that it would."""
    code = os.waitstatus_to_exitcode(ending.wait_status)
    how = f"with status {code}" if code >= 0 else f"by signal {-code}"
    _, cry, rest = ending.complaint.partition("elfin: ")
    if cry:
        return rest  # the kernel's emergency console: a sentence, perhaps with a backtrace
    last = ending.complaint.splitlines()[-1] if ending.complaint else ""
    if last:
        return f"{machine} ended {how}: {last}"
    return f"{machine} ended {how} before the program did; --log FILE shows the kernel's log"


def _counts(report: Report, arch: Arch) -> tuple[CallCount, ...]:
    if not report.counts:
        return ()
    from elfin.run.names import call_name

    return tuple(
        CallCount(
            call_name(arch, number),
            _DOORS.get(door, str(door)),
            times,
            report.took_ns.get((number, door), 0),
        )
        for (number, door), times in sorted(report.counts.items())
    )


def _outcomes(report: Report, arch: Arch) -> dict[str, dict[str, int]]:
    """By name, then by errno's name or ``ok``."""
    if not report.outcomes:
        return {}
    from elfin.run.names import call_name, error_name

    found: dict[str, dict[str, int]] = {}
    for (number, error), times in sorted(report.outcomes.items()):
        how = error_name(error) if error else "ok"
        found.setdefault(call_name(arch, number), {})[how] = times
    return found


def _absent(report: Report, arch: Arch) -> dict[str, int]:
    if not report.absent:
        return {}
    from elfin.run.names import call_name

    return {call_name(arch, number): times for number, times in sorted(report.absent.items())}
