# SPDX-License-Identifier: BSD-3-Clause
"""kernel/syscalls/ and the table agree: handlers in their page's file, none without a row."""

from __future__ import annotations

import re

from abi.table import ABI, load

SOURCES = sorted((ABI.parent / "kernel" / "syscalls").glob("*.c"))


def handlers() -> dict[str, str]:
    """Handler -> stem of the file that defines it."""
    return {
        name: source.stem
        for source in SOURCES
        for name in re.findall(r"^long sys_(\w+)\(", source.read_text(), re.MULTILINE)
    }


def test_every_row_with_a_handler_has_it_in_the_file_of_its_page() -> None:
    found = handlers()
    wrong = {
        row.handler: (row.source, found.get(row.handler))
        for row in load().rows
        if row.has_handler and found.get(row.handler) != row.source
    }
    assert wrong == {}


def test_no_handler_is_dead() -> None:
    rows = {row.handler for row in load().rows if row.has_handler}
    assert set(handlers()) - rows == set()
