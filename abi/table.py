# SPDX-License-Identifier: BSD-3-Clause
"""The only reader of syscalls.tbl, types.tbl, errnos.tbl, coverage/*.rules and linux/errno.h.

The files' own heads say what their columns mean; ``coverage/README.md`` has the grammar of rules.
Whatever breaks a promise made there is a :class:`TableError`, with file and line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from functools import cache
from pathlib import Path

ABI = Path(__file__).resolve().parent
MAX_ARGUMENTS = 6


class TableError(ValueError):
    """A file of abi/ says something it must not. The text begins with FILE:LINE."""

    def __init__(self, path: Path, line: int, what: str) -> None:
        super().__init__(f"{path.name}:{line}: {what}")


class Machine(StrEnum):
    """An instruction set, by the name of its column."""

    X86_64 = "x86_64"
    AARCH64 = "aarch64"


class Support(Enum):
    """How far a call is there; the value is the table's word and, by position, the kernel's."""

    ABSENT = "absent"
    FULL = "full"
    PARTIAL = "partial"
    IGNORED = "ignored"
    DENIED = "denied"


class Direction(StrEnum):
    """Which way the bytes behind a pointer go; ``in`` is from the program."""

    IN = "in"
    OUT = "out"
    INOUT = "inout"


class TypeKind(StrEnum):
    """The four kinds of line in types.tbl."""

    SCALAR = "scalar"
    FLAGS = "flags"
    ENUM = "enum"
    STRUCT = "struct"


@dataclass(frozen=True, slots=True)
class ArgumentType:
    """One line of types.tbl.

    ``trace`` is the tracer format in lower case. ``constants`` are names or PREFIX* patterns out of
    ``header``; ``mask`` the constant under which stands one value and not bits ("0": none).
    ``layout`` is the C struct of a STRUCT kind, empty where we have none.
    """

    name: str
    kind: TypeKind
    c_type: str
    trace: str
    header: str = ""
    mask: str = "0"
    constants: tuple[str, ...] = ()
    layout: str = ""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call; ``direction`` is None for what is not a struct pointer."""

    name: str
    type: ArgumentType
    direction: Direction | None = None

    @property
    def spelling(self) -> str:
        """As the table writes it, without the name."""
        return self.type.name if self.direction is None else f"{self.type.name}* {self.direction}"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of syscalls.tbl. ``errno`` is set for DENIED only; ``page`` is None for ``-``."""

    name: str
    x86_64: int | None
    aarch64: int | None
    feature: str
    support: Support
    errno: str
    frame: bool
    handler: str
    page: str | None
    arguments: tuple[Argument, ...]
    family: str
    line: int

    def number(self, machine: Machine) -> int | None:
        """The call number on `machine`, None where it does not have the call."""
        return self.x86_64 if machine is Machine.X86_64 else self.aarch64

    @property
    def support_word(self) -> str:
        """The support column as written: ``full``, ``denied:EPERM`` ..."""
        return f"denied:{self.errno}" if self.errno else self.support.value

    @property
    def source(self) -> str:
        """The stem of the handler's file in kernel/syscalls/: the page, or the call itself."""
        return self.page or self.handler

    @property
    def has_handler(self) -> bool:
        return self.support in (Support.FULL, Support.PARTIAL, Support.IGNORED)


class Verb(StrEnum):
    """What a coverage rule says of a value."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    IGNORE = "ignore"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a rules file.

    ``argument`` is empty for notes and for ``refuse when``; then ``text`` says it all. ``values``
    are constants, PREFIX* patterns, numbers, or ``*`` for all that no other rule names.
    """

    verb: Verb
    argument: str
    values: tuple[str, ...]
    errno: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Errors:
    """What a full row answers when it refuses; ``succeeds`` is False for those that never do."""

    errnos: tuple[str, ...]
    succeeds: bool


