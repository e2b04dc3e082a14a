# SPDX-License-Identifier: BSD-3-Clause
"""A private apt: resolves and downloads with the machine's own sources, touches nothing else.

Everything apt writes (lists, archives, caches, logs) lies below one directory of ours, its package
database is an empty file, and the machine's hooks are cleared: the host's packages are neither read
nor changed, and no root rights are needed. Sources are the machine's `*.list` and `*.sources`, of
which only entries of Debian itself are taken, Signed-By kept (apt-secure(8), sources.list(5)).
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from elfin.host.command import find_command, run_command
from elfin.host.errors import HostError

_APT_DIRECTORY = Path("/etc/apt")
_MACHINE_LISTS = Path("/var/lib/apt/lists")
_FRESH_SECONDS = 24 * 3600
_ONE_LINE = re.compile(r"^deb\s+(?:\[(?P<options>[^]]*)\]\s+)?(?P<uri>\S+)\s+(?P<rest>.+)$")
_URI_LINE = re.compile(r"^'(?P<uri>[^']+)' (?P<file>\S+) (?P<size>\d+)")

_CONFIGURATION = """\
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "{home}/sources";
Dir::State "{home}/state";
Dir::State::lists "{home}/lists";
Dir::State::status "{home}/status";
Dir::Cache "{home}/cache";
Dir::Cache::archives "{home}/archives";
Dir::Log "{home}/log";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
#clear APT::Architectures;
#clear Acquire::IndexTargets::deb::Contents-deb;
APT::Architecture "{arch}";
APT::Architectures {{ "{arch}"; }};
APT::Sandbox::User "root";
APT::Install-Recommends "false";
APT::Install-Suggests "false";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Get::Assume-Yes "true";
"""


@dataclass(frozen=True, slots=True)
class Source:
    """One entry: where packages come from and who signs them."""

    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""
    options: tuple[tuple[str, str], ...] = ()

    def stanza(self, types: str = "deb") -> str:
        """The entry as a paragraph of a `.sources` file; ``types`` deb, or deb-src for sources."""
        lines = [
            f"Types: {types}",
            f"URIs: {' '.join(self.uris)}",
            f"Suites: {' '.join(self.suites)}",
        ]
        if self.components:
            lines.append(f"Components: {' '.join(self.components)}")
        if self.signed_by:
            lines.append(f"Signed-By: {self.signed_by}")
        lines += [f"{name}: {value}" for name, value in self.options]
        return "\n".join(lines) + "\n"


def debian_sources(
    directory: Path = _APT_DIRECTORY, lists: Path = _MACHINE_LISTS
) -> tuple[Source, ...]:
    """The machine's sources of Debian's own binary packages; HostError where there are none."""
    found: list[Source] = []
    single = directory / "sources.list"
    parts = sorted((directory / "sources.list.d").glob("*"))
    for file in (single, *parts):
        if file.suffix == ".list" and file.is_file():
            found.extend(_from_list(file.read_text(errors="replace")))
        elif file.suffix == ".sources" and file.is_file():
            found.extend(_from_sources(file.read_text(errors="replace")))
    debian = tuple(filter(None, (_only_debian(source, lists) for source in found)))
    if not debian:
        raise HostError(
            "this machine's apt has no source of Debian packages",
            where=str(directory),
            hint="rootfs debian needs a Debian machine with apt set up",
        )
    return debian


def _from_list(text: str) -> Iterator[Source]:
    for line in text.splitlines():
        match = _ONE_LINE.match(line.split("#")[0].strip())
        if match is None:
            continue
        suite, *components = match["rest"].split()
        options = dict(
            pair.split("=", 1) for pair in (match["options"] or "").split() if "=" in pair
        )
        extra = (("Trusted", options["trusted"]),) if "trusted" in options else ()
        signed_by = options.get("signed-by", "").replace(",", " ")
        yield Source((match["uri"],), (suite,), tuple(components), signed_by, extra)


def _from_sources(text: str) -> Iterator[Source]:
    for paragraph in re.split(r"\n\s*\n", re.sub(r"(?m)^#.*\n?", "", text)):
        fields = {
            name.lower(): value.strip()
            for name, value in re.findall(
                r"^([A-Za-z-]+):[ \t]*(.*(?:\n[ \t]+.*)*)", paragraph, re.MULTILINE
            )
        }
        if "deb" not in fields.get("types", "").split() or "uris" not in fields:
            continue
        if fields.get("enabled", "yes").lower() in ("no", "false", "0", "off", "disable"):
            continue
        extra = tuple(
            (name.title(), fields[name])
            for name in ("trusted", "check-valid-until")
            if name in fields
        )
        signed_by = fields.get("signed-by", "")
        if "\n" in signed_by:
            signed_by = "\n " + signed_by  # a key in the file itself
        yield Source(
            tuple(fields["uris"].split()),
            tuple(fields.get("suites", "").split()),
            tuple(fields.get("components", "").split()),
            signed_by,
            extra,
        )


def _only_debian(source: Source, lists: Path) -> Source | None:
    """The entry with the suites that are Debian's, or None."""
    suites = tuple(
        suite for suite in source.suites if _is_debian(source.uris[0], suite, source, lists)
    )
    return replace(source, suites=suites) if suites else None


