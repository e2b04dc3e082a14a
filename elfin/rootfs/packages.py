# SPDX-License-Identifier: BSD-3-Clause
"""Debian's package database, read directly: who owns a file, what a package needs and holds.

/var/lib/dpkg/status (deb822 stanzas), info/NAME[:ARCH].list (a path a line). No dpkg program runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from elfin.rootfs.view import RootView

_DATABASE = "/var/lib/dpkg"
_DEB_ARCH = {"x86_64": "amd64", "aarch64": "arm64"}
_FIELDS = ("Source", "Status", "Architecture", "Depends", "Pre-Depends", "Provides")
_FIELD = re.compile(rf"^({'|'.join(_FIELDS)}): (.*)$", re.MULTILINE)
_STANZA = re.compile(r"^Package: (\S+)\n(.*?)(?=^Package: |\Z)", re.MULTILINE | re.DOTALL)

_NAME_END = re.compile(r"[\s(:\[]")

# Needed only by maintainer scripts, which never run in a guest.
_FOR_MAINTAINER_SCRIPTS = frozenset(
    ("debconf", "debconf-2.0", "cdebconf", "dpkg", "install-info", "ucf", "adduser",
     "init-system-helpers", "systemd", "update-inetd", "dpkg-dev")
)  # fmt: skip
# A package that Debian split so that a part can be installed alone: who has both expects both.
_PARTIAL_SUFFIXES = ("-minimal", "-base", "-bin", "-common", "-core")
# Documentation and translations: no program may need them at run time (Debian Policy 12.3).
_LEFT_OUT = re.compile(r"/usr/share/(doc|doc-base|man|info|locale|lintian|bug|reportbug)(/|$)")


@dataclass(frozen=True, slots=True)
class Package:
    """One installed package. ``depends`` is a list of alternatives, the preferred one first."""

    name: str
    arch: str
    source: str
    depends: tuple[tuple[str, ...], ...]
    provides: tuple[str, ...]
    list_file: str


class PackageDatabase:
    """The packages installed in one root, for programs of one machine."""

    def __init__(self, view: RootView, machine: str) -> None:
        self._view = view
        self._arch = _DEB_ARCH.get(machine, machine)
        self._packages: dict[str, Package] = {}
        self._providers: dict[str, str] = {}
        self._load()

    @staticmethod
    def present(view: RootView) -> bool:
        """True where the root has a package database."""
        return view.is_file(f"{_DATABASE}/status")

    @property
    def status_file(self) -> Path:
        """The file whose change makes every answer stale (host path)."""
        return self._view.host(f"{_DATABASE}/status")

    def owners(self, guests: Iterable[str]) -> tuple[Package, ...]:
        """The packages that own these canonical paths; a path nobody owns is passed over.

        A merged-/usr system lists /bin/ls for what is /usr/bin/ls: both spellings are asked for.
        """
        asked = [spelling for guest in guests for spelling in _spellings(guest)]
        patterns = tuple(f"\n{spelling}\n".encode() for spelling in asked)
        found = []
        for package in self._packages.values():
            raw = b"\n" + self._read_list(package)
            if any(pattern in raw for pattern in patterns):
                found.append(package)
        return tuple(found)

    def closure(self, roots: Iterable[Package]) -> tuple[Package, ...]:
        """The packages, their fuller siblings, and all they depend on, as far as installed."""
        todo = [whole for package in roots for whole in (package, *self._fuller(package))]
        done: dict[str, Package] = {}
        while todo:
            package = todo.pop()
            if package.name in done:
                continue
            done[package.name] = package
            todo.extend(self._needed(package))
        return tuple(done.values())

    def files(self, package: Package) -> Iterator[str]:
        """The paths of a package as its list has them, without documentation and translations."""
        for raw in self._read_list(package).decode(errors="surrogateescape").splitlines():
            if raw != "/." and not _LEFT_OUT.match(raw):
                yield raw

    def _needed(self, package: Package) -> Iterator[Package]:
        for alternatives in package.depends:
            if any(name in _FOR_MAINTAINER_SCRIPTS for name in alternatives):
                continue
            for name in alternatives:
                found = self._find(name)
                if found is not None:
                    yield found
                    break

    def _find(self, name: str) -> Package | None:
        return self._packages.get(name) or self._packages.get(self._providers.get(name, ""))

    def _fuller(self, package: Package) -> Iterator[Package]:
        """perl for perl-base, python3.11 for python3.11-minimal: same source, needs the part."""
        for suffix in _PARTIAL_SUFFIXES:
            whole = self._packages.get(package.name.removesuffix(suffix))
            if whole is None or whole.name == package.name or whole.source != package.source:
                continue
            if any(package.name in alternatives for alternatives in whole.depends):
                yield whole

    def _read_list(self, package: Package) -> bytes:
        try:
            return self._view.host(package.list_file).read_bytes()
        except OSError:
            return b""

    def _load(self) -> None:
        raw = self._view.read(f"{_DATABASE}/status") or b""
        text = raw.decode(errors="surrogateescape")
        for match in _STANZA.finditer(text):
            fields = dict(_FIELD.findall(match[2]))
            if not fields.get("Status", "").endswith(" installed"):
                continue
            arch = fields.get("Architecture", "all")
            if arch not in (self._arch, "all"):
                continue
            package = self._package(match[1], arch, fields)
            self._packages[package.name] = package
            for name in package.provides:
                self._providers.setdefault(name, package.name)

    def _package(self, name: str, arch: str, fields: dict[str, str]) -> Package:
        plain = f"{_DATABASE}/info/{name}.list"
        qualified = f"{_DATABASE}/info/{name}:{arch}.list"
        return Package(
            name=name,
            arch=arch,
            source=fields.get("Source", name).split(" ")[0],
            depends=_relations(fields.get("Pre-Depends", ""), fields.get("Depends", "")),
            provides=tuple(names[0] for names in _relations(fields.get("Provides", ""))),
            list_file=qualified if self._view.lstat(qualified) else plain,
        )


def _relations(*texts: str) -> tuple[tuple[str, ...], ...]:
    """ "a (>= 1) | b, c:any" → ((a, b), (c,)): names only, versions are apt's business."""
    found = []
    for text in texts:
        for clause in filter(None, (part.strip() for part in text.split(","))):
            found.append(
                tuple(_NAME_END.split(name.strip(), maxsplit=1)[0] for name in clause.split("|"))
            )
    return tuple(found)


def _spellings(guest: str) -> tuple[str, ...]:
    """Merged /usr: the same file with and without /usr."""
    if guest.startswith("/usr/"):
        return (guest, guest.removeprefix("/usr"))
    return (guest, f"/usr{guest}")
