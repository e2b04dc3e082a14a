# SPDX-License-Identifier: BSD-3-Clause
"""abi/table.py: the shipped table holds, agrees with this machine, and broken ones are named."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from abi.table import ABI, Direction, Machine, Support, TableError, Verb, load, read_table


def host_numbers(compiler: str) -> dict[str, int]:
    """Call name -> number, as the C compiler's headers say."""
    include = "#include <asm/unistd.h>\n"
    macros = subprocess.run(
        [compiler, "-E", "-dM", "-xc", "-"],
        input=include,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    names = set(re.findall(r"#define __NR_(\w+) ", macros)) - {"syscalls", "arch_specific_syscall"}
    probe = include + "".join(f'@"{name}"@ __NR_{name}\n' for name in sorted(names))
    expanded = subprocess.run(
        [compiler, "-E", "-P", "-xc", "-"], input=probe, capture_output=True, text=True, check=True
    ).stdout
    return {name: int(nr) for name, nr in re.findall(r'@"(\w+)"@ (\d+)$', expanded, re.MULTILINE)}


@pytest.mark.parametrize(
    ("machine", "compiler"),
    [(Machine.X86_64, "gcc"), (Machine.AARCH64, "aarch64-linux-gnu-gcc")],
)
def test_numbers_agree_with_this_machine(machine: Machine, compiler: str) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    host = host_numbers(compiler)
    assert len(host) > 280
    ours = {row.name: row.number(machine) for row in load().of_machine(machine)}
    assert {name: ours.get(name) for name in host} == host
    newest = max(host.values())
    extra = {name for name, number in ours.items() if name not in host and number <= newest}
    # The headers are older than the table where a machine's own numbers have holes.
    assert extra <= {"uretprobe", "uprobe"}


def test_every_page_is_a_man_page_of_section_two() -> None:
    folder = Path("/usr/share/man/man2")
    if not (folder / "dup.2.gz").exists():
        pytest.skip("manpages-dev is not installed, or this machine's man pages are left out")
    pages = {row.page for row in load().rows if row.page}
    assert [page for page in sorted(pages) if not (folder / f"{page}.2.gz").exists()] == []


def test_rows_are_what_they_say() -> None:
    table = load()
    dup3 = table.by_name(Machine.X86_64, "dup3")
    assert dup3 is not None
    assert (dup3.x86_64, dup3.aarch64, dup3.page, dup3.source) == (292, 24, "dup", "dup")
    assert [a.name for a in dup3.arguments] == ["oldfd", "newfd", "flags"]
    assert table.by_number(Machine.AARCH64, 24) is dup3
    assert table.by_name(Machine.AARCH64, "dup2") is None
    assert table.by_number(Machine.X86_64, 400) is None
    stat = table.by_name(Machine.X86_64, "stat")
    assert stat is not None and stat.arguments[1].direction is Direction.OUT
    assert stat.arguments[1].type.c_type == "struct user_ptr"
    settime = table.by_name(Machine.X86_64, "settimeofday")
    assert settime is not None and settime.support is Support.DENIED
    assert settime.support_word == "denied:EPERM" and not settime.has_handler
    sigreturn = table.by_name(Machine.AARCH64, "rt_sigreturn")
    assert sigreturn is not None and sigreturn.frame
    assert table.errnos["EWOULDBLOCK"] == table.errnos["EAGAIN"] == 11
    assert "ERESTARTSYS" not in table.errnos


def test_partial_rows_have_rules_and_others_do_not() -> None:
    table = load()
    need = {r.name for r in table.rows if r.support in (Support.PARTIAL, Support.IGNORED)}
    assert need == set(table.rules) and need
    mmap = {rule.verb for rule in table.rules["mmap"]}
    assert mmap == {Verb.ACCEPT, Verb.IGNORE, Verb.REFUSE}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of abi/'s tables to break."""
    target = tmp_path / "abi"
    shutil.copytree(ABI, target, ignore=shutil.ignore_patterns("__pycache__"))
    return target


def line_of(path: Path, start: str) -> int:
    lines = path.read_text().splitlines()
    return next(i for i, text in enumerate(lines, 1) if text.startswith(start))


def change(name: str, old: str, new: str) -> Callable[[Path], None]:
    def apply(abi: Path) -> None:
        path = abi / name
        text = path.read_text()
        assert re.search(old, text, re.MULTILINE), old
        path.write_text(re.sub(old, new, text, count=1, flags=re.MULTILINE))

    return apply


BROKEN = {
    "too few columns": (
        change("syscalls.tbl", r"^dup3 .*$", "dup3 292 24 vfs full"),
        "dup3",
        "columns, expected 8",
    ),
    "bad number": (change("syscalls.tbl", r"^dup3 +292", "dup3 2x2"), "dup3", "'2x2' is neither"),
    "no number": (change("syscalls.tbl", r"^dup3 +292 +24", "dup3 - -"), "dup3", "no number"),
    "number twice": (change("syscalls.tbl", r"^dup3 +292", "dup3 293"), "pipe2", "293 is dup3's"),
    "support": (change("syscalls.tbl", r"^(dup3 .*) full ", r"\1 fine "), "dup3", "'fine' is none"),
    "denied bare": (
        change("syscalls.tbl", "denied:EPERM", "denied"),
        "settimeofday",
        "only denied takes",
    ),
    "denied errno": (
        change("syscalls.tbl", "denied:EPERM", "denied:EPERN"),
        "settimeofday",
        "EPERN is not in",
    ),
    "type": (
        change("syscalls.tbl", r"^(dup3 .*)open_flags", r"\1opne_flags"),
        "dup3",
        "type opne_flags is not",
    ),
    "argument": (
        change("syscalls.tbl", r"^(dup3 .*)open_flags flags", r"\1flags"),
        "dup3",
        "not TYPE NAME",
    ),
    "direction": (
        change("syscalls.tbl", r"^(stat .*)out statbuf", r"\1statbuf"),
        "stat ",
        "not TYPE NAME",
    ),
    "same argument": (
        change("syscalls.tbl", r"^(dup3 .*)newfd", r"\1oldfd"),
        "dup3",
        "two arguments named oldfd",
    ),
    "entry": (
        change("syscalls.tbl", r"^(rt_sigreturn .*) frame ", r"\1 fraem "),
        "rt_sigreturn",
        "'fraem' is not",
    ),
    "page's features": (
        change("syscalls.tbl", r"^(dup3 .*)vfs ", r"\1core "),
        "dup3",
        "same page dup",
    ),
    "rules missing": (
        lambda abi: (abi / "coverage/mmap.rules").unlink(),
        "mmap",
        "without a rules file",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_row_is_named_with_its_line(case: str, copy: Path) -> None:
    read_table(copy)  # whole before
    breaks, row, words = BROKEN[case]
    breaks(copy)
    line = line_of(copy / "syscalls.tbl", row)
    with pytest.raises(TableError, match=rf"^syscalls\.tbl:{line}: .*{re.escape(words)}"):
        read_table(copy)


BROKEN_ELSEWHERE = {
    "rule's shape": ("mmap.rules", "accept prot PROT_READ", "not a rule"),
    "rule's argument": ("mmap.rules", "accept port: PROT_READ", "has no argument port"),
    "rule's value": ("mmap.rules", "accept prot: PROT_RAED", "PROT_RAED is not in"),
    "rule's errno": ("mmap.rules", "refuse prot: 16 -> EINVALID", "EINVALID is not in"),
    "refuse without errno": ("mmap.rules", "refuse prot: 16", "only refuse, says"),
    "accept with errno": ("mmap.rules", "accept prot: 16 -> EINVAL", "only refuse, says"),
    "ignore without reason": ("mmap.rules", "ignore prot: 16", "must say"),
}


@pytest.mark.parametrize("case", BROKEN_ELSEWHERE)
def test_a_broken_rule_is_named_with_its_line(case: str, copy: Path) -> None:
    name, text, words = BROKEN_ELSEWHERE[case]
    path = copy / "coverage" / name
    path.write_text(f"# a comment\n{text}\n")
    with pytest.raises(TableError, match=rf"^{name}:2: .*{re.escape(words)}"):
        read_table(copy)


def test_rules_for_a_full_or_unknown_call_are_refused(copy: Path) -> None:
    stray = copy / "coverage" / "dup3.rules"
    stray.write_text("note: nothing\n")
    with pytest.raises(TableError, match=r"^dup3\.rules:1: .*must not have"):
        read_table(copy)
    stray.rename(copy / "coverage" / "dup9.rules")
    with pytest.raises(TableError, match=r"^dup9\.rules:1: .*not in syscalls"):
        read_table(copy)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (r"^scalar  fd .*$", "scalar fd int", "not a type"),
        (r"O_NOCTTY", "O_NOCTTTY", "O_NOCTTTY is not in fcntl.h"),
        (r"linux_timespec$", "linux_timespecs", "no linux_timespecs"),
        (r"^struct  rlimit  ", "struct  timeval  ", "defined twice"),
        (r"  time\.h      linux_tms", "  tims.h      linux_tms", "no linux/tims.h"),
    ],
)
def test_a_broken_type_is_named(old: str, new: str, words: str, copy: Path) -> None:
    change("types.tbl", old, new)(copy)
    with pytest.raises(TableError, match=rf"^types\.tbl:\d+: .*{re.escape(words)}"):
        read_table(copy)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (r"^dup3 .*$", "", "syscalls.tbl:.*dup3 is full without a line in errnos.tbl"),
        (r"^dup3 .*$", "dup9 EBADF", "dup9 is not a full row"),
        (r"^dup3 .*$", "dup3 EBADFD2 EINVAL", "EBADFD2 is not in linux/errno.h"),
        (r"^dup3 .*$", "dup3 EINVAL EBADF", "not in order"),
        (r"^dup3 .*$", "dup3 EBADF\ndup3 EBADF", "dup3 is there twice"),
    ],
)
def test_a_broken_list_of_errors_is_named(old: str, new: str, words: str, copy: Path) -> None:
    change("errnos.tbl", old, new)(copy)
    with pytest.raises(TableError, match=words):
        read_table(copy)


def test_errors_of_full_rows_are_read() -> None:
    errors = load().errors
    assert errors["dup3"].errnos == ("EBADF", "EINVAL")
    assert errors["dup3"].succeeds
    assert not errors["pause"].succeeds
    assert errors["pause"].errnos == ("EINTR",)