@dataclass(frozen=True, slots=True)
class Table:
    """Everything, checked. Rows are in the file's order; ``errors`` has every full row by name."""

    rows: tuple[Row, ...]
    types: Mapping[str, ArgumentType]
    rules: Mapping[str, tuple[Rule, ...]]
    errors: Mapping[str, Errors]
    errnos: Mapping[str, int]
    _by_number: Mapping[tuple[Machine, int], Row] = field(repr=False)
    _by_name: Mapping[tuple[Machine, str], Row] = field(repr=False)

    def by_number(self, machine: Machine, number: int) -> Row | None:
        return self._by_number.get((machine, number))

    def by_name(self, machine: Machine, name: str) -> Row | None:
        return self._by_name.get((machine, name))

    def of_machine(self, machine: Machine) -> list[Row]:
        """The rows `machine` has, by number."""
        rows = [row for (owner, _), row in self._by_number.items() if owner is machine]
        return sorted(rows, key=lambda row: row.number(machine) or 0)

    def features(self) -> dict[str, list[Row]]:
        """Feature -> its rows, in the file's order."""
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(row.feature, []).append(row)
        return found


# --- linux/*.h ---


def constants_of(path: Path) -> dict[str, str]:
    """The object-like macros of a header of ours: name -> text of the value."""
    found: dict[str, str] = {}
    for line in path.read_text().splitlines():
        macro = re.match(r"#define (\w+) +(.+?)\s*(?:/\*.*)?$", line)
        if macro:
            found.setdefault(macro[1], macro[2])
    return found


def is_plain(value: str) -> bool:
    """The text of a macro is a number, or one shifted, and not another name's alias."""
    return not re.search(r"[A-Za-z_]\w*", re.sub(r"\b0x[0-9a-fA-F]+[UL]*|\b\d+[UL]*", "", value))


def read_errnos(path: Path) -> dict[str, int]:
    """linux/errno.h: every errno a program can see, aliases included."""
    macros = constants_of(path)
    found: dict[str, int] = {}
    for name, value in macros.items():
        number = int(macros.get(value, value), 0)
        if name.startswith("E") and number < 512:
            found[name] = number
    return found


def expand(patterns: tuple[str, ...], macros: Mapping[str, str]) -> list[str]:
    """Constants that the patterns name; PREFIX* takes the plain ones in the header's order."""
    found: list[str] = []
    for pattern in patterns:
        if pattern.endswith("*"):
            found += [n for n, v in macros.items() if n.startswith(pattern[:-1]) and is_plain(v)]
        elif pattern in macros:
            found.append(pattern)
    return list(dict.fromkeys(found))


# --- types.tbl ---


def _lines(path: Path) -> Iterator[tuple[int, str, str]]:
    """(number, text, last comment) of each line with content; indented lines join the one above."""
    joined: list[tuple[int, str, str]] = []
    comment = ""
    for number, text in enumerate(path.read_text().splitlines(), 1):
        if text.startswith("#"):
            comment = text.lstrip("# ").strip()
        elif text.startswith(" ") and joined:
            first, above, family = joined[-1]
            joined[-1] = (first, f"{above} {text.strip()}", family)
        elif text.strip():
            joined.append((number, text.rstrip(), comment))
    return iter(joined)


def read_types(path: Path, headers: Path) -> dict[str, ArgumentType]:
    """types.tbl; struct names and scalar names are kept apart by a trailing ``*``."""
    types: dict[str, ArgumentType] = {}
    for number, text, _ in _lines(path):
        found = _type_line(path, number, text)
        key = f"{found.name}*" if found.kind is TypeKind.STRUCT else found.name
        if key in types:
            raise TableError(path, number, f"type {found.name} is defined twice")
        _check_header(path, number, found, headers)
        types[key] = found
    return types


def _type_line(path: Path, number: int, text: str) -> ArgumentType:
    words = text.split()
    match words:
        case ["scalar", name, *c_type, trace] if c_type:
            return ArgumentType(name, TypeKind.SCALAR, " ".join(c_type), trace)
        case ["flags", name, c_type, header, mask, *names] if names:
            return ArgumentType(name, TypeKind.FLAGS, c_type, "flags", header, mask, tuple(names))
        case ["enum", name, c_type, header, *names] if names:
            kind = TypeKind.ENUM
            return ArgumentType(name, kind, c_type, "enum", header, constants=tuple(names))
        case ["struct", name, header, layout]:
            header, layout = header.replace("-", ""), layout.replace("-", "")
            pointer = "struct user_ptr"
            return ArgumentType(name, TypeKind.STRUCT, pointer, "struct", header, layout=layout)
    raise TableError(path, number, f"not a type: {text!r} (the file's head has the four forms)")


