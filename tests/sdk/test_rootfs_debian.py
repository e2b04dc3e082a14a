# SPDX-License-Identifier: BSD-3-Clause
"""Root directories out of packages: sources, unpacking, the private database. No network needed,
except for the one test that says so."""

from __future__ import annotations

import io
import lzma
import os
import subprocess
import sys
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from elfin.host.errors import HostError, OptionError
from elfin.rootfs.apt import PrivateApt, debian_sources
from elfin.rootfs.debian import RootRequest, build_root, read_manifest
from elfin.rootfs.packages import PackageDatabase
from elfin.rootfs.unpack import Alternative, link_alternatives, prepare, unpack
from elfin.rootfs.view import RootView
from tests.system.roots import environment

PROJECT = Path(__file__).resolve().parents[2]


def tar(members: list[tarfile.TarInfo | tuple[tarfile.TarInfo, bytes]]) -> bytes:
    """An xz-compressed tar archive."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for member in members:
            info, content = member if isinstance(member, tuple) else (member, b"")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return lzma.compress(out.getvalue())


def entry(
    name: str, kind: bytes = tarfile.REGTYPE, mode: int = 0o644, link: str = ""
) -> tarfile.TarInfo:
    """One member."""
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.linkname = kind, mode, link
    return info


def deb(path: Path, name: str, data: bytes, postinst: str = "", extra: str = "") -> Path:
    """A Debian package with this data.tar.xz."""
    control = f"Package: {name}\nVersion: 1.0\nArchitecture: amd64\n{extra}Description: test\n"
    members: list[tarfile.TarInfo | tuple[tarfile.TarInfo, bytes]] = [
        (entry("./control"), control.encode()),
        (entry("./postinst", mode=0o755), postinst.encode()),
    ]
    content = b"!<arch>\n"
    parts = {"debian-binary": b"2.0\n", "control.tar.xz": tar(members), "data.tar.xz": data}
    for member, raw in parts.items():
        content += f"{member:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(raw):<10}`\n".encode() + raw
        content += b"\n" * (len(raw) % 2)
    path.write_bytes(content)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty root."""
    top = tmp_path / "root"
    prepare(top, "amd64")
    return top


def test_unpack_merges_usr_and_registers(root: Path, tmp_path: Path) -> None:
    """/bin goes to /usr/bin, modes and links are kept, and our own reader finds the owner."""
    data = tar([
        entry("./bin/", tarfile.DIRTYPE, 0o755),
        (entry("./bin/tool", mode=0o4755), b"#!/bin/sh\n"),
        entry("./bin/alias", tarfile.SYMTYPE, link="tool"),
        entry("./usr/lib/twin", tarfile.LNKTYPE, link="./bin/tool"),
        (entry("./usr/share/doc/x/copyright"), b"text"),
    ])  # fmt: skip
    done = unpack(deb(tmp_path / "x.deb", "x", data), root, slim=True)
    assert (done.name, done.version, len(done.sha256)) == ("x", "1.0", 64)
    tool = root / "usr/bin/tool"
    assert tool.stat().st_mode & 0o7777 == 0o4755
    assert (root / "usr/bin/alias").readlink() == Path("tool")
    assert (root / "usr/lib/twin").samefile(tool)
    assert (root / "bin/tool").read_text() == "#!/bin/sh\n"
    assert not (root / "usr/share/doc/x").exists()
    database = PackageDatabase(RootView(root), "x86_64")
    (owner,) = database.owners(["/usr/bin/tool"])
    assert owner.name == "x"
    assert "/bin/tool" in set(database.files(owner))


def test_a_package_cannot_write_outside(root: Path, tmp_path: Path) -> None:
    """A symlink out of the root is kept as it is, and not followed when writing."""
    outside = tmp_path / "outside"
    outside.mkdir()
    data = tar([
        entry("./escape", tarfile.SYMTYPE, link=str(outside)),
        (entry("./escape/file"), b"x"),
    ])  # fmt: skip
    with pytest.raises(HostError, match="outside the root"):
        unpack(deb(tmp_path / "x.deb", "x", data), root, slim=False)
    assert not list(outside.iterdir())


@pytest.mark.parametrize("content", [b"", b"!<arch>\n", b"not a package"])
def test_not_a_package(content: bytes, root: Path, tmp_path: Path) -> None:
    """A sentence, no traceback."""
    file = tmp_path / "bad.deb"
    file.write_bytes(content)
    with pytest.raises(HostError):
        unpack(file, root, slim=False)


