# SPDX-License-Identifier: BSD-3-Clause
"""Clause C1: of the `syscall` instructions that objdump finds, 99 % are planned, file by file."""

from __future__ import annotations

import shutil

import pytest

from tests.system.rewrite_corpus import NAMES, measure
from tests.system.roots import RootUnavailable


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("objdump") is None, reason="objdump is missing")
@pytest.mark.parametrize("name", NAMES)
def test_sites_are_planned(name: str) -> None:
    """And what is not has a reason; nothing is planned that objdump does not see."""
    try:
        row = measure(name)
    except RootUnavailable as error:
        pytest.skip(f"no root directory: {error}")
    assert row.holds, row


@pytest.mark.skipif(shutil.which("musl-gcc") is None, reason="musl-gcc is not installed")
@pytest.mark.skipif(shutil.which("objdump") is None, reason="objdump is missing")
def test_a_row_can_fail() -> None:
    """The check of the test above is no tautology."""
    from dataclasses import replace

    row = measure("static musl")
    assert row.holds
    assert row.planned > 30
    assert not replace(row, planned=row.planned - 2).holds
    assert not replace(row, invented=(0x401000,)).holds
