# SPDX-License-Identifier: BSD-3-Clause
"""Clause C1, while programs run: at least 99.9 % of their calls are direct after start-up."""

from __future__ import annotations

import pytest

from tests.system.direct_share import LEAST, PROGRAMS, share
from tests.system.roots import PROJECT, RootUnavailable


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_calls_are_direct(name: str) -> None:
    """On the process platform, where a trap is dearest; the doors' own tests cover both."""
    if not (PROJECT / "build" / "kernel" / "x86_64-full" / "elfin-process").exists():
        pytest.skip("the kernel is not built")
    try:
        total, direct = share(name, "process")
    except RootUnavailable as error:
        pytest.skip(f"no root directory: {error}")
    assert total > 1000
    assert direct >= LEAST
