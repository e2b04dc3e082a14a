# SPDX-License-Identifier: BSD-3-Clause
"""The rewriter's rules, each on a few assembled lines: what is moved, and what makes it stay."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elfin import pipeline
from elfin.elf.text import read_text, text_of
from elfin.model.rewrite import Dead, Kept, Method, Patch, RewritePlan
from elfin.model.run import RunOptions
from elfin.rewrite import plan
from elfin.rewrite.binary import decode, encode
from elfin.rewrite.store import Plans

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is missing")

ENTERED = "a jump may lead behind its first bytes"
NO_ROOM = "its neighbours cannot be moved"
NO_PATH = "no path leads to it"
UNWINDERS = "unwinders know a signal frame by these bytes"

# `site` marks the next byte in a section of its own, without a symbol that would count as entry.
PRELUDE = """
        .macro site
777:    .pushsection .sites, "", @progbits
        .quad 777b
        .popsection
        .endm
        .macro func name
        .type \\name, @function
        .globl \\name
\\name:
        .endm
        .text
"""
STATIC = ("-static", "-nostdlib", "-Wl,--build-id=none")
SHARED = ("-shared", "-nostdlib", "-Wl,--build-id=none")


class Built:
    """An assembled program with its plan."""

    def __init__(self, path: Path) -> None:
        self.path = path
        text = read_text(path)
        assert text is not None
        self.plan = plan(text)
        self.sites = _sites(path)

    def at(self, index: int) -> Patch | Kept:
        """What becomes of the n-th `site`."""
        found = [one for one in (*self.plan.patches, *self.plan.kept) if self._is(one, index)]
        assert len(found) == 1, (index, self.plan)
        return found[0]

    def patch(self, index: int) -> tuple[Method, int, int]:
        """(method, bytes before the site, length) of the n-th site."""
        found = self.at(index)
        assert isinstance(found, Patch), found
        return found.method, found.start, found.length

    def dead(self, index: int) -> Dead:
        """What is dead behind the n-th site."""
        found = self.at(index)
        assert isinstance(found, Patch), found
        return found.dead

    def reason(self, index: int) -> str:
        """Why the n-th site stays."""
        found = self.at(index)
        assert isinstance(found, Kept), found
        return found.reason

    def _is(self, one: Patch | Kept, index: int) -> bool:
        return one.address == self.sites[index]


def _sites(path: Path) -> list[int]:
    copied = path.with_suffix(".sites")
    subprocess.run(
        ["objcopy", "-O", "binary", "-j", ".sites", "--set-section-flags", ".sites=alloc",
         str(path), str(copied)], check=True,
    )  # fmt: skip
    raw = copied.read_bytes()
    return list(struct.unpack(f"<{len(raw) // 8}Q", raw))


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Built]:
    """Assembly → what the planner makes of it."""

    def assemble(source: str, *flags: str, shape: tuple[str, ...] = STATIC) -> Built:
        name = tmp_path / f"program{len(list(tmp_path.iterdir()))}"
        text = name.with_suffix(".S")
        text.write_text(PRELUDE + source + '\n.section .note.GNU-stack,"",@progbits\n')
        subprocess.run(["gcc", *shape, *flags, str(text), "-o", str(name)], check=True)
        return Built(name)

    return assemble


START = "func _start\n"
MOV = "mov $39, %eax\n site\n syscall\n"
END = " ret\n"
CHECK = " cmp $-4096, %rax\n ja 9f\n ret\n9: ud2\n"
# No mov before the site: the number is a variable.
PLAIN = " mov %edi, %eax\n mov (%rsi), %rsi\n site\n syscall\n"


def test_mov_jump(build: Callable[..., Built]) -> None:
    """Only the mov's five bytes are replaced."""
    assert build(START + MOV + END).patch(0) == (Method.MOV_JUMP, 5, 5)


