# SPDX-License-Identifier: BSD-3-Clause
"""Kconfig: which features a kernel has. The only file that knows kconfiglib (bool, int, choice)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elfin.host.errors import HostError

FEATURE_PREFIX = "FEATURE_"


@dataclass(frozen=True, slots=True)
class Selection:
    """One resolved configuration.

    ``features`` are names as abi/syscalls.tbl spells them ("posix-socket"); ``values`` holds every
    symbol that has a value, as Kconfig writes it ("y", "n", "64").
    """

    features: frozenset[str]
    values: tuple[tuple[str, str], ...]

    def dotconfig(self) -> str:
        """The text of ``.config``: what tools/gen_abi.py reads."""
        return "".join(
            f"# CONFIG_{name} is not set\n" if value == "n" else f"CONFIG_{name}={value}\n"
            for name, value in self.values
        )

    def defines(self) -> str:
        """The same for C: a bool is defined to 1 or not at all."""
        return "".join(
            f"#define CONFIG_{name} {'1' if value == 'y' else value}\n"
            for name, value in self.values
            if value != "n"
        )


def feature_of_symbol(symbol: str) -> str:
    """``FEATURE_POSIX_SOCKET`` → ``posix-socket``."""
    return symbol.removeprefix(FEATURE_PREFIX).lower().replace("_", "-")


def _load(kconfig: Path) -> Any:
    import kconfiglib  # heavy, and only kernel builds need it

    os.environ["srctree"] = str(kconfig.parent)  # kconfiglib takes its tree from the environment
    try:
        return kconfiglib.Kconfig(kconfig.name, warn_to_stderr=False)
    except kconfiglib.KconfigError as error:
        raise HostError(str(error).strip(), where=str(kconfig)) from error


def known_features(kconfig: Path) -> frozenset[str]:
    """Every feature that ``kconfig`` can select."""
    return frozenset(
        feature_of_symbol(symbol.name)
        for symbol in _load(kconfig).unique_defined_syms
        if symbol.name.startswith(FEATURE_PREFIX)
    )


def resolve(kconfig: Path, fragment: Path) -> Selection:
    """Apply the choices in ``fragment`` (a partial ``.config``) to the tree in ``kconfig``.

    Raises:
        HostError: a line of the fragment names no symbol, or what it asks for does not hold
            after dependencies. kconfiglib only warns, but a configuration that is not what it
            says would make every size measured of it a lie.
    """
    tree = _load(kconfig)
    tree.load_config(str(fragment))
    problems = [warning.strip() for warning in tree.warnings]
    for line in fragment.read_text(encoding="utf-8").splitlines():
        name, _, wanted = line.removeprefix("CONFIG_").partition("=")
        if line.startswith("CONFIG_") and name in tree.syms:
            got = tree.syms[name].str_value
            if got != wanted:
                problems.append(f"{name} is {got}, not {wanted}: see its dependencies")
    if problems:
        raise HostError("; ".join(problems), where=str(fragment), hint="mend the configuration")
    values = [(s.name, s.str_value) for s in tree.unique_defined_syms if s.str_value != ""]
    features = frozenset(
        feature_of_symbol(name)
        for name, value in values
        if name.startswith(FEATURE_PREFIX) and value == "y"
    )
    return Selection(features, tuple(values))
