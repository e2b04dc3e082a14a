# SPDX-License-Identifier: BSD-3-Clause
"""A static musl program says hello on aarch64, in QEMU's virt machine (issue clause A4)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "build/corpus/aarch64-musl-static"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "elfin", "run", "--platform", "vm", "--arch", "aarch64"]
    return subprocess.run(
        [*command, *words], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


FAULTS = r"""
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <ucontext.h>

static sigjmp_buf out;
extern char brk_site[], udf_site[];

static void handler(int signal, siginfo_t *info, void *context)
{
    const ucontext_t *uc = context;
    const char *pc = (const char *)uc->uc_mcontext.pc;
    const char *at = pc == brk_site ? "brk" : pc == udf_site ? "udf" : "elsewhere";
    printf("%d %d %s %s\n", signal, info->si_code, at, info->si_addr == pc ? "pc" : "other");
    siglongjmp(out, 1);
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGTRAP, &action, 0);
    sigaction(SIGILL, &action, 0);
    if (!sigsetjmp(out, 1))
        __asm__ volatile(".globl brk_site\nbrk_site: brk #0");
    if (!sigsetjmp(out, 1))
        __asm__ volatile(".globl udf_site\nudf_site: udf #0");
    return 0;
}
"""


@pytest.fixture(scope="module", autouse=True)
def corpus() -> None:
    if not shutil.which("qemu-system-aarch64"):
        pytest.skip("qemu-system-aarch64 is not installed (package qemu-system-arm)")
    build = [sys.executable, "tests/corpus/build.py", "--only", "aarch64-musl-static/"]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)


def test_hello() -> None:
    done = run(str(CORPUS / "hello"))
    assert (done.stdout, done.stderr, done.returncode) == ("hello from C\n", "", 0)


def test_status_comes_back() -> None:
    """With nothing to read, streams exits with 3."""
    done = run(str(CORPUS / "streams"))
    assert done.returncode == 3
    assert done.stderr == "0 bytes, 0 lines\n"


def test_breakpoint_and_undefined_instruction(tmp_path: Path) -> None:
    """SIGTRAP TRAP_BRKPT and SIGILL ILL_ILLOPC, both at the instruction (arch/arm64/kernel)."""
    (tmp_path / "faults.c").write_text(FAULTS)
    program = tmp_path / "faults"
    compiler = [sys.executable, "-m", "ziglang", "cc", "-target", "aarch64-linux-musl", "-static"]
    command = [*compiler, "-fno-sanitize=all", "-o", str(program), str(tmp_path / "faults.c")]
    subprocess.run(command, check=True, capture_output=True)
    done = run(str(program))
    assert (done.stdout, done.returncode) == ("5 1 brk pc\n4 1 udf pc\n", 0)
