# SPDX-License-Identifier: BSD-3-Clause
"""The control channel's records and the boot information."""

from __future__ import annotations

import itertools
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abi import image
from elfin.model import Accel, Arch, EndedBy, Identity, Platform, ProgramSpec, RunOptions
from elfin.run import boot
from elfin.run.control import Decoder, Report, signal_command, winsize_command
from elfin.run.ending import result_of
from elfin.run.session import Ending
from elfin.run.streams import StdioKind

C = image.CONSTANTS
EVENTS = b"".join(
    (
        image.record(C["ELFIN_EVENT_STARTED"], struct.pack("<Q", 5)),
        image.record(9999, b"from the future"),
        image.record(C["ELFIN_EVENT_ABSENT"], struct.pack("<II", 323, 2)),
        image.record(C["ELFIN_EVENT_OOM"], b"prog\0"),
        image.record(C["ELFIN_EVENT_COUNT"], struct.pack("<IIQ", 39, 0, 1 << 40)),
        image.record(C["ELFIN_EVENT_MEMORY"], struct.pack("<QQ", 1, 2)),
        image.record(C["ELFIN_EVENT_EXIT"], struct.pack("<II", 0x0700, 0)),
    )
)


@given(st.lists(st.integers(0, len(EVENTS)), max_size=20))
def test_records_survive_any_cut(cuts: list[int]) -> None:
    decoder = Decoder()
    edges = [0, *sorted(cuts), len(EVENTS)]
    for start, end in itertools.pairwise(edges):
        decoder.feed(EVENTS[start:end])
    report = decoder.report
    assert (report.started_ns, report.status) == (5, 0x0700)
    assert (report.absent, report.out_of_memory) == ({323: 2}, "prog")
    assert report.counts == {(39, 0): 1 << 40}
    assert (report.peak_bytes, report.total_bytes) == (1, 2)


@given(st.binary(max_size=300))
def test_garbage_never_raises(data: bytes) -> None:
    Decoder().feed(data)


def test_short_and_endless_records() -> None:
    decoder = Decoder()
    decoder.feed(image.record(C["ELFIN_EVENT_EXIT"], b"\1"))
    assert decoder.report.garbled
    decoder = Decoder()
    decoder.feed(struct.pack("<II", C["ELFIN_EVENT_PANIC"], 1 << 30))
    assert decoder.report.garbled


def test_commands() -> None:
    assert signal_command(15) == struct.pack("<IIII", C["ELFIN_COMMAND_SIGNAL"], 8, 15, 0)
    assert winsize_command(24, 80) == struct.pack(
        "<IIHHI", C["ELFIN_COMMAND_WINSIZE"], 8, 24, 80, 0
    )


def test_boot_information() -> None:
    spec = ProgramSpec(Path("/h"), "/bin/x", ("x", "ä"), (("A", "1"), ("B", "")), cwd="/w")
    options = RunOptions(identity=Identity(1, 2, (3, 4)), umask=0o27, hostname="box")
    facts = boot.BootFacts(
        (StdioKind.TTY, StdioKind.PIPE, StdioKind.CLOSED), 99, 123, bytes(32), winsize=(24, 80)
    )
    records = dict(image.decode(boot.boot_info(spec, options, facts)))
    assert records[C["ELFIN_BOOT_ARGV"]] == b"x\0\xc3\xa4\0"
    assert records[C["ELFIN_BOOT_ENVP"]] == b"A=1\0B=\0"
    assert records[C["ELFIN_BOOT_PROGRAM"]] == b"/bin/x\0"
    assert records[C["ELFIN_BOOT_CWD"]] == b"/w\0"
    assert records[C["ELFIN_BOOT_HOSTNAME"]] == b"box\0"
    assert records[C["ELFIN_BOOT_IDS"]] == struct.pack("<4I", 1, 2, 3, 4)
    assert records[C["ELFIN_BOOT_STDIO"]] == struct.pack("<3I", 2, 1, 0)
    assert records[C["ELFIN_BOOT_MEMORY_LIMIT"]] == struct.pack("<Q", 99)
    assert records[C["ELFIN_BOOT_UMASK"]] == struct.pack("<I", 0o27)
    assert records[C["ELFIN_BOOT_WINSIZE"]] == struct.pack("<HH", 24, 80)
    assert len(records[C["ELFIN_BOOT_RANDOM_SEED"]]) == 32


def test_stdio_kinds_are_the_headers() -> None:
    for kind in StdioKind:
        assert kind.value == C[f"ELFIN_STDIO_{kind.name}"]


def ending(report: Report, wait_status: int = 0, **given: object) -> Ending:
    fields = {
        "forced": None, "first_byte_ns": None, "started_after_ns": None, "wall_ns": 1,
        "complaint": "",
    }  # fmt: skip
    return Ending(report, wait_status, **{**fields, **given})  # type: ignore[arg-type]


def result(made: Ending) -> tuple[int, EndedBy, str | None]:
    found = result_of(made, Platform.VM, Accel.TCG, Arch.X86_64, "QEMU", 1)
    return found.status, found.ended_by, found.message


def report(**given: object) -> Report:
    made = Report()
    for name, value in given.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (ending(report(status=0)), (0, EndedBy.PROGRAM, None)),
        (ending(report(status=0x2A00)), (42, EndedBy.PROGRAM, None)),
        (ending(report(status=11)), (139, EndedBy.SIGNAL, None)),
        (ending(report(status=0x86)), (134, EndedBy.SIGNAL, None)),
        (
            ending(report(), forced=(EndedBy.TIMEOUT, 124)),
            (124, EndedBy.TIMEOUT, "the time of --timeout is over"),
        ),
        (ending(report(status=0), forced=(EndedBy.TIMEOUT, 124)), (0, EndedBy.PROGRAM, None)),
        (ending(report(), 9), (125, EndedBy.ELFIN, "QEMU ended by signal 9 before the program did; "
                               "--log FILE shows the kernel's log")),
        (
            ending(report(), 0x100, complaint="a\nqemu: no such device"),
            (125, EndedBy.ELFIN, "QEMU ended with status 1: qemu: no such device"),
        ),
        (
            ending(report(), 0x100, complaint="SeaBIOS\nelfin: this CPU has no FSGSBASE"),
            (125, EndedBy.ELFIN, "this CPU has no FSGSBASE"),
        ),
    ],
)  # fmt: skip
def test_how_it_ends(made: Ending, expected: tuple[int, EndedBy, str | None]) -> None:
    assert result(made) == expected
