# SPDX-License-Identifier: BSD-3-Clause
"""Unpacks Debian packages into a directory without dpkg and without running anything of theirs.

A .deb is an ar archive of debian-binary, control.tar.* and data.tar.* (deb(5)). Files go where a
merged-/usr system has them (/bin is usr/bin ...), with their modes and times, and owners where we
are root. The directory gets a package database that dpkg --root and elfin.rootfs.packages read.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import os
import re
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from elfin.host.errors import HostError

_MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_AR_MAGIC = b"!<arch>\n"
_AR_HEADER_BYTES = 60
_CONTROL_FILES = ("md5sums", "conffiles", "shlibs", "triggers", "symbols")
_INSTALL = re.compile(r"--install\s+(\S+)\s+(\S+)\s+(\S+)\s+(\d+)")
_SLAVE = re.compile(r"--slave\s+(\S+)\s+(\S+)\s+(\S+)")
_DIRECTORIES = {
    "dev": 0o755, "etc": 0o755, "home": 0o755, "proc": 0o555, "root": 0o700, "run": 0o755,
    "sys": 0o555, "tmp": 0o1777, "usr": 0o755, "var": 0o755, "var/tmp": 0o1777,
}  # fmt: skip
SLIM = re.compile(r"usr/share/(doc|doc-base|man|info|locale|lintian|bug|reportbug)/.")


@dataclass(frozen=True, slots=True)
class Alternative:
    """One line of update-alternatives out of a postinst, as far as it is literal."""

    link: str
    name: str
    path: str
    priority: int


@dataclass(frozen=True, slots=True)
class Unpacked:
    """One package that now lies in the directory."""

    name: str
    version: str
    arch: str
    sha256: str
    alternatives: tuple[Alternative, ...]


def prepare(root: Path, arch: str) -> None:
    """An empty root: mount points and the links of a merged /usr."""
    for name, mode in _DIRECTORIES.items():
        (root / name).mkdir(parents=True, exist_ok=True)
        (root / name).chmod(mode)
    for name in _MERGED if arch == "amd64" else _MERGED[:3]:
        (root / "usr" / name).mkdir(exist_ok=True)
        (root / name).symlink_to(f"usr/{name}")
    (root / "var/lib/dpkg/info").mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()


def unpack(deb: Path, root: Path, *, slim: bool) -> Unpacked:
    """Put one package into ``root``. Raises HostError for a file that is not a package."""
    content = deb.read_bytes()
    members = dict(_ar_members(deb, content))
    control = _tar(deb, members, "control.tar")
    texts: dict[str, str] = {}
    with control:
        for member in control:
            file = control.extractfile(member) if member.isfile() else None
            if file is not None:
                name = member.name.removeprefix("./")
                texts[name] = file.read().decode(errors="surrogateescape")
    fields = dict(re.findall(r"^(\S+): (.*)$", texts.get("control", ""), re.MULTILINE))
    with _tar(deb, members, "data.tar") as data:
        paths = _Extraction(root, slim).run(data)
    _register(root, fields, texts, paths)
    return Unpacked(
        fields["Package"],
        fields["Version"],
        fields["Architecture"],
        hashlib.sha256(content).hexdigest(),
        tuple(_alternatives(texts.get("postinst", ""))),
    )


def link_alternatives(root: Path, offers: list[Alternative]) -> tuple[str, ...]:
    """/etc/alternatives for each name, the highest priority wins; returns the links made.

    Only where the program is there and the link is not: what a package ships itself stays.
    """
    made = []
    best: dict[str, Alternative] = {}
    for offer in sorted(offers, key=lambda offer: -offer.priority):
        if _inside(root, offer.path).exists():
            best.setdefault(offer.name, offer)
    for name, offer in sorted(best.items()):
        link = _inside(root, offer.link)
        if link.is_symlink() or link.exists():
            continue
        choice = root / "etc/alternatives" / name
        choice.parent.mkdir(parents=True, exist_ok=True)
        link.parent.mkdir(parents=True, exist_ok=True)
        if not choice.is_symlink():
            choice.symlink_to(offer.path)
        link.symlink_to(f"/etc/alternatives/{name}")
        made.append(offer.link)
    return tuple(made)


def _inside(root: Path, guest: str) -> Path:
    """The place of an absolute guest path below ``root``, merged /usr applied."""
    return root / _merged(guest.lstrip("/"))


class _Extraction:
    """Writes one data.tar below a root."""

    def __init__(self, root: Path, slim: bool) -> None:
        self.root = root
        self.real = os.path.realpath(root)
        self.slim = slim
        self.is_root = os.geteuid() == 0
        self.safe: set[Path] = set()

    def run(self, data: tarfile.TarFile) -> list[str]:
        """Extract; the member paths as dpkg lists them ("/.", "/usr", ...)."""
        listed, directories = [], []
        for member in data:
            name = member.name.removeprefix("./").strip("/")
            listed.append(f"/{name}" if name and name != "." else "/.")
            merged = _merged(name)
            if not merged or merged == "." or (self.slim and SLIM.match(merged)):
                continue
            target = self.root / merged
            self._check(target.parent)
            if member.isdir():
                if not target.is_dir():
                    target.mkdir(parents=True)
                    directories.append((target, member))
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            self._write(data, member, target)
        for target, member in reversed(directories):
            self._attributes(target, member)
        return listed

    def _write(self, data: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
        if target.is_symlink() or target.exists():
            target.unlink()
        if member.issym():
            target.symlink_to(member.linkname)
            if self.is_root:
                os.lchown(target, member.uid, member.gid)
            os.utime(target, (member.mtime, member.mtime), follow_symlinks=False)
            return
        if member.islnk():
            source = self.root / _merged(member.linkname.removeprefix("./").strip("/"))
            self._check(source.parent)
            target.hardlink_to(source)
            return
        content = data.extractfile(member) if member.isfile() else None
        if content is None:
            return  # devices: no Debian package ships one
        with target.open("wb") as file:
            shutil.copyfileobj(content, file, 1 << 20)
        self._attributes(target, member)

    def _attributes(self, target: Path, member: tarfile.TarInfo) -> None:
        if self.is_root:
            os.chown(target, member.uid, member.gid)
        target.chmod(member.mode & 0o7777)
        os.utime(target, (member.mtime, member.mtime))

    def _check(self, folder: Path) -> None:
        """Refuse to follow a symlink out of the root (a package could bring one)."""
        if folder in self.safe:
            return
        real = os.path.realpath(folder)
        if real != self.real and not real.startswith(self.real + "/"):
            raise HostError(f"a package wants to write outside the root, to {real}")
        self.safe.add(folder)


def _merged(name: str) -> str:
    first = name.partition("/")[0]
    return f"usr/{name}" if first in _MERGED and name != first else name


def _ar_members(deb: Path, content: bytes) -> Iterator[tuple[str, bytes]]:
    if not content.startswith(_AR_MAGIC):
        raise HostError(f"{deb} is not a Debian package")
    at = len(_AR_MAGIC)
    while at + _AR_HEADER_BYTES <= len(content):
        header = content[at : at + _AR_HEADER_BYTES]
        name = header[:16].decode(errors="replace").strip().rstrip("/")
        size = int(header[48:58])
        at += _AR_HEADER_BYTES
        yield name, content[at : at + size]
        at += size + size % 2


def _tar(deb: Path, members: dict[str, bytes], stem: str) -> tarfile.TarFile:
    for name, raw in members.items():
        if name.startswith(stem):
            return tarfile.open(fileobj=_decompressed(deb, name, raw), mode="r|")
    raise HostError(f"{deb} is damaged: it has no {stem}")


def _decompressed(deb: Path, name: str, raw: bytes) -> IO[bytes]:
    source = io.BytesIO(raw)
    if name.endswith(".xz"):
        return cast(IO[bytes], lzma.open(source))
    if name.endswith(".gz"):
        return cast(IO[bytes], gzip.open(source))
    if name.endswith(".tar"):
        return source
    if name.endswith(".zst"):
        return _zstd(deb, source)
    raise HostError(f"{deb} is packed in a way Elfin does not know ({name})")


def _zstd(deb: Path, source: IO[bytes]) -> IO[bytes]:
    try:
        import zstandard
    except ModuleNotFoundError as error:
        raise HostError(f"{deb} is packed with zstd", hint="pip install zstandard") from error
    return cast(IO[bytes], zstandard.ZstdDecompressor().stream_reader(source))


def _register(root: Path, fields: dict[str, str], texts: dict[str, str], paths: list[str]) -> None:
    database = root / "var/lib/dpkg"
    name = fields["Package"]
    stem = f"{name}:{fields['Architecture']}" if fields.get("Multi-Arch") == "same" else name
    listing = "".join(f"{path}\n" for path in paths)
    (database / "info" / f"{stem}.list").write_text(listing, errors="surrogateescape")
    for kind in _CONTROL_FILES:
        if kind in texts:
            text = texts[kind]
            (database / "info" / f"{stem}.{kind}").write_text(text, errors="surrogateescape")
    head, _, rest = texts["control"].strip("\n").partition("\n")
    with (database / "status").open("a", errors="surrogateescape") as status:
        status.write(f"{head}\nStatus: install ok installed\n{rest}\n\n")


def _alternatives(postinst: str) -> Iterator[Alternative]:
    """The literal `update-alternatives --install` lines of a script that is never run."""
    for line in postinst.replace("\\\n", " ").splitlines():
        if "update-alternatives" not in line or line.lstrip().startswith("#"):
            continue
        match = _INSTALL.search(line)
        if match is None:
            continue
        priority = int(match[4])
        for link, name, path in (match.groups()[:3], *_SLAVE.findall(line)):
            if "$" not in f"{link}{name}{path}":
                yield Alternative(link, name, path, priority)
