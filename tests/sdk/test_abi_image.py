# SPDX-License-Identifier: BSD-3-Clause
"""abi/image.py: numbers of boot_info.h as C sees them, and the form of records."""

from __future__ import annotations

import shutil
import struct
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abi import image
from abi.table import ABI

RECORDS = st.lists(st.tuples(st.integers(0, 2**32 - 1), st.binary(max_size=64)), max_size=8)


def test_numbers_are_what_the_c_compiler_reads() -> None:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    names = list(image.CONSTANTS)
    checks = "".join(
        f'_Static_assert({name} == {image.CONSTANTS[name]}, "{name}");\n' for name in names
    )
    source = f'#include "{ABI}/image/boot_info.h"\n{checks}'
    argv = ["gcc", "-fsyntax-only", "-Wall", "-Werror", "-xc", "-"]
    done = subprocess.run(argv, input=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(names) > 40
    magic = image.CONSTANTS["ELFIN_BOOT_MAGIC"]
    assert struct.pack("<Q", magic) == b"ELFFI01\0"


def test_record_types_are_distinct_and_in_their_ranges() -> None:
    ranges = {"ELFIN_BOOT_": range(1, 64), "ELFIN_EVENT_": range(64, 96),
              "ELFIN_COMMAND_": range(96, 128)}  # fmt: skip
    about_the_form = {"ELFIN_BOOT_MAGIC", "ELFIN_BOOT_HEADER_BYTES", "ELFIN_BOOT_VERSION"}
    for prefix, allowed in ranges.items():
        found = {
            name: value
            for name, value in image.CONSTANTS.items()
            if name.startswith(prefix) and name not in about_the_form
        }
        assert found and set(found.values()) <= set(allowed), found
        assert len(set(found.values())) == len(found)


@given(RECORDS)
def test_what_is_encoded_is_decoded(records: list[tuple[int, bytes]]) -> None:
    data = image.encode(records)
    assert len(data) % 8 == 0
    assert list(image.decode(data)) == records


def test_layout_byte_for_byte() -> None:
    body = struct.pack("<II", 3, 5) + b"/bin\0\0\0\0"
    head = struct.pack("<QII", image.CONSTANTS["ELFIN_BOOT_MAGIC"], 1, 16 + len(body))
    assert image.encode([(3, b"/bin\0")]) == head + body


def broken_ones() -> dict[str, bytes]:
    good = image.encode([(1, b"abc"), (2, b"0123456789")])
    longer = bytearray(good)
    struct.pack_into("<I", longer, 20, 4000)  # the first record's length
    return {
        "empty": b"",
        "header cut": good[:15],
        "cut": good[:-1],
        "longer than it says": good + b"\0",
        "other magic": b"x" + good[1:],
        "record beyond the end": bytes(longer),
    }


@pytest.mark.parametrize("case", broken_ones())
def test_broken_boot_information_is_refused(case: str) -> None:
    with pytest.raises(image.BadBootInfo):
        list(image.decode(broken_ones()[case]))


@given(st.data())
def test_every_cut_is_refused(data: st.DataObject) -> None:
    whole = image.encode(data.draw(RECORDS))
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(image.BadBootInfo):
        list(image.decode(whole[:cut]))