def test_mov_jump_may_be_passed_by(build: Callable[..., Built]) -> None:
    """A jump straight to the site traps, and does no harm."""
    source = START + " cmp $1, %eax\n je 1f\n mov $39, %eax\n1: site\n syscall\n" + END
    assert build(source).patch(0) == (Method.MOV_JUMP, 5, 5)


def test_mov_that_is_entered(build: Callable[..., Built]) -> None:
    """Whoever jumps into a mov finds other instructions there."""
    # b8 90 90 90 90: from its second byte on, four nops
    source = START + " cmp $1, %eax\n je 1f+1\n1: mov $0x90909090, %eax\n site\n syscall\n" + CHECK
    assert build(source).patch(0) == (Method.WINDOW, 0, 8)


def test_window_behind(build: Callable[..., Built]) -> None:
    """The comparison that follows moves; what reads memory before the site need not."""
    assert build(START + PLAIN + CHECK).patch(0) == (Method.WINDOW, 0, 8)


def test_window_before(build: Callable[..., Built]) -> None:
    """A return cannot move: what stands before the site does."""
    assert build(START + PLAIN + END).patch(0) == (Method.WINDOW, 3, 5)


def test_long_mov_is_a_window(build: Callable[..., Built]) -> None:
    """`mov $nr, %rax` has seven bytes."""
    source = START + " mov $39, %rax\n site\n syscall\n" + END
    assert build(source).patch(0) == (Method.WINDOW, 7, 9)


NO_NEIGHBOUR = " call 5f\n site\n syscall\n" + END + "5:" + END
STAYING = {
    "call and ret": NO_NEIGHBOUR,
    "rip-relative": " call 5f\n site\n syscall\n mov %eax, 5f(%rip)\n ret\n5: ret\n",
    "branches": "5: jc 5b\n site\n syscall\n jc 5b\n ret\n",
    "endbr": " ret\n func inner\n endbr64\n site\n syscall\n ret\n",
}


@pytest.mark.parametrize("lines", STAYING.values(), ids=STAYING)
def test_no_room(build: Callable[..., Built], lines: str) -> None:
    """Instructions that depend on where they stand do not move."""
    assert build(START + lines).reason(0) == NO_ROOM


# Ways into `8:`, the instruction behind the site of `BEHIND`.
BEHIND = (
    START
    + " call 5f\n site\n syscall\n8: cmp $-4096, %rax\n ja 9f\n ret\n9: ud2\n"
    + "5: test %edi, %edi\n je 6f\n ret\n6:\n"
)
FAR = ' .section .text.far, "ax"\n func far\n'
WAYS = {
    "a branch in the function": " jc 8b\n ret\n",
    "a short jump of the next function": " func next\n jmp 8b\n",
    "a jump from far away": FAR + " jmp 8b\n",
    "a branch from far away": FAR + " jne 8b\n ret\n",
    "a call": FAR + " call 8b\n ret\n",
    "an address that is taken": FAR + " lea 8b(%rip), %rax\n jmp *%rax\n",
    "a pointer in data": " .data\n .balign 8\n .quad 8b\n",
    "an absolute jump table": " jmp *7f(,%rdi,8)\n .section .rodata\n .balign 8\n7: .quad 5b, 8b\n",
    "a relative jump table": " lea 7f(%rip), %rcx\n movslq (%rcx,%rdi,4), %rax\n add %rcx, %rax\n"
    " jmp *%rax\n .section .rodata\n .balign 4\n7: .long 5b - 7b, 8b - 7b\n",
    "a branch that no path reaches": " ret\n .byte 0\n jc 8b\n ret\n",
    "a transaction that aborts": " xbegin 8b\n xend\n ret\n",
    "a table whose first entry is elsewhere": " lea 7f(%rip), %rcx\n movslq (%rcx,%rdi,4), %rax\n"
    ' add %rcx, %rax\n jmp *%rax\n .section .text.cold, "ax"\n4: ud2\n .section .rodata\n'
    " .balign 4\n7: .long 4b - 7b, 8b - 7b\n",
    "a constant address": " mov $8b, %edi\n ret\n",
    "a symbol": " .set other, 8b\n .globl other\n",
}


