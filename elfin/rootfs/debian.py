# SPDX-License-Identifier: BSD-3-Clause
"""A root directory out of Debian packages: apt resolves, we unpack, nothing of theirs is run.

No root rights, no dpkg, the host's package database untouched. What maintainer scripts would have
done is not done, with two exceptions that are data: the links of a merged /usr, and the literal
`update-alternatives --install` lines, highest priority first (awk → mawk).
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from elfin.host.errors import CacheError, OptionError
from elfin.model.program import Arch
from elfin.rootfs.apt import PrivateApt
from elfin.rootfs.unpack import Unpacked, link_alternatives, prepare, unpack

MANIFEST = "var/lib/elfin/packages"
_DEB_ARCH = {Arch.X86_64: "amd64", Arch.AARCH64: "arm64"}


@dataclass(frozen=True, slots=True)
class RootRequest:
    """What to build. ``slim`` leaves out documentation, manual pages and translations."""

    packages: tuple[str, ...]
    output: Path
    arch: Arch = Arch.X86_64
    slim: bool = False

    def header(self) -> str:
        """The manifest's first line: the question this root answers."""
        kind = "slim" if self.slim else "whole"
        return f"# {_DEB_ARCH[self.arch]} {kind} {' '.join(sorted(set(self.packages)))}"


@dataclass(frozen=True, slots=True)
class BuiltRoot:
    """A root directory with its packages as name=version=sha256; ``fresh``: built just now."""

    path: Path
    packages: tuple[str, ...]
    fresh: bool


def read_manifest(root: Path) -> tuple[str, tuple[str, ...]] | None:
    """The header and the packages of a root that we built, else None."""
    try:
        first, *rest = (root / MANIFEST).read_text().splitlines()
    except (OSError, ValueError):
        return None
    return first, tuple(rest)


def build_root(
    request: RootRequest, cache: Path, say: Callable[[str], None], *, refresh: bool = False
) -> BuiltRoot:
    """Build ``request.output``, or leave it alone where it already is the answer.

    ``cache`` holds package lists and .debs between runs. A directory that we did not build is never
    replaced (OptionError). The new root appears by rename: an interrupted run leaves the old one.
    """
    output = request.output.absolute()
    there = read_manifest(output)
    if there is not None and there[0] == request.header() and not refresh:
        return BuiltRoot(output, there[1], fresh=False)
    if there is None and output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise OptionError(f"{output} exists and was not built by elfin", hint="choose another -o")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        (cache / "debian").mkdir(parents=True, exist_ok=True)
        apt = PrivateApt(cache / "debian", _DEB_ARCH[request.arch], say)
        apt.update(force=refresh)
        debs = apt.fetch(request.packages)
        return _assemble(request, output, debs, say)
    except OSError as error:
        place = error.filename or output
        raise CacheError(f"{place} could not be written: {error.strerror}") from error


def _assemble(
    request: RootRequest, output: Path, debs: Sequence[Path], say: Callable[[str], None]
) -> BuiltRoot:
    say(f"unpacking {len(debs)} packages")
    work = Path(tempfile.mkdtemp(prefix=f".{output.name}-", dir=output.parent))
    try:
        work.chmod(0o755)
        prepare(work, _DEB_ARCH[request.arch])
        done = [unpack(deb, work, slim=request.slim) for deb in debs]
        offers = [offer for package in done for offer in package.alternatives]
        link_alternatives(work, offers)
        packages = tuple(sorted(_line(package) for package in done))
        manifest = work / MANIFEST
        manifest.parent.mkdir(parents=True, exist_ok=True)
        manifest.write_text("\n".join((request.header(), *packages)) + "\n")
        _replace(work, output)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    return BuiltRoot(output, packages, fresh=True)


def _line(package: Unpacked) -> str:
    return f"{package.name}={package.version}={package.sha256}"


def _replace(work: Path, output: Path) -> None:
    if output.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{output.name}-old-", dir=output.parent))
        output.rename(old / "root")
        work.rename(output)
        shutil.rmtree(old, ignore_errors=True)
    else:
        work.rename(output)
