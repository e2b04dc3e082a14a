# SPDX-License-Identifier: BSD-3-Clause
"""The checks of `make check`: each has a case here that shows it failing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from elfin.kernel_build.sources import owner, select
from tools import check_rooms, check_sizes, check_tree

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A small tree under the real rooms.toml that breaks no rule."""
    shutil.copy(ROOT / "rooms.toml", tmp_path)
    texts = {
        "kernel/task/task.h": "#pragma once\n",
        "kernel/task/task.c": '#include "arch/upcalls.h"\n#include "task/task.h"\n',
        "kernel/task/wait_internal.h": "#pragma once\n",
        "kernel/files/file.c": '#include "task/task.h"\n#include "lib/list.h"\n',
        "kernel/arch/x86_64/trap.S": "",
        "kernel/arch/x86_64/hosted.S": "",
        "kernel/arch/aarch64/trap.S": "",
        "elfin/__init__.py": "",
        "elfin/model/__init__.py": "",
        "elfin/run/__init__.py": "import elfin.model\n",
        "elfin/image/__init__.py": "import elfin.model\n",
    }
    for name, text in texts.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_a_tidy_house_has_no_breach(house: Path) -> None:
    assert check_rooms.check(house) == []


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("kernel/task/up.c", '#include "files/file.h"\n', "task may not use files"),
        (
            "kernel/syscalls/x.c",
            '#include "platform/platform.h"\n',
            "syscalls may not use platform",
        ),
        ("kernel/syscalls/x.c", '#include "devices/stream.h"\n', "syscalls may not use devices"),
        ("kernel/files/x.c", '#include "task/wait_internal.h"\n', "internal to task"),
        ("kernel/files/x.c", '#include "nowhere.h"\n', "names no room"),
        ("kernel/platform/vm/x.c", '#include "platform/process/host.h"\n', "another part"),
        ("kernel/attic/x.c", "\n", "no declared room"),
        ("kernel/files/x.c", "#ifdef __x86_64__\n#endif\n", "instruction set belongs in"),
        ("kernel/task/x.c", 'void f(void) { __asm__("nop"); }\n', "assembly belongs in"),
        (
            "elfin/image/x.py",
            "import elfin.run\n",
            "elfin.image is not allowed to import elfin.run",
        ),
        (
            "elfin/model/x.py",
            "import elfin.run\n",
            "elfin.model is not allowed to import elfin.run",
        ),
        ("elfin/attic/__init__.py", "", "elfin/attic: lies in no declared room"),
    ],
)
def test_an_undeclared_edge_is_a_breach(house: Path, file: str, text: str, said: str) -> None:
    (house / file).parent.mkdir(parents=True, exist_ok=True)
    (house / file).write_text(text)
    found = check_rooms.check(house)
    assert any(said in line for line in found), found


def test_siblings_must_have_the_same_files(house: Path) -> None:
    (house / "kernel/arch/x86_64/more.c").write_text("")
    found = check_rooms.check(house)
    assert any("kernel/arch/aarch64: has no more.c" in line for line in found), found


def test_each_platform_must_have_what_the_contract_names(house: Path) -> None:
    (house / "kernel/platform/process").mkdir(parents=True)
    found = check_rooms.check(house)
    assert any("kernel/platform/process: has no power.c" in line for line in found), found


def test_the_status_says_that_there_is_a_breach(house: Path) -> None:
    (house / "kernel/task/up.c").write_text('#include "files/file.h"\n')
    command = [
        sys.executable,
        str(ROOT / "tools/check_rooms.py"),
        f"--root={house}",
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert 'kernel/task/up.c: #include "files/file.h"' in result.stdout


def test_sizes_show_what_is_too_long(tmp_path: Path) -> None:
    kernel = tmp_path / "kernel"
    kernel.mkdir()
    body = "".join(f"    x += {i};\n" for i in range(45))
    (kernel / "handler.c").write_text(f"long sys_long(long x)\n{{\n{body}    return x;\n}}\n")
    (kernel / "file.c").write_text("int x;\n" * 700)
    breaches, _ = check_sizes.check_half(check_sizes.HALVES[0], tmp_path)
    assert any("sys_long has 49 lines" in line for line in breaches), breaches
    assert any("file.c: 700 lines" in line for line in breaches), breaches


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.c", "int x;\n", "no line `SPDX"),
        ("a.md", "see /ho" + "me/someone/elfin\n", "folder of one machine"),
        ("a.md", "from pypi" + ".example.org\n", "mirror or a registry"),
        ("a.md", "from apt.test" + ".example now\n", "mirror or a registry"),
        ("a.md", "TO" + "DO: later\n", "without (issue N)"),
        ("a.md", "blank \n", "blanks at the end"),
        ("a.md", "no newline", "no newline"),
    ],
)
def test_the_tree_check_sees(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    found = list(check_tree.breaches(tmp_path / name, tmp_path, {"apt.test" + ".example"}))
    assert any(said in line for line in found), found


@pytest.mark.parametrize(
    ("path", "arch", "place"),
    [
        ("lib/string.c", "x86_64", "common"),
        ("arch/x86_64/trap.S", "x86_64", "common"),
        ("arch/x86_64/trap.S", "aarch64", None),
        ("arch/x86_64/hosted.S", "x86_64", "process"),
        ("arch/x86_64/vdso/vdso.c", "x86_64", None),
        ("platform/vm/start.c", "aarch64", "vm"),
        ("platform/vm/boot_x86_64.S", "aarch64", None),
        ("platform/other/start.c", "x86_64", None),
        ("devices/virtio_net.c", "x86_64", "vm"),
        ("devices/host_tap.c", "x86_64", "process"),
        ("lib/string.h", "x86_64", None),
        ("attic/x.c", "x86_64", None),
    ],
)
def test_a_source_belongs_by_its_name(path: str, arch: str, place: str | None) -> None:
    assert owner(path, arch) == place


def test_a_feature_brings_its_sources_and_its_pages() -> None:
    paths = ["syscalls/dup.c", "syscalls/helper.c", "files/epoll.c", "files/inode.c"]
    pages = {"dup": frozenset({"vfs"})}
    sources = {"files/ep*": frozenset({"posix-epoll"})}
    without = select(paths, "x86_64", frozenset({"core"}), pages, sources)
    assert without.common == ("files/inode.c", "syscalls/helper.c")
    wanted = frozenset({"core", "vfs", "posix-epoll"})
    assert select(paths, "x86_64", wanted, pages, sources).common == tuple(sorted(paths))
