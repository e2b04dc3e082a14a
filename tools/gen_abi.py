# SPDX-License-Identifier: BSD-3-Clause
"""Write what is generated from abi/: C for one kernel, the compatibility page, aligned tables.

    gen_abi.py --arch x86_64 --config .config -o DIR    abi_numbers.h abi_handlers.h abi_dispatch.c
                                                        abi_trace.c
    gen_abi.py --docs docs/reference/calls.md [--check]
    gen_abi.py --format [--check]

The forms of the tables are abi/dispatch.h and abi/trace.h; this writes data for them. A file whose
text would not change is left alone, so that nothing is compiled again.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from abi.table import (  # noqa: E402
    ABI,
    Argument,
    ArgumentType,
    Direction,
    Machine,
    Row,
    Support,
    Table,
    TableError,
    TypeKind,
    load,
)
from tools.abi_page import page, symbol_of  # noqa: E402

HEAD = (
    "/* SPDX-License-Identifier: BSD-3-Clause */\n"
    "/* Written by tools/gen_abi.py from the tables in abi/; do not edit. */\n"
)
# Tracer data. Element counts stand right beside the pointer they belong to, for these pointers.
COUNTED = {"buf", "out_buf", "iovec", "pollfd", "epoll_event", "gid"}
COUNTS = {"size", "int", "uint"}
COUNTED_CAPTURES = {"TEXT_IN", "ELEMENTS", "VECTOR_IN", "VECTOR_OUT"}
SIZED_CAPTURES = {"ELEMENTS", "MAYBE"}
CAPTURES = {
    "string": ("STRING", Direction.IN),
    "buffer_in": ("TEXT_IN", Direction.IN),
    "buffer_out": ("TEXT_OUT", Direction.OUT),
}
AT_LEAST = {"int": 2, "timespec": 2, "timeval": 2}  # pipe, utimes: arrays that nothing counts
PLAIN_BYTES = {
    "addr": 8,
    "int": 4,
    "uint": 4,
    "uid": 4,
    "gid": 4,
    "long": 8,
    "u64": 8,
    "off": 8,
    "size": 8,
}
UNKNOWN_BYTES = 128
BY_COMMAND = {"ioctl", "fcntl", "prctl"}  # the command says what the argument is
REGISTER_TYPES = {"int", "u32", "long", "u64", "s64", "struct user_ptr"}


@dataclass
class Names:
    """A blob of NUL-terminated strings; offset 0 is the empty one."""

    offsets: dict[str, int] = field(default_factory=lambda: {"": 0})
    size: int = 1

    def add(self, name: str) -> int:
        if name not in self.offsets:
            self.offsets[name] = self.size
            self.size += len(name) + 1
        if self.size > 0xFFFF:
            raise ValueError("more names than 16 bits can point to")
        return self.offsets[name]

    def define(self, symbol: str) -> str:
        lines = "".join(f'    "{name}\\0"\n' for name in self.offsets)
        return f"const char {symbol}[] =\n{lines};\n"


@dataclass(frozen=True)
class Kernel:
    """One kernel to generate for: the machine, what its .config selects, the table."""

    machine: Machine
    config: Mapping[str, bool]
    table: Table

    def selected(self, row: Row) -> bool:
        return self.config.get(symbol_of(row.feature), False)

    @property
    def traced(self) -> bool:
        return self.config.get("CONFIG_TRACE", False)

    def rows(self) -> list[Row]:
        return self.table.of_machine(self.machine)

    def handled(self) -> list[Row]:
        return [row for row in self.rows() if row.has_handler and self.selected(row)]


def read_config(path: Path) -> dict[str, bool]:
    """Symbols of a .config (key=value lines) that are y or not."""
    found: dict[str, bool] = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        key, equals, value = text.partition("=")
        if not equals or not re.fullmatch(r"CONFIG_\w+", key):
            raise TableError(path, number, f"not CONFIG_SYMBOL=value: {text!r}")
        found[key] = value == "y"
    return found


# --- headers ---


def numbers_header(kernel: Kernel) -> str:
    """#define SYS_name number, for every call of the machine."""
    rows = kernel.rows()
    width = max(len(row.name) for row in rows) + 4
    lines = [f"#define {'SYS_' + r.name:<{width}} {r.number(kernel.machine)}" for r in rows]
    return HEAD + "#pragma once\n\n" + "\n".join(lines) + "\n"


def prototype(row: Row) -> str:
    """long sys_dup3(int oldfd, int newfd, int flags)"""
    parts = ["struct trap_frame *frame"] if row.frame else []
    for argument in row.arguments:
        if argument.type.c_type not in REGISTER_TYPES:
            raise ValueError(f"{row.name}: {argument.type.c_type} is not a register's type")
        parts.append(f"{argument.type.c_type} {argument.name}")
    return f"long sys_{row.handler}({', '.join(parts) or 'void'})"


