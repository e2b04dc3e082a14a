# SPDX-License-Identifier: BSD-3-Clause
"""A directory seen as a root, and the tree that is collected out of it.

`RootView` resolves guest paths inside a directory the way a chrooted process would: absolute
symlinks start again at the directory, `..` stops at it, nothing escapes (path_resolution(7)).
`TreeBuilder` collects what was walked: every directory and symlink on the way to a file is part of
the tree, so a path that works on the host works in the guest.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from elfin.model.root import EntryKind, RootEntry, RootTree, follow_links

_LINKS_MAX = 40  # as Linux: ELOOP after 40


@dataclass(slots=True)
class RootView:
    """``root`` as a process chrooted there sees it. It remembers answers: one per gathering."""

    root: Path
    _stats: dict[str, os.stat_result | None] = field(default_factory=dict)
    _directories: dict[str, tuple[str | None, tuple[str, ...]]] = field(default_factory=dict)
    _prefix: str = field(init=False)

    def __post_init__(self) -> None:
        text = os.path.realpath(self.root)
        self._prefix = "" if text == "/" else text

    def host(self, guest: str) -> Path:
        """Where a canonical guest path lies on the host."""
        return Path(self._prefix + guest)

    def guest(self, host: Path) -> str | None:
        """The guest path of a host path (not resolved); None when it lies outside the root."""
        text = str(host)
        if not self._prefix:
            return text
        if text == self._prefix:
            return "/"
        return text[len(self._prefix) :] if text.startswith(self._prefix + "/") else None

    def lstat(self, guest: str) -> os.stat_result | None:
        """lstat(2) of a path whose directory is canonical; None where there is nothing."""
        if guest not in self._stats:
            try:
                self._stats[guest] = os.lstat(self._prefix + guest)
            except OSError:
                self._stats[guest] = None
        return self._stats[guest]

    def readlink(self, guest: str) -> str:
        """The target of a symlink as it is written there."""
        return os.readlink(self._prefix + guest)

    def walk(self, guest: str) -> tuple[str | None, tuple[str, ...]]:
        """Follow ``guest`` to its end: (canonical path or None, every path passed on the way).

        The passed paths are canonical directories and symlinks, in walking order.
        """
        parent, _, name = guest.rstrip("/").rpartition("/")
        if name in ("", ".", ".."):
            return self._steps(guest)
        canonical, passed = self._directory(parent or "/")
        if canonical is None:
            return None, passed
        path = f"{canonical.rstrip('/')}/{name}"
        status = self.lstat(path)
        if status is None:
            return None, passed
        if not stat.S_ISLNK(status.st_mode):
            return path, passed
        end, more = self._steps(path)
        return end, (*passed, *more)

    def _directory(self, guest: str) -> tuple[str | None, tuple[str, ...]]:
        if guest not in self._directories:
            end, passed = self._steps(guest)
            if end is not None:
                passed = (*passed, end)
            self._directories[guest] = (end, passed)
        return self._directories[guest]

    def _steps(self, guest: str) -> tuple[str | None, tuple[str, ...]]:
        todo = [part for part in reversed(guest.split("/")) if part not in ("", ".")]
        passed: list[str] = []
        here, links = "", 0
        while todo:
            part = todo.pop()
            if part == "..":
                here = here.rpartition("/")[0]
                continue
            path = f"{here}/{part}"
            status = self.lstat(path)
            if status is None or (todo and stat.S_ISREG(status.st_mode)):
                return None, tuple(passed)
            if stat.S_ISLNK(status.st_mode):
                links += 1
                if links > _LINKS_MAX:
                    return None, tuple(passed)
                passed.append(path)
                target = self.readlink(path)
                here = "" if target.startswith("/") else here
                todo.extend(p for p in reversed(target.split("/")) if p not in ("", "."))
                continue
            if here:
                passed.append(here)
            here = path
        return here or "/", tuple(passed)

    def canonical(self, guest: str) -> str | None:
        """``guest`` with every symlink followed, or None."""
        return self.walk(guest)[0]

    def is_file(self, guest: str) -> bool:
        """True for a path that ends in a regular file."""
        path = self.canonical(guest)
        status = self.lstat(path) if path else None
        return status is not None and stat.S_ISREG(status.st_mode)

    def read(self, guest: str) -> bytes | None:
        """The bytes of a small file, or None where it cannot be read."""
        path = self.canonical(guest)
        try:
            return self.host(path).read_bytes() if path else None
        except OSError:
            return None


class TreeBuilder:
    """Collects entries out of a view; what is added twice is kept once."""

    def __init__(self, view: RootView) -> None:
        self.view = view
        self._entries: dict[str, RootEntry] = {}
        self._watched: dict[Path, None] = {}

    def tree(self) -> RootTree:
        """What was collected, sorted by path."""
        entries = tuple(self._entries[path] for path in sorted(self._entries))
        return RootTree(entries, tuple(self._watched))

    def watch(self, path: Path) -> None:
        """The tree is stale when this host path changes."""
        self._watched[path] = None

    def put(self, entry: RootEntry) -> None:
        """An entry from elsewhere; it wins over what is there."""
        self._entries[entry.path] = entry

    def add(self, guest: str) -> str | None:
        """A path with the symlinks and directories on its way; its canonical path or None."""
        end, passed = self.view.walk(guest)
        for path in passed:
            self._add_one(path)
        if end is not None:
            self._add_one(end)
        return end

    def landing(self, guest: str, *, follow: bool = False) -> str:
        """Where an addition at this normal path lands: symlinks among the directories on its way
        are followed, those of the tree and those of the root (/bin), which then are in the tree.
        ``follow``: the last part too."""
        if follow:
            return follow_links(guest, self._link_target)
        parent, _, name = guest.rpartition("/")
        return f"{follow_links(parent, self._link_target).rstrip('/')}/{name}"

    def _link_target(self, path: str) -> str | None:
        """The target of a symlink that the tree has, or takes over from the root now."""
        if path not in self._entries:
            status = self.view.lstat(path)
            if status is None or not stat.S_ISLNK(status.st_mode):
                return None
            self._add_one(path)
        return self._entries[path].target

    def add_listed(self, guest: str) -> None:
        """A path out of a package's list: a symlink stays a symlink, its target is not followed."""
        parent, _, name = guest.rpartition("/")
        canonical, passed = self.view.walk(parent or "/")
        if canonical is None or not name:
            return
        for path in passed:
            self._add_one(path)
        self._add_one(canonical)
        self._add_one(f"{canonical.rstrip('/')}/{name}")

    def add_tree(self, guest: str) -> None:
        """A directory with all below it; symlinks are kept, not followed."""
        top = self.add(guest)
        if top is None:
            return
        prefix = str(self.view.host(top))
        for folder, directories, files in os.walk(prefix):
            below = top.rstrip("/") + folder[len(prefix) :]
            for name in (*directories, *files):
                self._add_one(f"{below}/{name}")

    def _add_one(self, guest: str) -> None:
        if guest in self._entries or guest == "/":
            return
        status = self.view.lstat(guest)
        entry = self._entry(guest, status) if status else None
        if entry is not None:
            self._entries[guest] = entry

    def owner(self, status: os.stat_result) -> tuple[int, int]:
        """Who owns a file in the guest. A root that an ordinary user unpacked is root's there."""
        top = self.view.lstat("/")
        if top is None or top.st_uid == 0:
            return status.st_uid, status.st_gid
        uid = 0 if status.st_uid == top.st_uid else status.st_uid
        return uid, 0 if status.st_gid == top.st_gid else status.st_gid

    def _entry(self, guest: str, status: os.stat_result) -> RootEntry | None:
        mode, mtime_ns = stat.S_IMODE(status.st_mode), status.st_mtime_ns
        uid, gid = self.owner(status)
        entry = partial(RootEntry, guest, uid=uid, gid=gid, mtime_ns=mtime_ns)
        if stat.S_ISLNK(status.st_mode):
            return entry(kind=EntryKind.SYMLINK, mode=0o777, target=self.view.readlink(guest))
        if stat.S_ISDIR(status.st_mode):
            return entry(kind=EntryKind.DIRECTORY, mode=mode)
        if stat.S_ISREG(status.st_mode):
            source = self.view.host(guest)
            # What this user may not read (a 0600 file of root's) the program could not read either.
            if not status.st_mode & stat.S_IROTH and not os.access(source, os.R_OK):
                return None
            return entry(kind=EntryKind.FILE, mode=mode, source=source)
        return None  # sockets, fifos and devices are the guest's own
