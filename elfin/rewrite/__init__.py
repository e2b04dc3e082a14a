# SPDX-License-Identifier: BSD-3-Clause
"""Which `syscall` sites of a file may become jumps, and the form in which the kernel reads that.

    plan(text: TextFile) -> RewritePlan
    binary.encode({path in the image: plan}) -> bytes         docs/decisions/0801-rewrite-plans.md

A plan is a promise about every path through the program, so whatever is not proved stays a trap.
capstone is imported when the first file with a site is planned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from elfin.model.rewrite import RewritePlan, TextFile

VERSION = 3


def plan(text: TextFile) -> RewritePlan:
    """The plan of one file; empty for what is not x86_64."""
    from elfin.rewrite.planner import plan as make

    return make(text)