def handlers_header(kernel: Kernel) -> str:
    """Prototypes of every handler the table knows on this machine, selected or not."""
    text = HEAD + '#pragma once\n\n#include "lib/types.h"\n#include "memory/user_memory.h"\n\n'
    text += "struct trap_frame;\n"
    family = ""
    for row in kernel.table.rows:
        if row.number(kernel.machine) is None:
            continue
        if row.family != family:
            family = row.family
            text += f"\n/* {family} */\n"
        text += prototype(row) + ";\n"
    return text


# --- dispatch ---


def dispatch_source(kernel: Kernel, traced: TraceData, allow_missing: bool) -> str:
    """One table indexed by call number."""
    rows, names = kernel.rows(), Names()
    entries = []
    for row in rows:
        number = row.number(kernel.machine)
        entries.append(f"    [{number}] = {{{_row_fields(kernel, row, names, traced)}}},\n")
    count = max(row.number(kernel.machine) or 0 for row in rows) + 1
    used = {row.number(kernel.machine) for row in rows}
    gaps = [f"    [{a} ... {b}] = {{.answer = -ENOSYS}},\n" for a, b in _gaps(used, count)]
    weak = "".join(
        f"__attribute__((weak)) {prototype(row)};\n" for row in kernel.handled() if allow_missing
    )
    return (
        HEAD
        + '#include "abi/dispatch.h"\n\n#include "abi/linux/errno.h"\n#include "abi_handlers.h"\n\n'
        + (weak and "/* --allow-missing: handlers not written yet are NULL and answer ENOSYS. */\n")
        + (weak and weak + "\n")
        + "/* Through void (*)(void): the cast that no compiler takes for a mistake. */\n"
        + "#define HANDLER(name) ((syscall_handler *)(void (*)(void))sys_##name)\n\n"
        + "const struct syscall_row abi_rows[] = {\n"
        + "".join(entries)
        + "".join(gaps)
        + "};\n\n"
        + f"const uint32_t abi_row_count = {count};\n\n"
        + names.define("abi_names")
    )


def _row_fields(kernel: Kernel, row: Row, names: Names, traced: TraceData) -> str:
    flags = ["ABI_ROW_EXISTS"]
    fields = []
    if row.has_handler and kernel.selected(row):
        fields.append(f".handler = HANDLER({row.handler})")
        if not row.frame and row.support is not Support.IGNORED:
            flags.append("ABI_ROW_PLAIN")
    elif row.has_handler:
        flags.append("ABI_ROW_DISABLED")
    if row.frame:
        flags.append("ABI_ROW_FRAME")
    fields += [
        f".answer = -{row.errno or 'ENOSYS'}",
        f".name = {names.add(row.name)}",
        f".arguments = {traced.first_argument(row)}",
        f".argument_count = {len(row.arguments)}",
        f".support = ABI_{row.support.name}",
        f".flags = {' | '.join(flags)}",
    ]
    return ", ".join(fields)


def _gaps(used: set[int | None], count: int) -> Iterable[tuple[int, int]]:
    """Ranges of numbers below count that are not used."""
    start = None
    for number in range(count + 1):
        free = number < count and number not in used
        if free and start is None:
            start = number
        elif not free and start is not None:
            yield start, number - 1
            start = None


# --- tracer data ---


class TraceData:
    """What the tracer sends along of each argument; empty when the kernel does not trace."""

    def __init__(self, kernel: Kernel) -> None:
        self.arguments: list[str] = []
        self.headers: set[str] = set()
        self._first: dict[str, int] = {}
        if kernel.traced:
            for row in kernel.rows():
                self._add_row(row)

    def first_argument(self, row: Row) -> int:
        return self._first.get(row.name, 0)

    def _add_row(self, row: Row) -> None:
        self._first[row.name] = len(self.arguments)
        for position, argument in enumerate(row.arguments):
            kind, way = _capture(row, argument)
            count = AT_LEAST.get(argument.type.name, 1)
            length = _length(row.arguments, position) if kind in COUNTED_CAPTURES else None
            counted = "TRACE_NO_LENGTH" if length is None else str(length)
            size = self._size(argument.type) if kind in SIZED_CAPTURES else "0"
            fields = f"{size}, TRACE_{kind}, TRACE_{way.name}, {counted}, {count}"
            self.arguments.append(f"    {{{fields}}}, /* {row.name} {argument.name} */\n")

    def _size(self, kind: ArgumentType) -> str:
        """In bytes, of one element behind the pointer, as C."""
        if not kind.layout:
            return str(PLAIN_BYTES.get(kind.name, UNKNOWN_BYTES))
        self.headers.add(kind.header)
        text = (ABI / "linux" / kind.header).read_text()
        is_plain_name = re.search(rf"\btypedef\b[^;{{]*\b{kind.layout};", text)
        return f"sizeof({'' if is_plain_name else 'struct '}{kind.layout})"

    def source(self) -> str:
        includes = "".join(f'#include "abi/linux/{name}"\n' for name in sorted(self.headers))
        body = "".join(self.arguments) or "    {0},\n"
        return (
            f'{HEAD}#include "abi/trace.h"\n\n{includes}\n'
            f"const struct trace_argument abi_trace_arguments[] = {{\n{body}}};\n"
        )


