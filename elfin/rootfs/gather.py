# SPDX-License-Identifier: BSD-3-Clause
"""The image view of one program: exactly what it needs, as a RootTree.

Always: the program with every symlink on the way to it, its interpreter and libraries, os-release
and localtime, for glibc the locale C.utf8 and ld.so.cache, ``spec.files`` and ``--add``; of a
program that --add names (not of those in a folder) also interpreter and libraries. For a
program that a Debian package owns: that package and what it depends on. For a ``--rootfs`` without
a package database: all of it, since nothing else says what belongs to the program. Paths in argv
are not looked at.

What a package's scripts made at installation is not in its list and so not in the tree, except the
byte code beside Python modules. Charset converters (gconv, 8 MB) come only with a program that
imports iconv_open.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from elfin.host.errors import BadElf, CannotRun, NotFound
from elfin.model.elf import ElfFacts
from elfin.model.program import Addition, ProgramSpec
from elfin.model.root import EntryKind, RootEntry, RootTree
from elfin.model.verdict import Library
from elfin.rootfs.closure import LDSO_CACHE, Closure, FactsReader, find_closure
from elfin.rootfs.packages import PackageDatabase
from elfin.rootfs.view import RootView, TreeBuilder

_GCONV = re.compile(r"/usr/lib/[^/]+/gconv/|/usr/lib/gconv/")
# The distribution's name and its time zone are those of the root the program comes from.
_ALWAYS = ("/etc/os-release", "/etc/localtime")
_LOCALES = "/usr/lib/locale"
_NEVER_FROM_ROOT = ("/proc", "/sys", "/dev", "/run")  # the guest's own


def gather(spec: ProgramSpec, facts: ElfFacts, read: FactsReader) -> RootTree:
    """Everything the guest's root holds for this program, except what `image` adds itself.

    ``read`` reads the facts of a library (elfin.elf.read_facts). Raises NotFound (interpreter,
    library, an addition) and CannotRun (an addition that cannot be read).
    """
    view = RootView(spec.rootfs or Path("/"))
    env = dict(spec.env)
    builder = TreeBuilder(view)
    program = _add_program(builder, spec)
    closure = find_closure(view, facts, program, env, read)
    closure.demand(str(facts.path), _added_names(spec.additions))
    for guest in closure.files:
        builder.add(guest)
    for guest in _ALWAYS:
        builder.add(guest)
    if closure.glibc:
        _add_glibc_data(builder, env)
    for file in spec.files:
        _add_host_file(builder, file)
    _add_packages(builder, spec, facts, program, closure)
    for addition in spec.additions:
        _add_addition(builder, addition)
        _add_libraries(builder, addition.host, env, read)
    return builder.tree()


def libraries(spec: ProgramSpec, facts: ElfFacts, read: FactsReader) -> tuple[Library, ...]:
    """The library closure with its holes, for `elfin inspect`. NotFound: no interpreter."""
    view = RootView(spec.rootfs or Path("/"))
    guest = view.canonical(spec.guest_path) or spec.guest_path
    return find_closure(view, facts, guest, dict(spec.env), read).libraries


def _add_program(builder: TreeBuilder, spec: ProgramSpec) -> str:
    """The program at the path it is started by; returns its canonical guest path."""
    for guest in filter(None, (spec.invoked_as, spec.guest_path)):
        canonical = builder.add(guest)
        if canonical is None or guest != spec.guest_path:
            continue
        if builder.view.host(canonical).samefile(spec.host_path):
            return canonical
    status = spec.host_path.stat()
    mode, mtime_ns = status.st_mode & 0o7777, status.st_mtime_ns
    builder.put(RootEntry.file(spec.guest_path, spec.host_path, mode, mtime_ns))
    return spec.guest_path


def _add_glibc_data(builder: TreeBuilder, env: Mapping[str, str]) -> None:
    if builder.add(LDSO_CACHE) is not None:
        builder.watch(builder.view.host(LDSO_CACHE))
    builder.add_tree(f"{_LOCALES}/C.utf8")
    named = {value for key, value in env.items() if key == "LANG" or key.startswith("LC_")}
    for name in named - {"", "C", "POSIX", "C.UTF-8", "C.utf8"}:
        language, _, charset = name.partition(".")
        normal = re.sub(r"[^a-z0-9]", "", charset.lower())
        folder = f"{_LOCALES}/{language}.{normal}" if charset else f"{_LOCALES}/{language}"
        if builder.view.canonical(folder):
            builder.add_tree(folder)
        else:
            builder.add(f"{_LOCALES}/locale-archive")


def _add_host_file(builder: TreeBuilder, file: Path) -> None:
    """A script at its own path (inside the root where it lies there)."""
    absolute = file.absolute()
    guest = builder.view.guest(absolute)
    if guest is not None and builder.add(guest) is not None:
        return
    status = _status(absolute)
    mode, mtime_ns = status.st_mode & 0o7777, status.st_mtime_ns
    builder.put(RootEntry.file(str(absolute), absolute, mode, mtime_ns))


def _add_packages(
    builder: TreeBuilder, spec: ProgramSpec, facts: ElfFacts, program: str, closure: Closure
) -> None:
    view = builder.view
    if not PackageDatabase.present(view):
        if spec.rootfs is not None:
            _add_everything(builder)
        return
    database = PackageDatabase(view, facts.machine)
    asked = [program, *_guests_of(view, spec.files)]
    owners = database.owners(asked)
    builder.watch(database.status_file)
    converters = _imports_iconv(view, program, closure)
    for package in database.closure(owners):
        for path in database.files(package):
            if converters or not _GCONV.match(path):
                builder.add_listed(path)
            if path.endswith(".py"):
                _add_byte_code(builder, path)


def _added_names(additions: Iterable[Addition]) -> frozenset[str]:
    """Names of files that --add brings: a library among them is not missing."""
    names = set()
    for addition in additions:
        names.add(posixpath.basename(addition.guest))
        if addition.host.is_dir():
            names.update(name for _, _, files in os.walk(addition.host) for name in files)
    return frozenset(names)


def _guests_of(view: RootView, files: Iterable[Path]) -> list[str]:
    guests = (view.guest(file.absolute()) for file in files)
    found = (view.canonical(guest) for guest in guests if guest is not None)
    return [guest for guest in found if guest is not None]


def _add_byte_code(builder: TreeBuilder, module: str) -> None:
    """``__pycache__/NAME.*.pyc`` of a module, which installation compiled."""
    folder, _, name = module.rpartition("/")
    stem = name.removesuffix(".py")
    for compiled in _byte_code(builder.view, folder).get(stem, ()):
        builder.add_listed(f"{folder}/__pycache__/{compiled}")


_byte_code_memo: dict[tuple[Path, str], dict[str, list[str]]] = {}


def _byte_code(view: RootView, folder: str) -> dict[str, list[str]]:
    """Module name → its compiled files, for one directory; listed once a run."""
    key = (view.root, folder)
    if key not in _byte_code_memo:
        found: dict[str, list[str]] = {}
        canonical = view.canonical(f"{folder}/__pycache__")
        for file in view.host(canonical).iterdir() if canonical else ():
            if file.suffix == ".pyc":
                found.setdefault(file.name.split(".")[0], []).append(file.name)
        _byte_code_memo[key] = found
    return _byte_code_memo[key]


def _imports_iconv(view: RootView, program: str, closure: Closure) -> bool:
    """True when the program or a library other than libc names iconv_open."""
    names = [program]
    for guest in closure.files:
        if not posixpath.basename(guest).startswith(("libc.", "ld-linux", "ld-musl")):
            names.append(guest)
    return any(b"\0iconv_open\0" in (view.read(name) or b"") for name in names)


def _add_everything(builder: TreeBuilder) -> None:
    for host in sorted(builder.view.host("/").iterdir()):
        guest = f"/{host.name}"
        if guest not in _NEVER_FROM_ROOT and builder.add(guest) == guest:
            builder.add_tree(guest)


def _add_addition(builder: TreeBuilder, addition: Addition) -> None:
    """``--add HOST:GUEST``: a file, or a directory with all below; symlinks inside are kept."""
    host, guest = addition.host, posixpath.normpath(addition.guest)
    _status(host)
    if not host.is_dir():
        _put_host(builder, host.resolve(), builder.landing(guest))
        return
    builder.watch(host)
    top = host.resolve()
    for folder, directories, files in os.walk(top):
        below = posixpath.normpath(posixpath.join(guest, os.path.relpath(folder, top)))
        below = builder.landing(below, follow=True)
        if below != "/":
            _put_host(builder, Path(folder), below)
        for name in (*directories, *files):
            if name in files or (Path(folder) / name).is_symlink():
                _put_host(builder, Path(folder) / name, posixpath.join(below, name))
        for name in directories:
            builder.watch(Path(folder) / name)


def _add_libraries(
    builder: TreeBuilder, host: Path, env: Mapping[str, str], read: FactsReader
) -> None:
    """Interpreter and libraries of a program that was added by its own name. What is missing of
    them is no error: the guest may never start it, or another --add brings it."""
    if not host.is_file() or not os.access(host, os.X_OK):
        return
    guest = builder.view.guest(host.resolve()) or str(host.resolve())
    try:
        closure = find_closure(builder.view, read(host.resolve()), guest, env, read)
    except (BadElf, CannotRun, NotFound):
        return
    for name in closure.files:
        builder.add(name)
    if closure.glibc:
        _add_glibc_data(builder, env)


def _put_host(builder: TreeBuilder, host: Path, guest: str) -> None:
    status = host.lstat()
    mode, mtime_ns = status.st_mode & 0o7777, status.st_mtime_ns
    uid, gid = builder.owner(status)
    entry = partial(RootEntry, guest, uid=uid, gid=gid, mtime_ns=mtime_ns)
    if host.is_symlink():
        target = str(host.readlink())
        builder.put(entry(kind=EntryKind.SYMLINK, mode=0o777, target=target))
    elif host.is_dir():
        builder.put(entry(kind=EntryKind.DIRECTORY, mode=mode))
    elif host.is_file():
        if not os.access(host, os.R_OK):
            raise CannotRun(f"{host} cannot be read: Permission denied", hint="it was to be added")
        builder.put(entry(kind=EntryKind.FILE, mode=mode, source=host))


def _status(host: Path) -> os.stat_result:
    try:
        return host.stat()
    except FileNotFoundError as error:
        raise NotFound(f"{host} does not exist", hint="it was to be put into the image") from error
    except OSError as error:
        raise CannotRun(f"{host} cannot be read: {error.strerror}") from error
