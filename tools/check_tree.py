#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Hold every tracked file to what a public tree must and must not contain.

- a source file has an SPDX line near its top;
- no file names a folder of somebody's machine, or a package mirror or registry: which ones this
  machine uses is read from its own apt and pip configuration, so the names need not stand here;
- text ends with a newline and has no carriage returns, tabs (but in a Makefile and Kconfig) or
  blanks at line ends;
- TODO only with an issue number.
"""

from __future__ import annotations

import argparse
import configparser
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
SPDX = "SPDX-License-Identifier: BSD-3-Clause"
SOURCES = (".c", ".h", ".S", ".py", ".sh", ".lds", ".build", ".ini", ".toml")
TABS = ("Makefile", "Kconfig")
FOLDERS = re.compile(r"(?<![\w./])/(?:work|home|Users|root)/[a-z.]")
REGISTRY = re.compile(
    r"\b(?:deb|archive|security|mirrors?|snapshot|pypi|files)\.[a-z]+\w*\.(?:org|net|com)\b"
)
TODO = re.compile(r"\b(?:TODO|FIXME|XXX)\b(?!\(issue \d+\))")
MOST_BYTES = 1 << 20


def tracked(root: Path) -> list[Path]:
    """The files git knows, and the new ones it does not ignore."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others"]
    result = subprocess.run([*command, "--exclude-standard"], capture_output=True, check=True)
    names = result.stdout.decode().split("\0")
    return [root / name for name in names if name and (root / name).is_file()]


def own_registries() -> set[str]:
    """Host names in this machine's apt and pip configuration."""
    texts = [os.environ.get(name, "") for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL")]
    for pattern in ("sources.list", "sources.list.d/*"):
        texts += [path.read_text(errors="replace") for path in Path("/etc/apt").glob(pattern)]
    for path in (Path("/etc/pip.conf"), Path.home() / ".config/pip/pip.conf"):
        parser = configparser.ConfigParser(interpolation=None)
        if path.is_file():
            parser.read(path)
            texts += [value for section in parser.values() for value in section.values()]
    urls = re.findall(r"https?://[^\s'\"]+", " ".join(texts))
    hosts = {urlsplit(url).hostname for url in urls}
    return {host for host in hosts if host and "." in host}


def breaches(path: Path, root: Path, registries: set[str]) -> Iterator[str]:
    """What is wrong with one file."""
    name = path.relative_to(root)
    data = path.read_bytes()
    if len(data) > MOST_BYTES:
        yield f"{name}: {len(data)} bytes; large files are made or downloaded, not committed"
        return
    if b"\0" in data:
        return
    text = data.decode(errors="replace")
    head = "".join(text.splitlines(keepends=True)[:5])
    if (path.suffix in SOURCES or path.name == "Makefile") and text and SPDX not in head:
        yield f"{name}: no line `{SPDX}` at the top"
    if text and not text.endswith("\n"):
        yield f"{name}: no newline at the end"
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{name}:{number}"
        if FOLDERS.search(line):
            yield f"{where}: names a folder of one machine"
        if REGISTRY.search(line) or any(host in line for host in registries):
            yield f"{where}: names a mirror or a registry"
        if TODO.search(line) and path != Path(__file__).resolve():
            yield f"{where}: TODO without (issue N)"
        if line != line.rstrip() or "\r" in line:
            yield f"{where}: blanks at the end of the line"
        if "\t" in line and path.name not in TABS and path.suffix in SOURCES:
            yield f"{where}: a tab"


def main() -> int:
    """Print the breaches; 1 when there is one."""
    parser = argparse.ArgumentParser(description="what a public tree must and must not contain")
    parser.add_argument("--root", type=Path, default=ROOT)
    root = parser.parse_args().root.resolve()
    registries = own_registries()
    found = [line for path in tracked(root) for line in breaches(path, root, registries)]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
