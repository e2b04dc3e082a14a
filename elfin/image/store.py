# SPDX-License-Identifier: BSD-3-Clause
"""The cache on disk: images by the hash of their inputs, and the index that finds them again.

    DIR/images/KEY.cpio   a root image; KEY hashes the tree it was written from
    DIR/index/*.json      what one command line needed, last time: the question (program path,
                          additions, ...), its inputs with their stat, and the image

Readers take no lock: files are written under a private name and renamed, an open image stays
readable after it was pruned. Writers of one image take turns under a file lock, so that two first
runs at once write it once. The directory is bounded: oldest use first (an image's mtime is its
last use). Where the directory cannot be written an image goes to a memfd, and one sentence says so.
"""

from __future__ import annotations

import errno
import json
import os
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from elfin.host.cache import cache_dir
from elfin.host.errors import CacheError
from elfin.model.image import Image

if TYPE_CHECKING:
    from elfin.model.root import RootEntry

DEFAULT_BOUND_BYTES = 5 << 30
FORMAT = 4  # part of every key: raise it when what an image or an index holds changes
_UNWRITABLE = frozenset((errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ENOENT))


class Stored(NamedTuple):
    """One image in the cache; size in bytes, last use in seconds since the epoch."""

    path: Path
    size: int
    used: float


class Store:
    """The cache below one directory. ``warn`` takes a sentence, at most once per store."""

    def __init__(
        self,
        root: Path | None = None,
        warn: Callable[[str], None] = lambda sentence: None,
        bound: int = DEFAULT_BOUND_BYTES,
    ) -> None:
        self.root = cache_dir() if root is None else root
        self.bound = bound
        self._warn = warn
        self._warned = False

    # -- the index: a question's key → the image it led to -------------------------------------

    def recall(self, question: str) -> dict[str, Any] | None:
        """The record of this question if every input is as it was and the image is there."""
        path = self._index_path(question)
        try:
            record = json.loads(path.read_bytes())
            if (record["format"], record["question"]) != (FORMAT, question):
                return None
            for name, mtime_ns, size, inode in record["inputs"]:
                stat = os.stat(name)
                if (stat.st_mtime_ns, stat.st_size, stat.st_ino) != (mtime_ns, size, inode):
                    return None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return record if isinstance(record, dict) else None

    def remember(self, question: str, inputs: Iterable[Path], record: dict[str, Any]) -> None:
        """Keep a record with the stat of its inputs. Failing to is no error."""
        stamps = []
        for path in sorted(set(inputs)):
            try:
                stat = path.stat()
            except OSError:
                return
            stamps.append((str(path), stat.st_mtime_ns, stat.st_size, stat.st_ino))
        text = json.dumps({"format": FORMAT, "question": question, "inputs": stamps, **record})
        path = self._index_path(question)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_atomically(path, text.encode())
        except OSError as error:
            self._complain(error)

    # -- images --------------------------------------------------------------------------------

    def open_image(self, key: str, entries: int, largest_file: int, size: int) -> Image | None:
        """A cached image, opened (so that pruning cannot take it away) and marked as used."""
        path = self._image_path(key)
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        if os.fstat(fd).st_size != size:
            os.close(fd)
            return None
        with suppress(OSError):
            os.utime(path)
        return Image(path, size, entries, key, largest_file, fd)

    def build(self, entries: Sequence[RootEntry]) -> Image:
        """The image of these (completed) entries: found by hash, or written now."""
        key = tree_key(entries)
        largest = max((_size_of(entry) for entry in entries), default=0)
        path = self._image_path(key)
        try:
            self.root.joinpath("images").mkdir(parents=True, exist_ok=True)
            from filelock import FileLock

            with FileLock(self.root / "images" / f"{key}.lock", mode=0o600):
                if not path.exists():
                    self._make_room(_expected_size(entries))
                    _write_image(path, entries)
            with suppress(OSError):
                (self.root / "images" / f"{key}.lock").unlink()
            image = self.open_image(key, len(entries), largest, path.stat().st_size)
            if image is not None:
                return image
        except (OSError, NotImplementedError) as error:
            self._complain(error)
        return _image_in_memory(key, entries)

    def images(self) -> list[Stored]:
        """Every image, oldest use first."""
        found = []
        with suppress(OSError):
            for path in self.root.joinpath("images").iterdir():
                with suppress(OSError):
                    if path.suffix == ".cpio":
                        stat = path.stat()
                        found.append(Stored(path, stat.st_size, stat.st_mtime))
        return sorted(found, key=lambda stored: stored.used)

    def prune(self, keep_bytes: int = 0) -> tuple[int, int]:
        """Remove images, oldest use first, until at most ``keep_bytes`` stay; also what crashed
        writers left. Returns (files, bytes) removed. Raises CacheError where it may not."""
        images = self.images()
        total = sum(stored.size for stored in images)
        removed = freed = 0
        for stored in images:
            if total - freed <= keep_bytes:
                break
            try:
                stored.path.unlink()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise CacheError(
                    f"cannot remove {stored.path}: {_reason(error)}", hint="remove it by hand"
                ) from error
            removed += 1
            freed += stored.size
        self._sweep(everything=keep_bytes == 0)
        return removed, freed

    # -- inner ---------------------------------------------------------------------------------

    def _image_path(self, key: str) -> Path:
        return self.root / "images" / f"{key}.cpio"

    def _index_path(self, question: str) -> Path:
        """A short name; `recall` compares the whole question, so a collision only costs time."""
        data = question.encode("utf-8", "surrogateescape")
        return self.root / "index" / f"{zlib.crc32(data):08x}{zlib.adler32(data):08x}.json"

    def _make_room(self, size: int) -> None:
        with suppress(CacheError):
            self.prune(max(self.bound - size, 1))

    def _sweep(self, everything: bool) -> None:
        """Files of writers that died more than an hour ago; with ``everything`` the index and
        the rewriting plans too."""
        limit = time.time() - 3600
        for directory in ("images", "index", "rewrite"):
            with suppress(OSError):
                for path in self.root.joinpath(directory).iterdir():
                    stale = path.name.startswith(".new-") or path.suffix == ".lock"
                    with suppress(OSError):
                        old = path.stat().st_mtime < limit
                        if (stale and old) or (everything and path.suffix == ".json"):
                            path.unlink()

    def _complain(self, error: Exception) -> None:
        if self._warned:
            return
        self._warned = True
        self._warn(
            f"the cache in {self.root} cannot be used ({_reason(error)}): working in memory; "
            "set ELFIN_CACHE_DIR to a directory with room"
        )


