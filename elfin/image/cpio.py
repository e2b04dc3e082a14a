# SPDX-License-Identifier: BSD-3-Clause
"""Write a root tree as a cpio "newc" archive whose file data can be mapped in place.

The layout is newc (magic 070701) with two habits that its readers accept:

- the data of every non-empty FILE starts at a multiple of 4096: the entry's name is followed by
  as many NULs as that takes, and c_namesize counts them;
- after the data of a FILE come zeros up to the end of its page, so that the last page can be
  mapped with the zeros Linux promises beyond the end of a file. GNU cpio and libarchive skip
  them; a strict reader aligns up to 4096 after file data.

c_check, which newc leaves unused, holds the nanoseconds of the modification time. A file with
several names (hard links) has its data once, at the last of them, as newc has it.

Names have no leading slash; the root is ".". Entries are sorted by path, so parents precede their
children; inode numbers count from 1; numbers are bounded to what newc's 8 hex digits hold.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from elfin.host.errors import CannotRun, ElfinError
from elfin.model.root import EntryKind, RootEntry

PAGE = 4096
HEADER_BYTES = 110
MAX_FILE_BYTES = 0xFFFF_F000
MAX_ENTRIES = 1_000_000
MAX_PATH_BYTES = 4095
_COPY_BYTES = 1 << 20
_TYPE_BITS = {
    EntryKind.FILE: 0o100000,
    EntryKind.DIRECTORY: 0o040000,
    EntryKind.SYMLINK: 0o120000,
    EntryKind.CHARDEV: 0o020000,
}


@dataclass(frozen=True, slots=True)
class Written:
    """What `write` produced, in bytes and entries."""

    size: int
    entries: int
    largest_file: int


def complete(entries: Iterable[RootEntry]) -> list[RootEntry]:
    """Sorted entries with every missing parent directory added (mode 755, owned by root)."""
    by_path: dict[str, RootEntry] = {}
    for entry in entries:
        _check_path(entry.path)
        by_path[entry.path] = entry
    for path in list(by_path):
        parent = path.rpartition("/")[0]
        while parent and parent not in by_path:
            by_path[parent] = RootEntry.directory(parent)
            parent = parent.rpartition("/")[0]
        if parent and by_path[parent].kind is not EntryKind.DIRECTORY:
            raise ElfinError(f"{path} lies below {parent}, which is not a directory in the image")
    by_path.setdefault("/", RootEntry.directory("/"))
    if len(by_path) > MAX_ENTRIES:
        raise ElfinError(f"the image would have {len(by_path)} files; the bound is {MAX_ENTRIES}")
    return [by_path[path] for path in sorted(by_path, key=_sort_key)]


def write(entries: Iterable[RootEntry], out: BinaryIO) -> Written:
    """Write entries (already completed and in order) at ``out``'s start.

    Raises CannotRun when a source cannot be read, OSError when ``out`` cannot be written.
    """
    entries = tuple(entries)
    writer = _Writer(out, _hard_links(entries))
    for entry in entries:
        writer.add(entry)
    return writer.finish()


@dataclass(slots=True)
class _Links:
    """The names of one file in the archive; ``inode`` is 0 until the first was written."""

    names: list[str]
    inode: int = 0


def _hard_links(entries: Sequence[RootEntry]) -> dict[str, _Links]:
    """Path → all paths of the same file, for files that have several in the archive."""
    found: dict[tuple[int, ...], _Links] = {}
    for entry in entries:
        if entry.kind is not EntryKind.FILE or entry.source is None:
            continue
        with suppress(OSError):  # `_copy` says what is wrong with it
            status = entry.source.stat()
            if status.st_nlink > 1:
                same = (status.st_dev, status.st_ino, entry.uid, entry.gid, entry.mode)
                found.setdefault(same, _Links([])).names.append(entry.path)
    return {path: links for links in found.values() for path in links.names if len(links.names) > 1}


class _Writer:
    def __init__(self, out: BinaryIO, links: Mapping[str, _Links]) -> None:
        self._out = out
        self._links = links
        self._position = 0
        self._inode = 0
        self._largest = 0

    def add(self, entry: RootEntry) -> None:
        if entry.kind is EntryKind.FILE:
            self._add_file(entry)
            return
        data = b""
        if entry.kind is EntryKind.SYMLINK:
            data = os.fsencode(entry.target or "")
            if not data or len(data) > MAX_PATH_BYTES:
                raise ElfinError(f"{entry.path}: a symlink's target has 1 to 4095 bytes")
        self._header(entry, len(data), aligned=False)
        self._put(data)
        self._zeros(-self._position % 4)

    def finish(self) -> Written:
        count = self._inode
        trailer = RootEntry("/TRAILER!!!", EntryKind.FILE, 0)
        self._header(trailer, 0, aligned=False, inode=0, type_bits=0)
        self._zeros(-self._position % PAGE)
        return Written(self._position, count, self._largest)

    def _add_file(self, entry: RootEntry) -> None:
        links = self._links.get(entry.path)
        size = 0
        if links is not None and entry.path != links.names[-1]:
            self._header(entry, 0, aligned=False)
        elif entry.source is None:
            data = entry.data or b""
            size = len(data)
            self._header(entry, size, aligned=size > 0)
            self._put(data)
        else:
            size = self._copy(entry, entry.source)
        if size:
            self._zeros(-self._position % PAGE)
        self._largest = max(self._largest, size)

    def _copy(self, entry: RootEntry, path: Path) -> int:
        """The source's bytes, exactly as many as its size said: a growing file is cut."""
        try:
            with path.open("rb", buffering=0) as source:
                size = os.fstat(source.fileno()).st_size
                self._header(entry, size, aligned=size > 0)
                left = size
                while left:
                    chunk = source.read(min(left, _COPY_BYTES))
                    if not chunk:
                        raise CannotRun("it shrank while it was read", where=str(path))
                    self._put(chunk)
                    left -= len(chunk)
                return size
        except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
            reason = (error.strerror or "cannot be read").lower()
            raise CannotRun(
                f"cannot put {path} into the image: {reason}",
                hint="make it readable, or run as a user who can read it",
            ) from error

    def _header(
        self,
        entry: RootEntry,
        size: int,
        *,
        aligned: bool,
        inode: int | None = None,
        type_bits: int | None = None,
    ) -> None:
        if size > MAX_FILE_BYTES:
            raise ElfinError(f"{entry.path} is {size} bytes; a file in the image has at most 4 GiB")
        group = self._links.get(entry.path) if entry.kind is EntryKind.FILE else None
        if inode is None:
            self._inode += 1
            inode = self._inode
        if group is not None:
            inode = group.inode = group.inode or inode
        name = os.fsencode(entry.path[1:] or ".")
        name_size = len(name) + 1
        start = self._position + HEADER_BYTES
        name_size += -(start + name_size) % (PAGE if aligned else 4)
        bits = _TYPE_BITS[entry.kind] if type_bits is None else type_bits
        links = 2 if entry.kind is EntryKind.DIRECTORY else 1
        links = len(group.names) if group is not None else links
        major, minor = entry.device
        seconds, nanoseconds = divmod(entry.mtime_ns, 1_000_000_000)
        fields = (
            inode, bits | (entry.mode & 0o7777), entry.uid, entry.gid, links,
            max(0, min(seconds, 0xFFFF_FFFF)), size, 0, 0, major, minor, name_size, nanoseconds,
        )  # fmt: skip
        self._put(b"070701" + b"".join(b"%08X" % field for field in fields))
        self._put(name)
        self._zeros(name_size - len(name))

    def _put(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            done = self._out.write(view)
            self._position += done
            view = view[done:]

    def _zeros(self, count: int) -> None:
        if count:
            self._put(bytes(count))


def _sort_key(path: str) -> list[str]:
    return path.split("/") if path != "/" else []


def _check_path(path: str) -> None:
    parts = path.split("/")
    bad = path != "/" and any(part in ("", ".", "..") for part in parts[1:])
    if bad or not path.startswith("/") or "\0" in path or len(os.fsencode(path)) > MAX_PATH_BYTES:
        raise ElfinError(f"{path!r} is not an absolute, normal path")
