# SPDX-License-Identifier: BSD-3-Clause
"""Two configurations are built, booted and sized (issue clause A5)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "build/kernel"
HELLO_BYTES = 150_000
PLATFORMS = ("process", "vm")

PROBE = """
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void)
{
    long got = syscall(SYS_epoll_create1, 0);
    printf("epoll_create1: %s\\n", got >= 0 ? "is here" : errno == ENOSYS ? "ENOSYS" : "other");
    return got < 0 ? errno : 0;
}
"""


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("probe")
    (folder / "probe.c").write_text(PROBE)
    command = ["gcc", "-static", "-o", str(folder / "probe"), str(folder / "probe.c")]
    subprocess.run(command, check=True)
    return folder / "probe"


@pytest.fixture(scope="module")
def hello_as_full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build directory whose full kernels are the hello ones."""
    folder = tmp_path_factory.mktemp("kernels")
    (folder / "x86_64-full").symlink_to(BUILT / "x86_64-hello")
    return folder


def run(
    program: Path, platform: str, kernels: Path | None = None
) -> subprocess.CompletedProcess[str]:
    if platform == "vm" and not shutil.which("qemu-system-x86_64"):
        pytest.skip("qemu-system-x86_64 is not installed")
    env = dict(os.environ)
    if kernels is not None:
        env["ELFIN_KERNELS"] = str(kernels)
    command = [sys.executable, "-m", "elfin", "run", "--stats"]
    command += ["--platform", platform, str(program)]
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False
    )


def symbols(kernel: Path) -> set[str]:
    with kernel.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        return {symbol.name for symbol in table.iter_symbols()}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_hello_is_small(platform: str) -> None:
    assert (BUILT / "x86_64-hello" / f"elfin-{platform}").stat().st_size <= HELLO_BYTES


@pytest.mark.parametrize("platform", PLATFORMS)
def test_absent_feature_answers_enosys_in_hello(
    platform: str, probe: Path, hello_as_full: Path
) -> None:
    done = run(probe, platform, hello_as_full)
    assert done.stdout == "epoll_create1: ENOSYS\n"
    assert done.returncode == 38
    assert "epoll_create1" in done.stderr  # the end of the run names what was missed


@pytest.mark.parametrize("platform", PLATFORMS)
def test_full_has_it(platform: str, probe: Path) -> None:
    assert run(probe, platform).stdout == "epoll_create1: is here\n"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_handler_is_not_in_the_hello_image(platform: str) -> None:
    hello, full = (
        symbols(BUILT / f"x86_64-{config}" / f"elfin-{platform}.debug")
        for config in ("hello", "full")
    )
    assert "sys_epoll_create1" in full
    assert "sys_epoll_create1" not in hello
    assert "sys_write" in hello
