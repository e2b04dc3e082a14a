# SPDX-License-Identifier: BSD-3-Clause
"""The compatibility page (docs/reference/calls.md), drawn from the table and its rules."""

from __future__ import annotations

from collections import Counter

from abi.table import Machine, Row, Rule, Support, Table, Verb

HEAD = """<!-- SPDX-License-Identifier: BSD-3-Clause -->
<!-- Written by tools/gen_abi.py --docs from syscalls.tbl, errnos.tbl, coverage/; do not edit. -->
# System calls

What Elfin makes of every Linux system call of x86_64 and aarch64. A call that is not there answers
`ENOSYS`, is counted, and is named when the program ends; nothing succeeds silently. A call also
needs its feature in the kernel that runs (`CONFIG_FEATURE_...`): without it, it answers `ENOSYS`.

| support | means |
|---|---|
| full | what the man page says holds |
| partial | some of it holds; the exact boundary is written below the table |
| ignored | accepted, without effect; why that is right is written below the table |
| denied | always refused with this error, as Linux refuses it to an ordinary user |
| absent | answers `ENOSYS` |

Of a call that is full, the errors are named that a program can bring about; the guest tests provoke
each of them (`tests/guest/rows.py`). Lack of memory, disk or processes comes on top.

"""


def symbol_of(feature: str) -> str:
    """vfs-write -> CONFIG_FEATURE_VFS_WRITE"""
    return "CONFIG_FEATURE_" + feature.upper().replace("-", "_")


VERBS = {Verb.ACCEPT: "accepted", Verb.REFUSE: "refused", Verb.IGNORE: "accepted without effect"}


def page(table: Table) -> str:
    """The whole page."""
    families: dict[str, list[Row]] = {}
    for row in table.rows:
        families.setdefault(row.family, []).append(row)
    parts = [_family(name, rows, table) for name, rows in families.items()]
    return HEAD + _summary(table) + _features(table) + "".join(parts)


def _summary(table: Table) -> str:
    lines = ["| | " + " | ".join(s.value for s in Support) + " | all |\n", "|---|" + "--:|" * 6]
    for machine in Machine:
        rows = table.of_machine(machine)
        counts = Counter(row.support for row in rows)
        cells = " | ".join(str(counts[s]) for s in Support)
        lines.append(f"\n| {machine} | {cells} | {len(rows)} |")
    return "".join(lines) + "\n"


def _features(table: Table) -> str:
    text = "\n## By feature\n\n"
    text += "Calls that answer, of all that Linux has (both architectures together).\n\n"
    text += "| feature | answers | of | symbol |\n|---|--:|--:|---|\n"
    for feature, rows in table.features().items():
        names = {row.name for row in rows}
        there = {row.name for row in rows if row.has_handler or row.support is Support.DENIED}
        symbol = f"`{symbol_of(feature)}`" if any(r.has_handler for r in rows) else "not yet"
        text += f"| {feature} | {len(there)} | {len(names)} | {symbol} |\n"
    return text


def _family(name: str, rows: list[Row], table: Table) -> str:
    text = f"\n## {name}\n\n"
    text += "| call | x86_64 | aarch64 | support | feature | page | arguments | errors |\n"
    text += "|---|--:|--:|---|---|---|---|---|\n"
    text += "".join(_row(row, table) for row in rows)
    for row in rows:
        rules = table.rules.get(row.name, ())
        if rules:
            text += f"\n**{row.name}** ({row.support.value})\n\n"
            text += "".join(f"- {_rule(rule)}\n" for rule in rules)
    return text


def _row(row: Row, table: Table) -> str:
    numbers = " | ".join("–" if n is None else str(n) for n in (row.x86_64, row.aarch64))
    arguments = ", ".join(f"{a.spelling} {a.name}" for a in row.arguments)
    cell = f"`{arguments}`" if arguments else ""
    page_cell = f"{row.page}(2)" if row.page else "–"
    errors = table.errors.get(row.name)
    named = " ".join(errors.errnos) if errors else ""
    cells = (row.name, numbers, row.support_word, row.feature, page_cell, cell, named)
    return f"| {' | '.join(cells)} |\n"


def _rule(rule: Rule) -> str:
    if rule.verb is Verb.NOTE:
        return rule.text
    if not rule.argument:
        return f"refused with `{rule.errno}` when {rule.text}"
    values = ", ".join("everything else" if v == "*" else f"`{v}`" for v in rule.values)
    how = VERBS[rule.verb] + (f" with `{rule.errno}`" if rule.errno else "")
    why = f": {rule.text}" if rule.text else ""
    return f"`{rule.argument}`: {values} {how}{why}"