def test_nothing_enters(build: Callable[..., Built]) -> None:
    """The control of the test below: without a way in the window is taken."""
    assert build(BEHIND).patch(0) == (Method.WINDOW, 0, 8)


@pytest.mark.parametrize("lines", WAYS.values(), ids=WAYS)
def test_window_that_is_entered(build: Callable[..., Built], lines: str) -> None:
    """No branch may land inside a window, wherever it comes from."""
    assert build(BEHIND + lines).reason(0) == ENTERED


def test_pointer_in_a_library(build: Callable[..., Built]) -> None:
    """In a library pointers are the addends of relocations, or packed (RELR)."""
    source = BEHIND + " .data\n .balign 8\n .quad 8b\n"
    assert build(source, shape=SHARED).reason(0) == ENTERED
    packed = build(source, "-Wl,-z,pack-relative-relocs", shape=SHARED)
    assert packed.reason(0) == ENTERED


LANDING = """
        func catcher
        .cfi_startproc
        .cfi_personality 0x1b, _start
        .cfi_lsda 0x1b, 7f
        ret
        .balign 16
6:      call catcher
        site
        syscall
8:      cmp $-4096, %rax
        ja 9f
        ret
9:      ud2
        .cfi_endproc
        .section .gcc_except_table, "a"
        .balign 4
7:      .byte 0xff, 0xff, 1, 8
        .uleb128 0, 1, 6b - catcher, 0
        .uleb128 0, 1, {pad}, 0
"""


def test_landing_pads(build: Callable[..., Built]) -> None:
    """Exceptions enter a function in the middle: that leads to sites, and forbids windows."""
    assert build(START + " ret\n" + LANDING.format(pad=0)).patch(0) == (Method.WINDOW, 0, 8)
    assert build(START + " ret\n" + LANDING.format(pad="8b - catcher")).reason(0) == ENTERED
    nowhere = LANDING.format(pad=0).replace("6b - catcher", "0")
    assert build(START + " ret\n" + nowhere).reason(0) == NO_PATH


def test_patches_do_not_overlap(build: Callable[..., Built]) -> None:
    """Two sites that both want the one instruction between them: the first has it."""
    source = START + " call 5f\n site\n syscall\n mov %r8, %rdx\n site\n syscall\n ret\n5: ret\n"
    built = build(source)
    assert built.patch(0) == (Method.WINDOW, 0, 5)
    assert built.reason(1) == NO_ROOM


DATA_IN_TEXT = " jmp 1f\n .byte 0xb8, 39, 0, 0, 0\n site\n .byte 0x0f, 0x05\n1:" + MOV + CHECK


def test_data_in_text(build: Callable[..., Built]) -> None:
    """The bytes of a whole call, jumped over: data. The call behind them is code."""
    built = build(START + DATA_IN_TEXT)
    kept = built.at(0)
    assert isinstance(kept, Kept)
    assert (kept.reason, kept.is_code) == (NO_PATH, False)
    assert built.patch(1) == (Method.MOV_JUMP, 5, 5)


def test_bytes_of_another_instruction(build: Callable[..., Built]) -> None:
    """0f 05 in a constant."""
    built = build(START + " mov $0x11050f22, %ecx\n" + MOV + END)
    assert [one.is_code for one in built.plan.kept] == [False]
    assert built.patch(0) == (Method.MOV_JUMP, 5, 5)


RESTORER = " func restore\n mov $15, %rax\n site\n syscall\n"


