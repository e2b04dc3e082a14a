# SPDX-License-Identifier: BSD-3-Clause
"""The guest's root directory as data: what goes where, not yet written anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

_LINKS_MAX = 40  # path_resolution(7)


class EntryKind(Enum):
    """What a path in the guest is."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    CHARDEV = "chardev"


@dataclass(frozen=True, slots=True)
class RootEntry:
    """One path in the guest.

    ``path`` is absolute and normal ("/usr/bin/python3.11"). A FILE has either ``source`` (a host
    file, read when the image is written) or ``data``. A SYMLINK has ``target`` as readlink(2)
    shows it. ``mode`` is the permission bits (07777). ``mtime_ns`` is nanoseconds since the epoch;
    0 is the epoch itself. A CHARDEV has ``device`` (major, minor).
    """

    path: str
    kind: EntryKind
    mode: int
    source: Path | None = None
    data: bytes | None = None
    target: str | None = None
    uid: int = 0
    gid: int = 0
    mtime_ns: int = 0
    device: tuple[int, int] = (0, 0)

    @staticmethod
    def directory(path: str, mode: int = 0o755, mtime_ns: int = 0) -> RootEntry:
        """A directory owned by root."""
        return RootEntry(path, EntryKind.DIRECTORY, mode, mtime_ns=mtime_ns)

    @staticmethod
    def file(path: str, source: Path, mode: int = 0o644, mtime_ns: int = 0) -> RootEntry:
        """A file whose bytes are the host file's."""
        return RootEntry(path, EntryKind.FILE, mode, source=source, mtime_ns=mtime_ns)

    @staticmethod
    def inline(path: str, data: bytes, mode: int = 0o644) -> RootEntry:
        """A file whose bytes are given here."""
        return RootEntry(path, EntryKind.FILE, mode, data=data)

    @staticmethod
    def symlink(path: str, target: str) -> RootEntry:
        """A symbolic link."""
        return RootEntry(path, EntryKind.SYMLINK, 0o777, target=target)


def follow_links(path: str, target_of: Callable[[str], str | None]) -> str:
    """``path`` with symlinks followed, 40 at most. ``target_of`` gives a path's target if it is a
    symlink; what is nowhere is kept as it is."""
    todo = [part for part in reversed(path.split("/")) if part]
    here, links = "", 0
    while todo:
        part = todo.pop()
        if part in (".", ".."):
            here = here.rpartition("/")[0] if part == ".." else here
            continue
        target = target_of(f"{here}/{part}") if links < _LINKS_MAX else None
        if target is None:
            here = f"{here}/{part}"
            continue
        links += 1
        here = "" if target.startswith("/") else here
        todo.extend(piece for piece in reversed(target.split("/")) if piece)
    return here or "/"


@dataclass(frozen=True, slots=True)
class RootTree:
    """Entries in any order, each path at most once. Parents may be missing: `image` adds them.

    ``watched`` are host paths, besides the entries' sources, whose change makes this tree stale
    (the package database, ld.so.cache, added directories).
    """

    entries: tuple[RootEntry, ...] = ()
    watched: tuple[Path, ...] = ()

    def __iter__(self) -> Iterator[RootEntry]:
        return iter(self.entries)

    def paths(self) -> frozenset[str]:
        """Every path in the tree."""
        return frozenset(entry.path for entry in self.entries)

    def merged(self, over: Iterable[RootEntry]) -> RootTree:
        """This tree with ``over`` laid on top: an equal path in ``over`` wins."""
        by_path = {entry.path: entry for entry in self.entries}
        by_path.update((entry.path, entry) for entry in over)
        return RootTree(tuple(by_path.values()), self.watched)
