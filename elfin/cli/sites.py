# SPDX-License-Identifier: BSD-3-Clause
"""What `elfin inspect --sites` says about rewriting: each call site, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from elfin.model.rewrite import Dead, Method, Patch, RewritePlan

_METHODS = {Method.MOV_JUMP: "mov-jump", Method.WINDOW: "window"}
_DEAD = ((Dead.FLAGS, "flags"), (Dead.RCX, "rcx"), (Dead.R11, "r11"))


def lines(plans: Mapping[str, RewritePlan]) -> Iterator[str]:
    """The plan of each file: a summary, then one line per site."""
    for path, plan in plans.items():
        kept = [one for one in plan.kept if one.is_code]
        jumps = sum(patch.method is Method.MOV_JUMP for patch in plan.patches)
        yield f"sites of {path} ({len(plan.patches) + len(kept)})"
        yield f"  {jumps} mov-jump, {len(plan.patches) - jumps} window, {len(kept)} kept"
        told = [(patch.address, _words(patch)) for patch in plan.patches]
        told += [(one.address, f"kept      {one.reason}") for one in plan.kept]
        yield from (f"  {address:#10x}  {words}" for address, words in sorted(told))


def record(plans: Mapping[str, RewritePlan]) -> dict[str, Any]:
    """The same for --json: addresses and offsets are numbers."""
    return {path: _record(plan) for path, plan in plans.items()}


def _words(patch: Patch) -> str:
    dead = ", ".join(_dead(patch)) or "nothing"
    where = f"{patch.length} bytes from {patch.address - patch.start:#x}"
    return f"{_METHODS[patch.method]:<8}  {where:<26}  dead behind it: {dead}"


def _dead(patch: Patch) -> list[str]:
    return [word for bit, word in _DEAD if patch.dead & bit]


def _record(plan: RewritePlan) -> dict[str, Any]:
    return {
        "size": plan.size,
        "checksum": plan.checksum,
        "patches": [
            {
                "address": patch.address,
                "offset": patch.offset,
                "method": _METHODS[patch.method],
                "start": patch.start,
                "length": patch.length,
                "dead": _dead(patch),
            }
            for patch in plan.patches
        ],
        "kept": [
            {
                "address": one.address,
                "offset": one.offset,
                "reason": one.reason,
                "is_code": one.is_code,
            }
            for one in plan.kept
        ],
    }
