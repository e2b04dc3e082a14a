# SPDX-License-Identifier: BSD-3-Clause
"""Library closures against ldd, package closures against dpkg, and the trees they make."""

from __future__ import annotations

import os
import posixpath
import re
import shutil
import stat
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from elfin.elf import is_elf, read_facts
from elfin.host.errors import NotFound
from elfin.model import Addition, EntryKind, Linkage, ProgramSpec, RootTree
from elfin.rootfs import gather, ldso_cache, libraries
from elfin.rootfs.packages import PackageDatabase
from elfin.rootfs.view import RootView, TreeBuilder
from tests.corpus.build import DEFAULT_OUTPUT, build

DPKG = Path("/var/lib/dpkg/status")
# Opened by glibc at run time, so in our closure and not in ldd's.
OPENED = {"libgcc_s.so.1", "libnss_files.so.2", "libnss_dns.so.2"}


def spec_of(path: Path, env: dict[str, str] | None = None) -> ProgramSpec:
    """A program of the host as `elfin run` would name it."""
    return ProgramSpec(path.resolve(), str(path), (path.name,), tuple((env or {}).items()))


def tree_of(path: Path, **changes: object) -> RootTree:
    """The image view of a host program."""
    spec = replace(spec_of(path), **changes)  # type: ignore[arg-type]
    return gather(spec, read_facts(spec.host_path), read_facts)