def test_alternatives_take_the_highest_priority(root: Path, tmp_path: Path) -> None:
    """Only literal lines, only where the program is there and the link is not."""
    offers: list[Alternative] = []
    for name, priority in (("low", 5), ("high", 50), ("absent", 99)):
        members = [] if name == "absent" else [(entry(f"./usr/bin/{name}", mode=0o755), b"x")]
        script = (
            "update-alternatives --quiet \\\n"
            f"  --install /usr/bin/any any /usr/bin/{name} {priority} \\\n"
            "  --slave /usr/bin/any-slave any-slave /usr/bin/low\n"
            "update-alternatives --install $LINK x /usr/bin/low 1\n"
        )
        package = deb(tmp_path / f"{name}.deb", name, tar([*members]), script)
        offers += unpack(package, root, slim=False).alternatives
    (root / "usr/bin/any-slave").symlink_to("kept")
    assert link_alternatives(root, offers) == ("/usr/bin/any",)
    assert (root / "etc/alternatives/any").readlink() == Path("/usr/bin/high")
    assert (root / "usr/bin/any").readlink() == Path("/etc/alternatives/any")
    assert (root / "usr/bin/any-slave").readlink() == Path("kept")


def test_sources_are_debians_only(tmp_path: Path) -> None:
    """Both file forms; disabled, foreign and source entries are left out; Signed-By stays."""
    parts = tmp_path / "apt" / "sources.list.d"
    parts.mkdir(parents=True)
    lists = tmp_path / "lists"
    lists.mkdir()
    (parts.parent / "sources.list").write_text(
        "# deb http://one.example/debian stable main\n"
        "deb [signed-by=/k/debian-archive-keyring.gpg] http://one.example/debian stable main x\n"
        "deb-src http://one.example/debian stable main\n"
        "deb http://third.example/tools stable main\n"
    )
    (parts / "a.sources").write_text(
        "Types: deb deb-src\nURIs: http://two.example/debian\nSuites: stable stable-updates\n"
        "Components: main\nSigned-By:\n -----BEGIN KEY-----\n .\n abc\n\n"
        "# a comment\nTypes: deb\nURIs: http://two.example/debian\nSuites: off\nComponents: main\n"
        "Enabled: no\n\n"
        "Types: deb\nURIs: http://four.example/debian\nSuites: s\nComponents: main\n"
    )
    (lists / "four.example_debian_dists_s_InRelease").write_text("Origin: Raspbian\n")
    (lists / "two.example_debian_dists_stable_InRelease").write_text("Origin: Debian\n")
    (lists / "two.example_debian_dists_stable-updates_Release").write_text("Origin: Debian\n")
    first, second = debian_sources(parts.parent, lists)
    assert (first.uris, first.components) == (("http://one.example/debian",), ("main", "x"))
    assert "Signed-By: /k/debian-archive-keyring.gpg\n" in first.stanza()
    assert second.suites == ("stable", "stable-updates")
    assert "Signed-By: \n -----BEGIN KEY-----\n .\n abc\n" in second.stanza()
    with pytest.raises(HostError, match="no source of Debian packages"):
        debian_sources(tmp_path / "nowhere", lists)


def test_a_foreign_directory_is_never_replaced(tmp_path: Path) -> None:
    """What we did not build stays."""
    (tmp_path / "precious").write_text("x")
    with pytest.raises(OptionError, match="was not built by elfin"):
        build_root(RootRequest(("busybox-static",), tmp_path), tmp_path / "cache", print)
    assert (tmp_path / "precious").read_text() == "x"


def test_a_real_root(tmp_path: Path) -> None:
    """busybox-static through this machine's own apt; the host's database is untouched."""
    status = Path("/var/lib/dpkg/status")
    if not status.exists():
        pytest.skip("not a Debian machine")
    before = status.stat().st_mtime_ns
    output = tmp_path / "root"
    command = [sys.executable, "-m", "elfin", "rootfs", "debian", "--slim", "-o", str(output)]
    done = subprocess.run(
        [*command, "busybox-static"],
        cwd=PROJECT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if "could not" in done.stderr.lower() or "failed to fetch" in done.stderr.lower():
        pytest.skip(f"no network: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    header, packages = read_manifest(output) or ("", ())
    assert header == "# amd64 slim busybox-static"
    assert [line.split("=")[0] for line in packages] == ["busybox-static"]
    assert (output / "usr/bin/busybox").stat().st_mode & 0o111
    assert status.stat().st_mtime_ns == before
    again = subprocess.run(
        [*command, "busybox-static"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert "already there" in again.stdout


# An apt that fails, as the real one does, where another is at work on the same folder.
ONE_AT_A_TIME = """#!/bin/sh
mkdir {busy} || exit 100
sleep 0.1
rmdir {busy}
case "$*" in *--print-uris*) echo "'http://here/a.deb' a.deb 1";; esac
"""


def test_two_at_once_take_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs may want packages at once; each finds the private apt free."""
    program = tmp_path / "bin" / "apt-get"
    program.parent.mkdir()
    program.write_text(ONE_AT_A_TIME.format(busy=tmp_path / "busy"))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setattr("elfin.rootfs.apt.debian_sources", lambda: ())
    (tmp_path / "amd64" / "archives").mkdir(parents=True)
    (tmp_path / "amd64" / "archives" / "a.deb").touch()

    def wanted(_: int) -> tuple[Path, ...]:
        apt = PrivateApt(tmp_path, "amd64", lambda line: None)
        apt.update(force=True)
        return apt.fetch(["a"])

    with ThreadPoolExecutor(4) as pool:
        assert {names[0].name for names in pool.map(wanted, range(4))} == {"a.deb"}
