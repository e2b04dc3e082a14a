# SPDX-License-Identifier: BSD-3-Clause
"""Elfin runs unmodified Linux programs as unikernels.

    elfin.run(["redis-cli", "ping"], platform="vm", memory="64M", capture_output=True, timeout=5)
    elfin.start([...])        like subprocess.Popen
    elfin.inspect("sqlite3")  the verdict as a dataclass

`elfin.run` is also the room of that name; once it is imported its module stands there, and can be
called the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from elfin.api import inspect, run, start

__version__ = "0.1.0"
__all__ = ["__version__", "inspect", "run", "start"]


def __getattr__(name: str) -> object:
    if name not in ("inspect", "run", "start"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module("elfin.api"), name)
    return globals().setdefault(name, value)


def __dir__() -> list[str]:
    """With the names above, so that help() shows them; none is imported before it is used."""
    return sorted({*globals(), *__all__})
