# SPDX-License-Identifier: BSD-3-Clause
"""tools/gen_abi.py: what it writes compiles, dispatches, and is fresh where it is committed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from abi.table import ABI, Machine, Support, load
from tools import gen_abi

ROOT = ABI.parent
KCONFIG = ROOT / "kernel" / "Kconfig"
CONFIGS = ("hello", "full")
COMPILERS = {"x86_64": "gcc", "aarch64": "aarch64-linux-gnu-gcc"}
FLAGS = [
    *"-std=c11 -ffreestanding -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes".split(),
    "-Werror", f"-I{ROOT / 'kernel'}", f"-I{ROOT}",
]  # fmt: skip


def generate(out: Path, arch: str, config: str, *more: str) -> None:
    path = ROOT / "kernel" / "configs" / f"{config}.config"
    assert gen_abi.main(["--arch", arch, "--config", str(path), "-o", str(out), *more]) == 0


@pytest.mark.parametrize("arch", COMPILERS)
@pytest.mark.parametrize("config", CONFIGS)
def test_output_compiles(arch: str, config: str, tmp_path: Path) -> None:
    compiler = COMPILERS[arch]
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    generate(tmp_path, arch, config)
    for name in ("abi_dispatch.c", "abi_trace.c"):
        argv = [compiler, *FLAGS, f"-I{tmp_path}", "-fsyntax-only", str(tmp_path / name)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_numbers_are_the_tables(tmp_path: Path) -> None:
    generate(tmp_path, "aarch64", "hello")
    text = (tmp_path / "abi_numbers.h").read_text()
    found = {n: int(v) for n, v in re.findall(r"#define SYS_(\w+) +(\d+)", text)}
    assert found == {r.name: r.aarch64 for r in load().of_machine(Machine.AARCH64)}


# Calls through the table as the shim does, with garbage in the upper halves, and prints what
# arrived. sys_* are defined here for the calls that are looked at; the rest stays missing.
DRIVER = r"""
#include <stdio.h>
#include "abi/dispatch.h"
#include "abi_handlers.h"
#include "abi_numbers.h"
#include "abi/trace.h"
struct trap_frame { int dummy; };
long sys_dup3(int oldfd, int newfd, int flags)
{
    return oldfd * 10000L + newfd * 100L + flags;
}
long sys_read(int fd, struct user_ptr buf, u64 count)
{
    return fd + (long)buf.address + (long)count;
}
long sys_mmap(u64 address, u64 length, u64 prot, u64 flags, int fd, s64 offset)
{
    return (long)(address + length + prot + flags) + (fd == -1) + offset;
}
static struct trap_frame the_frame;
long sys_rt_sigreturn(struct trap_frame *frame)
{
    return frame == &the_frame;
}
int main(void)
{
    const u64 junk = 0xdeadbeef00000000;
    const struct syscall_row *r = abi_row(SYS_dup3);
    printf("%s %ld\n", abi_row_name(r), r->handler(junk | 7, junk | 8, junk | 9, 1, 2, 3));
    r = abi_row(SYS_read);
    printf("%s %ld\n", abi_row_name(r), r->handler(junk | 3, 0x100000000, 4, 0, 0, 0));
    r = abi_row(SYS_mmap);
    printf("%s %ld\n", abi_row_name(r), r->handler(1, 2, 3, 4, junk | 0xffffffff, 1ul << 40));
    r = abi_row(SYS_rt_sigreturn);
    printf("%s %d %ld\n", abi_row_name(r), r->flags & ABI_ROW_FRAME,
           r->handler((u64)&the_frame, 0, 0, 0, 0, 0));
    r = abi_row(SYS_settimeofday);
    printf("%s %d %d\n", abi_row_name(r), r->handler == NULL, r->answer);
    r = abi_row(SYS_userfaultfd);
    printf("%s %d %d %d\n", abi_row_name(r), r->handler == NULL, r->answer, r->support);
    r = abi_row(400);
    printf("gap '%s' %d %d\n", abi_row_name(r), r->handler == NULL, r->answer);
    printf("beyond %d\n", abi_row(abi_row_count) == NULL);
    const struct trace_argument *a = &abi_trace_arguments[abi_row(SYS_write)->arguments];
    printf("%d %d %d\n", a[0].capture == TRACE_NOTHING, a[1].capture == TRACE_TEXT_IN, a[1].length);
    a = &abi_trace_arguments[abi_row(SYS_fstat)->arguments + 1];
    printf("%d %d %d\n", a->capture == TRACE_ELEMENTS, a->direction == TRACE_OUT, a->size);
}
"""


@pytest.mark.parametrize("optimise", ["-O0", "-O2"])
def test_dispatch_calls_handlers_of_every_shape(optimise: str, tmp_path: Path) -> None:
    generate(tmp_path, "x86_64", "full", "--allow-missing")
    (tmp_path / "driver.c").write_text(DRIVER)
    program = tmp_path / "driver"
    argv = ["gcc", "-std=c11", optimise, f"-I{ROOT / 'kernel'}", f"-I{ROOT}", f"-I{tmp_path}"]
    argv += [str(tmp_path / n) for n in ("driver.c", "abi_dispatch.c", "abi_trace.c")]
    subprocess.run([*argv, "-o", str(program)], check=True)
    done = subprocess.run([str(program)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "dup3 70809",
        "read 4294967303",
        f"mmap {10 + 1 + (1 << 40)}",
        "rt_sigreturn 1 1",
        "settimeofday 1 -1",
        "userfaultfd 1 -38 0",
        "gap '' 1 -38",
        "beyond 1",
        "1 1 2",
        "1 1 144",
    ]


def test_without_allow_missing_a_missing_handler_does_not_link(tmp_path: Path) -> None:
    generate(tmp_path, "x86_64", "hello")
    argv = ["gcc", "-std=c11", f"-I{ROOT / 'kernel'}", f"-I{ROOT}", f"-I{tmp_path}"]
    argv += ["-xc", "-", "-xnone", str(tmp_path / "abi_dispatch.c"), "-o", str(tmp_path / "a")]
    done = subprocess.run(
        argv, input="int main(void) { return 0; }", capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    missing = set(re.findall(r"undefined reference to `sys_(\w+)'", done.stderr))
    core = [r for r in load().of_machine(Machine.X86_64) if r.feature == "core"]
    assert missing == {row.name for row in core if row.has_handler}


def test_hello_has_no_handler_of_another_feature(tmp_path: Path) -> None:
    generate(tmp_path, "x86_64", "hello")
    text = (tmp_path / "abi_dispatch.c").read_text()
    handlers = set(re.findall(r"\.handler = HANDLER\((\w+)\)", text))
    assert "write" in handlers and "exit_group" in handlers
    features = {r.feature for r in load().rows if r.name in handlers}
    assert features == {"core"}
    assert re.search(r"\[2\] = \{\.answer = -ENOSYS.*ABI_ROW_DISABLED", text)  # open


def test_unchanged_output_is_left_alone(tmp_path: Path) -> None:
    generate(tmp_path, "x86_64", "full")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(before) == 4
    generate(tmp_path, "x86_64", "full")
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_committed_files_are_fresh_and_stale_ones_are_noticed(tmp_path: Path) -> None:
    page = ROOT / "docs" / "reference" / "calls.md"
    assert gen_abi.main(["--docs", str(page), "--format", "--check"]) == 0
    stale = tmp_path / "calls.md"
    stale.write_text(page.read_text().replace("dup3", "dup4", 1))
    assert gen_abi.main(["--docs", str(stale), "--check"]) == 1
    assert gen_abi.main(["--docs", str(tmp_path / "none.md"), "--check"]) == 1
    assert not (tmp_path / "none.md").exists()


def test_alignment_is_stable_and_changes_only_spaces() -> None:
    text = (ABI / "syscalls.tbl").read_text()
    ragged = re.sub(r"^(\w+) +(\S+) +", r"\1 \2    ", text, flags=re.MULTILINE)
    assert ragged != text
    assert gen_abi.aligned(ragged) == text


def test_a_bad_config_line_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.config"
    bad.write_text("# fine\nCONFIG_FEATURE_VFS\n")
    status = gen_abi.main(["--arch", "x86_64", "--config", str(bad), "-o", str(tmp_path / "out")])
    assert status == 1
    assert "bad.config:2: not CONFIG_SYMBOL=value" in capsys.readouterr().err


def test_runs_as_a_script(tmp_path: Path) -> None:
    config = ROOT / "kernel" / "configs" / "hello.config"
    argv = [sys.executable, str(ROOT / "tools" / "gen_abi.py"), "--arch", "x86_64"]
    argv += ["--config", str(config), "-o", str(tmp_path)]
    assert subprocess.run(argv, cwd=tmp_path, check=False).returncode == 0
    assert (tmp_path / "abi_dispatch.c").exists()


def kconfig_features() -> set[str]:
    symbols = re.findall(r"^config FEATURE_(\w+)$", KCONFIG.read_text(), re.MULTILINE)
    return {symbol.lower().replace("_", "-") for symbol in symbols}


def test_features_with_handlers_are_the_ones_kconfig_offers() -> None:
    offered = {f for f, rows in load().features().items() if any(r.has_handler for r in rows)}
    assert offered == kconfig_features()


@pytest.mark.parametrize("config", CONFIGS)
def test_configs_select_what_kconfig_offers(config: str) -> None:
    chosen = gen_abi.read_config(ROOT / "kernel" / "configs" / f"{config}.config")
    symbols = re.findall(r"^config (\w+)$", KCONFIG.read_text(), re.MULTILINE)
    known = {f"CONFIG_{symbol}" for symbol in symbols}
    assert set(chosen) <= known
    parts = known - {"CONFIG_OPTIMIZE_SIZE", "CONFIG_SANITIZE"}  # how it is compiled
    if config == "full":
        assert set(chosen) == parts and all(chosen.values())
    else:
        assert chosen == {"CONFIG_FEATURE_CORE": True, "CONFIG_OPTIMIZE_SIZE": True}


def test_the_page_shows_every_row_and_every_rule() -> None:
    text = (ROOT / "docs" / "reference" / "calls.md").read_text()
    table = load()
    for row in table.rows:
        assert re.search(rf"^\| {row.name} \|", text, re.MULTILINE), row.name
        if row.support is Support.PARTIAL:
            assert f"**{row.name}** (partial)" in text
    assert text.count("\n- ") == sum(len(table.rules.get(row.name, ())) for row in table.rows)
