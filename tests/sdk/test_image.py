# SPDX-License-Identifier: BSD-3-Clause
"""The root image: its bytes, its readers, and the cache that keeps it."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from elfin.host.errors import CannotRun, ElfinError
from elfin.image import cpio
from elfin.image.fixed import fixed_entries
from elfin.image.store import Store, tree_key
from elfin.model import EntryKind, RootEntry

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Record:
    name: str
    mode: int
    size: int
    data_at: int
    data: bytes
    inode: int
    mtime_ns: int


def read_newc(archive: bytes) -> Iterator[Record]:
    """A strict reader of the form that abi/image/root_image.h describes."""
    at = 0
    while True:
        assert archive[at : at + 6] == b"070701", at
        fields = [int(archive[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i in range(13)]
        name_size, size, mode = fields[11], fields[6], fields[1]
        name = archive[at + 110 : at + 110 + name_size].rstrip(b"\0").decode()
        data_at = at + 110 + name_size
        data_at += -data_at % 4
        yield Record(name, mode, size, data_at, archive[data_at : data_at + size], fields[0],
                     fields[5] * 1_000_000_000 + fields[12])  # fmt: skip
        if name == "TRAILER!!!":
            return
        end = data_at + size
        regular = mode & 0o170000 == 0o100000
        at = end + -end % (4096 if regular and size else 4)
        assert not any(archive[end:at])


def archive_of(*entries: RootEntry) -> bytes:
    out = io.BytesIO()
    written = cpio.write(cpio.complete(entries), out)
    assert written.size == len(out.getvalue())
    return out.getvalue()


def test_data_is_page_aligned_and_followed_by_zeros(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(os.urandom(10_001))
    archive = archive_of(
        RootEntry.file("/usr/bin/prog", source, 0o755, mtime_ns=7_000_000_009),
        RootEntry.inline("/etc/empty", b""),
        RootEntry.inline("/etc/x", b"x"),
        RootEntry.symlink("/bin", "usr/bin"),
        RootEntry("/dev/null", EntryKind.CHARDEV, 0o666, device=(1, 3)),
    )
    records = {record.name: record for record in read_newc(archive)}
    assert list(records) == [
        ".", "bin", "dev", "dev/null", "etc", "etc/empty", "etc/x", "usr", "usr/bin",
        "usr/bin/prog", "TRAILER!!!",
    ]  # fmt: skip
    assert records["usr/bin/prog"].data == source.read_bytes()
    assert records["usr/bin/prog"].data_at % 4096 == 0
    assert records["usr/bin/prog"].mode == 0o100755
    assert records["usr/bin/prog"].mtime_ns == 7_000_000_009
    assert records["etc/x"].data_at % 4096 == 0
    assert records["bin"].data == b"usr/bin"
    assert records["dev/null"].mode == 0o020666
    assert len(archive) % 4096 == 0
    numbers = [record.inode for record in records.values()][:-1]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.skipif(shutil.which("cpio") is None, reason="needs GNU cpio")
def test_gnu_cpio_unpacks_it(tmp_path: Path) -> None:
    archive = archive_of(
        RootEntry.inline("/a/file", b"content", 0o640),
        RootEntry.inline("/a/second", b"more" * 3000),
        RootEntry.symlink("/a/link", "file"),
    )
    subprocess.run(["cpio", "-id", "--quiet"], input=archive, cwd=tmp_path, check=True)
    assert (tmp_path / "a/file").read_bytes() == b"content"
    assert (tmp_path / "a/second").read_bytes() == b"more" * 3000
    assert (tmp_path / "a/link").readlink() == Path("file")


def test_the_same_tree_gives_the_same_bytes() -> None:
    entries = [RootEntry.inline(f"/d/{n}", str(n).encode()) for n in range(50)]
    assert archive_of(*entries) == archive_of(*reversed(entries))


def test_a_file_with_several_names_is_stored_once(tmp_path: Path) -> None:
    first, lonely = tmp_path / "first", tmp_path / "lonely"
    first.write_bytes(b"data" * 5000)
    (tmp_path / "second").hardlink_to(first)
    lonely.write_bytes(b"one")
    (tmp_path / "unseen").hardlink_to(lonely)
    archive = archive_of(
        RootEntry.file("/a", first),
        RootEntry.file("/b", tmp_path / "second"),
        RootEntry.file("/lonely", lonely),
        RootEntry.file("/other", first, 0o600),
    )
    records = {record.name: record for record in read_newc(archive)}
    assert (records["a"].size, records["b"].data) == (0, b"data" * 5000)
    assert records["a"].inode == records["b"].inode
    assert records["other"].inode != records["a"].inode
    assert records["lonely"].data == b"one"


@pytest.mark.skipif(shutil.which("cpio") is None, reason="needs GNU cpio")
def test_gnu_cpio_unpacks_hard_links(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"data")
    (tmp_path / "y").hardlink_to(tmp_path / "x")
    archive = archive_of(RootEntry.file("/a", tmp_path / "x"), RootEntry.file("/b", tmp_path / "y"))
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(["cpio", "-id", "--quiet"], input=archive, cwd=out, check=True)
    assert (out / "a").samefile(out / "b")
    assert (out / "a").read_bytes() == b"data"


@pytest.mark.parametrize(
    "path", ["relative", "/a/../b", "/a//b", "/a/", "", "/a\0b", "/" + "a" * 5000]
)
def test_bad_paths_are_refused(path: str) -> None:
    with pytest.raises(ElfinError):
        cpio.complete([RootEntry.inline(path, b"")])


def test_a_file_cannot_be_a_parent() -> None:
    with pytest.raises(ElfinError, match="not a directory in the image"):
        cpio.complete([RootEntry.inline("/a", b""), RootEntry.inline("/a/b", b"")])


def test_an_unreadable_source_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match=r"cannot put .* into the image: no such file"):
        archive_of(RootEntry.file("/x", tmp_path / "gone"))


def test_fixed_files_know_the_user() -> None:
    entries = {entry.path: entry for entry in fixed_entries(1234, 99, "/srv/ann", "ann", "/work")}
    assert b"\nann:x:1234:99::/srv/ann:/bin/sh\n" in (entries["/etc/passwd"].data or b"")
    assert b"\nann:x:99:\n" in (entries["/etc/group"].data or b"")
    assert entries["/srv/ann"].uid == 1234
    assert entries["/work"].kind is EntryKind.DIRECTORY
    assert entries["/tmp"].mode == 0o1777
    root = {entry.path: entry for entry in fixed_entries(0, 0, "/root", "root", "/proc/1")}
    assert (root["/etc/passwd"].data or b"").count(b":x:0:") == 1
    assert "/proc/1" not in root


# -- the store -----------------------------------------------------------------------------------


def entries_of(*data: bytes) -> list[RootEntry]:
    return cpio.complete(RootEntry.inline(f"/f{n}", text) for n, text in enumerate(data))


def test_an_image_is_built_once(tmp_path: Path) -> None:
    store = Store(tmp_path, warn=pytest.fail)
    first = store.build(entries_of(b"a"))
    stamp = first.path.stat().st_mtime_ns, first.path.stat().st_ino
    second = store.build(entries_of(b"a"))
    assert second.path == first.path
    assert second.path.stat().st_ino == stamp[1]
    assert store.build(entries_of(b"b")).key != first.key
    assert first.path.stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob("images/.new-*"))
    assert not list(tmp_path.glob("images/*.lock"))


def test_recall_notices_every_change(tmp_path: Path) -> None:
    store = Store(tmp_path / "cache", warn=pytest.fail)
    source = tmp_path / "input"
    source.write_bytes(b"1")
    key = "what was asked"
    assert store.recall(key) is None
    store.remember(key, [source], {"image": "x"})
    record = store.recall(key)
    assert record is not None
    assert record["image"] == "x"
    os.utime(source, ns=(1, 1))
    assert store.recall(key) is None
    store.remember(key, [source], {"image": "x"})
    source.write_bytes(b"22")
    assert store.recall(key) is None
    store.remember(key, [source], {"image": "x"})
    source.unlink()
    assert store.recall(key) is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"format": 1}', '{"format": 1, "inputs": 3}']
)
def test_a_damaged_index_is_no_answer(tmp_path: Path, text: str) -> None:
    store = Store(tmp_path)
    store.remember("k", [], {})
    assert store.recall("k") is not None
    (index,) = (tmp_path / "index").iterdir()
    index.write_text(text)
    assert store.recall("k") is None


def test_tree_key_sees_sources_change(tmp_path: Path) -> None:
    source = tmp_path / "s"
    source.write_bytes(b"1")
    entry = RootEntry.file("/s", source)
    before = tree_key([entry])
    assert tree_key([entry]) == before
    source.write_bytes(b"12")
    assert tree_key([entry]) != before


def test_prune_takes_the_oldest_first(tmp_path: Path) -> None:
    store = Store(tmp_path)
    images = [store.build(entries_of(bytes([n]) * 10_000)) for n in range(4)]
    for age, image in enumerate(images):
        os.utime(image.path, (1000 + age, 1000 + age))
    size = images[0].size
    assert store.prune(2 * size) == (2, 2 * size)
    assert [image.path.exists() for image in images] == [False, False, True, True]
    assert store.prune() == (2, 2 * size)
    assert store.images() == []


def test_the_cache_is_bounded(tmp_path: Path) -> None:
    store = Store(tmp_path, bound=200_000)
    for n in range(20):
        store.build(entries_of(bytes([n]) * 30_000))
    assert sum(image.size for image in store.images()) <= 200_000


def test_a_pruned_image_stays_readable(tmp_path: Path) -> None:
    store = Store(tmp_path)
    image = store.build(entries_of(b"data"))
    store.prune()
    assert image.fd is not None
    assert os.pread(image.fd, 6, 0) == b"070701"


def test_an_unwritable_cache_works_in_memory(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    said: list[str] = []
    store = Store(blocked / "cache", warn=said.append)
    image = store.build(entries_of(b"data"))
    store.remember("k", [], {})
    assert image.fd is not None
    assert os.pread(image.fd, 6, 0) == b"070701"
    assert len(said) == 1
    assert "cannot be used (not a directory): working in memory" in said[0]


def test_a_full_disk_works_in_memory(tmp_path: Path) -> None:
    """RLIMIT_FSIZE stands for the full disk here; tests/system has a real one."""
    code = (
        "import resource, signal, sys, os\n"
        "from pathlib import Path\n"
        "from elfin.image import cpio\nfrom elfin.image.store import Store\n"
        "from elfin.model import RootEntry\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "entries = cpio.complete([RootEntry.inline('/f', bytes(3 << 20))])\n"
        "import unittest.mock as mock, errno\n"
        "real = Path.open\n"
        "def full(self, mode='r', *a, **k):\n"
        "    if 'x' in mode: raise OSError(errno.ENOSPC, 'No space left on device')\n"
        "    return real(self, mode, *a, **k)\n"
        "with mock.patch.object(Path, 'open', full):\n"
        "    image = Store(Path(sys.argv[1]), warn=print).build(entries)\n"
        "assert os.pread(image.fd, 6, 0) == b'070701'\n"
        "assert str(image.path).startswith('/proc/self/fd/')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "cannot be used (no space left on device): working in memory" in done.stdout
    assert not list(tmp_path.glob("images/.new-*"))


def test_two_writers_at_once(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from elfin.image import cpio\nfrom elfin.image.store import Store\n"
        "from elfin.model import RootEntry\n"
        "entries = cpio.complete(RootEntry.inline(f'/f{n}', bytes(100_000)) for n in range(100))\n"
        "image = Store(Path(sys.argv[1]), warn=sys.exit).build(entries)\n"
        "print(image.key, image.size)\n"
    )
    argv = [sys.executable, "-c", code, str(tmp_path)]
    writers = [subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(4)]
    answers = {writer.communicate(timeout=60)[0] for writer in writers}
    assert [writer.returncode for writer in writers] == [0] * 4
    assert len(answers) == 1
    assert len(Store(tmp_path).images()) == 1
