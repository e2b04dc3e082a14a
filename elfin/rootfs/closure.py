# SPDX-License-Identifier: BSD-3-Clause
"""The libraries of a program, found where its own dynamic loader will look for them.

glibc (ld.so(8)), for a name without a slash: DT_RPATH of the loading object and of those that
loaded it (only where there is no DT_RUNPATH), LD_LIBRARY_PATH, DT_RUNPATH of the loading object,
/etc/ld.so.cache, the directories compiled into ld.so. In each directory the glibc-hwcaps variants
come first; which one is taken depends on the guest's CPU, so all are part of the closure.
musl: LD_LIBRARY_PATH, the run paths of the loading chain, /etc/ld-musl-ARCH.path or its defaults.
Files of another machine are passed over, as both do.
"""

from __future__ import annotations

import posixpath
import re
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from elfin.host.errors import BadElf, CannotRun, NotFound
from elfin.model.elf import ElfFacts
from elfin.model.verdict import Library
from elfin.rootfs import ldso_cache
from elfin.rootfs.view import RootView

FactsReader = Callable[[Path], ElfFacts]

LDSO_CACHE = "/etc/ld.so.cache"
# glibc opens these itself: unwinding for pthread_cancel and backtrace, name services before 2.34.
_OPENED_BY_GLIBC = ("libgcc_s.so.1", "libnss_files.so.2", "libnss_dns.so.2")
_HWCAPS = {
    "x86_64": ("x86-64-v4", "x86-64-v3", "x86-64-v2"),
    "aarch64": (),
}
_TRIPLETS = {"x86_64": "x86_64-linux-gnu", "aarch64": "aarch64-linux-gnu"}
_PLAIN_DIRECTORIES = ("/lib64", "/usr/lib64", "/lib", "/usr/lib")
_MUSL_DEFAULT = "/lib:/usr/local/lib:/usr/lib"
# Names musl's libc.so answers for itself (ldso/dynlink.c, load_library).
_MUSL_RESERVED = re.compile(r"lib(c|pthread|rt|m|dl|util|xnet)\.")
_TOKEN = re.compile(r"\$(?:\{(\w+)\}|(ORIGIN|LIB|PLATFORM))")


@dataclass(frozen=True, slots=True)
class Closure:
    """Interpreter and libraries, the missing ones too; ``looked_in`` is where those were sought.

    ``files`` are guest paths (not resolved) of all that was found, the interpreter first.
    """

    interpreter: str | None = None
    libraries: tuple[Library, ...] = ()
    files: tuple[str, ...] = ()
    looked_in: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    glibc: bool = False

    @property
    def missing(self) -> tuple[Library, ...]:
        """Libraries that nobody found."""
        return tuple(library for library in self.libraries if library.host_path is None)

    def demand(self, program: str, added: Collection[str] = ()) -> None:
        """NotFound for the first missing library: what, where it was sought, what to try.

        ``added`` are names that the user puts into the guest: those are not missing.
        """
        for library in self.missing:
            if library.name in added:
                continue
            places = self.looked_in.get(library.name, ())
            shown = ", ".join(places[:6]) + (", ..." if len(places) > 6 else "")
            raise NotFound(
                f"{program} needs {library.name}, which is not on this machine"
                f" (looked in {shown or 'no directory'})",
                hint=f"apt-file search {library.name}, or --add it",
            )


@dataclass(frozen=True, slots=True)
class _Loaded:
    """One loaded object; ``parent`` is the object that asked for it."""

    facts: ElfFacts
    guest: str
    parent: _Loaded | None

    def chain(self) -> Iterator[_Loaded]:
        """This object, then its loader, and so on to the program."""
        here: _Loaded | None = self
        while here is not None:
            yield here
            here = here.parent


def find_closure(
    view: RootView, facts: ElfFacts, guest: str, env: Mapping[str, str], read: FactsReader
) -> Closure:
    """Everything ``facts`` (found at the canonical path ``guest``) needs to be loaded.

    Raises NotFound where the interpreter is missing; missing libraries are part of the answer.
    """
    if facts.interpreter is None:
        return Closure()
    interpreter = view.canonical(facts.interpreter)
    if interpreter is None or not view.is_file(interpreter):
        raise NotFound(
            f"{facts.path} needs the interpreter {facts.interpreter}, which is not on this machine",
            hint=f"apt-file search {facts.interpreter}, or --add it",
        )
    return _Search(view, facts, guest, env, read, interpreter).run()


