# SPDX-License-Identifier: BSD-3-Clause
"""Clause C1: how many of the `syscall` instructions that objdump finds are planned, file by file.

`python -m tests.system.rewrite_corpus` prints one row per file and every site that stays, with its
reason. What objdump's sweep finds in no function of the file is data between functions: libcrypto's
tables have such bytes.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from elfin.elf.text import read_text
from elfin.model.rewrite import Kept, RewritePlan, TextFile
from elfin.rewrite import plan
from tests.corpus.build import DEFAULT_OUTPUT, build
from tests.system.roots import ensure_root
from tests.system.rows import HERE, load

PACKAGES = (
    "libc6", "libssl3", "busybox-static", "python3.11", "redis-server", "nginx", "nodejs", "musl",
)  # fmt: skip
LIBRARIES = "usr/lib/x86_64-linux-gnu"
FILES = {
    "libc.so.6": f"{LIBRARIES}/libc.so.6",
    "ld.so": f"{LIBRARIES}/ld-linux-x86-64.so.2",
    "libcrypto": f"{LIBRARIES}/libcrypto.so.3",
    "static busybox": "usr/bin/busybox",
    "python3.11": "usr/bin/python3.11",
    "redis-server": "usr/bin/redis-server",
    "nginx": "usr/sbin/nginx",
    "node": "usr/bin/node",
    "node's libnode": f"{LIBRARIES}/libnode.so.108",
    "musl's libc.so": "usr/lib/x86_64-linux-musl/libc.so",
}
NAMES = (*FILES, "static musl", "static Go server")
_SITE = re.compile(r"^ *([0-9a-f]+):\t(?:0f 05 )?\s*syscall", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Row:
    """One file: what objdump finds, what is planned of it, what is not, how long planning took."""

    name: str
    found: int
    planned: int
    data: tuple[Kept, ...]
    kept: tuple[Kept, ...]
    invented: tuple[int, ...]
    took_s: float

    @property
    def holds(self) -> bool:
        """At least 99 % of what is code, nothing objdump does not see, a reason for the rest."""
        code = self.found - len(self.data)
        named = self.planned + len(self.data) + len(self.kept) == self.found
        return self.planned * 100 >= code * 99 and not self.invented and named


def path_of(name: str) -> Path:
    """The file, fetched or built. Raises RootUnavailable where it cannot be."""
    if name == "static musl":
        build()
        return DEFAULT_OUTPUT / "musl-static" / "files"
    if name == "static Go server":
        suite = load(HERE / "programs.toml")
        return ensure_root("go", suite.roots["go"]) / "usr/local/bin/server"
    return (ensure_root("rewriting", PACKAGES) / FILES[name]).resolve()


def objdump_sites(path: Path) -> set[int]:
    """Addresses of `syscall` in what `objdump -d` prints."""
    command = f"objdump -d --no-show-raw-insn '{path}' | grep -w syscall"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    return {int(address, 16) for address in _SITE.findall(done.stdout)}


def measure(name: str) -> Row:
    """The row of one file, planned anew."""
    path = path_of(name)
    start = time.process_time()
    text = read_text(path)
    assert text is not None, path
    made = plan(text)
    took = time.process_time() - start
    theirs, ours = objdump_sites(path), {patch.address for patch in made.patches}
    data = tuple(one for one in _left(made, theirs) if _is_data(text, one))
    kept = tuple(one for one in _left(made, theirs) if one not in data)
    return Row(
        name, len(theirs), len(ours & theirs), data, kept, tuple(sorted(ours - theirs)), took
    )


def _left(made: RewritePlan, theirs: set[int]) -> Iterator[Kept]:
    return (one for one in made.kept if one.address in theirs)


def _is_data(text: TextFile, one: Kept) -> bool:
    """Nothing leads there, and no function of the file reaches there."""
    inside = any(start <= one.address < end for start, end in text.functions)
    return not one.is_code and bool(text.functions) and not inside


def main() -> int:
    """The table."""
    rows = [measure(name) for name in sys.argv[1:] or NAMES]
    print(f"{'file':<18} {'objdump':>8} {'planned':>8} {'data':>5} {'kept':>5} {'CPU s':>6}")
    for row in rows:
        figures = f"{row.found:>8} {row.planned:>8} {len(row.data):>5} {len(row.kept):>5}"
        print(f"{row.name:<18} {figures} {row.took_s:>6.2f}")
        for one in row.data:
            print(f"    {one.address:#x} stands in no function: data; {one.reason}")
        for one in row.kept:
            print(f"    {one.address:#x} stays: {one.reason}")
    print(f"{sum(row.holds for row in rows)} of {len(rows)} files hold")
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