def test_signal_trampoline(build: Callable[..., Built]) -> None:
    """Unwinders know it by its bytes, unless an unwind table says what it is, or there are none."""
    frame = RESTORER.replace("restore\n", "restore\n .cfi_startproc\n .cfi_signal_frame\n nop\n")
    told = START + " ret\n" + frame + " .cfi_endproc\n"
    assert build(START + " ret\n" + RESTORER, shape=SHARED).reason(0) == UNWINDERS
    assert build(told, shape=SHARED).patch(0)[0] is Method.WINDOW
    assert build(START + " ret\n" + RESTORER).patch(0)[0] is Method.WINDOW
    unwinder = " func unwinder\n movabs $0x050f0000000fc0c7, %rax\n cmp %rax, 1(%rdi)\n ret\n"
    assert build(START + " ret\n" + RESTORER + unwinder).reason(0) == UNWINDERS


LIVENESS = {
    "compared": (" cmp $-4096, %rax\n ja 9f\n ret\n9: ud2\n", Dead.FLAGS),
    "returned": (" ret\n", Dead.NOTHING),
    "tested at once": (" jc 9f\n ret\n9: ret\n", Dead.NOTHING),
    "kept in a register": (" setz %al\n ret\n", Dead.NOTHING),
    "pushed": (" pushf\n pop %rax\n ret\n", Dead.NOTHING),
    "carried on": (
        " lea 1(%rax), %rax\n inc %rax\n adc $0, %rdx\n cmp %rax, %rdx\n ret\n",
        Dead(0),
    ),
    "read on one way": (" jrcxz 9f\n test %eax, %eax\n ret\n9: sbb %eax, %eax\n ret\n", Dead(0)),
    "dead both ways": (" movq %rax, %xmm0\n test %eax, %eax\n js 9f\n ret\n9: ret\n", Dead.FLAGS),
    "rcx written": (" mov $1, %ecx\n cmp %rcx, %rax\n ret\n", Dead.FLAGS | Dead.RCX),
    "rcx's low byte": (" mov $1, %cl\n test %eax, %eax\n ret\n", Dead.FLAGS),
    "rcx moved if": (" test %eax, %eax\n cmovs %rdx, %rcx\n ret\n", Dead.FLAGS),
    "r11 written": (" mov %rax, %r11\n test %eax, %eax\n ret\n", Dead.FLAGS | Dead.R11),
    "rcx counted": (" cmp %eax, %edx\n rep stosb\n ret\n", Dead.FLAGS),
}


@pytest.mark.parametrize(("lines", "dead"), LIVENESS.values(), ids=LIVENESS)
def test_what_is_dead(build: Callable[..., Built], lines: str, dead: Dead) -> None:
    """Only what every path overwrites before it reads it."""
    assert build(START + MOV + lines).dead(0) == dead


def test_writable_text(build: Callable[..., Built]) -> None:
    """Text that can be written is never planned."""
    built = build(START + MOV + END, "-Wl,-N")
    assert built.plan == RewritePlan(built.plan.size, 0)


def test_checksum_is_of_the_replaced_bytes(build: Callable[..., Built]) -> None:
    """The kernel compares it with the file it has."""
    built = build(START + MOV + PLAIN.replace("site", "site\n") + CHECK)
    raw = built.path.read_bytes()
    value = 0
    for one in built.plan.patches:
        value = zlib.crc32(raw[one.offset - one.start :][: one.length], value)
        assert raw[one.offset : one.offset + 2] == b"\x0f\x05"
    assert len(built.plan.patches) == 2
    assert (built.plan.checksum, built.plan.size) == (value, len(raw))


def test_changed_file_is_planned_anew(build: Callable[..., Built], tmp_path: Path) -> None:
    """Same name, same size, same times, other bytes: another plan. The same bytes: the same one."""
    looked: list[bytes] = []

    def read(content: bytes) -> object:
        looked.append(content)
        return text_of(content)

    plans = Plans(tmp_path / "cache", read, lambda line: None)  # type: ignore[arg-type]
    file = build(START + MOV + END).path
    before, stat = plans.of(file), file.stat()
    assert plans.of(file) == before
    assert len(looked) == 1
    raw = file.read_bytes()
    assert raw.count(b"\xb8\x27\0\0\0\x0f\x05") == 1
    file.write_bytes(raw.replace(b"\xb8\x27\0\0\0\x0f\x05", b"\xb8\x6e\0\0\0\x0f\x05"))
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    after = plans.of(file)
    assert before is not None
    assert after is not None
    assert (len(looked), after.checksum == before.checksum) == (2, False)