def _capture(row: Row, argument: Argument) -> tuple[str, Direction]:
    """The TRACE_ kind and when: at entry, at the return, or both."""
    kind = argument.type
    if kind.name == "strv":
        return ("STRINGS" if argument.name == "argv" else "ADDRESSES"), Direction.IN
    if kind.trace in CAPTURES:
        return CAPTURES[kind.trace]
    if kind.kind is TypeKind.STRUCT and argument.direction is not None:
        if kind.name == "iovec":
            fills = row.name.startswith(("read", "preadv"))
            return ("VECTOR_OUT", Direction.OUT) if fills else ("VECTOR_IN", Direction.IN)
        if kind.name in ("dirent", "dirent64"):
            return "RESULT", Direction.OUT
        return "ELEMENTS", argument.direction
    if kind.name == "ptr" or (row.name in BY_COMMAND and kind.name == "ulong"):
        return "MAYBE", Direction.INOUT
    return "NOTHING", Direction.IN


def _length(arguments: tuple[Argument, ...], position: int) -> int | None:
    """The index of the argument that counts what arguments[position] points to."""
    if arguments[position].type.name not in COUNTED:
        return None
    for neighbour in (position + 1, position - 1):
        if 0 <= neighbour < len(arguments) and arguments[neighbour].type.name in COUNTS:
            return neighbour
    return None


# --- writing ---


def write(path: Path, text: str) -> None:
    """Write `text` unless the file already says it."""
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def check_or_write(path: Path, text: str, check: bool) -> int:
    """0, or 1 with a sentence when `check` finds the file stale."""
    if not check:
        write(path, text)
        return 0
    if path.exists() and path.read_text() == text:
        return 0
    print(f"{path}: stale; run make format", file=sys.stderr)
    return 1


def generate(kernel: Kernel, out: Path, allow_missing: bool) -> None:
    traced = TraceData(kernel)
    write(out / "abi_numbers.h", numbers_header(kernel))
    write(out / "abi_handlers.h", handlers_header(kernel))
    write(out / "abi_dispatch.c", dispatch_source(kernel, traced, allow_missing))
    write(out / "abi_trace.c", traced.source())


def aligned(text: str) -> str:
    """syscalls.tbl with its columns lined up; comments and empty lines as they are."""
    lines = text.splitlines()
    split = [re.split(r"\s+", line.rstrip(), maxsplit=7) for line in lines]
    is_row = [bool(line) and not line.startswith("#") for line in lines]
    rows = [columns for columns, row in zip(split, is_row, strict=True) if row]
    widths = [max(len(columns[i]) for columns in rows) for i in range(7)]

    def one(columns: list[str]) -> str:
        cells = [
            cell.rjust(width) if i in (1, 2) else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(columns[:7], widths, strict=True))
        ]
        return "  ".join([*cells, columns[7]])

    return "".join(
        (one(columns) if row else line.rstrip()) + "\n"
        for line, columns, row in zip(lines, split, is_row, strict=True)
    )


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--arch", choices=[m.value for m in Machine])
    parser.add_argument("--config", type=Path, help=".config of the kernel")
    parser.add_argument("-o", "--output", type=Path, help="directory for the C files")
    parser.add_argument("--allow-missing", action="store_true", help="tolerate missing handlers")
    parser.add_argument("--docs", type=Path, help="write the compatibility page")
    parser.add_argument("--format", action="store_true", help="align syscalls.tbl")
    parser.add_argument("--check", action="store_true", help="write nothing, fail when stale")
    given = parser.parse_args(argv)
    status = 0
    try:
        table = load()
        if given.format:
            path = ABI / "syscalls.tbl"
            status |= check_or_write(path, aligned(path.read_text()), given.check)
        if given.docs:
            status |= check_or_write(given.docs, page(table), given.check)
        if given.arch and given.config and given.output:
            kernel = Kernel(Machine(given.arch), read_config(given.config), table)
            generate(kernel, given.output, given.allow_missing)
        elif given.arch or given.output or not (given.docs or given.format):
            parser.error("--arch, --config and -o go together; or give --docs or --format")
    except TableError as error:
        print(f"gen_abi: {error}", file=sys.stderr)
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
