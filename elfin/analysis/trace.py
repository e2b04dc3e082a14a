# SPDX-License-Identifier: BSD-3-Clause
"""Which code of a dynamic program can run at all, from its entry, across its libraries.

Walked over are the program and every library but libc and loader (those are entered by name: see
judge.py). From a function lead: direct calls and jumps, addresses it takes, and the dynamic symbols
it reaches through the PLT or reads from the GOT. Reachable from the start are the program's entry,
every function that stands in data (constructors, tables, vtables), and what another file may
replace or look up by name (dlsym with a name that stands among the constants).

A file that is too large for that, or whose machine's addresses are not followed here (aarch64 makes
them of two instructions), is taken whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from elfin.analysis.decode import MACHINES, outline
from elfin.analysis.graph import Graph, Reached
from elfin.model.code import CodeFile

_FOLLOWED_BYTES = 24 << 20  # of text: a second for each two MiB
_STUB_BYTES = 16  # of a PLT entry
_LOADER_WORDS = (".got", ".plt")  # sections whose words only code reads
_LOOKUPS = frozenset(("dlsym", "dlvsym"))
WRAPPER = "syscall"


class Trace:
    """The walk. ``needed`` are the dynamic symbols that reachable code uses."""

    def __init__(self, codes: Sequence[CodeFile], libc_names: frozenset[str]) -> None:
        """``codes``: the program first. ``libc_names`` is all that libc and loader import or
        export."""
        self.needed: set[str] = set()
        self._codes = codes
        self._graphs = [Graph(code) for code in codes]
        self._visited: list[set[int]] = [set() for _ in codes]
        self._whole = [not _is_followed(code) for code in codes]
        self._exporter: dict[str, list[tuple[int, int]]] = {}
        self._todo: list[tuple[int, int]] = []
        self._wrapper_stubs: list[set[int]] = [set() for _ in codes]
        self._taken_wrapper = False
        self._plts = [
            [(s.address, s.address + s.size) for s in code.sections if s.name.startswith(".plt")]
            for code in codes
        ]
        for index, code in enumerate(codes):
            for name, address in code.exports.items():
                self._exporter.setdefault(name, []).append((index, address))
        for index in range(len(codes)):
            self._start(index, libc_names)
        self._walk()

    def reached(self, index: int) -> Iterator[Reached]:
        """The call sites of one file that can be reached."""
        code, graph = self._codes[index], self._graphs[index]
        if self._whole[index]:
            for site in graph.real_sites():
                for number in site.numbers or (None,):
                    known = number if isinstance(number, int) else None
                    yield Reached(known, site.address, code.path.name)
            return
        yield from graph.numbers_in(self._visited[index], code.path.name)
        for start in sorted(self._visited[index]):
            if self._wrapper_stubs[index] & graph.outline(start).targets:
                yield from self._wrapped(index, start)

    def _wrapped(self, index: int, start: int) -> Iterator[Reached]:
        """Calls of libc's syscall(): the number is its first argument."""
        register = MACHINES[self._codes[index].machine].arguments[0]
        name = self._codes[index].path.name
        for call in self._graphs[index].function(start).calls:
            if call.target in self._wrapper_stubs[index]:
                for value in call.arguments.get(register) or (None,):
                    known = value if isinstance(value, int) else None
                    yield Reached(known, call.target, f"syscall() in {name}")

    @property
    def wrapper_is_followed(self) -> bool:
        """Whether every use of libc's syscall() is a call that `reached` has looked at."""
        users = [c.imports for c, whole in zip(self._codes, self._whole, strict=True) if whole]
        return not self._taken_wrapper and not any(WRAPPER in imports for imports in users)

    def _start(self, index: int, libc_names: frozenset[str]) -> None:
        code = self._codes[index]
        if self._whole[index]:
            for name in code.imports:
                self._need(name)
            return
        self._push(index, code.entry if index == 0 else 0)
        for addresses in code.pointers.values():
            for address in addresses:
                self._push(index, address)
        sections = {section.name: section for section in code.sections}
        for name in (".init", ".fini"):
            if name in sections:
                self._push(index, sections[name].address)
        loaders = [s for s in code.sections if s.name.startswith(_LOADER_WORDS)]
        for place, name in code.slots.items():
            if not any(s.address <= place < s.address + s.size for s in loaders):
                self._need(name)
        if _opened_by_name(code):
            for name in code.exports:
                self._need(name)
        for name in code.exports:
            if name in libc_names:
                self._need(name)

    def _walk(self) -> None:
        while True:
            while self._todo:
                self._visit(*self._todo.pop())
            if not self._needed_by_lookup():
                return

    def _needed_by_lookup(self) -> bool:
        """Names that dlsym may be asked for; True when there were new ones."""
        if not self.needed & _LOOKUPS:
            return False
        words = {word for code in self._codes for word in code.words}
        fresh = {word for word in words & self._exporter.keys() if word not in self.needed}
        for word in fresh:
            self._need(word)
        self.needed |= words
        return bool(fresh)

    def _visit(self, index: int, start: int) -> None:
        code, graph = self._codes[index], self._graphs[index]
        for target in graph.successors(start):
            self._push(index, target)
        found = graph.outline(start)
        taken = {code.slots[place] for place in found.data if place in code.slots}
        behind = (self._import_behind(index, address) for address in found.references)
        for name in taken.union(filter(None, behind)):
            self._taken_wrapper |= name == WRAPPER
            self._need(name)
        for target in found.targets:
            called = self._import_behind(index, target)
            if called is not None:
                self._need(called)
                if called == WRAPPER:
                    self._wrapper_stubs[index].add(target)

    def _import_behind(self, index: int, address: int) -> str | None:
        """The dynamic symbol that a PLT entry jumps to."""
        if not self._in_plt(index, address):
            return None
        code = self._codes[index]
        for text in code.texts:
            if text.address <= address < text.end:
                stub = text.content[address - text.address :][:_STUB_BYTES]
                places = outline(MACHINES[code.machine], address, stub).data
                return next((code.slots[place] for place in places if place in code.slots), None)
        return None

    def _in_plt(self, index: int, address: int) -> bool:
        return any(start <= address < end for start, end in self._plts[index])

    def _need(self, name: str) -> None:
        if name in self.needed:
            return
        self.needed.add(name)
        for index, address in self._exporter.get(name, ()):
            if not self._whole[index]:
                self._push(index, address)

    def _push(self, index: int, address: int) -> None:
        start = self._graphs[index].containing(address)
        if start is None or self._in_plt(index, address):
            return
        if start not in self._visited[index]:
            self._visited[index].add(start)
            self._todo.append((index, start))


def _is_followed(code: CodeFile) -> bool:
    size = sum(len(text.content) for text in code.texts)
    return code.machine == "x86_64" and size <= _FOLLOWED_BYTES


def _opened_by_name(code: CodeFile) -> bool:
    """Libraries that glibc itself opens while the program runs."""
    return (code.soname or "").startswith(("libgcc_s.", "libnss_"))
