# SPDX-License-Identifier: BSD-3-Clause
"""Find the program that the user named: PATH, symlinks, ``#!`` scripts; on the host or in --rootfs.

The result names host files; nothing is read but the first bytes of the file, for ``#!``.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from elfin.host.errors import CannotRun, NotFound

_ROOTFS_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SCRIPT_LINE_BYTES = 256  # execve(2): BINPRM_BUF_SIZE
_SCRIPT_DEPTH = 4
_SYMLINK_DEPTH = 40  # path_resolution(7)


class Found(NamedTuple):
    """An ELF program to start (not yet looked at), and how.

    ``guest_path`` is what the guest starts; ``host_path`` the file after symlinks; ``scripts``
    the script files that led here, as host files with their guest paths.
    """

    host_path: Path
    guest_path: str
    argv: tuple[str, ...]
    typed: str
    scripts: tuple[tuple[Path, str], ...] = ()


def find(name: str, args: Sequence[str], path: str, rootfs: Path | None = None) -> Found:
    """Find ``name`` as a shell would; ``path`` is the PATH to search.

    Raises NotFound (127) or CannotRun (126), each with the name as typed.
    """
    argv = (name, *args)
    guest_path, host_path = _locate(name, path, rootfs)
    scripts: list[tuple[Path, str]] = []
    for _ in range(_SCRIPT_DEPTH):
        words = _script_line(host_path)
        if words is None:
            return Found(host_path, guest_path, argv, name, tuple(scripts))
        scripts.append((host_path, guest_path))
        argv = (*words, guest_path, *argv[1:])
        guest_path, host_path = _interpreter(name, words[0], path, rootfs)
        if PurePosixPath(words[0]).name == "env" and len(words) > 1:
            argv = _without_env(argv)
            guest_path, host_path = _interpreter(name, argv[0], path, rootfs)
    raise CannotRun(f"{name} is a script whose interpreter is a script, too many levels deep")


def _locate(name: str, path: str, rootfs: Path | None) -> tuple[str, Path]:
    """(guest path, host file) of a name as typed."""
    if not name:
        raise NotFound("the program's name is empty")
    if "/" not in name:
        return _search(name, path, rootfs)
    in_rootfs = rootfs is not None and name.startswith("/")
    guest_path = os.path.normpath(Path.cwd() / name)
    host_path = resolve(guest_path, rootfs if in_rootfs else None)
    if host_path is None or not host_path.exists():
        where = f" in {rootfs}" if in_rootfs else ""
        raise NotFound(f"{name} does not exist{where}")
    if host_path.is_dir():
        raise CannotRun(f"{name} is a directory, not a program")
    if not os.access(host_path, os.X_OK):
        raise CannotRun(f"{name} may not be executed", hint=f"chmod +x {name}")
    return guest_path, host_path


def _search(name: str, path: str, rootfs: Path | None) -> tuple[str, Path]:
    """A bare name, in PATH (of the host) or in the usual directories of ``rootfs``."""
    unusable = None
    for directory in (_ROOTFS_PATH if rootfs else path).split(os.pathsep):
        guest_path = os.path.normpath(Path.cwd() / directory / name)
        host_path = resolve(guest_path, rootfs)
        try:
            if host_path is None or not host_path.is_file():
                continue
        except PermissionError:
            continue  # a directory in PATH that this user may not search, as a shell does
        if os.access(host_path, os.X_OK):
            return guest_path, host_path
        unusable = guest_path
    if unusable is not None:
        raise CannotRun(f"{unusable} may not be executed", hint=f"chmod +x {unusable}")
    where = f"in {rootfs}" if rootfs else "in PATH"
    raise NotFound(f"{name} was not found {where}", hint="apt-file search, or give its path")


def resolve(guest_path: str, rootfs: Path | None) -> Path | None:
    """The host file behind an absolute path, symlinks followed inside ``rootfs``.

    None where a symlink loops. The file need not exist.
    """
    if rootfs is None:
        try:
            return Path(os.path.realpath(guest_path))
        except OSError:
            return None
    todo = [part for part in reversed(guest_path.split("/")) if part]
    at: list[str] = []
    links = 0
    while todo:
        part = todo.pop()
        if part == ".":
            continue
        if part == "..":
            at = at[:-1]
            continue
        candidate = rootfs.joinpath(*at, part)
        if not candidate.is_symlink():
            at.append(part)
            continue
        links += 1
        if links > _SYMLINK_DEPTH:
            return None
        target = str(candidate.readlink())
        if target.startswith("/"):
            at = []
        todo += [piece for piece in reversed(target.split("/")) if piece]
    return rootfs.joinpath(*at)


def _script_line(path: Path) -> tuple[str, ...] | None:
    """Interpreter and its one optional argument, as execve(2) splits the line; None: no script."""
    try:
        with path.open("rb") as file:
            head = file.read(_SCRIPT_LINE_BYTES)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CannotRun(f"{path} cannot be read: {reason}") from error
    if not head.startswith(b"#!"):
        return None
    words = os.fsdecode(head[2:].split(b"\n", 1)[0]).strip(" \t\r").split(None, 1)
    if not words:
        raise CannotRun(f"{path} begins with #! and names no interpreter")
    return tuple(words)


def _interpreter(script: str, name: str, path: str, rootfs: Path | None) -> tuple[str, Path]:
    try:
        return _locate(name, path, rootfs)
    except NotFound:
        raise NotFound(
            f"{script} needs the interpreter {name}, which is not on this machine",
            hint="install it, or correct the script's first line",
        ) from None


def _without_env(argv: tuple[str, ...]) -> tuple[str, ...]:
    """``/usr/bin/env [-S] prog args`` → prog args: the image then holds prog, not only env."""
    rest = argv[1].split()
    if rest and rest[0] == "-S":
        rest = rest[1:]
    elif rest and rest[0].startswith("-S"):
        rest[0] = rest[0][2:]
    else:
        rest = [argv[1]]
    if not rest:
        raise CannotRun(f"{argv[2]} begins with #!{argv[0]} and names no program")
    return (*rest, *argv[2:])