class _Search:
    """One breadth-first search, in the order in which the loader loads."""

    def __init__(
        self,
        view: RootView,
        facts: ElfFacts,
        guest: str,
        env: Mapping[str, str],
        read: FactsReader,
        interpreter: str,
    ) -> None:
        assert facts.interpreter is not None
        self.view, self.read = view, read
        self.machine = facts.machine
        self.program = _Loaded(facts, guest, None)
        self.musl = posixpath.basename(facts.interpreter).startswith("ld-musl-")
        self.interpreter = interpreter
        self.env_path = tuple(p for p in re.split("[:;]", env.get("LD_LIBRARY_PATH", "")) if p)
        self.preload = tuple(p for p in re.split("[: ]", env.get("LD_PRELOAD", "")) if p)
        self.files: dict[str, None] = {facts.interpreter: None}
        self.known: dict[str, Library] = {}
        self.looked_in: dict[str, tuple[str, ...]] = {}
        self.queue: deque[_Loaded] = deque((self.program,))
        self.cache: dict[str, tuple[str, ...]] = {}
        if self.musl:
            self.system = self._musl_path(facts.interpreter)
        else:
            self.cache = ldso_cache.parse(view.read(LDSO_CACHE) or b"", self.machine)
            self.system = self._compiled_in()
        self._know_interpreter(facts.interpreter)

    def run(self) -> Closure:
        """Load until nothing new is needed."""
        for name in self.preload:
            self._load(name, self.program, optional=True)
        while self.queue:
            loader = self.queue.popleft()
            for name in loader.facts.needed:
                self._load(name, loader)
            if not self.queue and not self.musl:
                for name in _OPENED_BY_GLIBC:
                    self._load(name, self.program, optional=True)
        libraries = tuple({id(entry): entry for entry in self.known.values()}.values())
        return Closure(
            self.program.facts.interpreter,
            libraries,
            tuple(self.files),
            self.looked_in,
            glibc=not self.musl,
        )

    def _know_interpreter(self, named: str) -> None:
        host = str(self.view.host(self.interpreter))
        entry = Library(posixpath.basename(named), named, host, str(self.program.facts.path))
        self.known[entry.name] = entry
        try:
            soname = self.read(Path(host)).soname
        except (BadElf, CannotRun):
            soname = None
        if soname:
            self.known[soname] = entry

    def _load(self, name: str, loader: _Loaded, *, optional: bool = False) -> None:
        if name in self.known or (self.musl and _MUSL_RESERVED.match(name)):
            return
        candidates = tuple(self._candidates(name, loader))
        found = False
        for guest in candidates:
            found = self._accept(name, guest, loader) or found
            if found and "/glibc-hwcaps/" not in guest:
                return
        if not found and not optional:
            self.looked_in[name] = tuple(dict.fromkeys(map(posixpath.dirname, candidates)))
            self.known[name] = Library(name, None, None, loader.guest)

    def _accept(self, name: str, guest: str, loader: _Loaded) -> bool:
        """Take the file for ``name`` if it is a library of this machine."""
        canonical = self.view.canonical(guest)
        if canonical is None or not self.view.is_file(canonical):
            return False
        try:
            facts = self.read(self.view.host(canonical))
        except (BadElf, CannotRun, NotFound):
            return False
        if facts.machine != self.machine:
            return False
        self.files[guest] = None
        entry = Library(name, guest, str(self.view.host(canonical)), loader.guest)
        if name not in self.known or "/glibc-hwcaps/" not in guest:
            self.known[name] = entry
            if facts.soname:
                self.known.setdefault(facts.soname, entry)
        self.queue.append(_Loaded(facts, canonical, loader))
        return True

    def _candidates(self, name: str, loader: _Loaded) -> Iterator[str]:
        if "/" in name:
            expanded = self._expand(name, loader)
            yield from expanded if name.startswith(("/", "$")) else (f"/{name}",)
            return
        if self.musl:
            yield from self._musl_candidates(name, loader)
            return
        yield from self._in(name, self._inherited_rpaths(loader))
        yield from self._in(name, self._expand_all(self.env_path, self.program))
        yield from self._in(name, self._expand_all(loader.facts.runpath, loader))
        yield from self.cache.get(name, ())
        yield from self._in(name, self.system)

    def _inherited_rpaths(self, loader: _Loaded) -> Iterator[str]:
        if loader.facts.runpath:
            return
        for link in loader.chain():
            if not link.facts.runpath:
                yield from self._expand_all(link.facts.rpath, link)

    def _musl_candidates(self, name: str, loader: _Loaded) -> Iterator[str]:
        for directory in self.env_path:
            yield f"{directory}/{name}"
        for link in loader.chain():
            paths = link.facts.runpath or link.facts.rpath
            for directory in self._expand_all(paths, link):
                yield f"{directory}/{name}"
        for directory in self.system:
            yield f"{directory}/{name}"

    def _in(self, name: str, directories: Iterable[str]) -> Iterator[str]:
        for directory in directories:
            for level in _HWCAPS.get(self.machine, ()):
                variant = f"{directory}/glibc-hwcaps/{level}/{name}"
                if self.view.canonical(variant):
                    yield variant
            yield f"{directory}/{name}"

    def _expand_all(self, paths: Iterable[str], loader: _Loaded) -> Iterator[str]:
        for path in paths:
            yield from self._expand(path, loader)

    def _expand(self, path: str, loader: _Loaded) -> tuple[str, ...]:
        """A run path with its tokens replaced (ld.so(8), "Dynamic string tokens")."""
        values = {
            "ORIGIN": posixpath.dirname(loader.guest),
            "LIB": f"lib/{_TRIPLETS.get(self.machine, '')}",
            "PLATFORM": self.machine,
        }
        text = _TOKEN.sub(lambda match: values.get(match[1] or match[2], match[0]), path)
        return (posixpath.normpath(text),) if text.startswith("/") else ()

    def _compiled_in(self) -> tuple[str, ...]:
        """The directories that stand as strings in this very ld.so."""
        triplet = _TRIPLETS.get(self.machine, "")
        tried = (f"/lib/{triplet}", f"/usr/lib/{triplet}", *_PLAIN_DIRECTORIES)
        binary = self.view.read(self.interpreter) or b""
        found = tuple(path for path in tried if f"{path}/".encode() + b"\0" in binary)
        return found or tried

    def _musl_path(self, interpreter: str) -> tuple[str, ...]:
        arch = posixpath.basename(interpreter).removeprefix("ld-musl-").split(".")[0]
        raw = self.view.read(f"/etc/ld-musl-{arch}.path")
        text = raw.decode(errors="surrogateescape") if raw is not None else _MUSL_DEFAULT
        return tuple(part for part in re.split("[:\n]", text.strip()) if part)