def test_damaged_cache_is_no_plan(build: Callable[..., Built], tmp_path: Path) -> None:
    """A plan that cannot be read is made again."""
    file = build(START + MOV + END).path
    plans = Plans(tmp_path / "cache", text_of, lambda line: None)
    before = plans.of(file)
    (kept,) = (tmp_path / "cache" / "rewrite").glob("*.json")
    kept.write_text("{}")
    assert plans.of(file) == before


@pytest.mark.parametrize("form", ["movq $1f, 8(%rsp)", "cmpq $1f, (%rdi)"])
def test_constant_in_a_memory_form(build: Callable[..., Built], form: str) -> None:
    """A program at a fixed address may store a place's address, or compare with it."""

    def moves_the_place(before: str) -> bool:
        lines = f" {before}\n mov %edi, %eax\n site\n syscall\n1: cmp $-4096, %rax\n"
        one = build(START + lines + " ja 9f\n ret\n9: ud2\n", "-no-pie").at(0)
        return isinstance(one, Patch) and one.length - one.start > 2

    assert moves_the_place("nop")
    assert not moves_the_place(form)


def test_endless_number_is_an_error() -> None:
    """A ULEB128 number has at most ten bytes, whatever follows."""
    from elfin.elf.text import _Reader

    reader = object.__new__(_Reader)
    reader.raw = b"\xff" * 9 + b"\x01" + b"\x80" * 100_000
    assert reader._uleb(0) == ((1 << 64) - 1, 10)
    with pytest.raises(struct.error):
        reader._uleb(10)