def _is_debian(uri: str, suite: str, source: Source, lists: Path) -> bool:
    parts = urlsplit(uri)
    stem = f"{parts.netloc}{parts.path}".rstrip("/").replace("_", "%5f").replace("/", "_")
    for kind in ("InRelease", "Release"):
        release = lists / f"{stem}_dists_{suite.replace('/', '_')}_{kind}"
        if release.is_file():
            head = release.read_text(errors="replace")[:4096]
            return re.search(r"^Origin: Debian$", head, re.MULTILINE) is not None
    if source.signed_by:
        return "debian-archive" in source.signed_by
    return parts.path.rstrip("/").rpartition("/")[2] in ("debian", "debian-security")


class PrivateApt:
    """apt below ``home`` for one Debian architecture. ``say`` takes progress, a line at a time;
    ``types`` is deb, or deb-src: then it has source packages only."""

    def __init__(
        self, home: Path, arch: str, say: Callable[[str], None], types: str = "deb"
    ) -> None:
        self._home = home / arch
        self._arch = arch
        self._say = say
        self._types = types
        self._program = find_command("apt-get", "apt")

    def update(self, *, force: bool = False) -> None:
        """Fetch the package lists unless those here are younger than a day.

        Without a network older lists serve, and a line says so; with none at all it is an error.
        """
        with self._alone():
            self._update(force)

    def _update(self, force: bool) -> None:
        self._prepare()
        stamp = self._home / "updated"
        if not force and stamp.exists() and time.time() - stamp.stat().st_mtime < _FRESH_SECONDS:
            return
        self._say("fetching package lists")
        try:
            self._run("update", "-o", "APT::Update::Error-Mode=any")
        except HostError as error:
            if not stamp.exists():
                raise
            self._say(f"package lists could not be refreshed ({error}); using the last ones")
            return
        stamp.touch()

    def fetch(self, packages: Sequence[str]) -> tuple[Path, ...]:
        """Download the packages with all they depend on, in apt's order."""
        with self._alone():
            return self._fetch(packages)

    def _fetch(self, packages: Sequence[str]) -> tuple[Path, ...]:
        listed = self._run(
            "install",
            "--print-uris",
            "-o",
            f"Dir::Cache::archives={self._home / 'nothing'}",
            *packages,
        )
        names = [match["file"] for match in map(_URI_LINE.match, listed.splitlines()) if match]
        if not names:
            raise HostError(f"apt found nothing to unpack for {' '.join(packages)}")
        absent = [name for name in names if not self._archive(name).exists()]
        if absent:
            self._say(f"downloading {len(absent)} of {len(names)} packages")
            self._run("install", "--download-only", *packages)
        return tuple(self._archive(name) for name in names)

    def fetch_source(self, package: str, accepted: Mapping[str, str]) -> tuple[Path, ...]:
        """Download a source package's files: those that ``accepted`` lists, name → sha256.

        Raises HostError where a listed file is not offered or is another than the listed one.
        """
        with self._alone():
            return self._fetch_source(package, accepted)

    def _fetch_source(self, package: str, accepted: Mapping[str, str]) -> tuple[Path, ...]:
        files = tuple(self._archive(name) for name in accepted)
        if not all(file.exists() for file in files):
            self._say(f"downloading the source of {package}")
            self._run("source", "--download-only", package, cwd=self._home / "archives")
        for file in files:
            if not file.exists():
                raise HostError(f"this machine's apt does not offer {file.name}", where=package)
            found = hashlib.sha256(file.read_bytes()).hexdigest()
            if found != accepted[file.name]:
                file.unlink()
                raise HostError(f"{file.name} has the sha256 {found}, which is not listed")
        return files

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One apt at a time: it fails at once where it finds its own lock taken."""
        from filelock import FileLock, Timeout

        self._home.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._home / "elfin.lock", mode=0o600)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            self._say("another elfin is fetching packages; waiting for it")
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _archive(self, name: str) -> Path:
        return self._home / "archives" / name

    def _prepare(self) -> None:
        for name in ("sources", "state", "lists/partial", "cache", "archives/partial",
                     "nothing/partial", "log"):  # fmt: skip
            (self._home / name).mkdir(parents=True, exist_ok=True)
        (self._home / "status").touch()
        _write(self._home / "apt.conf", _CONFIGURATION.format(home=self._home, arch=self._arch))
        text = "\n".join(source.stanza(self._types) for source in debian_sources())
        if _write(self._home / "sources" / "debian.sources", text):
            (self._home / "updated").unlink(missing_ok=True)

    def _run(self, *arguments: str, cwd: Path | None = None) -> str:
        command = [self._program, "-q", "-c", str(self._home / "apt.conf"), *arguments]
        return run_command(command, {"DEBIAN_FRONTEND": "noninteractive"}, cwd)


def _write(path: Path, text: str) -> bool:
    """Write a file if its text differs; True when it did."""
    if path.exists() and path.read_text() == text:
        return False
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.write_text(text)
    temporary.replace(path)
    return True
