# SPDX-License-Identifier: BSD-3-Clause
"""Sizes and durations as people write and read them."""

from __future__ import annotations

from elfin.host.errors import OptionError

KIB = 1 << 10
MIB = 1 << 20
GIB = 1 << 30
_FACTORS = {"k": KIB, "m": MIB, "g": GIB}


def parse_size(text: str, option: str = "-m") -> int:
    """Bytes of "128M", "1.5g", "64KiB" (K M G and KiB MiB GiB, any case, powers of 1024).

    A bare number is refused: docker would read bytes, QEMU mebibytes.
    """
    plain = text.strip()
    number = plain.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    unit = plain[len(number) :].lower().removesuffix("ib")
    try:
        if not number or not all(c.isascii() and (c.isdigit() or c == ".") for c in number):
            raise ValueError
        value = float(number)
    except ValueError:
        raise OptionError(
            f"{option} {text} is not a size", hint="write it like 128M or 1G"
        ) from None
    if not unit and number == plain:
        raise OptionError(
            f"{option} {plain} has no unit", hint=f"write {option} {plain}M or {option} {plain}K"
        )
    if unit not in _FACTORS or plain.lower().endswith("iib"):
        raise OptionError(f"{option} {text} is not a size", hint="the units are K, M and G")
    size = int(value * _FACTORS[unit])
    if size <= 0:
        raise OptionError(f"{option} {text} is no memory at all", hint="write it like 128M")
    return size


def format_size(size: int) -> str:
    """ "47 MiB", "1.5 GiB", "812 KiB": at most three figures."""
    if size < KIB:
        return f"{size} bytes"
    for factor, unit in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size >= factor:
            value = size / factor
            return f"{value:.1f} {unit}" if value < 10 and size % factor else f"{value:.0f} {unit}"
    raise AssertionError(size)


def format_ns(duration_ns: int) -> str:
    """ "38 ms", "1.8 ms", "2.4 s"."""
    milliseconds = duration_ns / 1e6
    if milliseconds < 10:
        return f"{milliseconds:.1f} ms"
    return f"{milliseconds:.0f} ms" if milliseconds < 10_000 else f"{milliseconds / 1000:.1f} s"