def ldd(path: Path, env: dict[str, str]) -> set[str] | None:
    """Real paths of what the program's own loader lists; None where it lists nothing."""
    interpreter = read_facts(path).interpreter
    assert interpreter is not None
    done = subprocess.run(
        [interpreter, "--list", str(path)],
        env={**os.environ, **env}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        return None
    found = re.findall(r"(?:=> )?(/\S+) \(0x", done.stdout)
    return {str(Path(name).resolve()) for name in found}


def closure_matches(path: Path, env: dict[str, str] | None = None) -> bool:
    """True when compared and equal; False when ldd had nothing to say."""
    listed = ldd(path, env or {})
    if listed is None:
        return False
    spec = spec_of(path, env)
    entries = libraries(spec, read_facts(spec.host_path), read_facts)
    ours = {
        str(Path(entry.host_path).resolve())
        for entry in entries
        if entry.host_path and entry.name not in OPENED
    }
    listed = {name for name in listed if not any(name.endswith(opened) for opened in OPENED)}
    assert ours == listed, path
    return True


def test_closures_are_ldds() -> None:
    """Some hundred programs of this machine load what their own ld.so says."""
    programs = [p for p in sorted(Path("/usr/bin").iterdir()) if p.is_file() and is_elf(p)]
    dynamic = [p for p in programs[::5] if read_facts(p).linkage is Linkage.DYNAMIC]
    compared = sum(closure_matches(path) for path in dynamic)
    assert compared >= 20


@pytest.mark.parametrize("folder", ["glibc-pie", "glibc-exec", "musl-pie", "musl-exec"])
@pytest.mark.parametrize("program", ["hello", "linked", "dlopen"])
def test_corpus_closures(folder: str, program: str) -> None:
    """$ORIGIN run paths, for both libcs."""
    build()
    path = DEFAULT_OUTPUT / folder / program
    if not path.exists():
        pytest.skip(f"{path} was not built")
    assert closure_matches(path)


@pytest.mark.parametrize("folder", ["glibc-pie", "musl-pie"])
def test_library_path_of_the_environment(folder: str, tmp_path: Path) -> None:
    """LD_LIBRARY_PATH wins against DT_RUNPATH; a library of the wrong machine is passed over."""
    build()
    place = DEFAULT_OUTPUT / folder
    if not (place / "libplugin.so").exists():
        pytest.skip(f"{place} was not built")
    shutil.copy(place / "libplugin.so", tmp_path)
    assert closure_matches(place / "linked", {"LD_LIBRARY_PATH": str(tmp_path)})
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(DEFAULT_OUTPUT / "asm" / "hello-aarch64", other / "libplugin.so")
    env = {"LD_LIBRARY_PATH": str(other)}
    spec = spec_of(place / "linked", env)
    found = {e.name: e.host_path for e in libraries(spec, read_facts(spec.host_path), read_facts)}
    assert found["libplugin.so"] == str(place / "libplugin.so")


def test_missing_library_says_where_it_looked() -> None:
    """Exit 127, the directories, and what to try; --add of a file of that name satisfies it."""
    build()
    path = DEFAULT_OUTPUT / "glibc-pie" / "missing-library"
    if not path.exists():
        pytest.skip("gcc is not installed")
    with pytest.raises(NotFound) as caught:
        tree_of(path)
    assert caught.value.exit_status == 127
    text = str(caught.value)
    assert re.search(r"needs libabsent\.so, which is not on this machine \(looked in /lib/", text)
    assert text.endswith("apt-file search libabsent.so, or --add it")
    plugin = DEFAULT_OUTPUT / "glibc-pie" / "libplugin.so"
    tree = tree_of(path, additions=(Addition(plugin, "/usr/lib/libabsent.so"),))
    assert "/usr/lib/libabsent.so" in tree.paths()


def test_an_added_program_brings_its_libraries(tmp_path: Path) -> None:
    """Named itself; what of it is missing is no error, and a folder's programs are just copied."""
    build()
    folder = DEFAULT_OUTPUT / "glibc-pie"
    if not (folder / "linked").exists():
        pytest.skip("gcc is not installed")
    main = DEFAULT_OUTPUT / "glibc-static" / "hello"
    loader = {"ld-linux-x86-64.so.2", "ld.so.cache"}

    def names(*additions: Addition) -> set[str]:
        return {posixpath.basename(path) for path in tree_of(main, additions=additions).paths()}

    assert not loader & names()
    assert loader | {"named", "libplugin.so"} <= names(Addition(folder / "linked", "/opt/named"))
    assert loader | {"named"} <= names(Addition(folder / "missing-library", "/opt/named"))
    (tmp_path / "linked").symlink_to(folder / "linked")
    assert not loader & names(Addition(tmp_path, "/opt"))


def test_missing_interpreter() -> None:
    """A sentence that names it."""
    build()
    path = DEFAULT_OUTPUT / "musl-pie" / "missing-interpreter"
    if not path.exists():
        pytest.skip("musl-gcc is not installed")
    with pytest.raises(NotFound, match=r"needs the interpreter /lib/ld-nowhere\.so\.9"):
        tree_of(path)


def test_cache_is_ldconfigs() -> None:
    """Every 64-bit library that ldconfig -p lists, at the same path."""
    program = shutil.which("ldconfig", path="/usr/sbin:/sbin")
    if program is None:
        pytest.skip("ldconfig is not installed")
    listed = subprocess.run([program, "-p"], capture_output=True, text=True, check=True).stdout
    pairs = re.findall(r"^\t(\S+) \(libc6,x86-64\S*\) => (\S+)$", listed, re.MULTILINE)
    assert pairs
    ours = ldso_cache.parse(Path("/etc/ld.so.cache").read_bytes(), "x86_64")
    for name, path in pairs:
        assert path in ours.get(name, ()), name


@pytest.mark.parametrize(
    "raw", [b"", b"glibc-ld.so.cache1.1", b"x" * 100, b"glibc-ld.so.cache1.1" + b"\xff" * 60]
)
def test_damaged_cache_is_empty(raw: bytes) -> None:
    """As ld.so has it."""
    assert ldso_cache.parse(raw, "x86_64") == {}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small root with links of every kind."""
    top = tmp_path / "root"
    (top / "usr/lib/deep").mkdir(parents=True)
    (top / "lib").symlink_to("usr/lib")
    (top / "usr/lib/file").write_text("x")
    (top / "usr/lib/absolute").symlink_to("/usr/lib/file")
    (top / "usr/lib/up").symlink_to("../../../../../usr/lib/file")
    (top / "usr/lib/loop").symlink_to("loop")
    (top / "outside").symlink_to(tmp_path / "secret")
    (tmp_path / "secret").write_text("not yours")
    return top


def test_view_stays_inside(root: Path) -> None:
    """Absolute links begin at the root, `..` stops there, loops end, nothing escapes."""
    view = RootView(root)
    for guest in (
        "/lib/file",
        "/lib/absolute",
        "/lib/up",
        "/usr/../../lib/file",
        "/lib/./deep/../file",
    ):
        assert view.canonical(guest) == "/usr/lib/file", guest
    for guest in ("/outside", "/usr/lib/loop", "/lib/file/below", "/absent", "/lib/absent"):
        assert view.canonical(guest) is None, guest


def test_builder_keeps_links_and_directories(root: Path) -> None:
    """Every symlink and directory on the way to a file is part of the tree."""
    builder = TreeBuilder(RootView(root))
    assert builder.add("/lib/absolute") == "/usr/lib/file"
    tree = builder.tree()
    assert tree.paths() == {"/lib", "/usr", "/usr/lib", "/usr/lib/absolute", "/usr/lib/file"}
    links = {e.path: e.target for e in tree if e.kind is EntryKind.SYMLINK}
    assert links == {"/lib": "usr/lib", "/usr/lib/absolute": "/usr/lib/file"}


def test_root_without_packages_is_taken_whole(root: Path) -> None:
    """--rootfs DIR with no package database: all of it, but nothing outside."""
    build()
    program = root / "usr/lib/prog"
    shutil.copy(DEFAULT_OUTPUT / "asm" / "hello-x86_64", program)
    spec = ProgramSpec(program, "/lib/prog", ("prog",), rootfs=root)
    tree = gather(spec, read_facts(program), read_facts)
    assert {"/usr/lib/prog", "/usr/lib/deep", "/usr/lib/file", "/outside"} <= tree.paths()
    assert not any(entry.source and "secret" in str(entry.source) for entry in tree)


def test_additions(tmp_path: Path) -> None:
    """A file, a directory with a link in it, and one that is not there."""
    build()
    program = DEFAULT_OUTPUT / "asm" / "hello-x86_64"
    folder = tmp_path / "folder"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner/data").write_text("d")
    (folder / "link").symlink_to("inner/data")
    tree = tree_of(program, additions=(Addition(folder, "/srv"),))
    assert {"/srv", "/srv/inner", "/srv/inner/data", "/srv/link"} <= tree.paths()
    with pytest.raises(NotFound, match="absent does not exist"):
        tree_of(program, additions=(Addition(tmp_path / "absent", "/x"),))


def test_additions_land_behind_symlinks(root: Path, tmp_path: Path) -> None:
    """As on a machine whose /bin is a symlink: the name works, and so does what the link leads to.
    A directory that lands on a symlink goes where that leads; a file replaces it."""
    build()
    program = root / "usr/lib/prog"
    shutil.copy(DEFAULT_OUTPUT / "asm" / "hello-x86_64", program)
    spec = ProgramSpec(program, "/usr/lib/prog", ("prog",), rootfs=root)
    data, folder = tmp_path / "data", tmp_path / "folder"
    data.write_text("d")
    (folder / "lib").mkdir(parents=True)
    (folder / "lib/inner").write_text("i")
    added = (
        Addition(data, "/lib/one"), Addition(data, "/usr/lib/absolute"),
        Addition(folder / "lib", "/lib"), Addition(folder, "/"),
    )  # fmt: skip
    entries = {e.path: e for e in gather(replace(spec, additions=added), read_facts(program),
                                         read_facts)}  # fmt: skip
    assert entries["/lib"].target == "usr/lib"
    assert entries["/usr/lib/one"].source == data
    assert entries["/usr/lib/absolute"].source == data
    assert entries["/usr/lib/inner"].source == folder / "lib/inner"
    assert not [path for path in entries if path.startswith("/lib/")]


@pytest.mark.skipif(not DPKG.exists(), reason="no dpkg database")
def test_owners_are_dpkgs() -> None:
    """dpkg -S agrees on a sample of files, merged /usr or not."""
    database = PackageDatabase(RootView(Path("/")), "x86_64")
    sample = [p for p in sorted(Path("/usr/bin").iterdir())[::20] if not p.is_symlink()]
    asked = [spelling for p in sample for spelling in (str(p), str(p).removeprefix("/usr"))]
    done = subprocess.run(["dpkg", "-S", *asked], capture_output=True, text=True, check=False)
    theirs: dict[str, set[str]] = {}
    for names, _, path in (line.partition(": ") for line in done.stdout.splitlines()):
        if "diversion" not in names:
            found = {name.split(":")[0] for name in names.split(", ")}
            theirs.setdefault(path.removeprefix("/usr"), set()).update(found)
    assert len(theirs) >= 10
    for path, expected in theirs.items():
        assert {package.name for package in database.owners([f"/usr{path}"])} == expected, path


@pytest.mark.skipif(not Path("/usr/bin/python3.11").exists(), reason="no Debian python3.11")
@pytest.mark.skipif(not DPKG.exists(), reason="no dpkg database")
def test_python_image_is_complete_and_quick() -> None:
    """The standard library of the fuller package, byte code, no documentation; under 2 s."""
    started = time.perf_counter()
    tree = tree_of(Path("/usr/bin/python3.11"))
    took = time.perf_counter() - started
    paths = tree.paths()
    assert "/usr/lib/python3.11/encodings/__init__.py" in paths
    assert "/usr/lib/python3.11/json/__init__.py" in paths
    assert "/usr/lib/locale/C.utf8/LC_CTYPE" in paths
    assert not [p for p in paths if re.match(r"/usr/share/(doc|man|locale|info)/", p)]
    assert not [p for p in paths if "/gconv/" in p]
    assert took < 2, f"{took:.1f} s"


@pytest.mark.skipif(os.geteuid() != 0, reason="chroot needs root")
@pytest.mark.skipif(not DPKG.exists(), reason="no dpkg database")
@pytest.mark.parametrize(
    ("argv", "output"),
    [
        (["/usr/bin/perl", "-MPOSIX=floor", "-e", "print floor(2.5), $^O"], "2linux"),
        (
            ["/usr/bin/python3.11", "-c", "import ssl, sqlite3, json; print(json.dumps([1]))"],
            "[1]\n",
        ),
        (["/usr/bin/awk", "BEGIN { print 6 * 7 }"], "42\n"),
    ],
)
def test_a_tree_is_enough_to_run(argv: list[str], output: str, tmp_path: Path) -> None:
    """Written to an empty directory and entered with chroot, the tree runs the program on Linux."""
    if not Path(argv[0]).exists():
        pytest.skip(f"{argv[0]} is not installed")
    for entry in sorted(tree_of(Path(argv[0])), key=lambda entry: entry.path):
        target = tmp_path / entry.path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if entry.kind is EntryKind.DIRECTORY:
            target.mkdir(exist_ok=True)
        elif entry.kind is EntryKind.SYMLINK:
            target.symlink_to(entry.target or "")
        elif entry.source is not None:
            shutil.copy(entry.source, target)
    (tmp_path / "dev").mkdir()
    os.mknod(tmp_path / "dev/null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))  # perl -e opens it
    done = subprocess.run(
        ["chroot", str(tmp_path), *argv], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, output), done.stderr
