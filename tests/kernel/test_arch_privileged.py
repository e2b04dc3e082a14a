# SPDX-License-Identifier: BSD-3-Clause
"""The decoder and the search for hlt (kernel/arch/x86_64), compared with capstone over programs.

docs/decisions/0201-hlt.md holds the wider measurement; here the corpus must come out exactly.
"""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Iterator
from pathlib import Path

import capstone
import pytest
from elftools.elf.elffile import ELFFile

from tests.corpus.build import DEFAULT_OUTPUT
from tests.corpus.build import build as build_corpus

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [ROOT / "kernel/arch/x86_64" / name for name in ("instruction.c", "privileged.c")]
PROGRAMS = ("musl-static/heap_overflow", "musl-static/files", "glibc-static/hello")


class Instruction(ctypes.Structure):
    """struct instruction."""

    _fields_ = [
        ("length", ctypes.c_uint8),
        ("plausible", ctypes.c_bool),
        ("ends_block", ctypes.c_bool),
        ("rex", ctypes.c_bool),
    ]


@pytest.fixture(scope="module")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """The two kernel files as a library of the host."""
    target = tmp_path_factory.mktemp("decoder") / "decoder.so"
    flags = ["-shared", "-fPIC", "-O2", f"-I{ROOT}/kernel", f"-I{ROOT}"]
    subprocess.run(["gcc", *flags, *map(str, SOURCES), "-o", str(target)], check=True)
    library = ctypes.CDLL(str(target))
    size = ctypes.c_size_t
    library.arch_find_privileged.argtypes = [ctypes.c_char_p, size, size, size]
    library.arch_find_privileged.restype = size
    library.instruction_decode.argtypes = [ctypes.c_char_p, size, ctypes.POINTER(Instruction)]
    library.instruction_decode.restype = ctypes.c_bool
    return library


@pytest.fixture(scope="module", params=PROGRAMS)
def text(request: pytest.FixtureRequest) -> bytes:
    """The .text section of a program."""
    path = DEFAULT_OUTPUT / request.param
    if not path.exists():
        build_corpus()
    if not path.exists():
        pytest.skip(f"{request.param} was not built")
    with path.open("rb") as file:
        return bytes(ELFFile(file).get_section_by_name(".text").data())


def disassemble(text: bytes) -> Iterator[tuple[int, int, str]]:
    """(offset, length, mnemonic), all of the text: our compilers put no data there."""
    engine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    engine.skipdata = True
    for address, size, mnemonic, _ in engine.disasm_lite(text, 0):
        yield address, size, mnemonic


def test_lengths_are_capstones(decoder: ctypes.CDLL, text: bytes) -> None:
    """Every instruction has the length that capstone gives it, and almost all are plausible."""
    out = Instruction()
    odd = count = 0
    for offset, length, mnemonic in disassemble(text):
        if mnemonic == ".byte":
            continue
        count += 1
        piece = text[offset : offset + 15]
        assert decoder.instruction_decode(piece, len(piece), out), hex(offset)
        assert out.length == length, f"{offset:#x} {mnemonic}"
        odd += not out.plausible
    assert count > 1000
    assert odd < count / 200


def test_every_hlt_is_found_and_nothing_else(decoder: ctypes.CDLL, text: bytes) -> None:
    """The search answers with exactly the hlt instructions."""
    wanted = [offset for offset, _, mnemonic in disassemble(text) if mnemonic == "hlt"]
    found = []
    at = decoder.arch_find_privileged(text, len(text), 0, len(text))
    while at < len(text):
        found.append(at)
        at = decoder.arch_find_privileged(text, len(text), at + 1, len(text))
    assert wanted
    assert found == wanted


def test_tables_are_left_alone(decoder: ctypes.CDLL) -> None:
    """Data full of f4 between functions: numbers, text, a cipher's table, noise."""
    noise = bytes((i * i * 167 + i // 3 * 91 + 13) & 0xFF for i in range(65536))
    for data in (
        bytes([0xF4]) * 4096,
        b"".join(i.to_bytes(2, "little") for i in range(32768)),
        b"\x48\x8b\x05\xf4" * 1024,
        noise,
        b"The quick brown fox\xf4" * 200,
    ):
        assert decoder.arch_find_privileged(data, len(data), 0, len(data)) == len(data)
