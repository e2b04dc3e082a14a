# SPDX-License-Identifier: BSD-3-Clause
"""Input files for rows, made when asked for and always the same bytes."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

_WORDS = "the quick brown fox jumps over lazy dogs while nine zebras vex a jolly wizard".split()
MTIME = 1_700_000_000  # of every file in a row's directory


def lines(count: int = 3000) -> bytes:
    """Numbered lines of words, in no alphabetical order."""
    out = []
    for number in range(count):
        picks = (_WORDS[(number * step + step) % len(_WORDS)] for step in (3, 7, 11, 5))
        out.append(f"{(number * 7919) % 10007:05d} {' '.join(picks)}\n")
    return "".join(out).encode()


def noise(size: int = 200_000) -> bytes:
    """Bytes that no compressor likes: SHA-256 of a counter."""
    blocks = (hashlib.sha256(str(i).encode()).digest() for i in range(size // 32 + 1))
    return b"".join(blocks)[:size]


def table() -> bytes:
    """A CSV table of 500 rows."""
    rows = ["id,name,city,amount"]
    cities = ("Oslo", "Lima", "Graz", "Kyoto", "Accra")
    for i in range(500):
        rows.append(
            f"{i},{_WORDS[i % len(_WORDS)]}{i},{cities[i % 5]},{(i * 7919) % 1000}.{i % 100:02d}"
        )
    return "\n".join(rows).encode() + b"\n"


def document() -> bytes:
    """A JSON document with nesting, escapes and numbers."""
    value = {
        "name": "elfin",
        "numbers": [0, -1, 2.5, 1e100],
        "text": 'Grüße, \u4e16\u754c \\ "quoted"',
        "items": [{"id": i, "tags": _WORDS[i : i + 2]} for i in range(12)],
        "none": None,
        "deep": {"a": {"b": {"c": [True, False]}}},
    }
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def database() -> bytes:
    """A SQLite file with two tables and an index."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "people.db"
        connection = sqlite3.connect(file)
        connection.executescript(
            "create table people(id integer primary key, name text, city text, amount real);"
            "create table visits(person integer, day text);"
            "create index by_city on people(city);"
        )
        cities = ("Oslo", "Lima", "Graz", "Kyoto", "Accra")
        people = [(i, f"person {i}", cities[i % 5], i * 1.25) for i in range(1000)]
        connection.executemany("insert into people values (?, ?, ?, ?)", people)
        visits = [(i % 313, f"2024-{1 + i % 12:02d}-{1 + i % 28:02d}") for i in range(3000)]
        connection.executemany("insert into visits values (?, ?)", visits)
        connection.commit()
        connection.close()
        return file.read_bytes()


def archive() -> bytes:
    """A tar archive with a directory, two files and a symlink."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        entries: list[tuple[str, bytes | None, str]] = [
            ("tree", None, ""), ("tree/a.txt", b"alpha\n", ""), ("tree/b.txt", b"beta\n" * 400, ""),
            ("tree/link", b"", "a.txt"),
        ]  # fmt: skip
        for name, content, link in entries:
            info = tarfile.TarInfo(name)
            info.mtime, info.uname, info.gname = MTIME, "root", "root"
            if content is None:
                info.type, info.mode = tarfile.DIRTYPE, 0o755
            elif link:
                info.type, info.linkname = tarfile.SYMTYPE, link
            else:
                info.size = len(content)
            tar.addfile(info, io.BytesIO(content or b""))
    return out.getvalue()


FIXTURES: dict[str, Callable[[], bytes]] = {
    "lines.txt": lines,
    "lines.txt.gz": lambda: gzip.compress(lines(), mtime=0),
    "lines.txt.bz2": lambda: bz2.compress(lines()),
    "lines.txt.xz": lambda: lzma.compress(lines()),
    "noise.bin": noise,
    "table.csv": table,
    "document.json": document,
    "people.db": database,
    "archive.tar": archive,
    "cut.xz": lambda: lzma.compress(lines())[:-200],
}
