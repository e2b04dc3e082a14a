# SPDX-License-Identifier: BSD-3-Clause
"""The ELF reader against readelf on this machine's files, and against every way to break a file."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elfin.elf import is_elf, read_facts
from elfin.elf.details import read_code
from elfin.host.errors import BadElf, CannotRun, ElfinError, NotFound
from elfin.model.elf import ElfFacts, ElfType, Linkage
from tests.corpus.build import DEFAULT_OUTPUT, build

SAMPLE = 60
needs_readelf = pytest.mark.skipif(shutil.which("readelf") is None, reason="readelf is missing")


def host_files() -> list[Path]:
    """ELF programs and libraries of this machine, a spread-out sample of both."""
    found: list[Path] = []
    for folder in ("/usr/bin", "/usr/lib/x86_64-linux-gnu"):
        named = (p for p in sorted(Path(folder).glob("*")) if p.suffix != ".o" and p.is_file())
        files = [p for p in named if is_elf(p)]
        found += files[:: max(1, len(files) // SAMPLE)]
    return found


def readelf(path: Path) -> str:
    """Header, segments, dynamic section and notes in readelf's words."""
    command = ["readelf", "-hldnW", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def expected(text: str) -> dict[str, object]:
    """The same facts out of readelf's text."""
    single = {
        "interpreter": r"Requesting program interpreter: (.*)\]",
        "soname": r"\(SONAME\) +Library soname: \[(.*)\]",
        "build_id": r"Build ID: ([0-9a-f]+)",
    }
    facts: dict[str, object] = {}
    for name, pattern in single.items():
        match = re.search(pattern, text)
        facts[name] = match[1] if match else None
    entry = re.search(r"Entry point address: +(0x[0-9a-f]+)", text)
    facts["entry"] = int(entry[1], 16) if entry else None
    facts["needed"] = tuple(re.findall(r"\(NEEDED\) +Shared library: \[(.*)\]", text))
    for name in ("rpath", "runpath"):
        match = re.search(rf"\({name.upper()}\) +Library {name}: \[(.*)\]", text)
        facts[name] = tuple(filter(None, match[1].split(":"))) if match else ()
    facts["loads"] = len(re.findall(r"^  LOAD ", text, re.MULTILINE))
    return facts


def ours(facts: ElfFacts) -> dict[str, object]:
    """Ours in the same form."""
    names = ("interpreter", "soname", "build_id", "entry", "needed", "rpath", "runpath")
    return {name: getattr(facts, name) for name in names} | {"loads": len(facts.segments)}


@needs_readelf
def test_facts_are_readelfs() -> None:
    """Interpreter, names, paths, build-id, entry and segments of some hundred files."""
    build()
    files = host_files() + [p for p in DEFAULT_OUTPUT.glob("*-*/*") if is_elf(p)]
    compared = 0
    for path in files:
        try:
            facts = read_facts(path)
        except BadElf as error:
            assert "32-bit" in str(error), error  # a few hosts carry those
            continue
        assert ours(facts) == expected(readelf(path)), path
        compared += 1
    assert compared >= SAMPLE


@pytest.mark.parametrize(
    ("folder", "linkage", "kind"),
    [
        ("static", Linkage.STATIC, ElfType.EXEC),
        ("static-pie", Linkage.STATIC_PIE, ElfType.DYN),
        ("pie", Linkage.DYNAMIC, ElfType.DYN),
        ("exec", Linkage.DYNAMIC, ElfType.EXEC),
    ],
)
@pytest.mark.parametrize("libc", ["glibc", "musl"])
def test_shapes(folder: str, linkage: Linkage, kind: ElfType, libc: str) -> None:
    """The four shapes are told apart, for both libcs."""
    build()
    path = DEFAULT_OUTPUT / f"{libc}-{folder}" / "hello"
    if not path.exists():
        pytest.skip(f"{path} was not built")
    facts = read_facts(path)
    assert (facts.linkage, facts.type) == (linkage, kind)
    assert facts.machine == "x86_64"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("broken/empty", "is empty, not a program"),
        ("broken/text", "it looks like text; a script needs a #! line"),
        ("broken/zeroes", "is not an ELF program"),
        ("broken/magic-only", "is truncated"),
        ("broken/wrong-machine", "is a riscv program; Elfin runs x86_64 and aarch64"),
        ("broken/big-endian", "is a big-endian program (s390x); Elfin runs"),
        ("broken/class-nine", "damaged ELF header"),
        ("broken/object-file", "is an object file"),
        ("broken/headers-beyond-end", "is truncated"),
        ("broken/no-segments", "no program headers"),
        ("asm/hello-i386", "is a 32-bit program (i386); Elfin runs x86_64 and aarch64"),
    ],
)
def test_broken_files_get_a_sentence(name: str, sentence: str) -> None:
    """CLI.md, "Sentences": what it is, never a traceback; exit status 126."""
    build()
    with pytest.raises(BadElf, match=re.escape(sentence)) as caught:
        read_facts(DEFAULT_OUTPUT / name)
    assert caught.value.exit_status == 126


def test_not_files(tmp_path: Path) -> None:
    """Absent is 127, a directory 126."""
    with pytest.raises(NotFound):
        read_facts(tmp_path / "absent")
    with pytest.raises(CannotRun, match="is a directory"):
        read_facts(tmp_path)


def test_cut_anywhere(tmp_path: Path) -> None:
    """A file cut at any byte a loader reads is BadElf; only what nobody loads may be missing."""
    build()
    whole = (DEFAULT_OUTPUT / "asm" / "hello-x86_64").read_bytes()
    loaded = max(
        s.offset + s.file_size for s in read_facts(DEFAULT_OUTPUT / "asm/hello-x86_64").segments
    )
    target = tmp_path / "cut"
    for size in range(0, loaded, 7):
        target.write_bytes(whole[:size])
        with pytest.raises(BadElf):
            read_facts(target)
    target.write_bytes(whole[:loaded])
    assert read_facts(target).linkage is Linkage.STATIC


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damage_never_escapes(data: st.DataObject) -> None:
    """Whatever bytes change in the headers: facts or one of our errors."""
    path = DEFAULT_OUTPUT / "glibc-pie" / "hello"
    if not path.exists():
        pytest.skip("the corpus has no glibc-pie/hello")
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(4, 0x400))] = data.draw(st.integers(0, 255))
    target = DEFAULT_OUTPUT / "broken" / "damaged"
    target.write_bytes(content)
    try:
        read_facts(target)
    except ElfinError as error:
        assert str(error)


def test_code_details() -> None:
    """Functions, names and GNU properties of a program that was built for the purpose."""
    build()
    path = DEFAULT_OUTPUT / "glibc-static" / "hello"
    if not path.exists():
        pytest.skip("the corpus has no glibc-static/hello")
    code = read_code(path)
    by_name = {name: start for start, names in code.names.items() for name in names}
    main = by_name["main"]
    assert any(start == main and end > main for start, end in code.functions)
    assert all(
        a < b <= c for (a, b), (c, _) in zip(code.functions, code.functions[1:], strict=False)
    )
    assert any(section.name == ".text" and section.executable for section in code.sections)
    libc = read_code(Path(read_facts(Path("/bin/true")).path).resolve())
    assert "__libc_start_main" in libc.imports