def _check_header(path: Path, number: int, found: ArgumentType, headers: Path) -> None:
    if not found.header:
        return
    header = headers / found.header
    if not header.is_file():
        raise TableError(path, number, f"type {found.name}: no linux/{found.header}")
    macros = constants_of(header)
    for name in (*found.constants, found.mask):
        if name != "0" and not expand((name,), macros):
            raise TableError(path, number, f"type {found.name}: {name} is not in {found.header}")
    if found.layout and not re.search(rf"\b{found.layout}\b", header.read_text()):
        raise TableError(path, number, f"no {found.layout} in linux/{found.header}")


# --- syscalls.tbl ---

ARGUMENT = re.compile(r"(?:(?P<struct>\w+\*) (?P<way>in|out|inout)|(?P<scalar>\w+)) (?P<name>\w+)")


class _RowReader:
    """Turns lines of syscalls.tbl into rows; knows the file's name for errors."""

    def __init__(
        self, path: Path, types: Mapping[str, ArgumentType], errnos: Mapping[str, int]
    ) -> None:
        self.path, self.types, self.errnos = path, types, errnos

    def row(self, line: int, text: str, family: str) -> Row:
        columns = re.split(r"\s+", text, maxsplit=7)
        if len(columns) != 8:
            raise TableError(self.path, line, f"{len(columns)} columns, expected 8: {text!r}")
        name, x86_64, aarch64, feature, support, entry, page, arguments = columns
        if not re.fullmatch(r"[a-z_]\w*", name):
            raise TableError(self.path, line, f"{name!r} is not a name of a call")
        if not re.fullmatch(r"[a-z]+(-[a-z]+)*", feature):
            raise TableError(self.path, line, f"{name}: {feature!r} is not a feature's name")
        level, errno = self._support(line, name, support)
        frame, handler = self._entry(line, name, entry)
        found = Row(
            name=name,
            x86_64=self._number(line, name, x86_64),
            aarch64=self._number(line, name, aarch64),
            feature=feature,
            support=level,
            errno=errno,
            frame=frame,
            handler=handler,
            page=None if page == "-" else page,
            arguments=self._arguments(line, name, arguments),
            family=family,
            line=line,
        )
        if found.x86_64 is None and found.aarch64 is None:
            raise TableError(self.path, line, f"{name} has no number on any machine")
        if len(found.arguments) + frame > MAX_ARGUMENTS:
            raise TableError(self.path, line, f"{name} takes more than {MAX_ARGUMENTS} registers")
        return found

    def _number(self, line: int, name: str, word: str) -> int | None:
        if word == "-":
            return None
        if not word.isdecimal():
            raise TableError(self.path, line, f"{name}: {word!r} is neither a number nor -")
        return int(word)

    def _support(self, line: int, name: str, word: str) -> tuple[Support, str]:
        level, _, errno = word.partition(":")
        try:
            support = Support(level)
        except ValueError:
            words = " ".join(s.value for s in Support)
            raise TableError(
                self.path, line, f"{name}: support {word!r} is none of {words}"
            ) from None
        if (support is Support.DENIED) != bool(errno):
            raise TableError(self.path, line, f"{name}: {word!r} (only denied takes an errno)")
        if errno and errno not in self.errnos:
            raise TableError(self.path, line, f"{name}: {errno} is not in linux/errno.h")
        return support, errno

    def _entry(self, line: int, name: str, column: str) -> tuple[bool, str]:
        frame, handler = False, name
        for word in () if column == "-" else column.split(","):
            if word == "frame":
                frame = True
            elif word.startswith("handler="):
                handler = word.removeprefix("handler=")
            else:
                raise TableError(self.path, line, f"{name}: {word!r} is not frame or handler=X")
        return frame, handler

    def _arguments(self, line: int, name: str, column: str) -> tuple[Argument, ...]:
        if column == "void":
            return ()
        found: list[Argument] = []
        for text in column.split(", "):
            part = ARGUMENT.fullmatch(text)
            if part is None:
                raise TableError(
                    self.path, line, f"{name}: {text!r} is not TYPE NAME or STRUCT* in|out NAME"
                )
            key = part["struct"] or part["scalar"]
            if key not in self.types:
                raise TableError(self.path, line, f"{name}: type {key} is not in types.tbl")
            if part["name"] in {argument.name for argument in found}:
                raise TableError(self.path, line, f"{name}: two arguments named {part['name']}")
            way = Direction(part["way"]) if part["way"] else None
            found.append(Argument(part["name"], self.types[key], way))
        return tuple(found)