def tree_key(entries: Iterable[RootEntry]) -> str:
    """Hash of everything an image depends on: a source counts by path, size, mtime and inode."""
    import hashlib  # OpenSSL takes 3 ms to load; a warm run hashes nothing

    digest = hashlib.sha256(b"elfin-image-%d\n" % FORMAT)
    for entry in entries:
        stamp: tuple[int, ...] = ()
        if entry.source is not None:
            with suppress(OSError):
                stat = entry.source.stat()
                stamp = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
        fields = (
            entry.path, entry.kind.value, entry.mode, entry.uid, entry.gid, entry.mtime_ns,
            entry.target, entry.device, str(entry.source), stamp, entry.data,
        )  # fmt: skip
        digest.update(repr(fields).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:40]


def _write_image(path: Path, entries: Sequence[RootEntry]) -> None:
    from elfin.image import cpio

    private = path.with_name(f".new-{os.getpid()}-{path.name}")
    try:
        with private.open("xb", buffering=1 << 18) as out:
            cpio.write(entries, out)
        private.chmod(0o600)
        private.rename(path)
    except BaseException:
        with suppress(OSError):
            private.unlink()
        raise


def _image_in_memory(key: str, entries: Sequence[RootEntry]) -> Image:
    from elfin.image import cpio

    try:
        fd = os.memfd_create("elfin-image", os.MFD_CLOEXEC)
        with os.fdopen(fd, "wb", buffering=1 << 18, closefd=False) as out:
            written = cpio.write(entries, out)
    except OSError as error:
        raise CacheError(f"there is no room for the image in memory: {_reason(error)}") from error
    path = Path(f"/proc/self/fd/{fd}")
    return Image(path, written.size, written.entries, key, written.largest_file, fd)


def _write_atomically(path: Path, data: bytes) -> None:
    private = path.with_name(f".new-{os.getpid()}-{path.name}")
    try:
        private.write_bytes(data)
        private.rename(path)
    except BaseException:
        with suppress(OSError):
            private.unlink()
        raise


def _expected_size(entries: Sequence[RootEntry]) -> int:
    return sum(_size_of(entry) + 8192 for entry in entries)


def _size_of(entry: RootEntry) -> int:
    if entry.source is not None:
        with suppress(OSError):
            return entry.source.stat().st_size
    return len(entry.data or b"")


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or type(error).__name__
