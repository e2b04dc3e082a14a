# SPDX-License-Identifier: BSD-3-Clause
"""What changed between two runs of a suite."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from elfin.model.lab import PASS, Change, Difference, LabResults

_ORDER = (Change.BROKEN, Change.GONE, Change.FIXED, Change.NEW)


def differences(old: LabResults, new: LabResults) -> list[Difference]:
    """Worst first. A platform that one of the runs left out is no difference."""
    shared = [platform for platform in old.platforms if platform in new.platforms]
    found = []
    for test in sorted(old.tests.keys() | new.tests.keys()):
        for platform in shared:
            before, after = _status(old, test, platform), _status(new, test, platform)
            change = _change(before, after)
            if change is not None:
                found.append(Difference(change, test, platform, before, after))
    return sorted(found, key=lambda d: (_ORDER.index(d.change), d.test, d.platform))


def _status(results: LabResults, test: str, platform: str) -> str | None:
    end = results.tests.get(test, {}).get(platform)
    return None if end is None else end.status


def _change(before: str | None, after: str | None) -> Change | None:
    if before is None:
        return None if after is None else Change.NEW
    if after is None:
        return Change.GONE
    if before == PASS and after != PASS:
        return Change.BROKEN
    if before != PASS and after == PASS:
        return Change.FIXED
    return None


def is_worse(found: Sequence[Difference]) -> bool:
    """Something broke, or a test is gone."""
    return any(d.change in (Change.BROKEN, Change.GONE) for d in found)


def as_text(found: Sequence[Difference]) -> str:
    """Lines, aligned; a last one that counts."""
    rows = [(d.change.value, d.platform, d.test, _statuses(d)) for d in found]
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(3)]
    lines = [
        "  ".join((*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[3]))
        for row in rows
    ]
    return "\n".join([*lines, _count_line(found)]) + "\n"


def _statuses(d: Difference) -> str:
    return f"{d.before or 'not run'} → {d.after or 'not run'}"


def _count_line(found: Sequence[Difference]) -> str:
    return ", ".join(f"{sum(d.change is c for d in found)} {c.value}" for c in _ORDER)


def as_markdown(found: Sequence[Difference]) -> str:
    """A table."""
    lines = [f"**{_count_line(found)}**"]
    if found:
        lines += ["", "| | test | platform | before | after |", "|---|---|---|---|---|"]
    lines += [
        f"| {d.change.value} | {d.test} | {d.platform} | {d.before or '–'} | {d.after or '–'} |"
        for d in found
    ]
    return "\n".join(lines) + "\n"


def as_junit(old: LabResults, new: LabResults) -> str:
    """One suite per platform; what broke or is gone failed, what did not pass before is skipped."""
    found = {(d.test, d.platform): d for d in differences(old, new)}
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>"]
    for platform in (p for p in old.platforms if p in new.platforms):
        names = sorted(
            name
            for name in old.tests.keys() | new.tests.keys()
            if platform in old.tests.get(name, {}) or platform in new.tests.get(name, {})
        )
        cases = [_case(new, name, platform, found.get((name, platform))) for name in names]
        failed = sum("<failure" in case for case in cases)
        skipped = sum("<skipped" in case for case in cases)
        title = quoteattr(f"{new.suite} on {platform}")
        lines.append(
            f'<testsuite name={title} tests="{len(cases)}" failures="{failed}" skipped="{skipped}">'
        )
        lines += [*cases, "</testsuite>"]
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _case(new: LabResults, name: str, platform: str, d: Difference | None) -> str:
    end = new.tests.get(name, {}).get(platform)
    head = f"<testcase name={quoteattr(name)} classname={quoteattr(f'{new.suite}.{platform}')}"
    head += f' time="{end.seconds:.2f}"' if end else ""
    if d is not None and d.change in (Change.BROKEN, Change.GONE):
        message = quoteattr(f"{d.change.value}: {_statuses(d)}")
        return f"{head}><failure message={message}/></testcase>"
    if end is not None and end.status != PASS:
        return f"{head}><skipped message={quoteattr(end.status)}/></testcase>"
    return f"{head}/>"
