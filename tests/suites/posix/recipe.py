# SPDX-License-Identifier: BSD-3-Clause
"""Builds the POSIX test suite from Debian's source package into $ELFIN_SUITE_OUT.

Nothing of it is kept in this repository: the source comes through the machine's own apt (a private
apt directory below build/), files are accepted by their sha256, patches are Debian's own. What
comes out is one program per test, dynamic like any program, the commands that tests execute, and
tests.json.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[2]
sys.path.insert(0, str(PROJECT))

from elfin.host.errors import ElfinError  # noqa: E402
from elfin.rootfs.apt import PrivateApt  # noqa: E402

PACKAGE = "posixtestsuite"
ACCEPTED = {
    "posixtestsuite_1.5.2.orig.tar.gz": (
        "15a2185672127cba851d35ec9d538ff6148defdbb75f99c7e9c50aeba0f94757"
    ),
    "posixtestsuite_1.5.2-8.debian.tar.xz": (
        "56bcecc2e99f57b88ed493bd0d5e48f0731c85651b6fc41a60922c9e184864b3"
    ),
}
# The suite's own flags (its Makefile, Debian's LDFLAGS) without warnings, which are old.
FLAGS = ["-std=gnu99", "-O2", "-w", "-D_POSIX_C_SOURCE=200112L", "-D_GNU_SOURCE", "-Iinclude"]
COMMANDS = ("/bin/ls", "/bin/sleep")  # what tests execute
LIBRARIES = ["-lpthread", "-lrt"]
MAIN = re.compile(r"^\s*(int\s+|void\s+)?main\s*\(", re.MULTILINE)


def unpacked(work: Path) -> Path:
    """The source with Debian's patches."""
    apt = PrivateApt(PROJECT / "build" / "apt-source", "amd64", print, types="deb-src")
    apt.update()
    for archive in apt.fetch_source(PACKAGE, ACCEPTED):
        unpack(archive, work)
    source = work / "posixtestsuite"
    patches = work / "debian" / "patches"
    for name in (patches / "series").read_text().split():
        command = ["patch", "-p1", "-s", "-i", str(patches / name)]
        subprocess.run(command, cwd=source, check=True)
    return source


def unpack(archive: Path, into: Path) -> None:
    """Lay out an archive of plain files and folders, none of which leads out of ``into``.

    tarfile's own `filter="data"` begins with Python 3.11.4, Debian 12 has 3.11.2.
    """
    with tarfile.open(archive) as tar:
        members = tar.getmembers()
        for member in members:
            path = PurePosixPath(member.name)
            inside = not path.is_absolute() and ".." not in path.parts
            if not inside or not (member.isfile() or member.isdir()):
                raise ElfinError(f"{archive.name} holds {member.name}, which is not laid out")
            member.mode &= 0o755
        tar.extractall(into, members)


def sources(source: Path) -> Iterator[Path]:
    """Tests by the suite's own rule: NUMBER-NUMBER.c with a main; others only have to compile."""
    for path in sorted((source / "conformance").rglob("[0-9]*-[0-9]*.c")):
        if "buildonly" not in path.name and MAIN.search(path.read_text(errors="replace")):
            yield path.relative_to(source)


def compile_test(source: Path, path: Path, out: Path) -> bool:
    """Whether this machine's compiler takes it; ten of the suite's files lack an #include."""
    program = out / path.with_suffix("")
    program.parent.mkdir(parents=True, exist_ok=True)
    command = ["gcc", *FLAGS, str(path), "-o", str(program), *LIBRARIES]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    if done.returncode:
        (out.parent / "failed" / str(path).replace("/", "_")).write_text(done.stderr)
    return done.returncode == 0


def add_commands(out: Path) -> None:
    """Debian's static busybox, for the commands that tests execute."""
    root = out / "commands"
    command = [sys.executable, "-m", "elfin", "rootfs", "debian", "--slim", "-q", "-o", str(root)]
    environment = {"ELFIN_CACHE_DIR": str(PROJECT / "build" / "cache"), **os.environ}
    subprocess.run([*command, "busybox-static"], cwd=PROJECT, env=environment, check=True)
    shutil.copy(root / "bin" / "busybox", out / "bin" / "busybox")
    shutil.rmtree(root)


def build(out: Path) -> int:
    """Everything below `out`; the number of tests."""
    (out / "failed").mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        source = unpacked(Path(folder))
        paths = list(sources(source))
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            good = list(pool.map(lambda path: compile_test(source, path, out / "bin"), paths))
    command = ["gcc", "-O2", "-o", str(out / "bin" / "launch"), str(HERE / "launch.c")]
    subprocess.run(command, check=True)
    add_commands(out)
    tests = [
        {"name": _name(path), "argv": [str(path.with_suffix(""))]}
        for path, compiled in zip(paths, good, strict=True)
        if compiled
    ]
    add = [f"busybox:{command}" for command in COMMANDS]
    described = {"launch": "launch", "add": add, "tests": tests}
    (out / "tests.json").write_text(json.dumps(described, indent=1))
    return len(tests)


def _name(path: Path) -> str:
    """conformance/interfaces/mmap/1-1.c → mmap/1-1."""
    return "/".join(path.with_suffix("").parts[2:])


def main() -> int:
    out = Path(os.environ["ELFIN_SUITE_OUT"])
    fresh = out.with_name(f".{out.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    (fresh / "bin").mkdir(parents=True)
    try:
        print(f"{build(fresh)} tests in {out}")
    except ElfinError as error:
        print(f"recipe: {error}", file=sys.stderr)
        return 1
    shutil.rmtree(out, ignore_errors=True)
    fresh.rename(out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
