# SPDX-License-Identifier: BSD-3-Clause
"""Of every test: what it needs of the machine, and the signals it starts with.

`make test` without root leaves out what needs a tool that is not installed (tools/bootstrap.sh
names it with the command that installs it): a test that fails to start such a tool is skipped, and
the reason says which. As root all of them are installed, and nothing is skipped for this reason.
"""

from __future__ import annotations

import shutil
import signal
from collections.abc import Generator
from pathlib import PurePath
from typing import NoReturn

import pytest

# Commands of the packages in tools/apt-packages.txt.
TOOLS = frozenset(
    "as cc clang cpio gcc ld musl-gcc objdump qemu-system-aarch64 qemu-system-x86_64"
    " readelf".split()
)

# A shell's background job ignores these from the start, and so would every guest: tests that send
# them would wait for ever.
for _number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
    if signal.getsignal(_number) is signal.SIG_IGN:
        is_interrupt = _number is signal.SIGINT
        signal.signal(_number, signal.default_int_handler if is_interrupt else signal.SIG_DFL)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, None, None]:
    """Fixtures, too, may need a tool."""
    try:
        return (yield)
    except FileNotFoundError as error:
        skip_without_tool(error)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, None, None]:
    """The test itself."""
    try:
        return (yield)
    except FileNotFoundError as error:
        skip_without_tool(error)


def skip_without_tool(error: FileNotFoundError) -> NoReturn:
    """Skip when it is a tool of TOOLS that could not be started, else raise again."""
    name = PurePath(str(error.filename)).name
    if name in TOOLS and shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    raise error