def _index(path: Path, rows: list[Row]) -> dict[tuple[Machine, int], Row]:
    """Rows by number; a number or a name used twice on a machine is an error."""
    numbers: dict[tuple[Machine, int], Row] = {}
    names: set[tuple[Machine, str]] = set()
    for row in rows:
        for machine in Machine:
            number = row.number(machine)
            if number is None:
                continue
            if (machine, number) in numbers:
                other = numbers[machine, number].name
                raise TableError(
                    path, row.line, f"{row.name}: {machine} number {number} is {other}'s"
                )
            if (machine, row.name) in names:
                raise TableError(path, row.line, f"{row.name} is there twice for {machine}")
            numbers[machine, number] = row
            names.add((machine, row.name))
    return numbers


def _check_pages(path: Path, rows: list[Row]) -> None:
    """Handlers of one page share a source file, so they must come and go together."""
    owner: dict[str, Row] = {}
    for row in rows:
        first = owner.setdefault(row.page, row) if row.page else row
        if first.feature != row.feature:
            raise TableError(
                path,
                row.line,
                f"{row.name} is in feature {row.feature}, but {first.name} of the same page "
                f"{row.page} in {first.feature}",
            )


# --- coverage/*.rules ---

RULE = re.compile(
    r"(?P<verb>accept|refuse|ignore) (?P<argument>\w+): (?P<values>\S+)"
    r"(?: -> (?P<errno>E\w+))?(?:  +(?P<text>.+))?"
)
REFUSE_WHEN = re.compile(r"refuse when (?P<when>.+?) -> (?P<errno>E\w+)(?:  +(?P<text>.+))?")


def read_rules(path: Path, row: Row, abi: Path, errnos: Mapping[str, int]) -> tuple[Rule, ...]:
    """The rules of one row, checked against its arguments, our headers and the errno list."""
    rules: list[Rule] = []
    for line, text, _ in _lines(path):
        rule = _rule(path, line, text)
        _check_rule(path, rule, row, abi, errnos)
        rules.append(rule)
    if not rules:
        raise TableError(path, 1, "no rule")
    return tuple(rules)


def _rule(path: Path, line: int, text: str) -> Rule:
    if text.startswith("note: "):
        return Rule(Verb.NOTE, "", (), "", text.removeprefix("note: ").strip(), line)
    when = REFUSE_WHEN.fullmatch(text)
    if when:
        why = f": {when['text']}" if when["text"] else ""
        return Rule(Verb.REFUSE, "", (), when["errno"], when["when"] + why, line)
    found = RULE.fullmatch(text)
    if found is None:
        raise TableError(path, line, f"not a rule: {text!r} (see coverage/README.md)")
    verb = Verb(found["verb"])
    if (verb is Verb.REFUSE) != bool(found["errno"]):
        raise TableError(path, line, f"{text!r}: refuse, and only refuse, says -> ERRNO")
    if verb is Verb.IGNORE and not found["text"]:
        raise TableError(path, line, "ignore must say, after two spaces, why no effect is right")
    values = tuple(found["values"].split("|"))
    return Rule(verb, found["argument"], values, found["errno"] or "", found["text"] or "", line)


