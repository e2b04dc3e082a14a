# SPDX-License-Identifier: BSD-3-Clause
"""The ladder as a picture: bars on a logarithmic scale, one group per operation. SVG, by hand: the
SDK needs no plotting library for it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from xml.sax.saxutils import escape

from elfin.model.bench import CallCosts

_COLOURS = ("#8a8f98", "#d1742f", "#3b82c4", "#2f9e62", "#8e5bb5", "#b5a12f")
_BAR, _GAP, _LEFT, _WIDTH, _TOP = 13, 14, 150, 620, 64
_FONT = 'font-family="system-ui, sans-serif" font-size="12" fill="#222"'


def ladder(found: CallCosts) -> str:
    """The picture of one measurement."""
    values = [ns for by in found.samples.values() for some in by.values() for ns in some if ns > 0]
    low = 10 ** math.floor(math.log10(min(values, default=1)))
    high = 10 ** math.ceil(math.log10(max(values, default=10)))
    group = _BAR * len(found.rungs) + _GAP
    height = _TOP + group * len(found.samples) + 34
    size = f'width="{_LEFT + _WIDTH + 90}" height="{height}"'
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} {_FONT}>']
    lines.append(f'<rect {size} fill="#fff"/>')
    title = f"What a system call costs: {found.platform}, {found.machine}, Linux {found.linux}"
    lines.append(f'<text x="12" y="22" font-weight="bold">{escape(title)}</text>')
    lines += _legend(found)
    lines += _grid(low, high, height)
    for index, name in enumerate(found.samples):
        lines += _group(found, name, _TOP + index * group, low, high)
    return "\n".join([*lines, "</svg>\n"])


def _x(ns: float, low: float, high: float) -> float:
    return _LEFT + _WIDTH * (math.log10(max(ns, low) / low) / max(math.log10(high / low), 1))


def _legend(found: CallCosts) -> Iterator[str]:
    x = 12
    for rung, colour in zip(found.rungs, _COLOURS, strict=False):
        yield f'<rect x="{x}" y="34" width="11" height="11" fill="{colour}"/>'
        yield f'<text x="{x + 16}" y="44">{escape(rung.title)}</text>'
        x += 40 + 7 * len(rung.title)


def _grid(low: float, high: float, height: int) -> Iterator[str]:
    ns = low
    while ns <= high:
        x = _x(ns, low, high)
        bottom = height - 26
        yield f'<path d="M{x:.1f} {_TOP - 6}V{bottom}" stroke="#ddd"/>'
        yield f'<text x="{x:.1f}" y="{height - 10}" text-anchor="middle">{_unit(ns)}</text>'
        ns *= 10


def _unit(ns: float) -> str:
    if ns >= 1000:
        return f"{ns / 1000:g} µs"
    return f"{ns:g} ns"


def _group(found: CallCosts, name: str, top: int, low: float, high: float) -> Iterator[str]:
    middle = top + _BAR * len(found.rungs) / 2 + 4
    yield f'<text x="{_LEFT - 8}" y="{middle:.1f}" text-anchor="end">{escape(name)}</text>'
    for index, rung in enumerate(found.rungs):
        ns = found.ns(name, rung.name)
        if ns is None:
            continue
        y, end = top + index * _BAR, _x(ns, low, high)
        colour = _COLOURS[index % len(_COLOURS)]
        width = max(end - _LEFT, 1)
        bar = f'x="{_LEFT}" y="{y}" width="{width:.1f}" height="{_BAR - 2}"'
        yield f'<rect {bar} fill="{colour}"/>'
        yield f'<text x="{end + 4:.1f}" y="{y + 10}" font-size="10">{ns:,.1f}</text>'