def test_planner_that_fails_is_no_plan(
    build: Callable[..., Built], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program runs, and a line says why its calls trap. --no-rewrite plans none."""

    def fail(content: bytes) -> None:
        raise ValueError("a table of nonsense")

    file = build(START + MOV + END).path
    monkeypatch.setenv("ELFIN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("elfin.elf.text.text_of", fail)
    warned: list[str] = []
    for rewrite, lines in ((False, 0), (True, 1)):
        options = RunOptions(rewrite=rewrite)
        prepared = pipeline.prepare(pipeline.Request(str(file), (), {}, options), warned.append)
        assert not prepared.warm
        assert len(warned) == lines, warned
    assert warned[0].endswith("is not rewritten: ValueError: a table of nonsense")


# -- the binary form ----------------------------------------------------------------------------


def test_binary_form_is_the_decisions() -> None:
    """Byte for byte what docs/decisions/0801-rewrite-plans.md says."""
    patches = (
        Patch(0x1234, 0x401234, Method.MOV_JUMP, 5, 5, Dead.FLAGS | Dead.R11),
        Patch(0x2000, 0x402000, Method.WINDOW, 0, 8, Dead.NOTHING),
    )
    expected = (
        b"ELFINRW1" + b"\1\0\0\0" + b"\0\0\0\0"
        + b"\4\0\0\0" + b"\0\0\0\0" + b"/a/b\0\0\0\0"
        + b"\x00\x10\x00\x00\x01\x00\x00\x00" + b"\2\0\0\0" + b"\x44\x33\x22\x11"
        + b"\x34\x12\0\0\1\5\5\5" + b"\x00\x20\0\0\2\x08\0\0"
    )  # fmt: skip
    plans = {"/a/b": RewritePlan(0x1_0000_1000, 0x11223344, patches), "/empty": RewritePlan(7, 0)}
    assert encode(plans) == expected


PATCHES = st.lists(
    st.builds(
        Patch,
        st.integers(0, 0xFFFFFFFF),
        st.integers(0, 1 << 47),
        st.sampled_from(Method),
        st.integers(0, 255),
        st.integers(0, 255),
        st.integers(0, 7).map(Dead),
    ),
    min_size=1,
)
PLANS = st.dictionaries(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1),
    st.builds(RewritePlan, st.integers(0, 1 << 63), st.integers(0, 0xFFFFFFFF), PATCHES.map(tuple)),
)


@given(PLANS)
def test_binary_form_is_read_back(plans: dict[str, RewritePlan]) -> None:
    """Nothing is lost but addresses; every file begins on a multiple of eight."""
    blob = encode(plans)
    assert len(blob) % 8 == 0
    assert decode(blob) == {
        path: (
            made.size,
            made.checksum,
            [(p.offset, p.method, p.length, p.start, p.dead) for p in made.patches],
        )
        for path, made in plans.items()
    }


@given(PLANS, st.data())
def test_cut_form_is_refused(plans: dict[str, RewritePlan], data: st.DataObject) -> None:
    """A part of a blob is not a blob."""
    blob = encode(plans)
    with pytest.raises(ValueError):
        decode(blob[: data.draw(st.integers(0, len(blob) - 1))])


@settings(max_examples=200, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), max_size=12))
def test_damaged_file(
    changes: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever a file says about itself: a plan whose patches lie in it, or none."""
    raw = bytearray(_sample(tmp_path_factory))
    for place, value in changes:
        raw[place % len(raw)] = value
    file = tmp_path_factory.mktemp("damaged") / "file"
    file.write_bytes(raw)
    text = read_text(file)
    for one in plan(text).patches if text is not None else ():
        assert raw[one.offset : one.offset + 2] == b"\x0f\x05"


_MADE: list[bytes] = []


def _sample(factory: pytest.TempPathFactory) -> bytes:
    if not _MADE:
        folder = factory.mktemp("sample")
        (folder / "a.S").write_text(PRELUDE + BEHIND + " func other\n" + MOV + CHECK)
        command = ["gcc", *STATIC, str(folder / "a.S"), "-o", str(folder / "a")]
        subprocess.run(command, check=True, capture_output=True)
        _MADE.append((folder / "a").read_bytes())
    return _MADE[0]


# -- in the image -------------------------------------------------------------------------------


def test_plans_are_in_the_image(
    build: Callable[..., Built], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One entry that says what the planner says, by the file's path in the image; a second
    preparation neither plans nor disassembles."""
    monkeypatch.setenv("ELFIN_CACHE_DIR", str(tmp_path / "cache"))
    built = build(START + MOV + PLAIN + CHECK)
    prepared = _prepare(built.path)
    with prepared.image.path.open("rb") as file:
        archive = file.read()
    start = archive.index(b"ELFINRW1")
    size = int(archive[archive.rindex(b"070701", 0, start) :][54:62], 16)
    size_, checksum, patches = decode(archive[start : start + size])[str(built.path)]
    assert (size_, checksum) == (built.plan.size, built.plan.checksum)
    assert patches == [
        (one.offset, one.method, one.length, one.start, one.dead) for one in built.plan.patches
    ]
    assert len(patches) == 2
    again = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", WARM, str(built.path)],
        cwd=Path(__file__).resolve().parents[2], capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert again.stdout == "True\n"
    assert "elfin.pipeline" in again.stderr
    for heavy in ("capstone", "elfin.rewrite.planner", "elfin.rewrite.store", "elfin.elf"):
        assert heavy not in again.stderr


WARM = """
import os, sys
from pathlib import Path
from elfin import pipeline
from elfin.model.run import RunOptions
request = pipeline.Request(sys.argv[1], (), {}, RunOptions())
print(pipeline.prepare(request, print).warm)
"""


def _prepare(path: Path) -> pipeline.Prepared:
    return pipeline.prepare(pipeline.Request(str(path), (), {}, RunOptions()), print)
