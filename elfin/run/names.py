# SPDX-License-Identifier: BSD-3-Clause
"""System calls by name, for reports; the table is read only when there is something to name."""

from __future__ import annotations

from elfin.model.program import Arch


def call_name(arch: Arch, number: int) -> str:
    """The call's name on this architecture, "call 999" where the table has none."""
    from abi import table

    row = table.load().by_number(table.Machine(arch.value), number)
    return f"call {number}" if row is None else row.name


def error_name(number: int) -> str:
    """The errno's name as Linux's headers first call it: EDEADLK, EOPNOTSUPP."""
    from abi import table

    names = table.load().errnos.items()
    return next((name for name, value in names if value == number), str(number))
