# SPDX-License-Identifier: BSD-3-Clause
"""Of every test: what it needs of the machine, and the signals it starts with.

`make test` without root leaves out what needs a tool that is not installed (tools/bootstrap.sh
names it with the command that installs it): a test that fails to start such a tool is skipped, and
the reason says which. As root all of them are installed: a skip is then a failure, unless its
reason lies in the machine (MACHINE).
"""

from __future__ import annotations

import os
import re
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

# Why even root may leave a test out: what no package gives. Searched in the reason.
MACHINE = re.compile(r"needs /dev/kvm|x86_64 only|not a Debian machine|man pages are left out")

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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Nothing is left out in silence on a machine where everything could be installed."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.geteuid() == 0:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not MACHINE.search(reason):
            report.outcome = "failed"
            report.longrepr = f"left out as root, who lacks nothing: {reason}"
    return report