def _check_rule(path: Path, rule: Rule, row: Row, abi: Path, errnos: Mapping[str, int]) -> None:
    if rule.errno and rule.errno not in errnos:
        raise TableError(path, rule.line, f"{rule.errno} is not in linux/errno.h")
    if rule.argument and rule.argument not in {argument.name for argument in row.arguments}:
        names = ", ".join(argument.name for argument in row.arguments)
        raise TableError(path, rule.line, f"{row.name} has no argument {rule.argument} ({names})")
    known = _all_constants(abi)
    for value in rule.values:
        prefix = value.removesuffix("*")
        is_name = value in known or (value != prefix and any(n.startswith(prefix) for n in known))
        if value != "*" and not is_name and not re.fullmatch(r"-?\d+|0x[0-9a-f]+", value):
            raise TableError(path, rule.line, f"{value} is not in linux/*.h and not a number")


@cache
def _all_constants(abi: Path) -> frozenset[str]:
    headers = sorted((abi / "linux").glob("*.h"))
    return frozenset(name for header in headers for name in constants_of(header))


def _read_coverage(
    abi: Path, path: Path, rows: list[Row], errnos: Mapping[str, int]
) -> dict[str, tuple[Rule, ...]]:
    """Every partial or ignored row has a file, and no other row has one."""
    files = {file.stem: file for file in sorted((abi / "coverage").glob("*.rules"))}
    rules: dict[str, tuple[Rule, ...]] = {}
    for row in rows:
        file = files.get(row.name)
        if row.support in (Support.PARTIAL, Support.IGNORED):
            if file is None:
                raise TableError(
                    path, row.line, f"{row.name} is {row.support.value} without a rules file"
                )
            rules[row.name] = read_rules(file, row, abi, errnos)
        elif file is not None:
            word = row.support_word
            raise TableError(file, 1, f"{row.name} is {word} and must not have a rules file")
    names = {row.name for row in rows}
    for name, file in files.items():
        if name not in names:
            raise TableError(file, 1, f"{name} is not in syscalls.tbl")
    return rules


# --- errnos.tbl ---


def _read_errors(
    path: Path, table: Path, rows: list[Row], errnos: Mapping[str, int]
) -> dict[str, Errors]:
    """Every full row has a line, and no other row has one."""
    found: dict[str, Errors] = {}
    full = {row.name: row.line for row in rows if row.support is Support.FULL}
    for line, text, _ in _lines(path):
        name, *words = text.split()
        if name in found:
            raise TableError(path, line, f"{name} is there twice")
        if name not in full:
            raise TableError(path, line, f"{name} is not a full row of {table.name}")
        succeeds = words[:1] != ["never"]
        named = words if succeeds else words[1:]
        for word in named:
            if word not in errnos:
                raise TableError(path, line, f"{name}: {word} is not in linux/errno.h")
        if named != sorted(set(named)):
            raise TableError(path, line, f"{name}: the errors are not in order, each once")
        found[name] = Errors(tuple(named), succeeds)
    for name, line in full.items():
        if name not in found:
            raise TableError(table, line, f"{name} is full without a line in {path.name}")
    return found


# --- the whole ---


def read_table(abi: Path = ABI) -> Table:
    """Read and check everything under `abi`. Raises TableError at the first thing wrong."""
    path = abi / "syscalls.tbl"
    errnos = read_errnos(abi / "linux" / "errno.h")
    types = read_types(abi / "types.tbl", abi / "linux")
    reader = _RowReader(path, types, errnos)
    rows = [reader.row(*line) for line in _lines(path)]
    numbers = _index(path, rows)
    _check_pages(path, rows)
    return Table(
        rows=tuple(rows),
        types=types,
        rules=_read_coverage(abi, path, rows, errnos),
        errors=_read_errors(abi / "errnos.tbl", path, rows, errnos),
        errnos=errnos,
        _by_number=numbers,
        _by_name={(machine, row.name): row for (machine, _), row in numbers.items()},
    )


@cache
def load() -> Table:
    """The table that ships with this checkout or wheel, read once."""
    return read_table(ABI)
